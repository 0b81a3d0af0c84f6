"""`make run`: set up what is missing, read .env, and become the server.

A line of .env is NAME=value; what the environment already says wins.
"""

import os
import sys
from pathlib import Path

from tools import prepare


def read_env_file(file: Path) -> dict[str, str]:
    """The names and values of a .env file; blank lines and comments aside."""
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


def main() -> None:
    file = prepare.ROOT / ".env"
    if file.exists():
        for name, value in read_env_file(file).items():
            os.environ.setdefault(name, value)
    prepare.prepare("run")
    os.chdir(prepare.ROOT)
    python = str(prepare.PYTHON)
    port = os.environ.get("PORT", "")
    os.execv(python, [python, "manage.py", "serve", *(["--port", port] if port else [])])


if __name__ == "__main__":
    main()
