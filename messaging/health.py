"""Whether what this process depends on answers, and how much waits: looked at again and again, so that asking is free.

Each dependency is asked by itself, never twice at once, and counts as down when it does not answer in time. So whoever
asks for health is answered at once also while a server is paused.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import DatabaseError, connection
from django.db.models import Count, Min

from chatplatform.kernel import metrics
from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import monotonic, now
from chatplatform.kernel.db import in_db, in_db_later
from chatplatform.kernel.errors import AppError, Unavailable
from messaging import set_aside
from messaging.hub import hub
from messaging.models import OPEN_TURNS, Outbox, Turn
from messaging.relays.base import Relay
from messaging.runs.dispatch import workers
from messaging.runs.leases import HOLDER
from messaging.stores.base import MessageStore
from messaging.streams.base import StreamLog

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
ANSWER_WITHIN_S = 2.0
COUNT_EVERY_S = 10.0
PATIENCE_S = 10.0  # workers may start after this process before the log misses them
OLD_S = 10.0  # a state that nobody has renewed since is no state
NOBODY = UUID(int=0)
_GROUP = f"health.{HOLDER.rpartition(':')[2]}"  # one process's own, told by its name of the moment


class State(NamedTuple):
    """How a dependency stands since when, and when it was last looked at (monotonic). `why` is for the log."""

    is_up: bool
    since: datetime
    looked_at: float
    why: str = ""


class Backlog(NamedTuple):
    outbox: int
    outbox_age_s: float
    set_aside: int
    turns: dict[str, int]


class Health:
    """One process's look at its dependencies. `workers` counts only where workers run the turns."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.backlog: Backlog | None = None
        self._probes: dict[str, Callable[[], Awaitable[object]]] = {
            "database": lambda: in_db(_ask_database),
            "stream_log": _ask_stream,
            "message_store": _ask_store,
            "relay": self._ask_relay,
            "dispatcher": _ask_dispatcher,
        }
        self._asking: dict[str, asyncio.Task[object]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._heard = asyncio.Event()
        self._is_patient = True  # no worker was heard of yet, and the log has not said so
        self._counting: asyncio.Task[Backlog] | None = None  # never twice at once either
        self._counted_at = -COUNT_EVERY_S

    async def start(self) -> None:
        """Look for the first time, and from then on by itself."""
        relay: Relay = backend("relay")
        relay.listen(_GROUP, self._hear)
        self._looking = asyncio.get_running_loop().create_task(self._look_for_ever(), name="health")

    async def stop(self) -> None:
        if self._looking is None:
            return
        relay: Relay = backend("relay")
        relay.mute(_GROUP, self._hear)
        left = [self._looking, *self._asking.values(), *([self._counting] if self._counting else [])]
        for task in left:
            task.cancel()
        await asyncio.wait(left)
        self._looking = self._counting = None
        self._asking.clear()
        self.states.clear()
        self._is_patient = True

    def now(self) -> dict[str, State]:
        """Each dependency's state; one that was not renewed in time is down, whatever it was."""
        oldest = monotonic() - OLD_S
        return {
            name: state if state.looked_at >= oldest else state._replace(is_up=False, why="nobody looks any more")
            for name, state in self.states.items()
        }

    @property
    def is_ready(self) -> bool:
        states = self.now()
        return len(states) == len(self._probes) and all(state.is_up for state in states.values())

    async def look(self) -> None:
        """Ask every dependency once, all at the same time."""
        await asyncio.gather(*(self._look_at(name) for name in self._probes))

    async def _look_for_ever(self) -> None:
        while True:
            await self.look()
            if monotonic() - self._counted_at >= COUNT_EVERY_S:
                await self._count()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look_at(self, name: str) -> None:
        asking = self._asking.get(name)
        if asking is None:
            asking = asyncio.ensure_future(self._probes[name]())
            self._asking[name] = asking
        await asyncio.wait({asking}, timeout=ANSWER_WITHIN_S)
        why = f"no answer within {ANSWER_WITHIN_S:.0f} s"
        if asking.done():
            del self._asking[name]
            error = asking.exception()
            why = f"{type(error).__name__}: {error}" if error is not None else ""
            if error is not None and not isinstance(error, AppError | DatabaseError | OSError):
                log.error("The look at %s failed.", name, exc_info=error)
        self._note(name, why)

    def _note(self, name: str, why: str) -> None:
        before, is_up = self.states.get(name), not why
        has_changed = before is None or before.is_up != is_up
        since = now() if before is None or has_changed else before.since
        self.states[name] = State(is_up, since, monotonic(), why)
        if name == "dispatcher" and self._is_patient:
            if not is_up and (now() - since).total_seconds() < PATIENCE_S:
                return
            self._is_patient = False
            has_changed, before = not is_up, None
        if has_changed and not is_up:
            log.warning("%s is down: %s", name, why)
        elif has_changed and before is not None:
            log.info("%s is up again, down since %s.", name, before.since.isoformat(timespec="seconds"))

    async def _ask_relay(self) -> None:
        """A packet to ourselves comes back, in the full profile by way of the server between the processes."""
        self._heard = heard = asyncio.Event()  # of this loop: a server may start anew in the same process
        relay: Relay = backend("relay")
        await relay.ready(_GROUP)
        relay.send(_GROUP, b"?")
        await heard.wait()

    def _hear(self, group: str, data: bytes) -> None:
        self._heard.set()

    async def _count(self) -> None:
        self._counted_at = monotonic()
        counting = self._counting = self._counting or asyncio.ensure_future(in_db_later(_count_backlog))
        await asyncio.wait({counting}, timeout=ANSWER_WITHIN_S)
        if counting.done():
            self._counting = None
        self.backlog = counting.result() if counting.done() and counting.exception() is None else None


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def _ask_stream() -> None:
    stream: StreamLog = backend("stream_log")
    await stream.top(NOBODY)


async def _ask_store() -> None:
    store: MessageStore = backend("message_store")
    await store.get(NOBODY)


async def _ask_dispatcher() -> None:
    """Where turns run here: that no stop has begun. Elsewhere: that some worker was heard of lately."""
    if not backend("dispatcher").runs_own and not await in_db(workers.alive):
        raise Unavailable("No worker is alive, so no model answers. Start one: manage.py worker")


def _count_backlog() -> Backlog:
    open_rows = Outbox.objects.filter(published_at=None, set_aside_at=None)
    waiting = open_rows.aggregate(n=Count("pk"), oldest=Min("created_at"))
    open_turns = Turn.objects.filter(state__in=OPEN_TURNS)
    turns = dict(open_turns.values_list("state").annotate(n=Count("pk")).order_by())
    age_s = max(0.0, (now() - waiting["oldest"]).total_seconds()) if waiting["oldest"] else 0.0
    return Backlog(
        waiting["n"], age_s, set_aside.count(), {state: turns.get(state, 0) for state in ("pending", "streaming")}
    )


_health: Health | None = None


def health() -> Health:
    """This process's look at what it depends on."""
    global _health
    if _health is None:
        _health = Health()
    return _health


# -- what is read when somebody asks for metrics ------------------------------------------------------


def _backlog(read: Callable[[Backlog], float]) -> Callable[[], list[metrics.Sample]]:
    def sample() -> list[metrics.Sample]:
        backlog = health().backlog
        return [((), read(backlog))] if backlog is not None else []

    return sample


def _turns() -> list[metrics.Sample]:
    backlog = health().backlog
    return [((state,), float(count)) for state, count in backlog.turns.items()] if backlog is not None else []


def _ups() -> list[metrics.Sample]:
    return [((name,), float(state.is_up)) for name, state in health().now().items()]


metrics.at_scrape("parley_sockets", "Open sockets.", lambda: [((), float(len(hub().sockets)))])
metrics.at_scrape(
    "parley_sockets_behind",
    "Sockets whose reader does not keep up.",
    lambda: [((), float(sum(socket.waiting_since is not None for socket in hub().sockets)))],
)
metrics.at_scrape("parley_rooms", "Rooms somebody sits in.", lambda: [((), float(len(hub().rooms)))])
metrics.at_scrape("parley_outbox_messages", "Accepted messages not yet delivered.", _backlog(lambda b: float(b.outbox)))
metrics.at_scrape("parley_outbox_oldest_seconds", "Age of the oldest of them.", _backlog(lambda b: b.outbox_age_s))
metrics.at_scrape(
    "parley_set_aside", "Accepted messages and changes that cannot be read.", _backlog(lambda b: float(b.set_aside))
)
metrics.at_scrape("parley_turns", "Turns that are not over, in the whole installation.", _turns, "state")
metrics.at_scrape("parley_up", "Whether a dependency answers.", _ups, "part")
