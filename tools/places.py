"""Where things lie in a checkout: the environment, the browser's part, what the set-up notes."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "parley-stamps.json"
CACHE = ROOT / ".cache"
LOG = CACHE / "setup.log"
LOCK = CACHE / "setup.lock"
FRONTEND = ROOT / "frontend"
DIST = FRONTEND / "dist"
DIST_STAMP = CACHE / "frontend.stamp"
REQUIREMENTS = ROOT / "requirements"


def node_env() -> dict[str, str]:
    """The environment in which node and npm are those of the virtual environment."""
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, "npm_config_update_notifier": "false"}
