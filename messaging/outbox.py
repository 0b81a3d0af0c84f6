"""Accepted messages on their way to the room and to the store.

`add` runs in the transaction that accepts a message, so whatever was acknowledged is durable and can be read
(readers overlay what is not stored yet). `deliver` then tells the room and hands the message to one task, which
stores all that came meanwhile in one go and clears the rows. Every step may be repeated; the sweeper does
so for what a crash or a store that was away has left.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet

from chatplatform.kernel import logs
from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import now
from chatplatform.kernel.db import in_db_later
from chatplatform.kernel.errors import AppError, Unavailable
from chatplatform.kernel.prepared import ID, NO_END, PreparedInsert, PreparedQuery, PreparedUpdate, given
from messaging import edits, failpoints, rooms, set_aside
from messaging.models import Outbox
from messaging.protocol.events import AnyEvent, MessageCreated, TurnFinished
from messaging.relays.base import Relay
from messaging.stores.base import MessageStore
from messaging.types import Message, Range

log = logging.getLogger(__name__)

SWEEP_EVERY_S = 1.0
TAKEN = timedelta(seconds=30)
LEFT_BEHIND_S = 5.0  # a row this old was forgotten by whoever accepted it
KEPT = timedelta(days=7)
BATCH = 200
_MOST_OVERLAID = 2000

_new = PreparedInsert(Outbox)
_done = PreparedUpdate(lambda: Outbox.objects.filter(pk=given("id", ID)), "body", "stored_at", "published_at")


# -- rows: part of the caller's unit of work ----------------------------------------------------------


def add(message: Message, author_key: str, client_id: UUID, run_id: UUID | None = None) -> None:
    """Accept the message. Part of a transaction; IntegrityError if this author sent this `client_id` before."""
    _new.run(
        Outbox(
            message_id=message.id,
            author_key=author_key,
            client_id=client_id,
            thread_id=message.thread_id,
            branch_id=message.branch_id,
            seq=message.seq,
            variant=message.variant,
            run_id=run_id,
            body=set_aside.encode(message),
            created_at=now(),
        )
    )


def sent_before(author_key: str, client_id: UUID) -> Outbox | None:
    """The row of a message that this author sent under this `client_id` within the last seven days."""
    return Outbox.objects.filter(author_key=author_key, client_id=client_id).defer("body").first()


def overlay(path: Sequence[Range], before: int | None = None, after: int | None = None) -> list[Message]:
    """Accepted messages of a branch's path that the store may not have yet, in any order.

    Read before the store: what is no longer here by then, the store has.
    """
    values: dict[str, object] = {
        "before": NO_END if before is None else before,
        "after": -1 if after is None else after,
    }
    for number, part in enumerate(path):
        last = NO_END if part.to_seq is None else part.to_seq
        values |= {f"branch{number}": part.branch_id, f"from{number}": part.from_seq, f"to{number}": last}
    bodies = _overlaid(len(path), is_forward=after is not None).rows(**values) if path else []
    return [message for body in bodies if (message := set_aside.read(body)) is not None]


@lru_cache(maxsize=64)
def _overlaid(ranges: int, *, is_forward: bool) -> PreparedQuery[bytes | memoryview | None]:
    def build() -> "QuerySet[Outbox, bytes | memoryview | None]":
        where = Q()
        for number in range(ranges):
            inside = {"branch_id": given(f"branch{number}", ID), "seq__gte": given(f"from{number}")}
            where |= Q(**inside, seq__lte=given(f"to{number}"))
        rows = Outbox.objects.filter(where, stored_at=None, seq__lt=given("before"), seq__gt=given("after"))
        return rows.order_by("seq" if is_forward else "-seq").values_list("body", flat=True)[:_MOST_OVERLAID]

    return PreparedQuery(build)


def find(message_id: UUID) -> Message | None:
    """A message that is accepted and not stored yet."""
    body = Outbox.objects.filter(pk=message_id, stored_at=None).values_list("body", flat=True).first()
    return set_aside.read(body)


def _clear(message_ids: Sequence[UUID]) -> None:
    at = now()
    with transaction.atomic():
        _done.run_many([{"id": key, "body": None, "stored_at": at, "published_at": at} for key in message_ids])


@transaction.atomic
def _take(older_than_s: float, *, is_alone: bool) -> list[Message]:
    """What was left behind, oldest first, and nobody else's for a while: every process sweeps."""
    at = now()
    rows = Outbox.objects.filter(
        published_at=None, created_at__lte=at - timedelta(seconds=older_than_s), body__isnull=False, set_aside_at=None
    )
    if not is_alone:
        rows = rows.filter(Q(taken_until=None) | Q(taken_until__lte=at))
    rows = rows.select_for_update(skip_locked=True, no_key=True).order_by("created_at")
    messages = set_aside.read_all(rows.values_list("message_id", "body")[:BATCH], Outbox.objects.all())
    Outbox.objects.filter(pk__in=messages).update(taken_until=at + TAKEN)
    return list(messages.values())


