"""What runs and turns look like on the wire: rows in, protocol values out."""

import hashlib
from collections.abc import Sequence
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from messaging.models import Run, RunKind, Turn, TurnState
from messaging.protocol.views import RunView
from messaging.runs.plans.base import SETTLED
from messaging.runs.types import Ending, Job, Speaker
from messaging.types import Attempt, Author, Message, MessageState, Meta

FINAL_STATE: dict[str, str] = {"complete": "done"}  # of a message to its turn's; the others have the same name


def speakers(run: Run) -> tuple[Speaker, ...]:
    """The models that were asked, in their order."""
    return tuple(Speaker(m["id"], m["name"], m["slot"]) for m in run.spec["models"])


def roster(run: Run) -> tuple[Speaker, ...]:
    """All who take part: of a later answer to a turn of a conversation, those of the conversation."""
    listed = run.spec.get("roster") or run.spec["models"]
    return tuple(Speaker(m["id"], m["name"], m["slot"]) for m in listed)


def shape(run: Run) -> str:
    """How its answers stand in the thread: a later answer to a turn of a conversation stays one of its turns."""
    return str(run.spec.get("shape") or run.kind)


def turn_message(turn: Turn, run: Run) -> Message:
    """An open turn as the message that it is going to be: its words as far as they were saved."""
    is_writing = turn.state == TurnState.STREAMING and bool(turn.partial)
    return Message(
        id=turn.message_id,
        thread_id=turn.thread_id,
        branch_id=turn.branch_id,
        seq=turn.seq,
        variant=turn.variant,
        lane=turn.lane,
        author=Author("model", turn.model_id, turn.model_name, turn.slot),
        body=turn.partial,
        state="streaming" if is_writing else "queued",
        created_at=turn.created_at,
        reply_to=run.prompt_seq,
        run_id=run.id,
        turn_id=turn.id,
        meta=Meta(
            model_id=turn.model_id,
            attempt=turn.attempt,
            reasoning=turn.reasoning,
            earlier_attempts=attempts(turn),
            run_kind=shape(run),
            round=turn.round,
        ),
    )


def place_of(job: Job) -> Message:
    """The empty place of a claimed turn's answer."""
    return Message(
        id=job.message_id,
        thread_id=job.thread_id,
        branch_id=job.branch_id,
        seq=job.seq,
        variant=job.variant,
        lane=job.lane,
        author=job.speaker.author,
        body="",
        state="queued",
        created_at=job.created_at,
        reply_to=job.prompt_seq,
        run_id=job.run_id,
        turn_id=job.turn_id,
        meta=Meta(
            model_id=job.speaker.model_id,
            attempt=job.attempt,
            earlier_attempts=job.earlier,
            run_kind=job.kind,
            round=job.round,
        ),
    )


def attempts(turn: Turn) -> tuple[Attempt, ...]:
    return tuple(msgspec.convert(turn.earlier_attempts, list[Attempt]))


def final_message(job: Job, ending: Ending, stopped_by: str) -> Message:
    """The answer as it will be kept, in its place."""
    place = place_of(job)
    meta = replace(
        place.meta,
        provider=ending.provider,
        tokens_in=ending.usage.tokens_in,
        tokens_out=ending.usage.tokens_out,
        tokens_cached=ending.usage.tokens_cached,
        is_estimate=ending.is_estimate,
        cost_usd=ending.cost_usd,
        first_token_ms=ending.first_token_ms,
        duration_ms=ending.duration_ms,
        finish_reason=ending.finish_reason,
        reasoning=ending.reasoning,
        error=ending.error,
        stopped_by=stopped_by,
        text_sha256=hashlib.sha256(ending.text.encode()).hexdigest(),
    )
    return replace(place, body=ending.text, state=cast(MessageState, ending.state), meta=meta)


def run_view(run: Run, turns: Sequence[Turn]) -> RunView:
    """A run as the room sees it. `turns`: all of it, in the order they were created."""
    models = [m["id"] for m in run.spec["models"]]
    settled = sum(turn.state in SETTLED for turn in turns)
    is_in_turn = run.kind == RunKind.IN_TURN
    total = len(models) * run.spec["rounds"] if is_in_turn else len(models)
    is_going_on = run.ended_at is None and not run.stopped_by_name
    costs = [cost for turn in turns if (cost := cast(dict[str, Any], turn.meta).get("cost_usd")) is not None]
    return RunView(
        id=run.id,
        thread_id=run.thread_id,
        branch_id=run.branch_id,
        kind=cast(Any, run.kind),
        state=cast(Any, run.state),
        prompt_seq=run.prompt_seq,
        asked_by=run.asked_by_name,
        models=models,
        rounds=run.spec["rounds"],
        round=max((turn.round for turn in turns), default=0),
        turns_done=settled,
        turns_total=total,
        next_model_id=models[len(turns) % len(models)] if is_in_turn and is_going_on and len(turns) < total else None,
        stop_reason=run.stop_reason,
        reason=run.reason,
        cost_usd=sum(costs) if costs else None,
        started_at=run.started_at,
        ended_at=run.ended_at,
    )
