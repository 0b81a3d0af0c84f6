"""The promise of a room's stream: a short memory that lets a reader catch up."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol
from uuid import UUID

from msgspec import Struct

from messaging.types import Cursor


class Entry(Struct, frozen=True):
    """One encoded event. `turn_id` and `attempt` fence the events of a turn.

    `text` or `reasoning` is what the event adds to the turn's words, and `at` where that begins, in code points; None:
    after what was said. `mark`: "waiting" says why the turn does not speak yet, "last" that it is over.
    """

    data: bytes
    turn_id: UUID | None = None
    attempt: int = 0
    text: str = ""
    reasoning: str = ""
    mark: Literal["", "waiting", "last"] = ""
    at: int | None = None


class Appended(Struct, frozen=True):
    """Offsets `first` to `last` were given, in the entries' order, to all but `refused` and `holes` (indices) and words
    that the turn had said before.

    `holes`: words of a turn that begin after all the log knows of it. Say the whole of it again, `at` 0.
    """

    epoch: str
    first: int
    last: int
    refused: tuple[int, ...] = ()
    holes: tuple[int, ...] = ()


class Slice(Struct, frozen=True):
    """Events after a cursor, without a hole: offsets `first` to `first + len(events) - 1`."""

    epoch: str
    first: int
    events: list[bytes]


class Said(Struct, frozen=True):
    """What a turn that is not over has said in its highest attempt, as the room heard it.

    `waiting`: the event that says why it does not speak yet, if that was its last one.
    """

    attempt: int
    text: str
    reasoning: str
    waiting: bytes | None = None


class Standing(Struct, frozen=True):
    """A room's stream at one instant: `turns` have said just what the events up to `cursor` say."""

    cursor: Cursor
    turns: dict[UUID, Said]


# Given the thread, the epoch, the first offset and the events from there on, encoded; and whether they are patient:
# nothing but words of turns that speak already, told to other processes, where they may wait a little for the next ones.
# No events: the room began anew.
Hear = Callable[[UUID, str, int, Sequence[bytes], bool], Awaitable[None]]


class StreamLog(Protocol):
    """One sequence of events per thread, dense offsets from 1, bounded by bytes and by age.

    The epoch names one unbroken numbering: when the log forgot where it was (a restart, a flush) it
    begins anew under another epoch. Losing the whole log loses no message, only the catching up.

    Who follows a room hears what is appended, by whichever process, in the order of the offsets. Word of it may be
    lost: a hole in the offsets, or another epoch, says so, and `read_after` fills it.
    """

    append_cost_s: float
    """What one append costs the process that asks for it, of its own time."""

    async def append(self, thread_id: UUID, entries: Sequence[Entry]) -> Appended:
        """Number and keep the entries. One whose attempt is lower than the highest seen for its
        turn is refused: its writer was superseded and must stop. A higher attempt begins with no
        words. After a turn's "last" event all more of that attempt is refused too, that event itself
        included.

        Raises Unavailable; whether the entries were kept is then not known. Words may simply be appended again: what a
        turn said already is not said twice, and a whole that goes on where the log stopped takes the place of its part.
        """

    async def read_after(self, thread_id: UUID, cursor: Cursor) -> Slice | None:
        """All events after the cursor, or None if the epoch is another one, the first missing event
        is gone, or the cursor is ahead of the log: never a part of what was missed."""

    async def top(self, thread_id: UUID) -> Cursor:
        """Where the log stands; offset 0 of a fresh epoch for a thread nobody wrote to yet. Raises Unavailable,
        as all that reads."""

    async def standing(self, thread_id: UUID) -> Standing:
        """Where the log stands and what the turns going on have said by then, in one instant."""

    async def follow(self, thread_id: UUID, hear: Hear) -> None:
        """Give `hear` all that is appended to the room from when this returns; it replaces an earlier one.
        The next events wait until it is done. Raises Unavailable: then from soon on, as soon as it can be."""

    def unfollow(self, thread_id: UUID) -> None:
        """Hear no more of the room, at once."""

    async def forget(self, thread_id: UUID) -> None:
        """Drop the thread's log; the next epoch is a new one, and who follows hears of it. Raises Unavailable."""

    async def stop(self) -> None:
        """Let go of connections and of whoever follows."""
