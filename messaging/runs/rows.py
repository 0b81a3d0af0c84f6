"""The state of runs: one function is one transaction, or part of the caller's. Synchronous, no network, no events.

Locks are taken in one order, run, turn, branch, so that they cannot wait for each other. Every write
to a turn that somebody runs says `attempt=…, state="streaming"`: an older attempt matches no row.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec
from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import now
from chatplatform.kernel.ids import new_id
from chatplatform.kernel.prepared import ID, PreparedInsert, PreparedQuery, PreparedUpdate, given
from messaging import failpoints, outbox
from messaging.models import Run, RunState, Turn, TurnState
from messaging.runs import leases, views
from messaging.runs.dispatch.base import Dispatcher
from messaging.runs.leases import Hold
from messaging.runs.past import past_of
from messaging.runs.plans import PLANS
from messaging.runs.plans.base import NextTurn, Plan, RunFacts, TurnFacts
from messaging.runs.types import Begun, Ending, EndState, Job, Orphan, Past, Speaker, Step, Words
from messaging.streams.base import Said
from messaging.types import Attempt, Message, TurnError
from threads.models import Branch, Thread
from threads.services import raise_head

MAX_ATTEMPTS = 3
CUT_OFF = "The server stopped in the middle of this answer. The words are kept."
GAVE_UP = "The server stopped three times while this was asked. Nothing was answered."
OPEN = (TurnState.PENDING, TurnState.STREAMING)
ENDED = (RunState.DONE, RunState.CANCELLED, RunState.FAILED)
CLAIMED = ("attempt", "state", "held_by", "renewed_at", "partial", "reasoning", "started_at")
# What planning, showing and ending a run's turns needs of them; their texts are not among it.
SHORT = ("id", "run_id", "key", "state", "attempt", "round", "lane", "model_id", "meta", "stopped_by_name")

# `no_key`: a row that points at the run may be written meanwhile. A saver writes a turn's row twice in one transaction, for
# which PostgreSQL looks at its run when it commits; that would be a deadlock with whoever holds the run and wants the turn.
_run = PreparedQuery(
    lambda: (
        Run.objects.select_for_update(of=("self",), no_key=True)
        .select_related("thread__project")
        .filter(pk=given("id", ID))
    )
)
_turns = PreparedQuery(lambda: Turn.objects.filter(run_id=given("run_id", ID)).only(*SHORT).order_by("seq", "variant"))
_pending_turns = PreparedInsert(Turn)
_claimed_turns = PreparedInsert(Turn, renewed_at=Now())
_ends = ("state", "partial", "reasoning", "meta", "ended_at")
_end = PreparedUpdate(lambda: Turn.objects.filter(pk=given("id", ID)), *_ends)
_end_with_prompt = PreparedUpdate(lambda: Turn.objects.filter(pk=given("id", ID)), *_ends, "prompt")
_run_over = PreparedUpdate(lambda: Run.objects.filter(pk=given("id", ID)), "state", "stop_reason", "reason", "ended_at")


# -- turns come into being ---------------------------------------------------------------------


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


# -- what comes next ---------------------------------------------------------------------------


def locked_run(run_id: UUID) -> Run:
    """The run with its row held. Raises Run.DoesNotExist."""
    run = _run.one(id=run_id)
    if run is None:
        raise Run.DoesNotExist
    return run


def turns_of(run: Run) -> list[Turn]:
    """All turns of the run, in the order of their places, without their texts."""
    return _turns.rows(run_id=run.pk)


def first_step(run: Run, branch: Branch, question: Message) -> Step:
    """The step of a run that was just written, in the transaction that accepts its question and holds the branch."""
    return _step(run, [], (), branch, (question,))


def step(run: Run, settled: tuple[Message, ...] = ()) -> Step:
    """Ask the plan what comes next and write it down. Part of a transaction that holds the run."""
    return _step(run, turns_of(run), settled)


def _step(
    run: Run,
    turns: list[Turn],
    settled: tuple[Message, ...],
    branch: Branch | None = None,
    also: tuple[Message, ...] = (),
) -> Step:
    if run.state in ENDED:
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
        branch = branch or Branch.objects.select_for_update().get(pk=run.branch_id)
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


# -- a turn is claimed, saved and settled ----------------------------------------------------------


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
    return _step(run, turns, (message,))


def write_end(turn: Turn, job: Job, ending: Ending) -> Message:
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


def claim(
    turn_id: UUID, abandoned: Hold | Literal["all"] | None = None, heard: Said | None = None
) -> Job | Step | Orphan | None:
    """Make this process the one that runs the turn, or end it if it must not run again.

    A turn that somebody holds is left alone, unless that very hold was seen `abandoned`; "all": this is the
    only process that runs turns, so any other that held one is dead. A turn that ran somewhere is first given
    back as an orphan: ask its room what was `heard` of it, which may be more than was saved, and claim again.

    A turn whose process died: with nothing said it begins again in silence, at most three times. Words
    that were read are never lost and never mixed with others: a speaker in a conversation begins again
    once, openly, the first words kept as an earlier attempt; any other answer ends as interrupted.
    None: it is settled already, or held.
    """
    with transaction.atomic():
        run_id = Turn.objects.filter(pk=turn_id, state__in=OPEN).values_list("run_id", flat=True).first()
        if run_id is None:
            return None
        run = locked_run(run_id)
        turn = Turn.objects.select_related("branch").filter(pk=turn_id, state__in=OPEN).first()
        if turn is None or (turn.held_by and not _is_abandoned(turn, abandoned)):
            return None
        if turn.state == TurnState.STREAMING:
            if heard is None:
                return Orphan(turn.thread_id)
            _believe(turn, heard)
        if (ending := _must_end(turn, run)) is not None:
            return step(run, (write_end(turn, job_of(turn, run, NO_PAST), ending),))
        reset = None
        if turn.partial:
            reset = Attempt(turn.attempt, turn.partial, "interrupted", now())
            turn.earlier_attempts = [*turn.earlier_attempts, msgspec.to_builtins(reset)]
        turn.attempt += 1
        turn.state = TurnState.STREAMING
        turn.partial = turn.reasoning = ""
        turn.started_at = now()
        turn.held_by, turn.renewed_at = leases.HOLDER, Now()
        turn.save(update_fields=[*CLAIMED, "earlier_attempts"])
        return job_of(turn, run, past_of(turn.branch, turn.seq), reset)


def _is_abandoned(turn: Turn, abandoned: Hold | Literal["all"] | None) -> bool:
    if abandoned is None or abandoned == "all":
        return abandoned == "all"
    return abandoned == Hold(turn.id, turn.state, turn.attempt, turn.held_by, turn.renewed_at)


def _believe(turn: Turn, heard: Said) -> None:
    """The room heard words that its process had not saved yet when it died."""
    if heard.attempt == turn.attempt:
        if heard.text.startswith(turn.partial):
            turn.partial = heard.text
        if heard.reasoning.startswith(turn.reasoning):
            turn.reasoning = heard.reasoning


NO_PAST = Past((), 0)


def _must_end(turn: Turn, run: Run) -> Ending | None:
    may_reset = views.shape(run) == "in_turn" and not turn.earlier_attempts
    if turn.cancel_requested:
        return kept(turn, "cancelled")
    if turn.partial and not may_reset:
        return kept(turn, "interrupted", CUT_OFF)
    if turn.attempt >= MAX_ATTEMPTS:
        return kept(turn, "failed", GAVE_UP)
    return None


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


def save_partials(words: Sequence[Words], held: Sequence[tuple[UUID, int]]) -> set[UUID]:
    """Keep the words said so far, of all turns of this process in one transaction, and renew the holds. Answers
    which of `held` (turn, attempt) are lost: taken over, or to be stopped."""
    with transaction.atomic():
        _save([w for w in words if w.prompt is None], ("partial", "reasoning"))
        _save([w for w in words if w.prompt is not None], ("partial", "reasoning", "prompt"))
        leases.renew([turn_id for turn_id, _ in held])
    rows = Turn.objects.filter(
        pk__in=[turn_id for turn_id, _ in held], state=TurnState.STREAMING, cancel_requested=False
    ).values_list("id", "attempt")
    still = set(rows)
    return {turn_id for turn_id, attempt in held if (turn_id, attempt) not in still}


def _save(words: Sequence[Words], columns: Sequence[str]) -> None:
    """One prepared statement for all: built by the ORM, fifty rows take the database's thread for a tenth of a second."""
    if not words:
        return
    values: dict[str, Callable[[Words], Any]] = {
        "partial": lambda w: w.text,
        "reasoning": lambda w: w.reasoning,
        "prompt": lambda w: w.prompt,
    }
    changes = ", ".join(f"{name} = %s" for name in columns)
    statement = f"UPDATE {Turn._meta.db_table} SET {changes} WHERE id = %s AND attempt = %s AND state = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(
            statement,
            [
                (
                    *(_prepared(name, values[name](w)) for name in columns),
                    _prepared("id", w.turn_id),
                    w.attempt,
                    str(TurnState.STREAMING),
                )
                for w in words
            ],
        )


def _prepared(name: str, value: Any) -> Any:
    field = Turn._meta.get_field(name)
    assert isinstance(field, models.Field)  # a column of its own, not a relation's other end
    return field.get_db_prep_save(value, connection)


# -- what a dead process left ------------------------------------------------------------------------


def open_turns(older_than_s: float = 0) -> list[UUID]:
    """Turns pending or streaming whose rows have stood so for some time, oldest first."""
    still = Q(started_at=None, created_at__lte=_ago(older_than_s)) | Q(started_at__lte=_ago(older_than_s))
    return list(Turn.objects.filter(still, state__in=OPEN).order_by("created_at").values_list("id", flat=True))


def idle_runs(older_than_s: float = 0) -> list[UUID]:
    """Runs going on in which nobody speaks."""
    speaking = Turn.objects.filter(run=OuterRef("pk"), state__in=OPEN)
    runs = Run.objects.filter(~Exists(speaking), state__in=[RunState.RUNNING, RunState.STOPPING])
    if older_than_s:
        runs = runs.filter(started_at__lte=_ago(older_than_s))
    return list(runs.values_list("id", flat=True))


def _ago(seconds: float) -> datetime:
    return now() - timedelta(seconds=seconds)
