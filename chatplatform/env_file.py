"""Settings from a file: .env beside manage.py, or the one that PARLEY_ENV_FILE names; none when that is empty.

A line is NAME=value; what the environment already says wins. Standard library alone: the set-up reads it before there is more.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def read(file: Path) -> dict[str, str]:
    """The names and values of such a file; blank lines and comments aside. Ends the process at a line it cannot read."""
    found: dict[str, str] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        words = line.strip().removeprefix("export ")
        if not words or words.startswith("#"):
            continue
        name, separator, value = words.partition("=")
        if not separator or not name.strip().isidentifier():
            sys.exit(f"{file.name}, line {number}: write it as NAME=value.")
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        found[name.strip()] = value
    return found


def load() -> None:
    """Into this process's environment. A file that is named must be there."""
    named = os.environ.get("PARLEY_ENV_FILE", ".env").strip()
    file = ROOT / named
    if not named or (named == ".env" and not file.exists()):
        return
    try:
        found = read(file)
    except OSError as error:
        sys.exit(
            f"{file} cannot be read: {error.strerror}. Give it to this user, or name another file in PARLEY_ENV_FILE."
        )
    for name, value in found.items():
        os.environ.setdefault(name, value)
