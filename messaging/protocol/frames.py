"""What the server says on the socket: answers to commands, and envelopes of events and news."""

from uuid import UUID

import msgspec
from msgspec import Struct

from messaging.protocol.events import AnyEvent
from messaging.protocol.news import AnyNews
from messaging.protocol.views import Snapshot
from projects.types import PersonView


class Frame(Struct, frozen=True, omit_defaults=True, tag_field="type"):
    pass


class Limits(Struct, frozen=True):
    max_frame_bytes: int
    max_body_bytes: int
    max_models: int
    max_rounds: int


class Hello(Frame, frozen=True, tag="hello"):
    connection_id: str
    protocol: int
    heartbeat_s: int  # the server's beat; after two and a half without one the line is dead
    user: PersonView
    version: str  # of the server; another one than the page's: offer to load the new page
    limits: Limits


class Joined(Frame, frozen=True, tag="joined"):
    """`recovered`: the events after your cursor follow. Otherwise: the snapshot replaces all you had."""

    re: str
    thread_id: UUID
    epoch: str
    offset: int
    recovered: bool
    snapshot: Snapshot | None = None


class Events(Frame, frozen=True, tag="events"):
    """The events with offsets `first` to `last`, in order. Deltas of one turn may have been merged,
    so there may be fewer of them. `first` must be your offset + 1, else resync."""

    thread_id: UUID
    epoch: str
    first: int
    last: int
    events: list[AnyEvent]


class Ack(Frame, frozen=True, tag="ack"):
    re: str
    seq: int | None = None
    message_id: UUID | None = None
    run_id: UUID | None = None
    is_duplicate: bool = False


class ErrorFrame(Frame, frozen=True, tag="error"):
    """A refusal. `re` is null when the command could not be read."""

    re: str | None
    code: str
    message: str
    retryable: bool = False
    retry_after_s: float | None = None


class Resync(Frame, frozen=True, tag="resync"):
    """You fell too far behind: join again without a cursor."""

    thread_id: UUID
    reason: str


class News(Frame, frozen=True, tag="news"):
    project_id: UUID | None
    item: AnyNews


class Revoked(Frame, frozen=True, tag="revoked"):
    """You may no longer hear this room; nothing of it follows. Drop what you show of it."""

    thread_id: UUID


class Beat(Frame, frozen=True, tag="heartbeat"):
    """The top offset of each joined room, so that a lost last event is noticed."""

    offsets: dict[str, int]


class Goodbye(Frame, frozen=True, tag="goodbye"):
    """Before closing. `reconnect` false: sign in again, or do not come back."""

    code: str
    reconnect: bool
    after_ms: int = 0


AnyFrame = Hello | Joined | Events | Ack | ErrorFrame | Resync | News | Revoked | Beat | Goodbye

decode_frame = msgspec.json.Decoder(AnyFrame).decode
