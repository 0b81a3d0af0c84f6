"""Which partitions a page of a branch's path is read from, and in what order.

Places are dense, so the page's rows are known beforehand: a slice of one or two neighbouring partitions of each entry of the
path, all read at once. Only where the end is open, or where places are missing, `message_bucket` says where to go on;
so an empty partition is never read.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from messaging.stores.cql import statements as cql
from messaging.stores.cql.bridge import Bridge
from messaging.stores.cql.rows import PLACES, MessageRow, bucket_of
from messaging.types import Range

_LAST = 2**62


@dataclass(frozen=True, slots=True)
class Slice:
    """Places `low` to `high` of one branch, both included; `high` may lie beyond the newest."""

    branch_id: Any
    low: int
    high: int
    is_open: bool = False  # nobody knows where it ends

    @property
    def size(self) -> int:
        return self.high - self.low + 1


def slices_of(path: Sequence[Range], before: int | None, after: int | None) -> list[Slice]:
    """What of a path lies on the wanted side, in the order in which it is read."""
    found = []
    for entry in path:
        low = entry.from_seq if after is None else max(entry.from_seq, after + 1)
        high = _LAST if entry.to_seq is None else entry.to_seq
        if before is not None:
            high = min(high, before - 1)
        if low <= high:
            found.append(Slice(entry.branch_id, low, high, is_open=high == _LAST))
    return found if after is not None else found[::-1]


def together(slices: Sequence[Slice], wanted: int) -> int:
    """How many of the slices are read at once: as many as it takes to fill a page if no place is missing."""
    room = 0
    for number, part in enumerate(slices, start=1):
        room += part.size
        if room >= wanted:
            return number
    return len(slices)


def first_guess(part: Slice, wanted: int, *, forward: bool) -> list[Slice]:
    """The wanted places if none is missing, cut where a partition ends: at most two pieces, nearest first."""
    if forward:
        low, high = part.low, min(part.high, part.low + min(wanted, PLACES) - 1)
        cut = (bucket_of(low) + 1) * PLACES
        pieces = [replace(part, low=low, high=min(high, cut - 1)), replace(part, low=cut, high=high)]
    else:
        low, high = max(part.low, part.high - min(wanted, PLACES) + 1), part.high
        cut = bucket_of(high) * PLACES
        pieces = [replace(part, low=max(low, cut), high=high), replace(part, low=low, high=cut - 1)]
    return [piece for piece in pieces if piece.low <= piece.high]


class Reader:
    """One page being read; rows come in no particular order, each place with all its variants."""

    def __init__(self, bridge: Bridge, *, forward: bool) -> None:
        self._bridge = bridge
        self._forward = forward

    async def read(self, slices: Sequence[Slice], wanted: int) -> list[Any]:
        """Rows of the first `wanted` places of the slices, and perhaps of some more."""
        rows: list[Any] = []
        left = wanted
        while slices and left > 0:
            count = together(slices, left)
            for found in await asyncio.gather(*(self._slice(part, left) for part in slices[:count])):
                rows += found
                left -= count_places(found)
            slices = slices[count:]
        return rows

    async def _slice(self, part: Slice | None, wanted: int) -> list[Any]:
        rows: list[Any] = []
        while part is not None and wanted > 0:
            if part.is_open and not self._forward:
                guessed: list[Slice] = []  # where the newest places are, the index knows
            else:
                guessed = first_guess(part, wanted, forward=self._forward)
            found = await asyncio.gather(*(self._piece(piece, piece.size) for piece in guessed))
            fresh = [row for piece in found for row in piece]
            rows += fresh
            wanted -= count_places(fresh)
            part = self._beyond(part, guessed[-1]) if guessed else part
            if part is None or wanted <= 0:
                break
            more, part = await self._search(part, wanted)
            rows += more
            wanted -= count_places(more)
        return rows

    async def _search(self, part: Slice, wanted: int) -> tuple[list[Any], Slice | None]:
        """Rows of the nearest partition of `part` that holds anything at all, and what lies beyond it."""
        low, high = bucket_of(part.low), min(bucket_of(part.high), 2**31 - 1)
        statement = cql.BUCKET_ABOVE if self._forward else cql.BUCKET_BELOW
        found = await self._bridge.read(statement, part.branch_id, low, high)
        if not found:
            return [], None
        start = found[0][0] * PLACES
        piece = Slice(part.branch_id, max(part.low, start), min(part.high, start + PLACES - 1))
        rows = await self._piece(piece, wanted)
        return rows, self._beyond(part, piece)

    def _beyond(self, part: Slice, piece: Slice) -> Slice | None:
        """What of `part` comes after `piece`, which is known now to be read."""
        low, high = (piece.high + 1, part.high) if self._forward else (part.low, piece.low - 1)
        rest = Slice(part.branch_id, low, high, is_open=part.is_open and self._forward)
        return rest if rest.low <= rest.high else None

    async def _piece(self, piece: Slice, wanted: int) -> list[Any]:
        """Rows of one partition's slice, up to `wanted` places; never trusts a short page."""
        statement = cql.OLDEST_FIRST if self._forward else cql.NEWEST_FIRST
        values = (piece.branch_id, bucket_of(piece.low), piece.low, piece.high)
        size = 1000 if wanted >= piece.size else wanted + 1
        rows: list[Any] = []
        more: bytes | None = None
        while True:
            page = await self._bridge.page(statement, values, more, size)
            rows += [MessageRow(*row) for row in page.rows]
            more = page.more
            if more is None or count_places(rows) > wanted:
                return _whole_places(rows, wanted)


def _whole_places(rows: list[Any], wanted: int) -> list[Any]:
    """The rows of the first `wanted` places; a place after them may have been cut in the middle."""
    seqs: set[int] = set()
    for number, row in enumerate(rows):
        if row.seq not in seqs:
            if len(seqs) == wanted:
                return rows[:number]
            seqs.add(row.seq)
    return rows


def count_places(rows: Sequence[Any]) -> int:
    return len({row.seq for row in rows})
