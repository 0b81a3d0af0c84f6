"""Which of a branch's messages a model is given. Pure: messages in, the seen ones out, oldest first.

Three ways to look at places with several answers: `isolated` (each model reads its own; where it gave
none, the chosen one), `selected` (the chosen one), `shared` (one of each lane). Words of people are
always seen. Only final messages with words count; of what does not fit the oldest goes first.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from messaging.providers.base import ModelInfo
from messaging.runs.figures import PER_MESSAGE, estimate_tokens
from messaging.runs.types import Job
from messaging.types import Message

MAX_SPOKEN_TOKENS = 700  # of one turn in a conversation between models
DEMO_WINDOW = 1500  # tokens that a small demo model is given, whatever it could read
SPARE = 0.05
SYSTEM_TOKENS = 260
WRAPPER_TOKENS = 24
_READABLE = frozenset({"complete", "cancelled", "interrupted", "failed"})


@dataclass(frozen=True, slots=True)
class Seen:
    """The messages a model is given, oldest first. `left_out`: read, but too many to fit."""

    messages: tuple[Message, ...]
    left_out: int = 0
    is_too_long: bool = False  # the question alone does not fit


def budget(model: ModelInfo, max_tokens: int) -> int:
    """Tokens for the messages, after the answer, the system's words and a margin for estimates."""
    window = min(model.context_tokens, DEMO_WINDOW + max_tokens) if model.is_demo else model.context_tokens
    return max(0, int(window * (1 - SPARE)) - max_tokens - (0 if model.is_demo else SYSTEM_TOKENS))


def answer_tokens(job: Job, model: ModelInfo) -> int:
    most = min(model.max_output_tokens, max(64, model.context_tokens // 2))
    return min(most, MAX_SPOKEN_TOKENS) if job.kind == "in_turn" else most


def cost_of(message: Message) -> int:
    return PER_MESSAGE + WRAPPER_TOKENS + estimate_tokens(message.body)


def visible(
    places: Iterable[Message], model_id: str, visibility: str, choices: Mapping[tuple[int, int], int]
) -> list[Message]:
    """Choose, at every place, whose words the model reads. Oldest first; in a place by lane."""
    by_place: dict[int, list[Message]] = defaultdict(list)
    for message in places:
        if message.state in _READABLE and message.body.strip():
            by_place[message.seq].append(message)
    seen: list[Message] = []
    for seq in sorted(by_place):
        seen += _at_place(by_place[seq], model_id, visibility, choices)
    return seen


def _at_place(
    variants: list[Message], model_id: str, visibility: str, choices: Mapping[tuple[int, int], int]
) -> list[Message]:
    seq = variants[0].seq
    lanes: dict[int, list[Message]] = defaultdict(list)
    for message in variants:
        lanes[message.lane].append(message)
    if visibility == "shared":
        return [_of_lane(lanes[lane], choices.get((seq, lane))) for lane in sorted(lanes)]
    if visibility == "isolated":
        own = [message for message in variants if message.author.id == model_id]
        if own:
            return [_of_lane(own, choices.get((seq, own[0].lane)))]
    chosen = choices.get((seq, -1))
    for message in variants:
        if message.variant == chosen:
            return [message]
    first = min(lanes, key=lambda lane: (not _has_complete(lanes[lane]), lane))
    return [_of_lane(lanes[first], choices.get((seq, first)))]


def _of_lane(variants: list[Message], chosen: int | None) -> Message:
    """The chosen one of a lane; without a choice the newest complete one, else the newest with words."""
    return max(variants, key=lambda m: (m.variant == chosen, m.state == "complete", m.variant))


def _has_complete(variants: list[Message]) -> bool:
    return any(message.state == "complete" for message in variants)


def fit(seen: Sequence[Message], question_seq: int, tokens: int) -> Seen:
    """Keep the question and, newest first, what fits beside it."""
    question = next((message for message in seen if message.seq == question_seq), None)
    left = tokens - (cost_of(question) if question else 0)
    if left < 0:
        return Seen((), len(seen), is_too_long=True)
    kept: list[Message] = []
    for message in reversed(seen):
        if message is not question:
            left -= cost_of(message)
            if left < 0:
                break
        kept.append(message)
    kept.reverse()
    if question is not None and question not in kept:
        kept.insert(0, question)
    return Seen(tuple(kept), len(seen) - len(kept))
