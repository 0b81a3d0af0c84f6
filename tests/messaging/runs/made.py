"""Values for the pure parts of runs, with everything a test does not care about filled in."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from messaging.providers.base import ModelInfo
from messaging.runs.types import Job, Past, Speaker
from messaging.types import Author, Message, MessageState

THREAD = UUID(int=1)
BRANCH = UUID(int=2)
AT = datetime(2026, 10, 9, tzinfo=UTC)
ADA, BEN, CLEO = Speaker("t:ada", "Ada", 1), Speaker("t:ben", "Ben", 2), Speaker("t:cleo", "Cleo", 3)


def person(seq: int, body: str, name: str = "Alice") -> Message:
    return message(seq, 0, Author("person", f"user-{name}", name), body)


def answer(
    seq: int, speaker: Speaker, body: str, variant: int = 0, lane: int | None = None, state: MessageState = "complete"
) -> Message:
    return message(seq, variant, speaker.author, body, variant if lane is None else lane, state)


def message(
    seq: int, variant: int, author: Author, body: str, lane: int = 0, state: MessageState = "complete"
) -> Message:
    id_ = UUID(int=1000 * seq + variant)
    return Message(id_, THREAD, BRANCH, seq, variant, author, body, state, AT, lane=lane)


def model(speaker: Speaker = ADA, **fields: Any) -> ModelInfo:
    return ModelInfo(speaker.model_id, "t", "Test", "m", speaker.name, "scripted", **fields)


def job(speaker: Speaker = ADA, **fields: Any) -> Job:
    usual: dict[str, Any] = {
        "turn_id": UUID(int=7),
        "attempt": 1,
        "run_id": UUID(int=8),
        "thread_id": THREAD,
        "project_id": UUID(int=9),
        "branch_id": BRANCH,
        "seq": 10,
        "variant": 0,
        "lane": 0,
        "round": 0,
        "message_id": UUID(int=10),
        "speaker": speaker,
        "created_at": AT,
        "kind": "reply",
        "visibility": "isolated",
        "roster": (speaker,),
        "rounds": 1,
        "nonce": "abc123",
        "prompt_seq": 9,
        "prompt_message_id": UUID(int=9000),
        "past": Past((), 10),
    }
    return Job(**{**usual, **fields})
