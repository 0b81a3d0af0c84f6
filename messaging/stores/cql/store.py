"""Messages in ScyllaDB or Apache Cassandra.

Differs from the promise in nothing. A message's row is written last, after whatever it counts on (its chunks, its reference,
its bucket), so whoever finds the row finds all of it, and a write that was cut off is simply made again.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from msgspec.structs import replace

from chatplatform.kernel.errors import Unavailable
from messaging.stores.cql import connection, pages
from messaging.stores.cql import statements as cql
from messaging.stores.cql.bridge import Bridge, Write, many
from messaging.stores.cql.rows import (
    MessageRow,
    Pieces,
    Values,
    bucket_of,
    bucket_values,
    is_whole,
    joined,
    message_of,
    message_values,
    moment,
    ref_values,
    revision_values,
    size_of,
)
from messaging.types import Message, Range, Revision

log = logging.getLogger(__name__)

_BATCH_ROWS = 64
_BATCH_BYTES = 128 * 1024
_LAST_SEQ, _LAST_BUCKET = 2**62, 2**31 - 1
_REFS_AT_ONCE = 10  # the servers log a warning when a batch touches more partitions


class CqlMessageStore:
    """One per process and loop; the connection below is the process's."""

    def __init__(self, servers: connection.Servers | None = None) -> None:
        self._bridge = Bridge(servers or connection.servers_of_settings())
        self._editing: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    # -- the promise ----------------------------------------------------------------------------------------

    async def put(self, messages: Sequence[Message]) -> None:
        partitions: dict[tuple[UUID, int], list[Message]] = {}
        for message in messages:
            partitions.setdefault((message.branch_id, bucket_of(message.seq)), []).append(message)
        found = await asyncio.gather(*(self._new(*key, said) for key, said in partitions.items()))
        new = [said for said in found if said]
        rows = [[message_values(message) for message in said] for said in new]
        await self._write_before(new, [chunk for some in rows for _, chunks in some for chunk in chunks])
        await asyncio.gather(*(self._write_rows([row for row, _ in some]) for some in rows))

    async def get(self, message_id: UUID) -> Message | None:
        row = await self._row(message_id)
        return (await self._messages([row]))[0] if row is not None else None

    async def page(
        self, path: Sequence[Range], *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> list[Message]:
        forward = after is not None
        reader = pages.Reader(self._bridge, forward=forward)
        rows = await reader.read(pages.slices_of(path, before, after), limit)
        seqs = sorted({row.seq for row in rows})
        kept = set(seqs[:limit] if forward else seqs[-limit:])
        rows = sorted((row for row in rows if row.seq in kept), key=lambda row: (row.seq, row.variant))
        return await self._messages(rows)

    async def edit(self, message: Message, *, editor_name: str) -> bool:
        """Of two different edits of one revision the first wins within this process. Between processes whoever
        calls decides it beforehand (`messaging/edits.py`), since plain CQL cannot."""
        lock = self._editing.setdefault(message.id, asyncio.Lock())
        async with lock:
            return await self._edit(message, editor_name)

    async def revisions(self, message_id: UUID) -> list[Revision]:
        rows = await self._bridge.read(cql.REVISIONS, message_id)
        long = [(message_id, row[0], {"body": row[2]}) for row in rows if row[2]]
        texts = dict(zip([one[1] for one in long], await self._pieces(long), strict=True))
        return [
            Revision(number, texts[number]["body"] if chunks else body, state, name, moment(us))
            for number, body, chunks, state, name, us in rows
        ]

    async def forget(self, branch_id: UUID) -> None:
        """A partition at a time, its row of `message_bucket` last: by that one the rest is found."""
        while found := await self._bridge.read(cql.BUCKET_ABOVE, branch_id, 0, _LAST_BUCKET):
            bucket = found[0][0]
            kept = await self._bridge.read(cql.KEPT, branch_id, bucket, 0, _LAST_SEQ)
            for _, _, message_id, revision in kept:
                chunks = [Write(cql.DELETE_CHUNKS, (message_id, number)) for number in range(1, revision + 1)]
                rest = [Write(cql.DELETE_REVISIONS, (message_id,)), Write(cql.DELETE_REF, (message_id,))]
                await asyncio.gather(*(self._bridge.write(each) for each in (*chunks, *rest)))
            await self._bridge.write(Write(cql.DELETE_MESSAGES, (branch_id, bucket)))
            await self._bridge.write(Write(cql.DELETE_BUCKET, (branch_id, bucket)))

    # -- for moving everything ---------------------------------------------------------------------------------

    async def branches(self) -> AsyncIterator[UUID]:
        more: bytes | None = None
        while True:
            page = await self._bridge.page(cql.BRANCHES, (), more)
            for (branch_id,) in page.rows:
                yield branch_id
            if page.more is None:
                return
            more = page.more

    async def put_revisions(self, revisions: Sequence[tuple[UUID, Revision]]) -> None:
        rows = [revision_values(message_id, old) for message_id, old in revisions]
        await self._write_all(cql.INSERT_CHUNK, (chunk for _, chunks in rows for chunk in chunks))
        await self._write_all(cql.INSERT_REVISION, (row for row, _ in rows))

    async def close(self) -> None:
        """Hang up. The next call connects anew."""
        await self._bridge.close()

    # -- writing -----------------------------------------------------------------------------------------------

    async def _new(self, branch_id: UUID, bucket: int, messages: Sequence[Message]) -> list[Message]:
        """Those of one partition's messages that are not kept yet, or in a lower revision; one for an address."""
        seqs = [message.seq for message in messages]
        rows = await self._bridge.read(cql.KEPT, branch_id, bucket, min(seqs), max(seqs))
        taken = {(seq, variant): (message_id, revision) for seq, variant, message_id, revision in rows}
        new: dict[tuple[int, int], Message] = {}
        for message in messages:
            address = (message.seq, message.variant)
            owner, revision = taken.get(address, (message.id, 0))
            if owner != message.id:
                log.error("Message %s is not kept: %s has its place %s in %s.", message.id, owner, address, branch_id)
            elif message.revision > revision:
                taken[address] = (message.id, message.revision)
                new[address] = message
        return list(new.values())

    async def _write_before(self, partitions: Sequence[Sequence[Message]], chunks: Sequence[Values]) -> None:
        """Whatever the rows of these messages, which are in one partition each time, count on."""
        refs = [Write(cql.INSERT_REF, ref_values(message)) for said in partitions for message in said]
        buckets = [bucket_values(said[0].branch_id, bucket_of(said[0].seq)) for said in partitions]
        await asyncio.gather(
            self._write_all(cql.INSERT_CHUNK, chunks),
            self._write_all(cql.INSERT_BUCKET, buckets),
            *(self._bridge.write(*some) for some in many(refs, _REFS_AT_ONCE)),
        )

    async def _write_all(self, statement: str, rows: Iterable[Any]) -> None:
        await asyncio.gather(*(self._bridge.write(Write(statement, row)) for row in rows))

    async def _write_rows(self, rows: Sequence[Values]) -> None:
        """Rows of one partition, some in one request each time."""
        batches: list[list[Write]] = []
        size = 0
        for row in rows:
            if not batches or size + size_of(row) > _BATCH_BYTES or len(batches[-1]) == _BATCH_ROWS:
                batches.append([])
                size = 0
            batches[-1].append(Write(cql.INSERT_MESSAGE, row))
            size += size_of(row)
        await asyncio.gather(*(self._bridge.write(*batch) for batch in batches))

    async def _edit(self, message: Message, editor_name: str) -> bool:
        kept = await self.get(message.id)
        if kept is None:
            return False
        if kept.revision != message.revision - 1:
            return kept.revision == message.revision and (kept.body, kept.state) == (message.body, message.state)
        if message.edited_at is None:
            raise ValueError("An edited message says when it was edited.")
        new = replace(
            kept,
            state=message.state,
            revision=message.revision,
            body=message.body,
            meta=message.meta,
            edited_at=message.edited_at,
        )
        old = Revision(kept.revision, kept.body, kept.state, editor_name, message.edited_at)
        row, chunks = message_values(new)
        await asyncio.gather(self.put_revisions([(kept.id, old)]), self._write_all(cql.INSERT_CHUNK, chunks))
        await self._bridge.write(Write(cql.INSERT_MESSAGE, row))
        return True

    # -- reading -----------------------------------------------------------------------------------------------

    async def _row(self, message_id: UUID) -> Any:
        refs = await self._bridge.read(cql.REF, message_id)
        if not refs:
            return None
        branch_id, seq, variant = refs[0]
        rows = await self._bridge.read(cql.ONE, branch_id, bucket_of(seq), seq, variant)
        return MessageRow(*rows[0]) if rows and rows[0][4] == message_id else None

    async def _messages(self, rows: Sequence[Any]) -> list[Message]:
        """The messages of the rows, long texts put together."""
        long = [
            (row.message_id, row.revision, {"body": row.body_chunks, "meta": row.meta_chunks})
            for row in rows
            if row.body_chunks or row.meta_chunks
        ]
        texts = dict(zip([one[0] for one in long], await self._pieces(long), strict=True))
        messages = [message_of(row, texts.get(row.message_id, {})) for row in rows]
        for message, row in zip(messages, rows, strict=True):
            if not is_whole(message, row):
                log.error("The body of message %s is not the one that was written.", message.id)
        return messages

    async def _pieces(self, long: Sequence[tuple[UUID, int, dict[str, int]]]) -> list[Pieces]:
        return await asyncio.gather(*(self._joined(*one) for one in long))

    async def _joined(self, message_id: UUID, revision: int, counts: dict[str, int]) -> Pieces:
        texts = joined(await self._bridge.read(cql.CHUNKS, message_id, revision), counts)
        if texts is None:
            log.error("Message %s, revision %d, lacks a piece of its text.", message_id, revision)
            raise Unavailable("A part of this conversation cannot be read just now. Tell whoever runs Parley.", "store")
        return texts
