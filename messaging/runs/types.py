"""The values that pass between the rows, the engine and the context builder. Frozen, no ORM objects."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from messaging.protocol.views import RunView
from messaging.types import Attempt, Author, Message, Range, TurnError, Usage

EndState = Literal["complete", "cancelled", "failed", "interrupted"]


class Speaker(Struct, frozen=True):
    """A model as a run asks it: the name and slot that it has now are kept with its turns."""

    model_id: str
    name: str
    slot: int = 0

    @property
    def author(self) -> Author:
        return Author("model", self.model_id, self.name, self.slot)


@dataclass(frozen=True, slots=True)
class Past:
    """What rows tell of a branch's history before a place: enough to read it and to choose among answers.

    `overlay`: accepted, perhaps not stored yet. `choices`: the room's, from (seq, lane) to variant.
    """

    path: tuple[Range, ...]
    before: int
    overlay: tuple[Message, ...] = ()
    choices: dict[tuple[int, int], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed turn and all that running it needs. Only the holder of `attempt` may write."""

    turn_id: UUID
    attempt: int
    run_id: UUID
    thread_id: UUID
    project_id: UUID
    branch_id: UUID
    seq: int
    variant: int
    lane: int
    round: int
    message_id: UUID
    speaker: Speaker
    created_at: datetime
    kind: str  # how the answer stands in the thread: reply, fan_out, in_turn
    visibility: str
    roster: tuple[Speaker, ...]  # all models of the run
    rounds: int
    nonce: str  # marks genuine wrappers around others' words
    prompt_seq: int
    prompt_message_id: UUID
    past: Past
    earlier: tuple[Attempt, ...] = ()
    reset: Attempt | None = None  # the attempt that was cut off and begins again now


@dataclass(frozen=True, slots=True)
class Orphan:
    """A turn that ran in a process which is dead, or let it go; its words may still be in the room's stream."""

    thread_id: UUID


@dataclass(frozen=True, slots=True)
class Ending:
    """How a turn ended, before it is written down."""

    state: EndState
    text: str
    reasoning: str = ""
    error: TurnError | None = None
    finish_reason: str = ""
    usage: Usage = field(default_factory=Usage)
    is_estimate: bool = False
    cost_usd: float | None = None
    provider: str = ""
    prompt: dict[str, Any] = field(default_factory=dict)  # what the model saw, by reference
    first_token_ms: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What a running turn has said so far, to be saved."""

    turn_id: UUID
    attempt: int
    text: str
    reasoning: str
    prompt: dict[str, Any] | None  # None: saved before


@dataclass(frozen=True, slots=True)
class Begun:
    """A turn whose row was just written: its empty place in the thread and, if this process may run it, its job."""

    turn_id: UUID
    place: Message
    job: Job | None


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction changed, to be told and dispatched after the commit."""

    run: RunView
    project_id: UUID
    begun: tuple[Begun, ...] = ()
    settled: tuple[Message, ...] = ()  # final answers; each has an outbox row


NewRun = Step  # what `services.create_run` gives


class Again(Struct, frozen=True):
    """Where the new answer comes."""

    turn_id: UUID
    message_id: UUID
    run_id: UUID
    seq: int
    variant: int


class PromptPart(Struct, frozen=True):
    role: str
    content: str
    sources: Sequence[UUID]


class PromptView(Struct, frozen=True):
    """What a model was given. `is_exact` is false when a message or the model's persona is gone since."""

    model_id: str
    model_name: str
    messages: list[PromptPart]
    is_exact: bool
    left_out: int  # earlier messages that did not fit
