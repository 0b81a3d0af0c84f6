"""The frozen values that cross doors inside messaging and that appear on the wire.

msgspec structs, because the same value is stored, published and sent. Field names here are the
protocol's field names; `docs/protocol.md` describes them.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct, field

AuthorKind = Literal["person", "model", "system"]

# A message's life. `queued`, `waiting` and `streaming` are seen only while a turn runs and are never
# stored; the others are final until somebody edits, deletes or restores the message.
MessageState = Literal["queued", "waiting", "streaming", "complete", "cancelled", "failed", "interrupted", "deleted"]
OPEN_STATES: frozenset[MessageState] = frozenset({"queued", "waiting", "streaming"})  # of an answer that is not over
ErrorKind = Literal[
    "auth", "rate_limit", "overloaded", "context_too_long", "refused", "timeout", "bad_response", "unreachable", "gone"
]


class Author(Struct, frozen=True, omit_defaults=True):
    """Who wrote it, as it stood then: a later rename or removal does not reach back."""

    kind: AuthorKind
    id: str  # a user's UUID, a model id such as "openai:gpt-5.1", or "" for the system
    name: str
    slot: int = 0  # models: 1 to 8, the hue and glyph the project gave it


class TurnError(Struct, frozen=True, omit_defaults=True):
    """Why a turn has no complete answer. `message` is for people, `detail` is behind "Details"."""

    kind: ErrorKind
    message: str
    retryable: bool = False
    detail: str = ""
    status: int = 0  # the provider's HTTP status, 0 when there was none


class Attempt(Struct, frozen=True, omit_defaults=True):
    """An earlier try of the same turn, whose words somebody may have read."""

    attempt: int
    text: str
    reason: str
    ended_at: datetime


class Meta(Struct, frozen=True, omit_defaults=True):
    """What is known of a model's answer. Times in milliseconds, cost in US dollars."""

    model_id: str = ""
    provider: str = ""
    attempt: int = 0
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    is_estimate: bool = False  # the provider sent no usage; counted from the text
    cost_usd: float | None = None  # null: no price known; 0: free
    first_token_ms: int | None = None
    duration_ms: int | None = None
    finish_reason: str = ""
    reasoning: str = ""
    error: TurnError | None = None
    stopped_by: str = ""  # the name of the person who stopped it
    deleted_by: str = ""  # the id of the person who deleted it: names change, and two people may have the same
    earlier_attempts: tuple[Attempt, ...] = ()
    text_sha256: str = ""  # hex, of the final body in UTF-8: clients check what they show
    run_kind: str = ""  # of the run this message belongs to (question or answer)
    asked: tuple[str, ...] = ()  # on a question: the model ids that were asked
    visibility: str = ""  # on a question: what its models were let see
    round: int = 0  # in turn: which round


class Message(Struct, frozen=True, omit_defaults=True):
    """One entry at one place of a branch.

    `(branch_id, seq, variant)` is its address and never changes. Several answers to one question
    share `seq`; answers of the same column share `lane`.
    """

    id: UUID
    thread_id: UUID
    branch_id: UUID
    seq: int
    variant: int
    author: Author
    body: str
    state: MessageState
    created_at: datetime
    lane: int = 0
    revision: int = 1
    client_id: UUID | None = None  # the sender's own id of this message, so a tab knows its echo
    reply_to: int | None = None  # seq of the message this one answers
    run_id: UUID | None = None
    turn_id: UUID | None = None
    meta: Meta = field(default_factory=Meta)
    edited_at: datetime | None = None


class Revision(Struct, frozen=True):
    """A superseded text of a message, and who superseded it when."""

    revision: int
    body: str
    state: MessageState
    editor_name: str
    edited_at: datetime


class Range(Struct, frozen=True, array_like=True):
    """One entry of a branch's path: places `from_seq` to `to_seq`, both included; null is open."""

    branch_id: UUID
    from_seq: int
    to_seq: int | None = None


class Cursor(Struct, frozen=True):
    """A reader's whole position in a room's stream."""

    epoch: str
    offset: int


class Usage(Struct, frozen=True, omit_defaults=True):
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None


class Sent(Struct, frozen=True):
    """An accepted message. A duplicate is answered as the first one was."""

    seq: int
    message_id: UUID
    run_id: UUID | None = None
    is_duplicate: bool = False
