"""`python -m tools.services start|stop|status|run`: the servers of the full profile, as plain processes of this machine.

start                     start them, wait until each answers, print their addresses; safe to repeat
status                    which of them run, and where
stop                      stop them by their process ids; their data stays
run COMMAND …             start them, run the command with their addresses in its environment, stop them
"""

import os
import subprocess
import sys
import time
from argparse import REMAINDER, ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

from tools.services import Cassandra, MissingError, Postgres, Redis, Ring, Service, StartError, missing

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("postgres", "redis", "cassandra")


class Servers:
    """Those that were asked for, under one folder."""

    def __init__(self, folder: Path, only: list[str], nodes: int) -> None:
        self.postgres = Postgres(folder / "postgres") if "postgres" in only else None
        self.redis = Redis(folder / "redis") if "redis" in only else None
        self.cassandra: list[Cassandra] = []
        if "cassandra" in only:
            self.cassandra = Ring(folder / "cassandra").nodes[:nodes]

    def all(self) -> list[Service]:
        return [server for server in (self.postgres, self.redis, *self.cassandra) if server is not None]

    def addresses(self) -> dict[str, str]:
        """As the settings name them."""
        found: dict[str, str] = {}
        if self.postgres:
            found["DATABASE_URL"] = self.postgres.url()
        if self.redis:
            found["REDIS_URL"] = self.redis.url()
        if self.cassandra:
            found["CQL_HOSTS"] = ",".join(node.host for node in self.cassandra)
            found["CQL_REPLICATION"] = str(len(self.cassandra))
        return found

    def start(self, say: Callable[[str], object]) -> None:
        for server in self.all():
            began = time.monotonic()
            server.start()
            say(f"{server.name} answers on {server.address}:{server.port} ({time.monotonic() - began:.1f} s).")

    def stop(self) -> None:
        for server in reversed(self.all()):
            server.stop()


def main() -> int:
    options = _options(sys.argv[1:])
    only = options.only.split(",")
    if unknown := [name for name in only if name not in NAMES]:
        sys.exit(f"There is no server {', '.join(unknown)}: choose among {', '.join(NAMES)}.")
    lacking = [words for name, words in missing().items() if name in only]
    if lacking and options.goal != "stop":
        sys.exit("\n".join(lacking))
    only = [name for name in only if name not in missing()]
    servers = Servers(options.folder, only, options.nodes)
    try:
        return GOALS[options.goal](servers, options)
    except (StartError, MissingError) as error:
        sys.exit(str(error))


def _options(words: list[str]) -> Namespace:
    parser = ArgumentParser("python -m tools.services", description="The servers of the full profile, on this machine.")
    parser.add_argument("goal", choices=GOALS)
    parser.add_argument("--folder", type=Path, default=ROOT / ".cache" / "services", help="their data, logs and ids")
    parser.add_argument("--only", default=",".join(NAMES), help="some of them, with commas: " + ",".join(NAMES))
    parser.add_argument("--nodes", type=int, choices=(1, 3), default=1, help="Cassandra nodes, on 127.0.0.1 and so on")
    parser.add_argument("command", nargs=REMAINDER, help="run: the command and its words")
    options = parser.parse_args(words)
    if options.goal != "run" and options.command:  # options behind the goal, which were taken for a command's
        before = words[: len(words) - len(options.command) - 1]
        options = parser.parse_args([*before, *options.command, options.goal])
    return options


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)  # the addresses alone go to the output: `export $(… start)`


def start(servers: Servers, options: Namespace) -> int:
    servers.start(_say)
    print("\n".join(f"{name}={value}" for name, value in servers.addresses().items()))
    return 0


def stop(servers: Servers, options: Namespace) -> int:
    for server in reversed(servers.all()):
        if server.is_running:
            server.stop()
            _say(f"{server.name} on {server.address}:{server.port} has stopped.")
    return 0


def status(servers: Servers, options: Namespace) -> int:
    for server in servers.all():
        state = "does not run"
        if server.is_running:
            state = f"process {server.pid}, {server.address}:{server.port}"
            state += "" if server.answers() else ", does not answer"
        print(f"{server.name:<12} {state}")
    return 0


def run(servers: Servers, options: Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        sys.exit("Say which command to run: python -m tools.services run COMMAND …")
    try:
        servers.start(_say)
        return subprocess.run(command, check=False, env={**os.environ, **servers.addresses()}).returncode
    except KeyboardInterrupt:
        return 130
    finally:
        servers.stop()


GOALS: dict[str, Callable[[Servers, Namespace], int]] = {"start": start, "stop": stop, "status": status, "run": run}

if __name__ == "__main__":
    sys.exit(main())
