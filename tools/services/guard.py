"""Stops what a test run started, however that run ends: `python -m tools.services.guard FOLDER` waits for its input to close.

The kernel closes it when the run's process is gone, killed with -9 or not.
"""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tools.services.process import Service

ROOT = Path(__file__).resolve().parents[2]


def end_with_us(folder: Path) -> "subprocess.Popen[bytes]":
    """Let every server under `folder` be killed, and the folder removed, once this process has ended."""
    return subprocess.Popen(
        [sys.executable, "-m", "tools.services.guard", str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def kill_all(folder: Path) -> None:
    """Kill every server whose state lies under `folder`."""
    for state in sorted(folder.rglob("state.json")):
        Service(state.parent).kill()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.buffer.read()
    kill_all(Path(sys.argv[1]))
    shutil.rmtree(sys.argv[1], ignore_errors=True)
