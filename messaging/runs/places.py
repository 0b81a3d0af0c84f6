"""Turns come into being at their places in a branch, and what a process must know to run one."""

from collections.abc import Sequence

from django.db.models.functions import Now

from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import now
from chatplatform.kernel.ids import new_id
from chatplatform.kernel.prepared import PreparedInsert
from messaging.models import Run, Turn, TurnState
from messaging.runs import leases, views
from messaging.runs.dispatch.base import Dispatcher
from messaging.runs.past import past_of
from messaging.runs.plans.base import NextTurn
from messaging.runs.types import Begun, Job, Past, Speaker
from messaging.types import Attempt, Message
from threads.models import Branch
from threads.progress import raise_head

NO_PAST = Past((), 0)
_pending_turns = PreparedInsert(Turn)
_claimed_turns = PreparedInsert(Turn, renewed_at=Now())


def place_turns(
    run: Run,
    branch: Branch,
    new: Sequence[NextTurn],
    *,
    sibling: tuple[int, int] | None = None,
    also: tuple[Message, ...] = (),
) -> tuple[list[Turn], tuple[Begun, ...]]:
    """Create turns at the branch's next place, or as the `sibling` (seq, variant). Part of a transaction
    that holds the branch; `also`: what it accepts besides.

    Where this process runs its own turns they are made claimed, which saves a transaction before the
    first word: should it die, they look like any other turn of a dead process. Others are enqueued.
    """
    dispatcher: Dispatcher = backend("dispatcher")
    is_claimed = dispatcher.runs_own
    place = branch.head_seq + 1 if sibling is None else sibling[0]
    asked = views.speakers(run)
    at = now()
    turns = [
        Turn(
            run=run,
            key=next_.key,
            thread_id=run.thread_id,
            branch=branch,
            seq=place,
            variant=next_.lane if sibling is None else sibling[1],
            lane=next_.lane,
            round=next_.round,
            message_id=new_id(),
            model_id=asked[next_.speaker].model_id,
            model_name=asked[next_.speaker].name,
            slot=asked[next_.speaker].slot,
            state=TurnState.STREAMING if is_claimed else TurnState.PENDING,
            attempt=1 if is_claimed else 0,
            held_by=leases.HOLDER if is_claimed else "",
            created_at=at,
            started_at=at if is_claimed else None,
        )
        for next_ in new
    ]
    if is_claimed:
        _claimed_turns.run(*turns)
    else:
        _pending_turns.run(*turns)
        dispatcher.enqueue([turn.id for turn in turns])
    if sibling is None:
        raise_head(branch, place)
    past = past_of(branch, place, also) if is_claimed else None
    begun = (
        Begun(turn.id, views.turn_message(turn, run), job_of(turn, run, past) if past is not None else None)
        for turn in turns
    )
    return turns, tuple(begun)


def job_of(turn: Turn, run: Run, past: Past, reset: Attempt | None = None) -> Job:
    """All that running the claimed turn needs. `reset`: the attempt whose words were cut off and begin again now."""
    return Job(
        turn_id=turn.id,
        attempt=turn.attempt,
        run_id=run.id,
        thread_id=turn.thread_id,
        project_id=run.thread.project_id,
        branch_id=turn.branch_id,
        seq=turn.seq,
        variant=turn.variant,
        lane=turn.lane,
        round=turn.round,
        message_id=turn.message_id,
        speaker=Speaker(turn.model_id, turn.model_name, turn.slot),
        created_at=turn.created_at,
        kind=views.shape(run),
        visibility=run.spec["visibility"],
        roster=views.roster(run),
        rounds=run.spec["rounds"],
        nonce=run.spec["nonce"],
        prompt_seq=run.prompt_seq,
        prompt_message_id=run.prompt_message_id,
        past=past,
        earlier=views.attempts(turn),
        reset=reset,
    )