def _let_go(message_ids: Sequence[UUID]) -> None:
    Outbox.objects.filter(pk__in=message_ids, published_at=None).update(taken_until=None)


def prune() -> int:
    """Forget which `client_id`s were sent more than seven days ago; how many."""
    count, _ = Outbox.objects.filter(published_at__isnull=False, created_at__lt=now() - KEPT).delete()
    return count


# -- on their way -------------------------------------------------------------------------------------


async def deliver(message: Message, *along: AnyEvent) -> None:
    """Tell the room of a message whose row is committed, and see to it that it gets stored. Never fails:
    what cannot be told or stored now is told or stored later, by the sweeper.

    `along`: events told in one with it, so that a crash leaves all untold, and the message's row to show that.
    """
    try:
        await rooms.publish(message.thread_id, event_of(message), *along)
    except (Unavailable, rooms.Superseded) as error:
        log.warning("Message %s could not be told to its room yet: %r", message.id, error)
        return
    failpoints.reach("after_publish")
    global _storing
    _waiting.append(message)
    loop = asyncio.get_running_loop()
    if _storing is None or _storing.done() or _storing.get_loop() is not loop:
        _storing = loop.create_task(_store_waiting(), context=logs.nobody())


def event_of(message: Message) -> AnyEvent:
    """What a room is told when this message is there: that it was said, or that its turn is over."""
    if message.turn_id is None:
        return MessageCreated(message)
    meta = message.meta
    return TurnFinished(message.turn_id, message.id, meta.attempt, message.state, len(message.body), meta)


async def stored() -> None:
    """Wait until all that was delivered here is stored, or left to the sweeper."""
    while _storing is not None and not _storing.done():
        await asyncio.wait({_storing})


# Called, on the loop, with messages that were left behind, once their rooms know them; what went along with them is lost.
on_left_behind: list[Callable[[Sequence[Message]], Awaitable[None]]] = []

_waiting: list[Message] = []
_storing: asyncio.Task[None] | None = None
_sweeping: asyncio.Task[None] | None = None


async def _store_waiting() -> None:
    """Store in batches all that waits; the more comes at once, the larger the batches."""
    while _waiting:
        batch = _waiting[:BATCH]
        del _waiting[:BATCH]
        try:
            await _store(batch)
        except (AppError, DatabaseError) as error:
            log.warning("%d messages are not stored yet and are read from the outbox: %s", len(batch), error)


async def _store(messages: Sequence[Message]) -> None:
    store: MessageStore = backend("message_store")
    await store.put(messages)
    failpoints.reach("after_store")
    await in_db_later(_clear, [message.id for message in messages])


# -- the sweeper ---------------------------------------------------------------------------------------


async def sweep(older_than_s: float = LEFT_BEHIND_S, *, is_alone: bool = False) -> int:
    """Store and tell what was left behind, oldest first; how many. `is_alone`: also what a dead process had taken."""
    messages = await in_db_later(_take, older_than_s, is_alone=is_alone)
    if messages:
        ids = [message.id for message in messages]
        try:
            await _deliver_all(messages)
        except (AppError, DatabaseError):
            with contextlib.suppress(DatabaseError):  # then it is let go by the time
                await in_db_later(_let_go, ids)
            raise
        await in_db_later(_clear, ids)
        log.info("%d messages that were left behind are delivered.", len(messages))
    return len(messages)


async def _deliver_all(messages: Sequence[Message]) -> None:
    store: MessageStore = backend("message_store")
    await store.put(messages)
    for message in messages:
        with contextlib.suppress(rooms.Superseded):  # a later attempt is told to the room already
            await rooms.publish(message.thread_id, event_of(message))
    for hear in on_left_behind:
        await hear(messages)


async def start() -> None:
    """Deliver all that a dead process left, then look again every second.

    Where others serve too, what is younger than a few seconds is in their hands.
    """
    global _sweeping
    _sweeping = asyncio.get_running_loop().create_task(_sweep_for_ever())


async def stop() -> None:
    global _sweeping, _storing
    if _sweeping is not None:
        _sweeping.cancel()
        await asyncio.wait({_sweeping})
    await stored()
    _sweeping = _storing = None
    _waiting.clear()


async def _sweep_for_ever() -> None:
    relay: Relay = backend("relay")
    rounds, is_alone = 0, relay.is_alone
    older_than_s = 0.0 if is_alone else LEFT_BEHIND_S
    while True:
        try:
            while await sweep(older_than_s, is_alone=is_alone) == BATCH:
                pass
            await edits.sweep(older_than_s)
            older_than_s, is_alone = LEFT_BEHIND_S, False
            if rounds % 3600 == 0:
                await in_db_later(prune)
                await in_db_later(edits.prune)
        except (AppError, DatabaseError) as error:
            log.warning("The outbox could not be swept; trying again: %s", error)
        except Exception:  # a mistake of ours must not end the sweeping
            log.exception("The outbox could not be swept; trying again.")
        rounds += 1
        await asyncio.sleep(SWEEP_EVERY_S)
