"""Between messages and rows: what each column holds, long texts in pieces, and the timestamp of a write. Pure."""

import hashlib
from collections import namedtuple
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from messaging.stores.cql.statements import MESSAGE_COLUMNS
from messaging.types import Author, Message, Meta, Revision

PLACES = 256  # of one partition
INLINE_BYTES = 64 * 1024
PIECE_CHARACTERS = 16 * 1024  # at most 64 KiB in UTF-8
NONE = UUID(int=0)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_ID_BITS = 20
_BODY, _META = MESSAGE_COLUMNS.index("body"), MESSAGE_COLUMNS.index("meta")

Values = tuple[Any, ...]
Pieces = Mapping[str, str]  # from a part's name to its whole text

_encode_meta = msgspec.json.Encoder(decimal_format="number").encode
_decode_meta = msgspec.json.Decoder(Meta).decode

MessageRow: Any = namedtuple("MessageRow", MESSAGE_COLUMNS)  # type: ignore[misc]


def bucket_of(seq: int) -> int:
    return seq // PLACES


def stamp(message_id: UUID, revision: int) -> int:
    """The write time of a message's rows: a higher revision wins, the same one again is the same write.

    The id's last bits keep two messages apart that should ever be written to one place: one of them stays, whole.
    """
    return revision << _ID_BITS | message_id.int & (1 << _ID_BITS) - 1


def microseconds(at: datetime | None) -> int:
    return (at - EPOCH) // _US if at is not None else 0


def moment(us: int) -> datetime:
    return EPOCH + us * _US


# -- messages -------------------------------------------------------------------------------------------


def message_values(message: Message) -> tuple[Values, list[Values]]:
    """The row of a message, and the chunks that it counts on."""
    meta = _encode_meta(message.meta).decode()
    body_pieces, meta_pieces = _pieces(message.body), _pieces(meta)
    row = (
        message.branch_id,
        bucket_of(message.seq),
        message.seq,
        message.variant,
        message.id,
        message.thread_id,
        message.lane,
        message.author.kind,
        message.author.id,
        message.author.name,
        message.author.slot,
        message.client_id or NONE,
        message.reply_to or 0,
        message.run_id or NONE,
        message.turn_id or NONE,
        message.state,
        message.revision,
        "" if body_pieces else message.body,
        len(body_pieces),
        hashlib.sha256(message.body.encode()).digest(),
        "" if meta_pieces else meta,
        len(meta_pieces),
        microseconds(message.created_at),
        microseconds(message.edited_at),
        stamp(message.id, message.revision),
    )
    chunks = [*_chunks(message, "body", body_pieces), *_chunks(message, "meta", meta_pieces)]
    return row, chunks


def size_of(row: Values) -> int:
    """About how many bytes a row of `message_values` takes."""
    return 300 + len(row[_BODY]) + len(row[_META])


def _pieces(text: str) -> list[str]:
    """Nothing for a text that fits into its row."""
    if len(text) <= INLINE_BYTES // 4 or len(text.encode()) <= INLINE_BYTES:
        return []
    return [text[start : start + PIECE_CHARACTERS] for start in range(0, len(text), PIECE_CHARACTERS)]


def _chunks(message: Message, part: str, pieces: Iterable[str]) -> Iterator[Values]:
    written_at = stamp(message.id, message.revision)
    return ((message.id, message.revision, part, n, piece, written_at) for n, piece in enumerate(pieces))


def message_of(row: Any, pieces: Pieces) -> Message:
    """`pieces` has the parts that lie in chunks."""
    meta: str = pieces["meta"] if row.meta_chunks else row.meta
    return Message(
        id=row.message_id,
        thread_id=row.thread_id,
        branch_id=row.branch_id,
        seq=row.seq,
        variant=row.variant,
        author=Author(row.author_kind, row.author_id, row.author_name, row.author_slot),
        body=pieces["body"] if row.body_chunks else row.body,
        state=row.state,
        created_at=moment(row.created_us),
        lane=row.lane,
        revision=row.revision,
        client_id=_id(row.client_id),
        reply_to=row.reply_to or None,
        run_id=_id(row.run_id),
        turn_id=_id(row.turn_id),
        meta=_decode_meta(meta),
        edited_at=moment(row.edited_us) if row.edited_us else None,
    )


def _id(value: UUID) -> UUID | None:
    return value if value.int else None


def is_whole(message: Message, row: Any) -> bool:
    """Is the body the one that was written?"""
    return hashlib.sha256(message.body.encode()).digest() == bytes(row.body_sha256)


# -- the other tables -----------------------------------------------------------------------------------


def ref_values(message: Message) -> Values:
    return (message.id, message.branch_id, message.seq, message.variant, stamp(message.id, 0))


def bucket_values(branch_id: UUID, bucket: int) -> Values:
    return (branch_id, bucket, 1)


def revision_values(message_id: UUID, old: Revision) -> tuple[Values, list[Values]]:
    """The row of a superseded text, and its chunks: the very ones that it had while it was current."""
    pieces = _pieces(old.body)
    written_at = stamp(message_id, old.revision)
    row = (
        message_id,
        old.revision,
        "" if pieces else old.body,
        len(pieces),
        old.state,
        old.editor_name,
        microseconds(old.edited_at),
        written_at,
    )
    return row, [(message_id, old.revision, "body", n, piece, written_at) for n, piece in enumerate(pieces)]


def joined(chunks: Iterable[Values], counts: Mapping[str, int]) -> Pieces | None:
    """Whole texts from rows (part, n, piece) in order; None when a piece is missing."""
    found: dict[str, list[str]] = {part: [] for part in counts}
    for part, _, piece in chunks:
        if part in found:
            found[part].append(piece)
    if any(len(found[part]) < count for part, count in counts.items()):
        return None
    return {part: "".join(found[part][:count]) for part, count in counts.items()}
