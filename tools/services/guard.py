"""Stops what a test run started, however that run ends: a process of its own waits until its input is closed.

The kernel closes it when the run's process is gone, killed with -9 or not.
"""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tools.services.process import Service

ROOT = Path(__file__).resolve().parents[2]


def end_with_us(folder: Path, *, keeps_files: bool = False) -> "subprocess.Popen[bytes]":
    """Let every server under `folder` be killed, and the folder removed unless it is to be kept, once this process has ended."""
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from tools.services.guard import wait; wait()",
            str(folder),
            *(["--keep"] * keeps_files),
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def kill_all(folder: Path, *, keeps_files: bool = False) -> None:
    """Kill every server whose state lies under `folder`, and remove what they keep elsewhere unless it is to be kept."""
    for state in sorted(folder.rglob("state.json")):
        server = Service(state.parent)
        server.kill()
        if not keeps_files:
            server.remove_elsewhere()


def wait() -> None:
    """The guard's own life, in its own process: `FOLDER [--keep]` are its words."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    keeps_files = "--keep" in sys.argv
    kill_all(Path(sys.argv[1]), keeps_files=keeps_files)
    if not keeps_files:
        shutil.rmtree(sys.argv[1], ignore_errors=True)
