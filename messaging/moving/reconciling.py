"""After a restore: the database, which gives out places, and the message store, which fills them, are of two moments.

Where the store is ahead, its places are taken though the database does not know: heads are raised above them, or the next
message would be given a place that another one has. Where the database is ahead, places are empty: that is only said.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chatplatform.kernel.db import in_db
from messaging.models import OPEN_TURNS, Outbox, Turn
from messaging.stores.base import MessageStore
from messaging.types import Range
from threads.models import Branch

AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Finding:
    """A branch whose newest place in the store is not the newest that was given out."""

    branch_id: UUID
    head_seq: int
    stored_seq: int

    @property
    def is_store_ahead(self) -> bool:
        return self.stored_seq > self.head_seq


async def reconcile(store: MessageStore, *, mends: bool) -> tuple[int, list[Finding]]:
    """How many branches there are, and those that differ; the heads of those in which the store is ahead are raised."""
    branches = await in_db(_branches)
    findings: list[Finding] = []
    waiting = iter(branches)

    async def look() -> None:
        for branch in waiting:
            newest = await store.page([Range(branch.id, branch.fork_seq + 1)], limit=1)
            stored = newest[0].seq if newest else branch.fork_seq
            known = max(stored, await in_db(_on_its_way, branch.id)) if stored < branch.head_seq else stored
            if known == branch.head_seq:
                continue
            findings.append(Finding(branch.id, branch.head_seq, known))
            if mends and known > branch.head_seq:
                await in_db(_raise_head, branch.id, known)

    await asyncio.gather(*(look() for _ in range(AT_ONCE)))
    return len(branches), sorted(findings, key=lambda found: found.branch_id)


def _branches() -> Sequence[Branch]:
    return list(Branch.objects.only("id", "fork_seq", "head_seq").order_by("pk"))


def _raise_head(branch_id: UUID, seq: int) -> None:
    Branch.objects.filter(pk=branch_id, head_seq__lt=seq).update(head_seq=seq)


def _on_its_way(branch_id: UUID) -> int:
    """The newest place whose message is still in the outbox, or being written."""
    unstored = Outbox.objects.filter(branch_id=branch_id, stored_at=None).order_by("-seq").values_list("seq", flat=True)
    turns = Turn.objects.filter(branch=branch_id, state__in=OPEN_TURNS).order_by("-seq").values_list("seq", flat=True)
    return max(unstored.first() or 0, turns.first() or 0)
