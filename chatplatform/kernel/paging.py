"""Cursors of lists: opaque to a client, a position in a total order to us. They are no secret and grant nothing."""

import base64
import binascii
import json
from datetime import UTC, datetime
from uuid import UUID

from chatplatform.kernel.errors import Invalid


def _bad() -> Invalid:
    return Invalid("That place in the list is not known. Load the list again.", "bad_cursor")


def write_cursor(*position: object) -> str:
    """The position as a short text that is safe in an address."""
    values = [p.isoformat() if isinstance(p, datetime) else p if isinstance(p, int) else str(p) for p in position]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read(cursor: str, count: int) -> list[object]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _bad() from error
    if not isinstance(values, list) or len(values) != count:
        raise _bad()
    return values


def read_time_and_id(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The position that `write_cursor(time, id)` wrote; None for no cursor; Invalid for anything else."""
    if not cursor:
        return None
    moment, key = _read(cursor, 2)
    try:
        when = datetime.fromisoformat(str(moment))
        if when.tzinfo is None:
            raise _bad()
        return when.astimezone(UTC), UUID(str(key))  # a time that UTC has no year for, no database can be asked for
    except (ValueError, OverflowError) as error:
        raise _bad() from error


def read_number(cursor: str | None) -> int | None:
    """As `read_time_and_id`, for `write_cursor(number)`."""
    if not cursor:
        return None
    (number,) = _read(cursor, 1)
    if not isinstance(number, int) or isinstance(number, bool) or abs(number) >= 2**63:
        raise _bad()
    return number
