"""A process that runs turns, for the servers that do not: any number of them, on any hosts."""

import asyncio
import logging
import signal
from argparse import ArgumentParser
from typing import Any

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from chatplatform.kernel.garbage import spare_what_stays

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Run models' turns for servers that share PostgreSQL and Redis. Stops with SIGTERM, when answers have ended."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--turns", type=int, default=settings.WORKER_TURNS, help="how many at once")
        parser.add_argument("--check", action="store_true", help="only say whether a worker of this host is alive")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_SHARED:
            raise CommandError(
                "Here the server runs the turns itself. Workers need DATABASE_URL and REDIS_URL, the servers' own."
            )
        if options["check"]:
            self._check()
            return
        if options["turns"] < 1:
            raise CommandError("A worker runs at least one turn at once: give --turns 1 or more.")
        settings.WORKER_TURNS = options["turns"]
        self._refuse_old_tables()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._work())

    def _check(self) -> None:
        from messaging.runs.dispatch import workers

        alive = workers.alive(workers.host())
        if not alive:
            raise CommandError(
                f"No worker of {workers.host()} is alive: none was heard of for {workers.ALIVE_S:.0f} seconds."
            )
        for worker in alive:
            leaving = ", leaving" if worker.is_leaving else ""
            self.stdout.write(f"{worker.name} runs {worker.running} of {worker.most} turns{leaving}")

    def _refuse_old_tables(self) -> None:
        """Servers bring the database up to date; a worker that is newer than the tables must not guess."""
        from django.db.migrations.executor import MigrationExecutor

        try:
            executor = MigrationExecutor(connection)
            missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseError as error:
            raise CommandError(f"PostgreSQL cannot be reached: {error}") from error
        finally:
            connection.close()
        if missing:
            raise CommandError("The database is not up to date. Start a server first, or run: manage.py migrate")

    async def _work(self) -> None:
        from chatplatform import vitals
        from chatplatform.kernel.backends import backend
        from messaging import lifecycle

        told = asyncio.Event()
        loop = asyncio.get_running_loop()

        def stop() -> None:
            if told.is_set():
                backend("dispatcher").hurry()  # told twice: do not wait for what runs
            told.set()

        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, stop)
        await lifecycle.start()
        side_door = await vitals.serve(settings.WORKER_HOST, settings.WORKER_PORT) if settings.WORKER_PORT else None
        spare_what_stays()
        self.stdout.write(f"This worker runs up to {settings.WORKER_TURNS} turns at once.")
        self.stdout.flush()
        await told.wait()
        if side_door is not None:
            side_door.close()
        await lifecycle.stop()
