"""Reading a thread: pages of its places, one message, and the snapshot that a newcomer gets.

What is accepted but not stored yet, and what models are writing now, is laid over the store's page. Order matters:
open turns first, then the outbox, then the store, so that a message on its way is found in one of them. Reads
of the same thing at the same time share one query; who asks is let in before they join it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from django.db.models import Q

from chatplatform.kernel.backends import backend
from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import Invalid, Unavailable
from messaging import outbox, rooms
from messaging.models import OPEN_RUNS, OPEN_TURNS, Run, Turn
from messaging.presence import presence
from messaging.protocol.events import TurnWaiting, decode_event
from messaging.protocol.views import LiveTurn, MessagesPage, RunView, Snapshot
from messaging.runs import views
from messaging.stores.base import MessageStore
from messaging.streams.base import Said, Standing
from messaging.types import OPEN_STATES, Cursor, Message, Range, Revision
from projects.access import nothing
from projects.roles import Permission
from threads import choices
from threads.access import access_thread, branch_of
from threads.models import Branch
from threads.queries import branch_path, branch_view, get_thread, thread_view
from threads.types import BranchView, ChoiceView, ThreadView

SNAPSHOT_PLACES = 50
MOST_PLACES = 200

T = TypeVar("T")


# -- pages ------------------------------------------------------------------------------------------


async def page(
    user_id: UUID,
    thread_id: UUID,
    branch_id: UUID | None = None,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int = SNAPSHOT_PLACES,
) -> MessagesPage:
    """Places of a branch with all their variants, oldest first: the newest, those before or those after a place."""
    if before is not None and after is not None:
        raise Invalid("Ask for what is before a place or after one, not both.")
    limit = max(1, min(limit, MOST_PLACES))
    branch, _ = await let_in(user_id, thread_id, branch_id)
    # Whatever was told is read: a reader never joins a read that began before the last event.
    try:
        top: Hashable = await rooms.top(thread_id)
    except Unavailable:
        top = object()  # nobody else's
    key = ("page", branch.pk, before, after, limit, top)
    messages, has_more = await _shared(key, partial(_places, branch, before, after, limit, with_open=True))
    chosen = await _choices(branch, user_id, messages)
    return MessagesPage(messages, has_more, chosen)


async def let_in(user_id: UUID, thread_id: UUID, branch_id: UUID | None) -> tuple[Branch, UUID]:
    """The branch (null: the main one) and its project, for somebody who may read it; NotFound."""
    return await in_db(_let_in, user_id, thread_id, branch_id)


def _let_in(user_id: UUID, thread_id: UUID, branch_id: UUID | None) -> tuple[Branch, UUID]:
    access = access_thread(user_id, thread_id, Permission.READ)
    return branch_of(access.thread, branch_id), access.project_id


async def _places(
    branch: Branch, before: int | None, after: int | None, limit: int, *, with_open: bool
) -> tuple[list[Message], bool]:
    """The places and whether there are more on that side."""
    path = _path(branch)
    unstored = await in_db(_unstored, path, before, after, with_open)
    store: MessageStore = backend("message_store")
    stored = await store.page(path, before=before, after=after, limit=limit + 1)
    # Of one message the later reading counts: the store's over the outbox's over the open turn's.
    merged = {message.id: message for message in (*unstored, *stored)}
    seqs = sorted({message.seq for message in merged.values()})
    kept = set(seqs[:limit] if after is not None else seqs[-limit:])
    ordered = sorted((m for m in merged.values() if m.seq in kept), key=lambda m: (m.seq, m.variant))
    return ordered, len(seqs) > limit


def _path(branch: Branch) -> list[Range]:
    return [Range(*entry) for entry in branch_path(branch)]


def _unstored(path: list[Range], before: int | None, after: int | None, with_open: bool) -> list[Message]:
    """What the store does not know: answers being written, then messages on their way."""
    turns: list[Turn] = []
    if with_open:
        rows = Turn.objects.filter(_on_path(path), state__in=OPEN_TURNS).select_related("run")
        if before is not None:
            rows = rows.filter(seq__lt=before)
        if after is not None:
            rows = rows.filter(seq__gt=after)
        turns = list(rows)
    return [*(views.turn_message(turn, turn.run) for turn in turns), *outbox.overlay(path, before, after)]


def _on_path(path: Sequence[Range]) -> Q:
    where = Q(pk__in=[])
    for part in path:
        inside = Q(branch_id=part.branch_id, seq__gte=part.from_seq)
        where |= inside if part.to_seq is None else inside & Q(seq__lte=part.to_seq)
    return where


async def _choices(branch: Branch, user_id: UUID, messages: Sequence[Message]) -> list[ChoiceView]:
    if not messages:
        return []
    return await in_db(choices.effective, branch, user_id, messages[0].seq, messages[-1].seq)


# -- one message --------------------------------------------------------------------------------------


async def find(message_id: UUID) -> Message:
    """The message wherever it is on its way; NotFound. Whether the asker may see it is still to be asked."""
    unstored = await in_db(_find_unstored, message_id)
    if unstored is not None and unstored.state in OPEN_STATES:
        return unstored
    store: MessageStore = backend("message_store")
    message = await store.get(message_id) or unstored
    if message is None:
        raise nothing()
    return message


def _find_unstored(message_id: UUID) -> Message | None:
    turn = Turn.objects.filter(message_id=message_id, state__in=OPEN_TURNS).select_related("run").first()
    return views.turn_message(turn, turn.run) if turn is not None else outbox.find(message_id)


async def revisions(message_id: UUID) -> list[Revision]:
    store: MessageStore = backend("message_store")
    return await store.revisions(message_id)


# -- the snapshot ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rows:
    """What rows tell of a room; `turns` are open ones with their run."""

    thread: ThreadView
    branch: BranchView
    turns: list[Turn]
    runs: list[RunView]


async def snapshot(user_id: UUID, branch: Branch) -> tuple[Cursor, Snapshot]:
    """A room as it stands, and the cursor that was taken before it was read: all later events follow from there.

    For somebody who was let into the branch.
    """
    thread_id = branch.thread_id
    cursor, room = await _shared(("snapshot", branch.pk), partial(_read_room, thread_id, branch))
    chosen = await _choices(branch, user_id, room.messages)
    return cursor, msgspec.structs.replace(room, choices=chosen, present=presence().present(thread_id))


async def _read_room(thread_id: UUID, branch: Branch) -> tuple[Cursor, Snapshot]:
    try:
        standing = await rooms.standing(thread_id)
    except Unavailable:
        standing = Standing(Cursor("", 0), {})  # whoever holds this cursor loads anew when the stream is back
    rows = await in_db(_rows, thread_id, branch.pk)
    messages, has_more = await _places(branch, None, None, SNAPSHOT_PLACES, with_open=False)
    begun_since: Iterable[UUID] = ()
    if any(turn.id not in standing.turns for turn in rows.turns):
        with suppress(Unavailable):
            begun_since = (await rooms.standing(thread_id)).turns
    live = [_live(turn, standing.turns.get(turn.id), turn.id in begun_since) for turn in rows.turns]
    return standing.cursor, Snapshot(rows.thread, rows.branch, messages, has_more, live, rows.runs, [], [])


def _rows(thread_id: UUID, branch_id: UUID) -> _Rows:
    thread = get_thread(thread_id)
    branch = Branch.objects.select_related("created_by", "thread").filter(pk=branch_id).first()
    if thread is None or branch is None:
        raise nothing()
    turns = Turn.objects.filter(thread=thread, state__in=OPEN_TURNS).select_related("run").order_by("seq", "variant")
    return _Rows(thread_view(thread), branch_view(branch), list(turns), _run_views(thread_id, branch_id))


def _run_views(thread_id: UUID, branch_id: UUID) -> list[RunView]:
    """Runs going on in the thread, and the last ended one of the branch."""
    runs = list(Run.objects.filter(thread=thread_id, state__in=OPEN_RUNS).order_by("started_at"))
    ended = Run.objects.filter(branch=branch_id).exclude(state__in=OPEN_RUNS).order_by("-started_at").first()
    if ended is not None:
        runs.insert(0, ended)
    turns: dict[UUID, list[Turn]] = {run.id: [] for run in runs}
    rows = Turn.objects.filter(run__in=runs).only("id", "run_id", "state", "round", "meta")
    for turn in rows.order_by("created_at", "lane", "id"):
        turns[turn.run_id].append(turn)
    return [views.run_view(run, turns[run.id]) for run in runs]


def _live(turn: Turn, said: Said | None, has_begun_since: bool) -> LiveTurn:
    """An open turn with just the words that the events up to the cursor have said.

    A turn the stream did not know then: its events all follow, unless the stream forgot it (a restart), in
    which case the row's words are all there is and nothing repeats them.
    """
    message = views.turn_message(turn, turn.run)
    if said is None:
        if has_begun_since:
            meta = msgspec.structs.replace(message.meta, reasoning="")
            message = msgspec.structs.replace(message, body="", state="queued", meta=meta)
        return LiveTurn(message, turn.attempt, len(message.body), reasoning_at=len(message.meta.reasoning))
    waiting = decode_event(said.waiting) if said.waiting else None
    why = waiting if isinstance(waiting, TurnWaiting) else None
    error = why.error if why else None  # why it is tried again: a newcomer reads what everybody read
    meta = msgspec.structs.replace(message.meta, reasoning=said.reasoning, attempt=said.attempt, error=error)
    state = "streaming" if why is None else "queued" if why.why == "queue" else "waiting"
    return LiveTurn(
        msgspec.structs.replace(message, body=said.text, state=state, meta=meta),
        said.attempt,
        len(said.text),
        position=why.position if why else 0,
        limit=why.limit if why else 0,
        retry_at=why.retry_at if why else None,
        reasoning_at=len(said.reasoning),
    )


# -- sharing ------------------------------------------------------------------------------------------

_flights: dict[Hashable, asyncio.Task[Any]] = {}


async def _shared(key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
    """What `read` answers; whoever asks for the same while it runs gets the same answer or the same error."""
    flight = _flights.get(key)
    if flight is None:
        flight = _flights[key] = asyncio.ensure_future(read())
        flight.add_done_callback(partial(_landed, key))
    answer: T = await asyncio.shield(flight)
    return answer


def _landed(key: Hashable, flight: "asyncio.Task[Any]") -> None:
    _flights.pop(key, None)
    if not flight.cancelled():
        flight.exception()  # known to whoever waited; nobody may be left


def reset() -> None:
    _flights.clear()
