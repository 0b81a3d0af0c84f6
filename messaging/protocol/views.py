"""What only the live side knows of a room: its runs, the answers that are being written, a page, a snapshot.

They cross the socket inside events and frames, and HTTP as answers.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from messaging.types import Message
from projects.types import PersonView
from threads.types import BranchView, ChoiceView, ThreadView


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
    limit: int = 0  # how many at once the provider takes, of a turn in its queue
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
