"""Who may run a turn, and what becomes of those whose process died (decision 6).

Claiming raises the turn's attempt. Every write to a turn that somebody runs says `attempt=…, state="streaming"`: an
older attempt matches no row.
"""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from chatplatform.kernel.clock import now
from chatplatform.kernel.prepared import ID, PreparedQuery, PreparedUpdate, given
from messaging.models import OPEN_RUNS, OPEN_TURNS, Run, Turn, TurnState
from messaging.runs import leases, views
from messaging.runs.endings import kept, write_end
from messaging.runs.leases import Hold
from messaging.runs.past import past_of
from messaging.runs.places import NO_PAST, job_of
from messaging.runs.steps import locked_run_of, step
from messaging.runs.types import Ending, Job, Orphan, Step
from messaging.streams.base import Said
from messaging.types import Attempt

MAX_ATTEMPTS = 3
CUT_OFF = "The server stopped in the middle of this answer. The words are kept."
GAVE_UP = "The server stopped three times while this was asked. Nothing was answered."
_CLAIMED = ("attempt", "state", "held_by", "partial", "reasoning", "started_at", "earlier_attempts")
# The first word waits for these, so they are built once.
_open_turn = PreparedQuery(
    lambda: Turn.objects.select_related("branch").filter(pk=given("id", ID), state__in=OPEN_TURNS)
)
_claimed = PreparedUpdate(lambda: Turn.objects.filter(pk=given("id", ID)), *_CLAIMED, renewed_at=Now())


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
        run = locked_run_of(turn_id)
        turn = _open_turn.one(id=turn_id) if run is not None else None
        if run is None or turn is None or (turn.held_by and not _is_abandoned(turn, abandoned)):
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
        turn.held_by = leases.HOLDER
        _claimed.run(id=turn.id, **{name: getattr(turn, name) for name in _CLAIMED})
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


def _must_end(turn: Turn, run: Run) -> Ending | None:
    may_reset = views.shape(run) == "in_turn" and not turn.earlier_attempts
    if turn.cancel_requested:
        return kept(turn, "cancelled")
    is_last = turn.attempt >= MAX_ATTEMPTS
    if turn.partial and (is_last or not may_reset):
        return kept(turn, "interrupted", CUT_OFF)
    if is_last:
        return kept(turn, "failed", GAVE_UP)
    return None


def open_turns(older_than_s: float = 0) -> list[UUID]:
    """Turns pending or streaming whose rows have stood so for some time, oldest first."""
    still = Q(started_at=None, created_at__lte=_ago(older_than_s)) | Q(started_at__lte=_ago(older_than_s))
    return list(Turn.objects.filter(still, state__in=OPEN_TURNS).order_by("created_at").values_list("id", flat=True))


def idle_runs(older_than_s: float = 0) -> list[UUID]:
    """Runs going on in which nobody speaks."""
    speaking = Turn.objects.filter(run=OuterRef("pk"), state__in=OPEN_TURNS)
    runs = Run.objects.filter(~Exists(speaking), state__in=OPEN_RUNS)
    if older_than_s:
        runs = runs.filter(started_at__lte=_ago(older_than_s))
    return list(runs.values_list("id", flat=True))


def _ago(seconds: float) -> datetime:
    return now() - timedelta(seconds=seconds)
