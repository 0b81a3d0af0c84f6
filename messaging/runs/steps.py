"""What comes next in a run: its plan is asked under the run's lock, and the answer written. Synchronous, no network, no events.

Locks are taken in one order, run, turn, branch, so that they cannot wait for each other.
"""

from uuid import UUID

from django.db import transaction

from chatplatform.kernel.clock import now
from chatplatform.kernel.prepared import ID, PreparedQuery, PreparedUpdate, given
from messaging.models import OPEN_RUNS, OPEN_TURNS, Run, Turn
from messaging.protocol.views import RunView
from messaging.runs import views
from messaging.runs.places import place_turns
from messaging.runs.plans import PLANS
from messaging.runs.plans.base import Plan, RunFacts, TurnFacts
from messaging.runs.types import Begun, Step
from messaging.types import Message
from threads.models import Branch, Thread

# What planning, showing and ending a run's turns needs of them; their texts are not among it.
_SHORT = ("id", "run_id", "key", "state", "attempt", "round", "lane", "model_id", "meta", "stopped_by_name")

# `no_key`, as everywhere: a row that points at the one that is held may be written meanwhile. A saver writes a turn's row twice in
# one transaction, for which PostgreSQL looks at its run when it commits; that would be a deadlock with whoever holds the run
# and wants the turn.
_held_runs = Run.objects.select_for_update(of=("self",), no_key=True).select_related("thread__project")
_run = PreparedQuery(lambda: _held_runs.filter(pk=given("id", ID)))
_run_of = PreparedQuery(
    lambda: _held_runs.filter(
        pk__in=Turn.objects.filter(pk=given("turn_id", ID), state__in=OPEN_TURNS).values("run_id"),
    )
)
_turns = PreparedQuery(lambda: Turn.objects.filter(run_id=given("run_id", ID)).only(*_SHORT).order_by("seq", "variant"))
_run_over = PreparedUpdate(lambda: Run.objects.filter(pk=given("id", ID)), "state", "stop_reason", "reason", "ended_at")


def locked_run(run_id: UUID) -> Run:
    """The run with its row held. Raises Run.DoesNotExist."""
    run = _run.one(id=run_id)
    if run is None:
        raise Run.DoesNotExist
    return run


def locked_run_of(turn_id: UUID) -> Run | None:
    """The run of a turn that is not over, with its row held; whether it is over meanwhile its row tells, read after this."""
    return _run_of.one(turn_id=turn_id)


def turns_of(run: Run) -> list[Turn]:
    """All turns of the run, in the order of their places, without their texts."""
    return _turns.rows(run_id=run.pk)


def seen(run_id: UUID) -> RunView | None:
    """The run as it stands now, held by nobody; None when it is gone."""
    run = Run.objects.filter(pk=run_id).first()
    return None if run is None else views.run_view(run, turns_of(run))


def first_step(run: Run, branch: Branch, question: Message) -> Step:
    """The step of a run that was just written, in the transaction that accepts its question and holds the branch."""
    return _step(run, [], (), branch, (question,))


def step(run: Run, settled: tuple[Message, ...] = (), turns: list[Turn] | None = None) -> Step:
    """Ask the plan what comes next and write it down. Part of a transaction that holds the run.

    `settled`: answers that the same transaction accepts. `turns`: all of the run, where they are at hand.
    """
    return _step(run, turns_of(run) if turns is None else turns, settled)


def _step(
    run: Run,
    turns: list[Turn],
    settled: tuple[Message, ...],
    branch: Branch | None = None,
    also: tuple[Message, ...] = (),
) -> Step:
    if run.state not in OPEN_RUNS:
        return Step(views.run_view(run, turns), run.thread.project_id, (), settled)
    ids = [m["id"] for m in run.spec["models"]]
    facts = RunFacts(
        models=tuple(m["name"] for m in run.spec["models"]),
        asked_by=run.asked_by_name,
        rounds=run.spec["rounds"],
        limit_turns=run.spec["limit_turns"],
        stopped_by=run.stopped_by_name,
    )
    plan = PLANS[run.kind](facts, [TurnFacts(t.key, t.state, ids.index(t.model_id), t.round) for t in turns])
    if plan.new and (why := _closed(run.thread)):
        plan = Plan(end="cancelled", stop_reason="stopped", sentence=why)
    begun: tuple[Begun, ...] = ()
    if plan.new:
        branch = branch or Branch.objects.select_for_update(no_key=True).get(pk=run.branch_id)
        new, begun = place_turns(run, branch, plan.new, also=also)
        turns += new
    if plan.end:
        run.state, run.stop_reason, run.reason = plan.end, plan.stop_reason, plan.sentence
        run.ended_at = now()
        _run_over.run(id=run.pk, state=run.state, stop_reason=run.stop_reason, reason=run.reason, ended_at=run.ended_at)
    return Step(views.run_view(run, turns), run.thread.project_id, begun, settled)


def _closed(thread: Thread) -> str:
    """Why nobody may be asked here any more; models do not talk on, at somebody's cost, where nobody can listen."""
    if thread.project.deleted_at is not None:
        return "Ended: the project was deleted."
    if thread.archived_at is not None or thread.project.archived_at is not None:
        return "Ended: the thread was archived."
    return ""


@transaction.atomic
def advance(run_id: UUID) -> Step | None:
    """Take up a run that has no open turn: nothing happens if it has ended or somebody speaks.

    None: somebody else has it in hand just now; several that look for such runs do not wait for each other.
    """
    run = Run.objects.select_for_update(of=("self",), skip_locked=True, no_key=True).filter(pk=run_id).first()
    return None if run is None else step(run)
