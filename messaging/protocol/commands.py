"""What a client may say on the socket."""

from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from messaging.types import Cursor


class Command(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """`id` is the client's own; the answer's `re` repeats it."""


class Join(Command, frozen=True, tag="join"):
    """Hear a room. With a cursor: what was missed, if the stream still has it; else a snapshot."""

    id: str
    thread_id: UUID
    branch_id: UUID | None = None  # whose messages the snapshot holds; null: the main branch
    cursor: Cursor | None = None


class Leave(Command, frozen=True, tag="leave"):
    thread_id: UUID


class Watch(Command, frozen=True, tag="watch"):
    """Hear news of a project's threads. News is a hint: after a reconnect, load the list again."""

    id: str
    project_id: UUID


class Unwatch(Command, frozen=True, tag="unwatch"):
    project_id: UUID


class Send(Command, frozen=True, tag="send"):
    """Say something, and ask models or let them speak in turn.

    The same `client_id` sent again, from any tab and by HTTP too, is answered with the same `seq`.
    """

    id: str
    client_id: UUID
    thread_id: UUID
    body: str
    branch_id: UUID | None = None
    mode: Literal["ask", "talk", "debate"] = "ask"
    models: list[str] | None = None  # null: the thread's line-up
    visibility: Literal["isolated", "selected", "shared"] | None = None  # null: the thread's
    rounds: int = 2  # debate: how many times each model speaks
    reply_to: int | None = None


class Edit(Command, frozen=True, tag="edit"):
    """`revision` is the one the editor saw; another one in the meantime is a conflict."""

    id: str
    message_id: UUID
    body: str
    revision: int


class Cancel(Command, frozen=True, tag="cancel"):
    """Stop one turn, or a whole run. What was said stays."""

    id: str
    turn_id: UUID | None = None
    run_id: UUID | None = None


class Typing(Command, frozen=True, tag="typing"):
    """Repeat every three seconds while typing; it passes by itself after five."""

    thread_id: UUID


class Heartbeat(Command, frozen=True, tag="heartbeat"):
    pass


AnyCommand = Join | Leave | Watch | Unwatch | Send | Edit | Cancel | Typing | Heartbeat


decode_command = msgspec.json.Decoder(AnyCommand).decode
