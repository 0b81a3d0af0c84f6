"""What happened in a room, in one order for everybody."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from messaging.protocol.views import RunView
from messaging.types import Attempt, Message, MessageState, Meta, TurnError
from projects.types import PersonView
from threads.types import BranchView, ChoiceView, ThreadView


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
    """The room's choice; a person's own is never announced. `by` is empty when it is told again by somebody else."""

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

decode_event = msgspec.json.Decoder(AnyEvent).decode
