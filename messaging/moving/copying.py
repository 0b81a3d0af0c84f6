"""Copying: every branch once, then whatever was stored meanwhile, until that is little.

Both may be cut off anywhere and done again: a store keeps the higher revision, so nothing is written twice or undone.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from uuid import UUID

from chatplatform.kernel.clock import monotonic, now
from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import Unavailable
from messaging.moving import progress
from messaging.moving.progress import Progress
from messaging.stores.base import MovableStore
from messaging.types import Message, Range

log = logging.getLogger(__name__)

PLACES = 256  # read and written at once, of each branch under way
BRANCHES = 4  # under way at once
PAGES = 4  # of each of them
CHANGED = 100  # messages that changed meanwhile, copied at once
SHORT_S = 5.0  # in so short a round little can have come that the next run does not find
TRIES = 20

Told = Callable[[], None]


async def pages(store: MovableStore, branch_id: UUID, after: int = -1) -> AsyncIterator[list[Message]]:
    """A branch's own messages from a place on, oldest first; the next page is read while one is worked on."""
    whole = [Range(branch_id, 0)]
    reading = asyncio.ensure_future(store.page(whole, after=after, limit=PLACES))
    try:
        while page := await reading:
            reading = asyncio.ensure_future(store.page(whole, after=page[-1].seq, limit=PLACES))
            yield page
    finally:
        reading.cancel()


async def copy_all(
    source: MovableStore, target: MovableStore, branches: Sequence[UUID], at: Progress, told: Told
) -> None:
    """Copy every branch; `told` is called after every page. What was purged since the target was in use goes from it first."""
    purged = await in_db(progress.purged_since)
    for branch_id in [branch async for branch in target.branches() if branch in purged]:
        await target.forget(branch_id)
    waiting = iter(sorted(branches))

    async def copy_some() -> None:
        for branch_id in waiting:
            after = at.starts_at(branch_id)
            if after is not None:
                at.take(branch_id, after)
                await _copy_branch(source, target, branch_id, after, at, told)
                at.done(branch_id)

    async with asyncio.TaskGroup() as group:
        for _ in range(BRANCHES):
            group.create_task(copy_some())
    await in_db(progress.save_copied, at.target, at.row.messages + at.copied)


async def _copy_branch(
    source: MovableStore, target: MovableStore, branch_id: UUID, after: int, at: Progress, told: Told
) -> None:
    under_way: deque[tuple[asyncio.Task[None], int, int]] = deque()

    async def settle() -> None:
        """Pages count as copied in their order, whichever is done first."""
        writing, seq, count = under_way.popleft()
        await writing
        at.note(branch_id, seq, count)
        told()
        if at.is_due and (place := at.place()) is not None:
            await in_db(progress.save, at.target, *place)

    async with asyncio.TaskGroup() as group:
        async for page in pages(source, branch_id, after):
            writing = group.create_task(patiently(partial(keep, source, target, page)))
            under_way.append((writing, page[-1].seq, len(page)))
            if len(under_way) == PAGES:
                await settle()
        while under_way:
            await settle()


async def keep(source: MovableStore, target: MovableStore, messages: Sequence[Message]) -> None:
    """Put messages with all their older texts into the target."""
    changed = [message for message in messages if message.revision > 1]
    older = await asyncio.gather(*(source.revisions(message.id) for message in changed))
    await target.put_revisions([(m.id, old) for m, texts in zip(changed, older, strict=True) for old in texts])
    await target.put(messages)


async def catch_up(source: MovableStore, target: MovableStore, at: Progress) -> tuple[int, set[UUID]]:
    """Copy what was stored since the copying began or since it last caught up, and forget what was purged; how many
    messages were copied, in which branches."""
    total, branches = 0, set[UUID]()
    while True:
        looked_at, began = now(), monotonic()
        changed = await in_db(progress.stored_since, at.row.caught_up_to)
        for start in range(0, len(changed), CHANGED):
            found = await asyncio.gather(*(source.get(one) for one in changed[start : start + CHANGED]))
            there = [message for message in found if message is not None]
            await patiently(partial(keep, source, target, there))
            branches |= {message.branch_id for message in there}
        for branch_id in await in_db(progress.purged_since, at.row.caught_up_to):
            await target.forget(branch_id)
        at.row.caught_up_to = looked_at - progress.MARGIN
        await in_db(progress.save_caught_up, at.target, at.row.caught_up_to)
        total += len(changed)
        if monotonic() - began < SHORT_S:
            return total, branches


async def patiently(work: Callable[[], Awaitable[None]]) -> None:
    """Do it again while a store does not answer, for about two minutes."""
    for number in range(1, TRIES + 1):
        try:
            return await work()
        except Unavailable as error:
            if number == TRIES:
                raise
            log.info("Waiting for a store: %s", error.message)
            await asyncio.sleep(min(number, 10))
    return None
