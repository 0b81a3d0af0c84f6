"""The end of a turn: its answer goes to the outbox and its run takes the next step, in one transaction."""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from django.db import transaction

from chatplatform.kernel.clock import now
from chatplatform.kernel.prepared import ID, PreparedUpdate, given
from messaging import failpoints, outbox
from messaging.models import OPEN_RUNS, Run, Turn, TurnState
from messaging.protocol.views import RunView
from messaging.runs import views
from messaging.runs.steps import locked_run, step, turns_of
from messaging.runs.types import Ending, EndState, Job, Step
from messaging.types import Message, TurnError

_ends = ("state", "partial", "reasoning", "meta", "ended_at")
_end = PreparedUpdate(lambda: Turn.objects.filter(pk=given("id", ID)), *_ends)
_end_with_prompt = PreparedUpdate(lambda: Turn.objects.filter(pk=given("id", ID)), *_ends, "prompt")


@transaction.atomic
def settle(job: Job, ending: Ending) -> Step | None:
    """Write a turn's end and its answer, and take the run's next step. None: it is not ours any more.

    Turn, outbox row, next turn and the end of the run are one commit, so no crash falls between them.
    """
    try:
        run = locked_run(job.run_id)
    except Run.DoesNotExist:  # the thread was deleted meanwhile
        return None
    turns = turns_of(run)
    turn = next((turn for turn in turns if turn.pk == job.turn_id), None)
    if turn is None or turn.attempt != job.attempt or turn.state != TurnState.STREAMING:
        return None
    message = write_end(turn, job, ending)
    failpoints.reach("in_settle")
    return step(run, (message,), turns)


def write_end(turn: Turn, job: Job, ending: Ending) -> Message:
    """Write how a turn ended and accept its answer, which is returned. Part of a transaction that holds the run."""
    message = views.final_message(job, ending, turn.stopped_by_name if ending.state == "cancelled" else "")
    meta = msgspec.structs.replace(message.meta, reasoning="", earlier_attempts=())
    turn.state = views.FINAL_STATE.get(ending.state, ending.state)
    turn.meta = msgspec.to_builtins(meta)
    turn.ended_at = now()
    written = _end_with_prompt if ending.prompt else _end
    written.run(
        id=turn.pk,
        state=turn.state,
        partial="",
        reasoning="",
        meta=turn.meta,
        ended_at=turn.ended_at,
        prompt=ending.prompt,
    )
    outbox.add(message, "turn", job.turn_id, job.run_id)
    return message


def kept(turn: Turn, state: EndState, why: str = "") -> Ending:
    """An end written for a turn that nobody runs: what was saved of it stays."""
    return Ending(
        state,
        turn.partial,
        turn.reasoning,
        TurnError("gone", why, retryable=True) if why else None,
        provider=turn.model_id.partition(":")[0],
        prompt=turn.prompt or {},
    )


def over(run_ids: Iterable[UUID | None]) -> list[RunView]:
    """Those of these runs that have ended, for good."""
    ended = Run.objects.filter(pk__in=[run_id for run_id in run_ids if run_id]).exclude(state__in=OPEN_RUNS)
    return [views.run_view(run, turns_of(run)) for run in ended]
