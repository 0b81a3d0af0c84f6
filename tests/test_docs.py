"""What people read agrees with what runs: every setting and every frame is described where it is looked for."""

import ast
import re
from pathlib import Path

import pytest

from messaging.protocol.commands import AnyCommand
from messaging.protocol.events import AnyEvent
from messaging.protocol.frames import AnyFrame
from messaging.protocol.news import AnyNews

ROOT = Path(__file__).resolve().parent.parent
READERS = {"env", "env_flag", "env_number", "env_list"}
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()


def _settings() -> set[str]:
    """Every name that the product reads from the environment: in settings.py, and the few read elsewhere."""
    calls = [
        n for n in ast.walk(ast.parse((ROOT / "chatplatform" / "settings.py").read_text())) if isinstance(n, ast.Call)
    ]
    reads = [
        call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id in READERS and call.args
    ]
    found = {str(name.value) for name in reads if isinstance(name, ast.Constant)}
    for top in ("chatplatform", "projects", "threads", "messaging"):
        for file in (ROOT / top).rglob("*.py"):
            found |= set(re.findall(r"""environ(?:\.get\(|\[)["']([A-Z_]+)["']""", file.read_text()))
    return found - {"FAILPOINT", "LD_LIBRARY_PATH"}  # belong to PARLEY_TEST_MODELS and to the system


SETTINGS = _settings()


def test_settings_were_found() -> None:
    assert {"PARLEY_DATA_DIR", "SECRET_KEY", "DEBUG"} <= SETTINGS


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_is_in_the_readme_table(name: str) -> None:
    assert re.search(rf"^\|[^|]*`{name}`", (ROOT / "README.md").read_text(), re.MULTILINE), f"README: no row for {name}"


@pytest.mark.parametrize("name", sorted(SETTINGS - {"PARLEY_ENV_FILE"}))  # which names that file
def test_every_setting_is_in_the_example_file(name: str) -> None:
    assert re.search(rf"^#? ?{name}=", (ROOT / ".env.example").read_text(), re.MULTILINE), f".env.example: no {name}"


def _defaults() -> dict[str, str]:
    """From each setting whose default settings.py says as a constant to how people write it."""
    tree = ast.parse((ROOT / "chatplatform" / "settings.py").read_text())
    found: dict[str, str] = {}
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id in READERS and len(call.args) > 1:
            name, default = call.args[:2]
            if isinstance(name, ast.Constant) and isinstance(default, ast.Constant):
                value = default.value
                found[str(name.value)] = str(int(value)) if isinstance(value, bool) else str(value)
    return found


DEFAULTS = _defaults()


def test_defaults_were_found() -> None:
    assert DEFAULTS["PARLEY_SIGN_UP"] == "1" and DEFAULTS["PARLEY_MAX_MODELS"] == "12" and len(DEFAULTS) > 20


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_every_default_is_the_one_that_is_described(name: str) -> None:
    row = re.search(rf"^\|([^|]*`{name}`[^|]*)\|([^|]*)\|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert row
    names, told = re.findall(r"`([A-Z_]+)`", row[1]), re.findall(r"`([^`]*)`", row[2])
    assert told[names.index(name)] == DEFAULTS[name]
    example = re.search(rf"^#? ?{name}=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert example and example[1] in {DEFAULTS[name], ""}


def test_the_documented_settings_exist() -> None:
    rows = re.findall(r"^\| `([A-Z][A-Z_]+)`", (ROOT / "README.md").read_text(), re.MULTILINE)
    source = "".join(file.read_text() for top in ("chatplatform", "messaging") for file in (ROOT / top).rglob("*.py"))
    unknown = [name for name in rows if name not in source and name not in (ROOT / "Makefile").read_text()]
    assert rows
    assert not unknown, f"README describes settings that nothing reads: {unknown}"


def _tags() -> list[str]:
    unions = (AnyCommand, AnyEvent, AnyNews, AnyFrame)
    return sorted({str(kind.__struct_config__.tag) for union in unions for kind in union.__args__})


@pytest.mark.parametrize("tag", _tags())
def test_every_frame_is_described(tag: str) -> None:
    assert f"`{tag}`" in PROTOCOL or f'"{tag}"' in PROTOCOL, f"docs/protocol.md does not name {tag}"


@pytest.mark.parametrize(
    "file", ["README.md", "CONTRIBUTING.md", *(f"docs/{f.name}" for f in (ROOT / "docs").glob("*.md"))]
)
def test_links_lead_somewhere(file: str) -> None:
    path = ROOT / file
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text())
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert not missing, f"{file}: {missing}"
