"""The world of `world.py` in the full profile: a server that runs no turns, and workers that come and go.

PostgreSQL and Redis are real; the invariants are the same, and stricter in one point: what a room heard outlives
the worker, so no word that was read may be lost.
"""

import asyncio
import contextlib
import time
import uuid
from pathlib import Path
from typing import Any

import psycopg

from tests.kill import world
from tests.kill.world import World
from tests.server import Worker

LONG = "f10r30n300"  # ten seconds
TAKEN_OVER_S = 10.0  # from a worker's death until its turns speak again or have ended


class Crew(World):
    unsaved_s = unsaved_first_s = 0.0

    def __init__(self, folder: Path, database_url: str, redis_url: str, **environment: str) -> None:
        super().__init__(folder, (*world.MODELS, LONG))
        self.servers = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, **environment}
        self.workers: dict[str, Worker] = {}

    def environment(self) -> dict[str, str]:
        return {**super().environment(), **self.servers}

    async def end(self) -> None:
        for worker in self.workers.values():
            worker.kill()
        await super().end()

    async def hire(self, name: str, failpoint: str = "", **environment: str) -> Worker:
        """Start a worker, which may be told where to die."""
        worker = self.workers.get(name) or Worker(self.folder, name)
        self.workers[name] = worker
        worker.environment.update({**self.environment(), "FAILPOINT": failpoint, **environment})
        await asyncio.to_thread(worker.start)
        return worker

    async def only(self, *names: str) -> None:
        """Let these be the workers that there are, and nobody else."""
        for name, worker in self.workers.items():
            if name not in names and worker.process is not None:
                await asyncio.to_thread(worker.stop)
        for name in names:
            found = self.workers.get(name)
            if found is None or found.process is None or found.process.poll() is not None:
                await self.hire(name)

    async def died(self, worker: Worker, within_s: float = 15.0) -> None:
        """Wait until its failpoint has killed it."""
        assert worker.process is not None
        deadline = time.monotonic() + within_s
        while worker.process.poll() is None:
            assert time.monotonic() < deadline, f"the failpoint was not reached: {worker.said()[-2000:]}"
            await asyncio.sleep(0.01)
        self.killed_at = self.killed_at or time.monotonic()

    async def kill(self, worker: Worker) -> None:
        worker.kill()
        self.killed_at = self.killed_at or time.monotonic()

    async def quiet(self, thread_id: str, within_s: float = 40.0) -> float:
        """Wait until the room heard of the question and everything has ended; how long that took."""
        assert self.alice is not None
        began = time.monotonic()
        rooms = self.alice.rooms
        await self.alice.until(lambda: bool(rooms[thread_id].runs))
        await self.alice.until_quiet(thread_id, within_s)
        return time.monotonic() - began

    # -- rows --------------------------------------------------------------------------------------

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with contextlib.closing(psycopg.connect(self.servers["DATABASE_URL"], autocommit=True)) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def _left(self, thread_id: str) -> dict[str, int]:
        thread = uuid.UUID(thread_id)
        found = {
            name: self.rows(sql.replace("?", "%s"), thread)[0][0]
            for name, sql in (world.LEFT_BEHIND | LEFT_BEHIND).items()
        }
        return {name: count for name, count in found.items() if count}


LEFT_BEHIND = {
    "jobs that nobody does": "SELECT count(*) FROM procrastinate_jobs WHERE status <> 'doing' AND ?::uuid IS NOT NULL",
}
