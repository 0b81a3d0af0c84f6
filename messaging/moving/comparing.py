"""Do two stores hold the same? Each branch is read in both and hashed: every field of every message, and all older texts."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from messaging.moving.copying import BRANCHES, pages
from messaging.stores.base import MovableStore
from messaging.types import Message, Range

_encode = msgspec.json.Encoder(decimal_format="number").encode

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Digest:
    """What a store holds of one branch."""

    messages: int
    revisions: int
    sha256: str


@dataclass
class Comparison:
    """`sha256` is over the branches in the order of their ids: two stores that hold the same have the same."""

    branches: int = 0
    messages: int = 0
    revisions: int = 0
    sha256: str = ""
    different: dict[UUID, tuple[Digest, Digest]] = field(default_factory=dict)


async def compare(source: MovableStore, target: MovableStore, branches: Sequence[UUID], told: Told) -> Comparison:
    """Read both; `told` gets the number of messages after every page of the source."""
    hashes: dict[UUID, bytes] = {}
    result = Comparison()
    waiting = iter(sorted(branches))

    async def compare_some() -> None:
        for branch_id in waiting:
            here, there = await asyncio.gather(digest(source, branch_id, told), digest(target, branch_id))
            hashes[branch_id] = bytes.fromhex(here.sha256)
            result.messages += here.messages
            result.revisions += here.revisions
            if here != there:
                result.different[branch_id] = (here, there)

    async with asyncio.TaskGroup() as group:
        for _ in range(BRANCHES):
            group.create_task(compare_some())
    whole = hashlib.sha256()
    for branch_id, branch_hash in sorted(hashes.items()):
        whole.update(branch_id.bytes + branch_hash)
    result.branches = len(hashes)
    result.sha256 = whole.hexdigest()
    return result


async def digest(store: MovableStore, branch_id: UUID, told: Told = lambda count: None) -> Digest:
    running = hashlib.sha256()
    messages = revisions = 0
    async for page in pages(store, branch_id):
        older = await asyncio.gather(*(store.revisions(message.id) for message in page if message.revision > 1))
        texts = iter(older)
        for message in page:
            running.update(_encode(message))
            if message.revision > 1:
                kept = next(texts)
                running.update(_encode(kept))
                revisions += len(kept)
        messages += len(page)
        told(len(page))
    return Digest(messages, revisions, running.hexdigest())


async def first_difference(source: MovableStore, target: MovableStore, branch_id: UUID) -> str:
    """Where two stores begin to differ in a branch, for a person to look at."""
    after = -1
    while True:
        here, there = await asyncio.gather(
            *(store.page([Range(branch_id, 0)], after=after, limit=100) for store in (source, target))
        )
        if here != there:
            return _words(here, there)
        if not here:
            return "older texts differ"
        after = here[-1].seq


def _words(here: Sequence[Message], there: Sequence[Message]) -> str:
    kept = {(message.seq, message.variant): message for message in there}
    for message in here:
        other = kept.pop((message.seq, message.variant), None)
        if other != message:
            what = "is missing" if other is None else f"is revision {other.revision}, not {message.revision}"
            if other is not None and other.revision == message.revision:
                what = "is not the same"
            return f"place {message.seq}, variant {message.variant} (message {message.id}) {what}"
    return "; ".join(f"place {seq}, variant {variant} is only there" for seq, variant in sorted(kept)[:3])
