"""One command, one process: the database brought up to date, the live side, and the server."""

import fcntl
import os
import sys
from argparse import ArgumentParser
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections

from chatplatform.kernel.garbage import spare_what_stays


class Command(BaseCommand):
    help = "Bring the database up to date and serve Parley: pages, API, sockets and models in this process."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("PARLEY_HOST", "127.0.0.1"), help="address to listen on")
        parser.add_argument("--port", type=int, help="port to listen on, else PARLEY_PORT's; 0 takes a free one")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        port = _port() if port is None else _checked_port(port, f"--port is {port}")
        # Servers that share PostgreSQL and Redis run no turns and know of each other.
        with nullcontext() if settings.IS_SHARED else hold_alone(settings.DATA_DIR):
            self._migrate()
            from chatplatform.server import Server

            try:
                server = Server(host, port, lambda server: self._say(server.address))
            except OSError as error:
                raise CommandError(
                    f"Parley cannot listen on {host}:{port}: {error.strerror}. Stop what listens there, or choose another port:"
                    f" make run PORT={port + 1} (in .env: PARLEY_PORT={port + 1})."
                ) from error
            with suppress(KeyboardInterrupt):  # uvicorn raises it anew when everything has ended well
                server.run()
        if not server.started:
            sys.exit(1)
        self.stdout.write("Parley has stopped.")

    def _say(self, address: str) -> None:
        spare_what_stays()
        self.stdout.write(f"Parley is at {address}")
        self.stdout.flush()

    def _migrate(self) -> None:
        from django.db.migrations.executor import MigrationExecutor

        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Preparing the database.")
            call_command("migrate", interactive=False, verbosity=0)
        if settings.CQL_HOSTS:
            call_command("migrate_cql", at_start=True, stdout=self.stdout)
        connections.close_all()


def _port() -> int:
    given = os.environ.get("PARLEY_PORT") or "8000"
    return _checked_port(int(given) if given.isascii() and given.isdigit() else -1, f"PARLEY_PORT is {given!r}")


def _checked_port(port: int, said: str) -> int:
    """Systems take a larger number for another port, without a word."""
    if not 0 <= port < 2**16:
        raise CommandError(f"{said}; use a port number, from 1 to 65535 (0 takes a free one).")
    return port


class hold_alone:  # noqa: N801  reads as a verb where it is used
    """The right to be the only server on this data, kept for as long as the process lives.

    Turns run in memory here: two servers on one database would take each other's over. The kernel lets the
    lock go however the process ends.
    """

    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / "server.lock"
        self._held: IO[str] | None = None

    def __enter__(self) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            held = self._file.open("a+")
        except OSError as error:
            raise CommandError(
                f"{self._file.parent} cannot be used for data: {error.strerror}. "
                "Give it to this user, or name another folder in PARLEY_DATA_DIR."
            ) from error
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            held.seek(0)
            owner = held.read().strip() or "unknown"
            held.close()
            raise CommandError(
                f"Another Parley (process {owner}) serves the data in {self._file.parent} already. "
                "Stop it first, or name another folder in PARLEY_DATA_DIR."
            ) from error
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        self._held = held

    def __exit__(self, *exc: object) -> None:
        if self._held is not None:
            self._held.close()
