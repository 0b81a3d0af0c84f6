"""Every frame on the socket, both directions, as msgspec tagged unions.

JSON text frames. `docs/protocol.md` tells how they are used; `frontend/src/lib/protocol.ts` is
generated from here. Unknown commands and unknown fields are refused, unknown events ignored.
Positions and lengths inside a text (`at`, `n`, `length`) count Unicode code points and are opaque
to a client: it keeps `at + n` and never measures its own string.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from messaging.types import Attempt, Cursor, Message, MessageState, Meta, TurnError
from projects.types import PersonView
from threads.types import BranchView, ChoiceView, ThreadView

PROTOCOL_VERSION = 1
MAX_BODY_BYTES = 256 * 1024
MAX_FRAME_BYTES = 1024 * 1024  # the largest body however it is escaped ("\\u00fc" for "ü"), and its envelope


# -- commands: what a client may say ----------------------------------------------------------


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


# -- views that only the live side has ---------------------------------------------------------


class RunView(Struct, frozen=True):
    """One request to models. `reason` is one sentence for people once it ended."""

    id: UUID
    thread_id: UUID
    branch_id: UUID
    kind: Literal["reply", "fan_out", "in_turn"]
    state: Literal["running", "stopping", "done", "cancelled", "failed"]
    prompt_seq: int
    asked_by: str
    models: list[str]
    rounds: int
    round: int  # in turn: the one going on, from 1
    turns_done: int
    turns_total: int
    next_model_id: str | None
    stop_reason: str  # "", finished, stopped, limit, unreachable
    reason: str
    cost_usd: float | None
    started_at: datetime
    ended_at: datetime | None = None


class LiveTurn(Struct, frozen=True):
    """A turn that is going on, with its words so far: the message's body holds them."""

    message: Message
    attempt: int
    at: int  # code points said so far; the next delta continues here
    position: int = 0  # in the provider's queue, 1 is next; 0: not queued
    retry_at: datetime | None = None
    reasoning_at: int = 0


class MessagesPage(Struct, frozen=True):
    """Places of a branch with all their variants, oldest first.

    `has_more`: further places exist on the side that was asked for. `choices` are the room's and
    the asker's own, of these places.
    """

    messages: list[Message]
    has_more: bool
    choices: list[ChoiceView]


class Snapshot(Struct, frozen=True):
    """A room at one moment: everything a newcomer needs.

    `messages` are the last places of the branch, oldest first, without the answers that are being
    written: those are in `live`, of every branch of the thread.
    """

    thread: ThreadView
    branch: BranchView
    messages: list[Message]
    has_more: bool  # older messages exist
    live: list[LiveTurn]
    runs: list[RunView]  # those going on, and the last ended one of the branch
    choices: list[ChoiceView]
    present: list[PersonView]


# -- events: what happened in a room, in one order for everybody --------------------------------


class Event(Struct, frozen=True, omit_defaults=True, tag_field="type"):
    pass


class MessageCreated(Event, frozen=True, tag="message.created"):
    """A message, or the empty place of an answer to come (state queued, with a turn_id)."""

    message: Message


class MessageEdited(Event, frozen=True, tag="message.edited"):
    """The whole message anew; also after a deleted one was restored."""

    message: Message


class MessageDeleted(Event, frozen=True, tag="message.deleted"):
    """The message without its words; it keeps its place."""

    message: Message
    by: str


class TurnStarted(Event, frozen=True, tag="turn.started"):
    """The provider has been asked. `attempt` counts from 1."""

    turn_id: UUID
    message_id: UUID
    attempt: int
    started_at: datetime


class TurnWaiting(Event, frozen=True, tag="turn.waiting"):
    """Not yet, and why: in the provider's queue, or a refusal that is tried again by itself."""

    turn_id: UUID
    attempt: int
    why: Literal["queue", "retry"]
    position: int = 0
    limit: int = 0  # how many at once the provider takes
    retry_at: datetime | None = None
    error: TurnError | None = None


