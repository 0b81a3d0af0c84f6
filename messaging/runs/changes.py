"""What people change in runs and turns: ask, stop, ask again. Each function is one transaction, or part
of the caller's; see `steps` for the order of locks and `claims` for the fence."""

import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet

from chatplatform.kernel.errors import Conflict, Invalid, NotFound
from chatplatform.kernel.ids import new_id
from chatplatform.kernel.prepared import PreparedInsert
from messaging.models import OPEN_TURNS, Run, RunKind, RunState, Turn, TurnState
from messaging.runs import views
from messaging.runs.endings import kept, write_end
from messaging.runs.places import NO_PAST, job_of, place_turns
from messaging.runs.plans.base import NextTurn
from messaging.runs.steps import first_step, locked_run, step
from messaging.runs.types import Begun, Speaker, Step
from messaging.types import Message
from projects.models import User
from threads.models import Branch, Thread
from threads.services import MAX_VARIANT

MIN_ROUNDS = 2
_new_run = PreparedInsert(Run)
LIMIT_TURNS = 48  # the hard end of a conversation between models, whatever its rounds


def create_run(
    thread: Thread,
    branch: Branch,
    prompt: Message,
    models: Sequence[Speaker],
    kind: str,
    rounds: int,
    visibility: str,
    user: User,
    run_id: UUID | None = None,
) -> Step:
    """Write a run and its first turns. Part of the transaction that accepts `prompt` and holds `branch`.

    Their places follow the branch's head, which is raised (in the row and in `branch`). Raises Invalid.
    """
    asked = list({speaker.model_id: speaker for speaker in models}.values())
    _check(asked, kind, rounds)
    run = Run(
        id=run_id or new_id(),
        thread=thread,
        branch=branch,
        kind=RunKind.REPLY if kind == RunKind.FAN_OUT and len(asked) == 1 else kind,
        spec={
            "models": [speaker_json(speaker) for speaker in asked],
            "rounds": rounds if kind == RunKind.IN_TURN else 1,
            "visibility": "shared" if kind == RunKind.IN_TURN else visibility,
            "limit_turns": LIMIT_TURNS if kind == RunKind.IN_TURN else 0,
            "nonce": secrets.token_hex(3),
        },
        prompt_seq=prompt.seq,
        prompt_message_id=prompt.id,
        asked_by=user,
        asked_by_name=user.name,
    )
    _new_run.run(run)
    return first_step(run, branch, prompt)


def _check(asked: list[Speaker], kind: str, rounds: int) -> None:
    if not asked:
        raise Invalid("Choose a model first.", "no_models")
    if len(asked) > settings.MAX_MODELS:
        raise Invalid(f"{settings.MAX_MODELS} models at once are the most.", "too_many_models")
    if kind == RunKind.REPLY and len(asked) > 1:
        raise Invalid("One model replies; to ask several, ask them at once.", "too_many_models")
    if kind == RunKind.IN_TURN:
        if len(asked) < 2:
            raise Invalid("Choose at least two models; they speak one after the other.", "too_few_models")
        if not MIN_ROUNDS <= rounds <= settings.MAX_ROUNDS:
            raise Invalid(
                f"Models speak for {MIN_ROUNDS} to {settings.MAX_ROUNDS} rounds.", "bad_rounds", field="rounds"
            )


@transaction.atomic
def cancel_turn(turn_id: UUID, by: str) -> Step | None:
    """Mark the turn to be stopped. Whoever runs it writes its end; one that nobody runs yet ends here."""
    run_id = Turn.objects.filter(pk=turn_id, state__in=OPEN_TURNS).values_list("run_id", flat=True).first()
    if run_id is None:
        return None
    run = locked_run(run_id)
    settled = _mark_cancelled(run, by, Turn.objects.filter(pk=turn_id))
    return step(run, settled) if settled else None


@transaction.atomic
def cancel_run(run_id: UUID, by: str) -> tuple[Step | None, list[UUID]]:
    """Mark the run and its open turns to be stopped; answers those that somebody runs."""
    run = locked_run(run_id)
    if run.state != RunState.RUNNING:
        return None, []
    run.state, run.stopped_by_name = RunState.STOPPING, by
    run.save(update_fields=["state", "stopped_by_name"])
    settled = _mark_cancelled(run, by, Turn.objects.filter(run=run))
    running = list(Turn.objects.filter(run=run, state=TurnState.STREAMING).values_list("id", flat=True))
    return step(run, settled), running


def _mark_cancelled(run: Run, by: str, turns: QuerySet[Turn]) -> tuple[Message, ...]:
    turns.filter(state__in=OPEN_TURNS, cancel_requested=False).update(cancel_requested=True, stopped_by_name=by)
    waiting = turns.filter(state=TurnState.PENDING)
    return tuple(write_end(turn, job_of(turn, run, NO_PAST), kept(turn, "cancelled")) for turn in waiting)


@transaction.atomic
def again(turn_id: UUID, user: User, speaker: Speaker | None) -> Step:
    """A new answer beside a settled one: the same place and lane, the next variant, a run of its own.

    It sees the history before that place, as the first one did. Asked twice while the new one is
    written, it is the same one. NotFound for no such turn, Conflict while the old one is written, and for a place that
    can hold no more answers.
    """
    old = Turn.objects.select_related("run", "run__thread", "branch").filter(pk=turn_id).first()
    if old is None:
        raise NotFound("There is nothing here for you.")
    speaker = speaker or Speaker(old.model_id, old.model_name, old.slot)
    branch = Branch.objects.select_for_update(no_key=True).get(pk=old.branch_id)
    siblings = Turn.objects.filter(branch=branch, seq=old.seq)
    going = siblings.filter(lane=old.lane, state__in=OPEN_TURNS).select_related("run", "run__thread").first()
    if going is not None:
        if going.model_id != speaker.model_id:
            raise Conflict(f"{going.model_name} is still writing here. Stop it first.", "still_writing")
        return Step(
            views.run_view(going.run, [going]),
            going.run.thread.project_id,
            (Begun(going.id, views.turn_message(going, going.run), None),),
        )
    variant = (siblings.aggregate(last=Max("variant"))["last"] or 0) + 1
    if variant > MAX_VARIANT:
        raise Conflict("This has been answered a thousand times. Ask it once more further down.", "too_many_answers")
    spec = {
        **old.run.spec,
        "models": [speaker_json(speaker)],
        "roster": old.run.spec.get("roster") or old.run.spec["models"],
    }
    run = Run.objects.create(
        thread=old.run.thread,
        branch=branch,
        kind=RunKind.REPLY,
        spec={**spec, "shape": views.shape(old.run), "nonce": secrets.token_hex(3)},
        prompt_seq=old.run.prompt_seq,
        prompt_message_id=old.run.prompt_message_id,
        asked_by=user,
        asked_by_name=user.name,
    )
    turns, begun = place_turns(run, branch, [NextTurn("a", 0, old.lane, old.round)], sibling=(old.seq, variant))
    return Step(views.run_view(run, turns), run.thread.project_id, begun)


def speaker_json(speaker: Speaker) -> dict[str, Any]:
    return {"id": speaker.model_id, "name": speaker.name, "slot": speaker.slot}
