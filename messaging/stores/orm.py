"""The message store in Django's own database: SQLite or PostgreSQL.

A page is two range reads of one index per entry of the branch's path, whatever the branch's length.
One statement writes: an upsert that only ever raises a revision, so a repeat changes nothing.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

import msgspec
from django.db import DatabaseError, InterfaceError, OperationalError, connection, models, transaction
from django.db.models import QuerySet

from chatplatform.kernel.db import in_db, in_db_later
from chatplatform.kernel.errors import Unavailable
from chatplatform.kernel.prepared import ID, NO_END, PreparedQuery, given
from messaging.models import StoredMessage, StoredRevision
from messaging.types import Author, Message, MessageState, Meta, Range, Revision

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode_meta = msgspec.json.Decoder(Meta).decode

_FIELDS = tuple(f for f in StoredMessage._meta.concrete_fields if not f.primary_key)
COLUMNS = tuple(field.attname for field in _FIELDS)
# Texts and numbers go to every database as they are; ids, times and bytes do not.
_ADAPTED = tuple(f for f in _FIELDS if isinstance(f, models.UUIDField | models.DateTimeField | models.BinaryField))
# What a higher revision replaces; the address and the author stay.
CHANGING = ("state", "revision", "body", "meta", "edited_at")
_ROW_BATCH = 1000
_FORGOTTEN_AT_ONCE = 200

P = ParamSpec("P")
T = TypeVar("T")


async def _ask(
    in_thread: Callable[..., Awaitable[T]], function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """A database that cannot be reached is Unavailable; a mistake of ours stays what it is."""
    try:
        return await in_thread(function, *args, **kwargs)
    except (OperationalError, InterfaceError) as error:
        raise Unavailable("The message store does not answer. It goes again by itself.", "store") from error


class OrmMessageStore:
    """Differs from the promise in nothing; an edit and its superseded text are one transaction."""

    async def put(self, messages: Sequence[Message]) -> None:
        if messages:
            await _ask(in_db_later, _put, messages)

    async def get(self, message_id: UUID) -> Message | None:
        return await _ask(in_db, _get, message_id)

    async def page(
        self, path: Sequence[Range], *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> list[Message]:
        return await _ask(in_db, _page, path, before, after, limit)

    async def edit(self, message: Message, *, editor_name: str) -> bool:
        return await _ask(in_db, _edit, message, editor_name)

    async def revisions(self, message_id: UUID) -> list[Revision]:
        return await _ask(in_db, _revisions, message_id)

    async def forget(self, branch_id: UUID) -> None:
        while await _ask(in_db_later, _forget_some, branch_id):
            pass

    # -- for moving everything ------------------------------------------------------------------------------

    async def branches(self) -> AsyncIterator[UUID]:
        for branch_id in await _ask(in_db, _branches):
            yield branch_id

    async def put_revisions(self, revisions: Sequence[tuple[UUID, Revision]]) -> None:
        if revisions:
            await _ask(in_db_later, _put_revisions, revisions)


def _upsert_sql() -> str:
    quote = connection.ops.quote_name
    table = quote(StoredMessage._meta.db_table)
    names = ", ".join(map(quote, COLUMNS))
    values = ", ".join(["%s"] * len(COLUMNS))
    changes = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in CHANGING)
    return f"""
        INSERT INTO {table} ({names}) VALUES ({values})
        ON CONFLICT (branch_id, seq, variant) DO UPDATE SET {changes}
        WHERE excluded.message_id = {table}.message_id AND excluded.revision > {table}.revision
    """  # noqa: S608  every name is one of our own columns


def _put(messages: Sequence[Message]) -> None:
    sql = _upsert_sql()
    with transaction.atomic(), connection.cursor() as cursor:
        for start in range(0, len(messages), _ROW_BATCH):
            cursor.executemany(sql, [_row(message) for message in messages[start : start + _ROW_BATCH]])


def _row(message: Message) -> list[Any]:
    values = _values(message)
    for field in _ADAPTED:
        values[field.attname] = field.get_db_prep_save(values[field.attname], connection)
    return [values[name] for name in COLUMNS]


def _values(message: Message) -> dict[str, Any]:
    return {
        "message_id": message.id,
        "thread_id": message.thread_id,
        "branch_id": message.branch_id,
        "seq": message.seq,
        "variant": message.variant,
        "lane": message.lane,
        "author_kind": message.author.kind,
        "author_id": message.author.id,
        "author_name": message.author.name,
        "author_slot": message.author.slot,
        "client_id": message.client_id,
        "state": message.state,
        "revision": message.revision,
        "body": message.body,
        "reply_to": message.reply_to,
        "run_id": message.run_id,
        "turn_id": message.turn_id,
        "meta": _encode(message.meta),
        "created_at": message.created_at,
        "edited_at": message.edited_at,
    }


def _get(message_id: UUID) -> Message | None:
    row = _one.one(id=message_id)
    return _message(row) if row is not None else None


_one = PreparedQuery(lambda: StoredMessage.objects.filter(message_id=given("id", ID)).values_list(*COLUMNS))


def _message(row: tuple[Any, ...]) -> Message:
    value = dict(zip(COLUMNS, row, strict=True))
    author = Author(
        kind=value.pop("author_kind"),
        id=value.pop("author_id"),
        name=value.pop("author_name"),
        slot=value.pop("author_slot"),
    )
    return Message(id=value.pop("message_id"), author=author, meta=_decode_meta(bytes(value.pop("meta"))), **value)


def _page(path: Sequence[Range], before: int | None, after: int | None, limit: int) -> list[Message]:
    forward = after is not None
    found: list[list[Message]] = []
    left = limit
    for entry in path if forward else reversed(path):
        if left <= 0:
            break
        low = max(entry.from_seq, after + 1) if after is not None else entry.from_seq
        high = entry.to_seq
        if before is not None:
            high = before - 1 if high is None else min(high, before - 1)
        if high is not None and high < low:
            continue
        part = _part(entry.branch_id, low, NO_END if high is None else high, left, is_forward=forward)
        if part:
            found.append(part)
            left -= len({message.seq for message in part})
    if not forward:
        found.reverse()
    return [message for part in found for message in part]


def _between() -> QuerySet[StoredMessage]:
    return StoredMessage.objects.filter(branch_id=given("branch_id", ID), seq__gte=given("low"), seq__lte=given("high"))


@lru_cache(maxsize=256)
def _last_wanted(count: int, *, is_forward: bool) -> PreparedQuery[int]:
    """The place at which a page of `count` places ends, from the index alone; none: there are fewer."""
    order = "seq" if is_forward else "-seq"
    places = slice(count - 1, count)
    return PreparedQuery(lambda: _between().order_by(order).values_list("seq", flat=True).distinct()[places])


_rows = PreparedQuery(lambda: _between().order_by("seq", "variant").values_list(*COLUMNS))

# SQLite's driver hands rows over one by one and lets other threads have the interpreter each time, for which a busy loop
# makes it wait. So there a page is one JSON text, in the form of `types.Message`, and is decoded in one go.
_AS_JSON = f"""
    SELECT json_group_array(json_object(
        'id', message_id, 'thread_id', thread_id, 'branch_id', branch_id, 'seq', seq, 'variant', variant, 'lane', lane,
        'author', json_object('kind', author_kind, 'id', author_id, 'name', author_name, 'slot', author_slot),
        'client_id', client_id, 'state', state, 'revision', revision, 'body', body, 'reply_to', reply_to,
        'run_id', run_id, 'turn_id', turn_id, 'meta', json(CAST(meta AS TEXT)),
        'created_at', created_at || 'Z', 'edited_at', edited_at || 'Z'
    ))
    FROM {StoredMessage._meta.db_table} WHERE branch_id = %s AND seq >= %s AND seq <= %s
