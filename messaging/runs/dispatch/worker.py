"""Turns as tasks of a worker's loop: those offered to it, those that its own runs go on with, and those of the dead.

Three ways lead here, the surest the slowest: an offer over Redis, a job in PostgreSQL, the sweep over the rows. A turn
that comes by several of them is claimed once.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings

from chatplatform.kernel import db
from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.db import in_db
from chatplatform.kernel.finishing import end
from messaging.relays.base import Relay
from messaging.runs import claims, engine, leases, live, steps
from messaging.runs.dispatch import workers
from messaging.runs.dispatch.jobs import Jobs
from messaging.runs.dispatch.loop import Loop
from messaging.runs.dispatch.offers import AWAY, Offers
from messaging.runs.dispatch.queue import CANCEL, GROUP, TRY_NOW, QueueDispatcher
from messaging.runs.dispatch.running import Running
from messaging.runs.leases import Hold, Watch

log = logging.getLogger(__name__)

SWEEP_EVERY_S = 1.0
AGAIN_S = 1.0
REPORT_EVERY = 5  # sweeps
IDLE_EVERY = 10
WAIT_S = 0.5  # for an offer, before looking whether to stop


class WorkerDispatcher:
    def __init__(self) -> None:
        self.most: int = settings.WORKER_TURNS
        self.running = Running()
        self._loop = Loop()
        self._queue = QueueDispatcher()
        self._offers = Offers()
        self._jobs = Jobs(self._take_job)
        self._watch = Watch()
        self._losses = 0
        self._is_leaving = False
        self._hurry = asyncio.Event()
        self._takers: list[asyncio.Task[None]] = []
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def runs_own(self) -> bool:
        """The next speaker of a conversation speaks from here, without a way around; not from one who is leaving."""
        return not self._is_leaving

    @property
    def is_busy(self) -> bool:
        return bool(self.running)

    def enqueue(self, turn_ids: Sequence[UUID]) -> None:
        self._queue.enqueue(turn_ids)

    def dispatch(self, turn_id: UUID) -> None:
        if engine.is_handed_over(turn_id):
            self._loop.call(self.running.spawn, turn_id)
        else:
            self._queue.dispatch(turn_id)

    def cancel(self, turn_id: UUID) -> None:
        self._queue.cancel(turn_id)

    def try_now(self, turn_id: UUID) -> None:
        self._queue.try_now(turn_id)

    # -- beginning and ending ------------------------------------------------------------------------

    async def start(self) -> None:
        self._is_leaving = False
        self._hurry.clear()
        self._loop.open()
        self.running.open()
        await self._queue.start()
        relay: Relay = backend("relay")
        relay.listen(GROUP, self._hear)
        await in_db(workers.report, self.most, 0)
        self._takers = [self._spawn(self._take_offers(), "offers"), self._spawn(self._jobs.work(), "jobs")]
        self._sweeper = self._spawn(self._sweep(), "turn sweeper")

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(work, name=name)

    async def stop(self) -> None:
        """Take nothing new, give what runs some time to end, and leave the rest to others, who take it over at once."""
        if self._sweeper is None:
            return
        self._is_leaving = True
        await self._take_nothing_new()
        await self._drain()
        self._loop.close()
        self._sweeper.cancel()
        await asyncio.wait({self._sweeper})
        self._sweeper = None
        await self.running.close()
        relay: Relay = backend("relay")
        relay.mute(GROUP, self._hear)
        try:
            await self._hand_on()
        except Exception:  # the database is away: others see the holds stand still
            log.exception("The turns that run here could not be let go; they are taken over in some seconds.")
        await self._queue.stop()
        await self._offers.close()

    async def _take_nothing_new(self) -> None:
        offers, jobs = self._takers
        ending = asyncio.ensure_future(end(jobs))
        await asyncio.wait({offers}, timeout=WAIT_S * 3)  # what it is given in this moment it gives back
        await asyncio.gather(ending, end(offers))

    async def _drain(self) -> None:
        if not self.running:
            return
        log.info("Stopping: %d answers may end within %d s.", len(self.running), settings.WORKER_DRAIN_S)
        ended = asyncio.ensure_future(self.running.until_fewer_than(1))
        hurried = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({ended, hurried}, timeout=settings.WORKER_DRAIN_S, return_when=asyncio.FIRST_COMPLETED)
        for waiting in (ended, hurried):
            waiting.cancel()

    def hurry(self) -> None:
        """Do not wait any longer for what runs."""
        self._hurry.set()

    async def _hand_on(self) -> None:
        left = await in_db(leases.let_go)
        await in_db(workers.sign_off)
        if left:
            log.info("%d answers are left to other workers.", len(left))
            await self._queue.offer(left, is_urgent=True)

    # -- what comes here -------------------------------------------------------------------------------

    async def _take_offers(self) -> None:
        is_away = False
        while self.runs_own:
            await self.running.until_fewer_than(self.most)
            try:
                turn_id = await self._offers.take(WAIT_S)
            except AWAY as error:
                if not is_away:
                    log.warning("Redis cannot be reached; turns come through PostgreSQL: %r", error)
                is_away = True
                await asyncio.sleep(AGAIN_S)
                continue
            is_away = False
            if turn_id is None:
                continue
            if self._is_leaving:
                await self._queue.offer([turn_id], is_urgent=True)
            else:
                self.running.spawn(turn_id)

    async def _take_job(self, turn_ids: list[UUID]) -> None:
        for turn_id in await in_db(leases.waiting, turn_ids):
            await self.running.until_fewer_than(self.most)
            self.running.spawn(turn_id)

    def _hear(self, group: str, packet: bytes) -> None:
        if packet.startswith(CANCEL):
            self.running.stop(UUID(bytes=packet.removeprefix(CANCEL)))
        elif packet.startswith(TRY_NOW):
            live.wake(UUID(bytes=packet.removeprefix(TRY_NOW)))

    # -- what nobody else looks after --------------------------------------------------------------------

    async def _sweep(self) -> None:
        rounds, is_blind = 0, False
        while True:
            try:
                await self._look(rounds)
                is_blind = False
            except Exception:  # the database may be away: then what stood still meanwhile proves nothing
                self._watch.forget()
                if not is_blind:
                    log.exception("Open turns cannot be looked for; trying again every second.")
                is_blind = True
            rounds += 1
            await asyncio.sleep(SWEEP_EVERY_S)

    async def _look(self, rounds: int) -> None:
        if rounds % REPORT_EVERY == 0:
            await in_db(workers.report, self.most, len(self.running), is_leaving=self._is_leaving)
        if self._is_leaving:
            return
        holds = await in_db(leases.open_holds)
        if (losses := db.losses()) != self._losses:  # nobody could renew meanwhile, though this look did not fail
            self._losses = losses
            self._watch.forget()
        for hold in self._watch.abandoned(holds, monotonic()):
            if len(self.running) >= self.most:
                break
            self._take_over(hold)
        if rounds % IDLE_EVERY == 0:
            await self._jobs.rescue()
            for run_id in await in_db(claims.idle_runs):
                log.warning("Run %s stood still; it goes on.", run_id)
                if (step := await in_db(steps.advance, run_id)) is not None:
                    await engine.follow(step)

    def _take_over(self, hold: Hold) -> None:
        if hold.turn_id not in self.running:
            log.warning("Turn %s, held by %s, is taken over.", hold.turn_id, hold.held_by or "nobody")
            self.running.spawn(hold.turn_id, hold)
