"""Messages out of thin air, for tests of stores."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from chatplatform.kernel.ids import new_id
from messaging.types import Author, Message

THEN = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)


def message(branch: UUID, seq: int, variant: int = 0, **fields: Any) -> Message:
    fields = {"id": new_id(), "thread_id": branch, "body": f"{seq}.{variant}", "state": "complete", **fields}
    author = Author("person", str(branch), "Alice")
    return Message(branch_id=branch, seq=seq, variant=variant, author=author, created_at=THEN, **fields)


def edited(old: Message, body: str) -> Message:
    later = THEN + timedelta(minutes=old.revision)
    return msgspec.structs.replace(old, body=body, revision=old.revision + 1, edited_at=later)
