"""`manage.py` as an administrator runs it: in a process of its own, with the product's settings and not the tests'."""

import os
import subprocess
import sys
from pathlib import Path

from tests.server import ROOT

TIMEOUT_S = 100.0


def manage(data_dir: Path, *words: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    """How it ended and what it said. Keys of providers that this machine happens to have are none of its business."""
    kept = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY") and k != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, words)],
        cwd=ROOT,
        env={**kept, "PARLEY_DATA_DIR": str(data_dir), **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
