"""`make full`: the full profile on this machine in one command. Ctrl-C stops everything; the data stay in data/full.

PORT=9000 names the first web process's port, the next has the one after it. DATABASE_URL, REDIS_URL or CQL_HOSTS in the
environment (or in .env) name servers to use in place of our own.
"""

import os
import signal
import sys
import threading
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from chatplatform import env_file
from tools import places, prepare
from tools.full.deployment import ADDRESSES, Deployment
from tools.full.processes import Parley
from tools.services import MissingError, StartError, end_with_us, missing

NEEDS = {"DATABASE_URL": "postgres", "REDIS_URL": "redis", "CQL_HOSTS": "cassandra"}
LONGEST_WAIT_S = 30.0
_printing = threading.Lock()


def say(words: str, source: str = "full") -> None:
    with _printing:
        print(f"{source:<9}│ {words}", flush=True)


def main() -> int:
    options = _options()
    env_file.load()
    given = {name: os.environ[name] for name in ADDRESSES if os.environ.get(name)}
    nodes = 0 if options.without_cassandra else options.nodes
    lacking = missing()
    wanted = [NEEDS[name] for name in ADDRESSES if name not in given and (nodes or name != "CQL_HOSTS")]
    if sentences := [lacking[name] for name in wanted if name in lacking]:
        hint = ["Without it, messages go to PostgreSQL: make full FULL=--without-cassandra"]
        sys.exit("\n".join(sentences + (hint if "cassandra" in lacking and "cassandra" in wanted else [])))
    prepare.prepare("run")
    deployment = Deployment(
        options.folder,
        webs=options.webs,
        workers=options.workers,
        nodes=nodes,
        first_port=int(os.environ.get("PORT") or 8000),
        given=given,
    )
    return run(deployment)


def _options() -> Namespace:
    parser = ArgumentParser("make full", description="The full profile on this machine.")
    parser.add_argument("--folder", type=Path, default=places.ROOT / "data" / "full", help="data and logs")
    parser.add_argument("--webs", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--nodes", type=int, choices=(1, 3), default=1, help="nodes of Cassandra")
    parser.add_argument("--without-cassandra", action="store_true", help="messages go to PostgreSQL")
    return parser.parse_args()


def run(deployment: Deployment) -> int:
    """Start, look after the processes until somebody says stop, and stop."""
    stopping = threading.Event()

    def stop(*_: object) -> None:
        if not is_started and not stopping.is_set():  # past the lock of `say`, which may be held right now
            os.write(1, "\nfull     │ Stops as soon as what is starting now is there.\n".encode())
        stopping.set()

    is_started = False
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    deployment.folder.mkdir(parents=True, exist_ok=True)
    guard = end_with_us(deployment.folder, keeps_files=True)
    say(f"Data and logs are in {deployment.folder}.")
    tails = [Tail(process) for process in deployment.processes]
    failed = False
    try:
        deployment.start(say, lambda: not stopping.is_set())
        is_started = True
        if not stopping.is_set():
            say(f"Open {' or '.join(web.url for web in deployment.webs)}. Ctrl-C stops everything.")
        look_after(deployment.processes, stopping)
    except (StartError, MissingError) as error:
        say(str(error))
        failed = True
    finally:
        say("Stopping.")
        deployment.stop(say)
        for tail in tails:
            tail.stop()
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait()
    return 1 if failed else 0


def look_after(processes: list[Parley], stopping: threading.Event) -> None:
    """Start again what ends by itself, waiting longer each time it does so soon after a start."""
    waits = {process.name: 1.0 for process in processes}
    due = {process.name: 0.0 for process in processes}
    while not stopping.wait(0.5):
        for process in processes:
            if process.is_running or time.monotonic() < due[process.name] or stopping.is_set():
                continue
            if not due[process.name]:
                say(f"ended by itself; starts again in {waits[process.name]:.0f} s.", process.name)
                due[process.name] = time.monotonic() + waits[process.name]
                waits[process.name] = min(waits[process.name] * 2, LONGEST_WAIT_S)
                continue
            due[process.name] = 0.0
            try:
                process.start()
            except StartError as error:
                say(str(error).splitlines()[0], process.name)


class Tail:
    """Shows on the console what a process writes into its log, with its name before each line."""

    def __init__(self, process: Parley) -> None:
        self._process = process
        self._at = process.log.stat().st_size if process.log.exists() else 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=f"log of {process.name}", daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        while not self._ended.wait(0.2):
            self._show()
        self._show()

    def _show(self) -> None:
        if not self._process.log.exists():
            return
        with self._process.log.open("rb") as log:
            log.seek(self._at)
            whole, _, _ = log.read().rpartition(b"\n")
        if whole:
            self._at += len(whole) + 1
            for line in whole.decode(errors="replace").splitlines():
                say(line, self._process.name)

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()


if __name__ == "__main__":
    sys.exit(main())
