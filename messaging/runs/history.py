"""Reading a branch's past, newest pages first: once for all turns that share it."""

import asyncio
from uuid import UUID

from chatplatform.kernel.backends import backend
from messaging.runs.types import Past
from messaging.stores.base import MessageStore
from messaging.types import Message

FIRST_PAGE = 24  # places; small models read no more
PAGE = 150
USUAL_TOKENS = 60  # of one place
MAX_PLACES = 600  # beyond that nobody reads back, whatever the window


class History:
    """The final messages before a place, as far back as somebody asked. What the store lacks comes from the rows."""

    def __init__(self, past: Past) -> None:
        self.past = past
        self.pages = 0
        self._places = 0
        self._before: int | None = past.before
        self._lock = asyncio.Lock()
        self._found: dict[UUID, Message] = {}

    @property
    def messages(self) -> list[Message]:
        """What was read so far, in no order. An accepted message that is stored by now counts once."""
        found = dict(self._found)
        for message in self.past.overlay:
            kept = found.get(message.id)
            if kept is None or kept.revision < message.revision:
                found[message.id] = message
        return list(found.values())

    async def more(self, known: int, room: int) -> bool:
        """Read one page further back than the `known` ones. False: there is no more.

        The first page is as long as `room` tokens need, as a rule: each page is a wait before the first word.
        """
        async with self._lock:
            if self.pages > known:
                return True
            if self._before is None or self._places >= MAX_PLACES or not self.past.path:
                return False
            size = PAGE if self.pages else min(PAGE, max(FIRST_PAGE, room // USUAL_TOKENS))
            store: MessageStore = backend("message_store")
            page = await store.page(self.past.path, before=self._before, limit=size)
            self.pages += 1
            self._found.update((message.id, message) for message in page)
            places = {message.seq for message in page}
            self._places += len(places)
            self._before = min(places) if len(places) >= size else None
            return True
