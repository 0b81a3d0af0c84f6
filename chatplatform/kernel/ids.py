"""Time-ordered identifiers (UUIDv7, RFC 9562 section 5.7), one function for the whole product."""

import uuid

from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """A new id; ids made later sort later, to the millisecond. Never used to order messages."""
    return uuid7()
