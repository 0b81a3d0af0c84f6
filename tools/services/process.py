"""One server process: started apart from us, known by its process id, stopped, killed, paused and started again.

What runs is written beside its data, so another process can stop it and a second start finds it running. An id that
the kernel has given to somebody else meanwhile is never signalled: its time of birth is written down too.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

# Below the ports that the kernel gives to outgoing connections (32768 on): a client that keeps calling a server that was
# killed could otherwise be given the very port it calls, and would reach itself.
PORTS = range(22000, 32000)
# Folders in the temporary one, of servers that run as a user who may not enter theirs, begin so.
ELSEWHERE = "parley-postgres-"
# What this process started itself, to be reaped by whoever looks at it; a server outlives the object that started it.
_children: "dict[int, subprocess.Popen[bytes]]" = {}


class StartError(Exception):
    """A server did not start; the words hold the end of its log."""


def free_port(address: str = "127.0.0.1") -> int:
    """A port of `address` on which nobody listens now."""
    while True:
        port = random.choice(PORTS)  # noqa: S311  no secret
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
            return port


def wait_until(is_so: Callable[[], bool], within_s: float, every_s: float = 0.05) -> bool:
    """Look until `is_so()` holds; False when it does not within the time."""
    deadline = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True


class Service:
    """A server in a folder. `start` after `kill` or `stop` is the same server on the same data and port."""

    name = "service"
    start_s = 30.0
    stop_s = 30.0

    def __init__(self, folder: Path, port: int = 0, address: str = "127.0.0.1") -> None:
        self.folder = folder.absolute()
        self.address = address
        self._file = self.folder / "state.json"
        state = self._read()
        self.port = port or state.get("port") or free_port(address)

    # -- what each kind of server says -----------------------------------------------------------

    def command(self) -> Sequence[str | Path]:
        raise NotImplementedError

    def answers(self) -> bool:
        """Does it answer right now?"""
        raise NotImplementedError

    def prepare(self) -> None:
        """Make the data folder ready before a start."""

    def settle(self) -> None:
        """What is left to do once it answers."""

    def environment(self) -> Mapping[str, str]:
        return os.environ

    def user(self) -> int | None:
        """The user to run as; None: ourselves."""
        return None

    @property
    def cwd(self) -> Path:
        return self.folder

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    # -- life ------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start it unless it runs, and wait until it answers. Raises StartError, MissingError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.is_running:
            self.prepare()
            self._launch()
        if not wait_until(lambda: self.answers() or not self.is_running, self.start_s) or not self.is_running:
            if self.is_running:
                self.kill()
            raise StartError(f"{self.name} did not start. The end of {self.log}:\n{self.log_end()}")
        self.settle()
        return self

    def _launch(self) -> None:
        user = self.user()
        as_user = {} if user is None else {"user": user, "extra_groups": []}
        with self.log.open("ab") as out:
            child = subprocess.Popen(
                [str(word) for word in self.command()],
                cwd=self.cwd,
                env={**self.environment()},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                **as_user,  # type: ignore[call-overload]
            )
        _children[child.pid] = child
        self._write(
            pid=child.pid,
            born=born(child.pid),
            port=self.port,
            address=self.address,
            **({"elsewhere": str(elsewhere)} if (elsewhere := self.elsewhere()) else {}),
        )

    @property
    def pid(self) -> int | None:
        """Its process id while it lives."""
        state = self._read()
        pid = state.get("pid")
        if (child := _children.get(pid or 0)) and child.poll() is not None:
            del _children[child.pid]
            return None
        return pid if pid and (birth := born(pid)) and birth == str(state.get("born")) else None

    @property
    def is_running(self) -> bool:
        return self.pid is not None

    def stop(self) -> bool:
        """Ask it to end and wait until it is gone, so that its port is free; after `stop_s`, kill it, and say False."""
        if (pid := self.pid) is None:
            return True
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, self.stop_signal)
        has_ended = wait_until(lambda: not self.is_running, self.stop_s)
        if not has_ended:
            self.kill()
        return has_ended

    stop_signal = signal.SIGTERM

    def elsewhere(self) -> Path | None:
        """A folder of its files that is not under its own; None: there is none."""
        return None

    def kill(self) -> None:
        """SIGKILL to it and to every process it started, as if the machine had died; wait until all are gone."""
        if (pid := self.pid) is None:
            return
        family = [pid, *descendants(pid)]
        births = {member: born(member) for member in family}
        self._signal(family, signal.SIGKILL)
        wait_until(lambda: not self.is_running and not any(b and born(m) == b for m, b in births.items()), 10)

    def remove_elsewhere(self) -> None:
        """Its files that are not under its own folder, as that folder tells it. It must not run."""
        told = self._read().get("elsewhere")
        if told and Path(str(told)).name.startswith(ELSEWHERE):
            shutil.rmtree(str(told), ignore_errors=True)

    def pause(self) -> None:
        """SIGSTOP: it holds its connections and says nothing."""
        self._signal_family(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_family(signal.SIGCONT)

    def restart(self) -> Self:
        self.stop()
        return self.start()

    def _signal_family(self, number: signal.Signals) -> None:
        if (pid := self.pid) is not None:
            self._signal([pid, *descendants(pid)], number)

    @staticmethod
    def _signal(pids: Sequence[int], number: signal.Signals) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def log_end(self, characters: int = 3000) -> str:
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

    # -- what is written beside the data ---------------------------------------------------------

    def _read(self) -> dict[str, Any]:
        try:
            state: dict[str, Any] = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return {}
        return state

    def _write(self, **state: int | str) -> None:
        self._file.write_text(json.dumps(state))


# -- the kernel's view of a process -----------------------------------------------------------------


def born(pid: int) -> str:
    """When a living process began, in the kernel's own words; empty when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        if Path("/proc/self").exists():
            return ""
        shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], check=False, capture_output=True, text=True)
        return shown.stdout.strip()
    # A zombie only waits for its parent, but while any of its threads is still ending it holds its ports.
    is_gone = fields[0] == "Z" and len(list(Path(f"/proc/{pid}/task").glob("*"))) <= 1
    return "" if is_gone else fields[19]


def descendants(pid: int) -> list[int]:
    """The processes that it started, and theirs."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
    parents = [(int(child), int(parent)) for child, parent in (line.split() for line in listed.splitlines())]
    found = [pid]
    for known in found:
        found += [child for child, parent in parents if parent == known]
    return found[1:]
