"""Messages as JSON in rows that wait to be made true, and what happens to one that cannot be read any more.

Such a row (a fault of a disk, a version that wrote otherwise) must not hold up those behind it: it is put aside, kept as it is for whoever
runs the server, named once in the log as the defect it is, counted in `/metrics` and by `manage.py doctor`.
"""

import logging
from collections.abc import Iterable
from typing import Any

import msgspec
from django.db.models import QuerySet

from chatplatform.kernel.clock import now
from messaging.models import Edit, Outbox
from messaging.types import Message

log = logging.getLogger(__name__)

_decode = msgspec.json.Decoder(Message).decode

encode = msgspec.json.Encoder(decimal_format="number").encode


def read(body: bytes | memoryview | None) -> Message | None:
    """The message of a row; None when it is stored already, or cannot be read: then the sweeper says so."""
    try:
        return _decode(bytes(body)) if body is not None else None
    except msgspec.DecodeError:
        return None


def read_all(found: Iterable[tuple[Any, bytes | memoryview | None]], rows: "QuerySet[Any, Any]") -> dict[Any, Message]:
    """The messages by their row's key, in the same order; what cannot be read is put aside in `rows`. Part of a transaction."""
    messages: dict[Any, Message] = {}
    for key, body in found:
        try:
            messages[key] = _decode(bytes(body or b""))
        except msgspec.DecodeError:
            if rows.filter(pk=key, set_aside_at=None).update(set_aside_at=now()):
                log.exception("%s %s cannot be read and is put aside.", rows.model.__name__, key)
    return messages


def count() -> int:
    """How many rows lie aside. By the small indexes of what is open."""
    said = Outbox.objects.filter(published_at=None, set_aside_at__isnull=False)
    changed = Edit.objects.filter(stored_at=None, set_aside_at__isnull=False)
    return said.count() + changed.count()
