"""Turns as procrastinate's jobs in PostgreSQL, deferred in the transaction that creates them.

So no crash between the commit and the offer leaves a turn that nobody looks for, and without Redis the job's own
NOTIFY wakes a worker. One job stands for all turns of a transaction; it is done when they are seen, not when they end.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import procrastinate
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ProcrastinateException

from messaging.runs import leases

log = logging.getLogger(__name__)

QUEUE = TASK = "turns"
AT_ONCE = 4  # jobs of a worker that has no room for their turns wait here; more stay for others
POLL_EVERY_S = 2.0
BEAT_EVERY_S = 2.0
DEAD_AFTER_S = 10.0
AGAIN_S = 1.0

# It knows no tasks and speaks through Django's own connection, so that a job is part of the transaction at hand in servers
# and workers alike: procrastinate's worker would swap the connector of an app that has tasks.
_outbox = procrastinate.App(connector=DjangoConnector(alias="default"))

Take = Callable[[list[UUID]], Awaitable[None]]


def defer(turn_ids: Sequence[UUID], in_s: int = 0) -> None:
    """Let a worker look for these turns, `in_s` seconds from now. Part of the caller's transaction, if there is one."""
    job = _outbox.configure_task(TASK, allow_unknown=True, queue=QUEUE, schedule_in={"seconds": in_s} if in_s else None)
    job.defer(turn_ids=[str(turn_id) for turn_id in turn_ids])


class Jobs:
    """A worker's end of the queue. `take` is given the turns of a job; while it waits, the job waits."""

    def __init__(self, take: Take) -> None:
        parameters = connector_params()
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(kwargs=parameters, min_size=1, max_size=AT_ONCE + 1)
        )

        @self._app.task(name=TASK, queue=QUEUE, retry=procrastinate.RetryStrategy(wait=1))
        async def turns(turn_ids: list[str]) -> None:
            await take([UUID(turn_id) for turn_id in turn_ids])

    async def work(self) -> None:
        """Take jobs until cancelled; a database that was away is found again."""
        while True:
            try:
                async with self._app.open_async():
                    await self._app.run_worker_async(
                        queues=[QUEUE],
                        name=leases.HOLDER,
                        concurrency=AT_ONCE,
                        install_signal_handlers=False,
                        fetch_job_polling_interval=POLL_EVERY_S,
                        update_heartbeat_interval=BEAT_EVERY_S,
                        stalled_worker_timeout=DEAD_AFTER_S,
                        shutdown_graceful_timeout=AGAIN_S,
                        delete_jobs=procrastinate.jobs.DeleteJobCondition.ALWAYS,
                    )
            except Exception as error:  # noqa: BLE001  whatever ended it, it must begin again
                log.warning("The queue of turns cannot be heard; trying again: %r", error)
            await asyncio.sleep(AGAIN_S)

    async def rescue(self) -> None:
        """Give back the jobs that a dead worker had in hand, so that they do not pile up."""
        manager = self._app.job_manager
        try:
            for job in await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=DEAD_AFTER_S):
                await manager.retry_job(job)
        except ProcrastinateException as error:  # another worker was quicker, or the database is away
            log.info("Jobs of dead workers are left for the next look: %r", error)
