"""The steps of a set-up: told in plain words, one set-up at a time in a folder, and each with a stamp of what it was made from.

So a second run does nothing, and one that was cut off leaves a mark and is done anew. Standard library alone.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tools import places

NETWORK_WORDS = ("Connection", "connection", "Temporary failure", "Name or service", "ENOTFOUND", "ETIMEDOUT", "ECONN")

_held: list[int] = []  # the open lock, which pip and npm hold with us: they may outlive a killed set-up


class SetupError(Exception):
    """Why the set-up cannot go on: one sentence that says what to do."""


def say(words: str) -> None:
    print(words, flush=True)


def run(command: Iterable[str | Path], cwd: Path = places.ROOT, env: dict[str, str] | None = None) -> str:
    """Run a command quietly; its output goes to the log and comes back. Raises CalledProcessError."""
    places.LOG.parent.mkdir(exist_ok=True)
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
    with places.LOG.open("a", encoding="utf-8") as log:
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
        places.LOCK.parent.mkdir(exist_ok=True)
        lock = places.LOCK.open("w")
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


def apt(package: str) -> str:
    return f"apt-get install {package}" if os.geteuid() == 0 else f"sudo apt-get install {package}"


# -- stamps -------------------------------------------------------------------------------------------


def read_stamps() -> dict[str, str]:
    try:
        stamps: dict[str, str] = json.loads(places.STAMPS.read_text())
    except (OSError, ValueError):
        return {}
    return stamps


def stamp(**values: str) -> None:
    places.STAMPS.write_text(json.dumps(read_stamps() | values, indent=1))


@contextlib.contextmanager
def marked(what: str) -> Iterator[None]:
    """While .venv is being written it says so; whoever finds that said later makes it anew, since it may be half of one."""
    stamp(unfinished=what)
    try:
        yield
    except subprocess.CalledProcessError as error:
        if is_network(error.stdout):  # pip fetches everything before it writes anything
            stamp(unfinished="")
        raise
    stamp(unfinished="")


def is_network(output: str) -> bool:
    return any(word in output for word in NETWORK_WORDS)


def digest(files: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(f"{file.relative_to(places.ROOT)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()
