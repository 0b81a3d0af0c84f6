"""What others may ask of runs: begin one, stop it, ask again, try now, and what a model was given.

Access is checked by the caller. Rows are changed first, then told; whoever runs a turn hears of it last.
"""

from uuid import UUID

from chatplatform.kernel.backends import backend
from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import NotFound
from chatplatform.kernel.finishing import to_the_end
from messaging.models import Turn
from messaging.runs import changes, engine, live
from messaging.runs.changes import create_run
from messaging.runs.prompts import prompt_of
from messaging.runs.types import Again, NewRun, Speaker
from projects.models import User

__all__ = [
    "Again",
    "NewRun",
    "Speaker",
    "again",
    "begin",
    "cancel_run",
    "cancel_turn",
    "create_run",
    "prompt_of",
    "started",
    "try_now",
]


def begin(new: NewRun) -> None:
    """Let the turns of a committed run prepare: they read the past, but say nothing before `started`.

    Called once, as early as the commit allows: the way to the first word then leads past the telling and storing.
    """
    engine.begin(new)


async def started(new: NewRun) -> None:
    """Tell the room of a run that has begun and whose question it heard: the empty places of the answers, the run."""
    await engine.tell(new)


@to_the_end
async def cancel_turn(turn_id: UUID, by: str) -> None:
    """Stop one answer in the name of `by`; what was said stays. One that has ended is left alone."""
    step = await in_db(changes.cancel_turn, turn_id, by)
    if step is not None:
        await engine.follow(step)
    backend("dispatcher").cancel(turn_id)


@to_the_end
async def cancel_run(run_id: UUID, by: str) -> None:
    """Stop all answers of a run. One that has ended is left alone."""
    step, running = await in_db(changes.cancel_run, run_id, by)
    for turn_id in running:
        backend("dispatcher").cancel(turn_id)
    if step is not None:
        await engine.follow(step)


@to_the_end
async def again(turn_id: UUID, user: User, speaker: Speaker | None = None) -> Again:
    """Ask once more, the same model or another: a new variant at the same place and lane."""
    step = await in_db(changes.again, turn_id, user, speaker)
    begun = step.begun[0]
    if begun.job is not None or not live.is_here(begun.turn_id):
        await engine.follow(step)
    assert begun.place.run_id is not None  # an answer's
    return Again(begun.turn_id, begun.place.id, begun.place.run_id, begun.place.seq, begun.place.variant)


async def try_now(turn_id: UUID) -> None:
    """Let a turn that waits to retry go at once. One that does not wait is left alone."""
    backend("dispatcher").try_now(turn_id)


async def thread_of(*, turn_id: UUID | None = None, run_id: UUID | None = None) -> UUID:
    """The thread whose access decides, of a turn or a run; NotFound."""

    def find() -> UUID | None:
        turns = Turn.objects.filter(pk=turn_id) if turn_id else Turn.objects.filter(run=run_id)
        return turns.values_list("thread_id", flat=True).first()

    if (thread_id := await in_db(find)) is None:
        raise NotFound("There is nothing here for you.")
    return thread_id
