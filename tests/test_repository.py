"""What must not be in the repository: secrets, built or fetched things, one machine's paths, registry hosts."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_BYTES = 600 * 1024
LOCKS = ("requirements/", "frontend/package-lock.json", "frontend/.npmrc")
BUILT = re.compile(
    r"(^|/)(dist|node_modules|storybook-static|__pycache__|\.venv|data)/|\.min\.js$|\.sqlite3|\.pyc$|(^|/)\.env$"
)
SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bsk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{32,}"
)
MACHINE = re.compile(r"(?<![\w.])/(?:root|home|Users|work|farm)/[\w.-]+/|(?<![\w.])/tmp/(?:setup|bash_jobs)")
HOSTS = re.compile(r"https?://|--(?:extra-)?index-url|--find-links|--trusted-host|\"resolved\"")


def _tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


TRACKED = _tracked()


def _text(name: str) -> str:
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""  # a picture or a font


def _lines(pattern: re.Pattern[str], names: list[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name in names
        for number, line in enumerate(_text(name).splitlines(), 1)
        if pattern.search(line)
    ]


def test_nothing_built_or_fetched_is_kept() -> None:
    assert "pyproject.toml" in TRACKED
    built = [name for name in TRACKED if BUILT.search(name)]
    assert not built, built


def test_nothing_large_is_kept() -> None:
    large = [n for n in TRACKED if (ROOT / n).stat().st_size > MOST_BYTES and not n.startswith(LOCKS)]
    assert not large, large


def test_no_secret_is_kept() -> None:
    assert SECRETS.search("sk-proj-" + "a1B2" * 10)  # the pattern finds one
    assert not (found := _lines(SECRETS, TRACKED)), "\n".join(found)


def test_no_path_of_one_machine() -> None:
    assert MACHINE.search('open("/' + 'home/ann/notes/x")')  # the pattern finds one
    assert not (found := _lines(MACHINE, TRACKED)), "\n".join(found)


def test_lock_files_name_no_host() -> None:
    locks = [name for name in TRACKED if name.startswith(LOCKS)]
    assert "frontend/package-lock.json" in locks
    registries = re.compile(r"registry|pypi|pythonhosted|npmjs")
    # A package's funding page is its author's; where it is fetched from is the reader's affair.
    found = [
        line
        for line in _lines(HOSTS, locks)
        if registries.search(line) or '"resolved"' in line or "--" in line.split(":", 2)[2][:4]
    ]
    assert not found, "\n".join(found)


def test_every_python_package_is_pinned_by_hash() -> None:
    for name in (name for name in TRACKED if name.startswith("requirements/")):
        entries = re.split(r"\n(?=[a-z0-9])", _text(name).strip())
        loose = [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]
        assert not loose, f"{name}: {loose}"