"""  # noqa: S608  our own table
_decode_page = msgspec.json.Decoder(list[Message]).decode


def _part(branch_id: UUID, low: int, high: int, count: int, *, is_forward: bool) -> list[Message]:
    """The first or last `count` places of a range."""
    last = _last_wanted(count, is_forward=is_forward).one(branch_id=branch_id, low=low, high=high)
    if last is not None:
        low, high = (low, last) if is_forward else (last, high)
    if connection.vendor != "sqlite":
        return list(map(_message, _rows.rows(branch_id=branch_id, low=low, high=high)))
    with connection.cursor() as cursor:
        cursor.execute(_AS_JSON, [branch_id.hex, low, high])
        return sorted(_decode_page(cursor.fetchone()[0]), key=lambda message: (message.seq, message.variant))


def _edit(message: Message, editor_name: str) -> bool:
    with transaction.atomic():
        kept = StoredMessage.objects.select_for_update(no_key=True).filter(message_id=message.id).first()
        if kept is None:
            return False
        if kept.revision != message.revision - 1:
            return kept.revision == message.revision and (kept.body, kept.state) == (message.body, message.state)
        if message.edited_at is None:
            raise DatabaseError("An edited message says when it was edited.")
        StoredRevision.objects.create(
            message_id=kept.message_id,
            revision=kept.revision,
            body=kept.body,
            state=kept.state,
            editor_name=editor_name,
            edited_at=message.edited_at,
        )
        values = _values(message)
        StoredMessage.objects.filter(pk=kept.pk).update(**{name: values[name] for name in CHANGING})
        return True


def _forget_some(branch_id: UUID) -> bool:
    """Some messages of the branch with their superseded texts. False: there are no more."""
    with transaction.atomic():
        some = StoredMessage.objects.filter(branch_id=branch_id).values_list("message_id", flat=True)[
            :_FORGOTTEN_AT_ONCE
        ]
        ids = list(some)
        StoredRevision.objects.filter(message_id__in=ids).delete()
        StoredMessage.objects.filter(message_id__in=ids).delete()
    return bool(ids)


def _revisions(message_id: UUID) -> list[Revision]:
    rows = StoredRevision.objects.filter(message_id=message_id).order_by("revision")
    return [Revision(r.revision, r.body, cast(MessageState, r.state), r.editor_name, r.edited_at) for r in rows]


def _branches() -> list[UUID]:
    return list(StoredMessage.objects.order_by("branch_id").values_list("branch_id", flat=True).distinct())


def _put_revisions(revisions: Sequence[tuple[UUID, Revision]]) -> None:
    StoredRevision.objects.bulk_create(
        [
            StoredRevision(
                message_id=message_id,
                revision=old.revision,
                body=old.body,
                state=old.state,
                editor_name=old.editor_name,
                edited_at=old.edited_at,
            )
            for message_id, old in revisions
        ],
        batch_size=_ROW_BATCH,
        ignore_conflicts=True,
    )
