"""The promise of a message store, whichever database is behind it."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol
from uuid import UUID

from messaging.types import Message, Range, Revision


class MessageStore(Protocol):
    """Messages by place. The truth about content; knows nothing of people, rooms or order beyond `seq`.

    A body holds up to 256 KiB of UTF-8. Every write may be repeated, by anybody, at any later time,
    and changes nothing then. A database that cannot be reached raises `kernel.errors.Unavailable`.
    """

    async def put(self, messages: Sequence[Message]) -> None:
        """Keep messages. An address (branch, seq, variant) that is taken by the same id keeps the
        higher revision; so a repeat, however late, never undoes an edit."""

    async def get(self, message_id: UUID) -> Message | None:
        """The message as it is now; None if it was never put."""

    async def page(
        self, path: Sequence[Range], *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> list[Message]:
        """Up to `limit` *places* of a branch's path with all their variants, oldest first.

        `before`: the last places below it; `after`: the first above it; neither: the newest.
        Fewer places than `limit` means there are no more on that side. Places may be missing.
        """

    async def edit(self, message: Message, *, editor_name: str) -> bool:
        """Replace the text, state and meta by `message`'s, whose revision is one higher than the kept one;
        the old text becomes a revision. False if another revision came first; True if it was this very one.

        Of two different edits of one revision at the same time, a caller lets only one come here, as
        `messaging/edits.py` does: not every store can tell two processes apart."""

    async def revisions(self, message_id: UUID) -> list[Revision]:
        """The superseded texts, oldest first."""

    async def forget(self, branch_id: UUID) -> None:
        """Take all messages that this branch itself holds away for good, with all they ever said; in small steps. One that
        was cut off is finished by a repeat. Nobody puts them again: what they belonged to is gone."""


class MovableStore(MessageStore, Protocol):
    """A store out of which all can be read, and into which all can be put as it was. For moving from one to another."""

    def branches(self) -> AsyncIterator[UUID]:
        """Every branch that has messages of its own, once, in any order."""

    async def put_revisions(self, revisions: Sequence[tuple[UUID, Revision]]) -> None:
        """Keep superseded texts of messages. A repeat changes nothing."""
