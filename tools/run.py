"""`make run`: set up what is missing, read .env, and become the server."""

import os

from chatplatform import env_file
from tools import places, prepare


def main() -> None:
    env_file.load()
    prepare.prepare("run")
    os.chdir(places.ROOT)
    python = str(places.PYTHON)
    port = os.environ.get("PORT", "")
    os.execv(python, [python, "manage.py", "serve", *(["--port", port] if port else [])])


if __name__ == "__main__":
    main()