class TurnDelta(Event, frozen=True, tag="turn.delta"):
    """`n` code points of text that continue at `at`. `at` behind you: drop; ahead: resync."""

    turn_id: UUID
    attempt: int
    at: int
    n: int
    text: str


class TurnReasoning(Event, frozen=True, tag="turn.reasoning"):
    """As a delta, of what the model thinks before it answers."""

    turn_id: UUID
    attempt: int
    at: int
    n: int
    text: str


class TurnReset(Event, frozen=True, tag="turn.reset"):
    """The words so far were cut off; `attempt` begins again from nothing. `earlier` keeps them."""

    turn_id: UUID
    attempt: int
    earlier: Attempt


class TurnFinished(Event, frozen=True, tag="turn.finished"):
    """Final. The body is what the deltas said: `length` code points, checked by `meta.text_sha256`."""

    turn_id: UUID
    message_id: UUID
    attempt: int
    state: MessageState
    length: int
    meta: Meta


class RunChanged(Event, frozen=True, tag="run.changed"):
    run: RunView


class ChoiceChanged(Event, frozen=True, tag="choice.changed"):
    """The room's choice; a person's own is never announced."""

    choice: ChoiceView
    by: str


class BranchCreated(Event, frozen=True, tag="branch.created"):
    branch: BranchView


class BranchChanged(Event, frozen=True, tag="branch.changed"):
    branch: BranchView


class ThreadChanged(Event, frozen=True, tag="thread.changed"):
    thread: ThreadView


class MemberChanged(Event, frozen=True, tag="member.changed"):
    """Somebody's role or presence in the project changed; load the member list again."""

    user_id: UUID


class PresenceChanged(Event, frozen=True, tag="presence.changed"):
    """Somebody's first tab came or last tab went."""

    person: PersonView
    is_here: bool


class TypingNow(Event, frozen=True, tag="typing"):
    """Somebody types; forget it after `for_ms` without another."""

    person: PersonView
    for_ms: int


AnyEvent = (
    MessageCreated
    | MessageEdited
    | MessageDeleted
    | TurnStarted
    | TurnWaiting
    | TurnDelta
    | TurnReasoning
    | TurnReset
    | TurnFinished
    | RunChanged
    | ChoiceChanged
    | BranchCreated
    | BranchChanged
    | ThreadChanged
    | MemberChanged
    | PresenceChanged
    | TypingNow
)


# -- news: hints for lists, outside any order ---------------------------------------------------


class NewsItem(Struct, frozen=True, tag_field="type"):
    pass


class ThreadListed(NewsItem, frozen=True, tag="thread.listed"):
    """A thread is new or its row changed."""

    thread: ThreadView


class ThreadActive(NewsItem, frozen=True, tag="thread.active"):
    """Something was said, or models began or ceased to write: `live_slots` are those writing now."""

    thread_id: UUID
    head_seq: int
    active_at: datetime
    live_slots: list[int]


class ThreadGone(NewsItem, frozen=True, tag="thread.gone"):
    """You may no longer see this thread."""

    thread_id: UUID


class ThreadRead(NewsItem, frozen=True, tag="thread.read"):
    """You read it in another tab."""

    thread_id: UUID
    seq: int


class PersonNamed(NewsItem, frozen=True, tag="person.named"):
    """You were named in a message."""

    thread_id: UUID
    message_id: UUID
    by: str


class ProjectsChanged(NewsItem, frozen=True, tag="projects.changed"):
    """Your projects, or your role in one, changed; load them again."""

    project_id: UUID


class ModelsChanged(NewsItem, frozen=True, tag="models.changed"):
    """The project's models changed; load them again."""


AnyNews = ThreadListed | ThreadActive | ThreadGone | ThreadRead | PersonNamed | ProjectsChanged | ModelsChanged


# -- frames: what the server says -----------------------------------------------------------------


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

encode = msgspec.json.Encoder(decimal_format="number").encode
decode_command = msgspec.json.Decoder(AnyCommand).decode
decode_event = msgspec.json.Decoder(AnyEvent).decode
decode_frame = msgspec.json.Decoder(AnyFrame).decode
