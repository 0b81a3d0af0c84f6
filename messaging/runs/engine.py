"""One turn from its claim to its end, and what follows: rows in, rows out, everything told to the room on the way.

    run_turn: claim → (past → provider's queue → stream → room) → settle → tell, next turns

Nothing vanishes: whatever goes wrong in between ends as the turn's state, an event and a line in the log.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from chatplatform.kernel import logs, metrics
from chatplatform.kernel.backends import backend
from chatplatform.kernel.db import in_db, in_db_later
from chatplatform.kernel.errors import Unavailable
from messaging import failpoints, outbox, rooms
from messaging.protocol.events import AnyEvent, MessageCreated, RunChanged, TurnReset
from messaging.runs import claims, endings, speaking, telling, views
from messaging.runs import live as here
from messaging.runs.history import History
from messaging.runs.leases import Hold
from messaging.runs.live import Live
from messaging.runs.stopping import Stop, Stopped
from messaging.runs.telling import say
from messaging.runs.types import Ending, Job, Orphan, Step
from messaging.streams.base import Said
from messaging.types import Message, TurnError

log = logging.getLogger(__name__)

NOTHING = Said(0, "", "")


class _HandedOver:
    """A job that this process wrote itself: nothing of it has to be read again."""

    def __init__(self, job: Job, history: History, announced: asyncio.Event) -> None:
        self.job, self.history, self.announced = job, history, announced


_handed_over: dict[UUID, _HandedOver] = {}


def is_handed_over(turn_id: UUID) -> bool:
    """Whether this process wrote the turn claimed, and has not begun with it."""
    return turn_id in _handed_over


# -- what a committed step sets going -----------------------------------------------------------


def begin(step: Step) -> None:
    """Let the step's new turns start here, once; they wait with their first word until `tell`.

    Turns that another process may run cannot wait for it: `tell` offers them, so that no word of theirs, and no end of
    their run, is told before their beginning.
    """
    announced = asyncio.Event()
    histories: dict[int, History] = {}
    dispatcher = backend("dispatcher")
    for begun in step.begun:
        if begun.job is not None:
            history = histories.setdefault(id(begun.job.past), History(begun.job.past))
            _handed_over[begun.turn_id] = _HandedOver(begun.job, history, announced)
            dispatcher.dispatch(begun.turn_id)


async def tell(step: Step) -> None:
    """Tell the room what a step changed: answers that ended, the run, the places of new answers."""
    changed: tuple[AnyEvent, ...] = (*(MessageCreated(begun.place) for begun in step.begun), RunChanged(step.run))
    try:
        for message in step.settled[:-1]:
            await outbox.deliver(message)
        if step.settled:
            await outbox.deliver(step.settled[-1], *changed)
        else:
            await say(step.run.thread_id, *changed)
        telling.see_to(step.run)
    finally:
        for begun in step.begun:
            here.announce(begun.turn_id)
            if (waiting := _handed_over.get(begun.turn_id)) is not None:
                waiting.announced.set()
            elif begun.job is None:
                backend("dispatcher").dispatch(begun.turn_id)


async def follow(step: Step) -> None:
    """Set going and tell. The next speaker prepares while the last one's answer is still being stored."""
    begin(step)
    await tell(step)


async def _tell_ends(answers: Sequence[Message]) -> None:
    """Of answers that were left behind, the runs that are over: whoever ended them did not come to say so.

    Those that go on are told by whoever goes on with them; told from here, an earlier state could come after a later one.
    """
    for run in await in_db_later(endings.over, {answer.run_id for answer in answers if answer.turn_id}):
        await say(run.thread_id, RunChanged(run))


outbox.on_left_behind.append(_tell_ends)


# -- one turn --------------------------------------------------------------------------------------


async def run_turn(turn_id: UUID, stop: Stop | None = None, abandoned: Hold | Literal["all"] | None = None) -> None:
    """Run a turn to its end. Called twice it does no harm: only one caller holds the turn.

    `abandoned`: the hold that it may be taken over from, see `claims.claim`.
    Cancelling its task (the server stops) saves the words and leaves the turn to be taken over.
    """
    stop = stop or Stop()
    taken = _handed_over.pop(turn_id, None)
    if taken is not None:
        live = Live(taken.job, stop, taken.announced)
        history = taken.history
    else:
        claimed = await _claim(turn_id, abandoned)
        if claimed is None:
            return
        if isinstance(claimed, Step):
            await follow(claimed)
            return
        live, history = Live(claimed, stop, asyncio.Event()), History(claimed.past)
        live.background(_tell_claimed(live))  # while its prompt is made
    logs.bind(turn=turn_id, run=live.job.run_id, thread=live.job.thread_id, attempt=live.job.attempt)
    failpoints.reach("after_claim")
    here.enter(live)
    try:
        await _run(live, history)
    except asyncio.CancelledError:
        log.info("Turn %s of run %s is left in the middle: the server stops.", turn_id, live.job.run_id)
        raise
    except rooms.Superseded:
        log.info("Turn %s of run %s was taken over; attempt %d ends.", turn_id, live.job.run_id, live.job.attempt)
    finally:
        here.leave(live)


async def _claim(turn_id: UUID, abandoned: Hold | Literal["all"] | None) -> Job | Step | None:
    claimed = await in_db(claims.claim, turn_id, abandoned)
    if isinstance(claimed, Orphan):
        heard = await _heard(claimed.thread_id, turn_id)
        claimed = await in_db(claims.claim, turn_id, abandoned, heard)
    assert not isinstance(claimed, Orphan)  # what was heard is known by now
    return claimed


async def _heard(thread_id: UUID, turn_id: UUID) -> Said:
    """What was read of a turn whose process is gone: the stream has the words that were not saved yet."""
    try:
        said = (await rooms.standing(thread_id)).turns.get(turn_id)
    except Unavailable:
        log.warning("The room of thread %s could not be asked; of turn %s counts what was saved.", thread_id, turn_id)
        return NOTHING
    return said or NOTHING


async def _tell_claimed(live: Live) -> None:
    """Its place once more, for those who never heard of it (the same id: once), and what was cut off."""
    job = live.job
    events: list[AnyEvent] = [MessageCreated(views.place_of(job))]
    if job.reset is not None:
        events.append(TurnReset(job.turn_id, job.attempt, job.reset))
    try:
        await say(job.thread_id, *events)
    finally:
        live.tell_announced()


async def _run(live: Live, history: History) -> None:
    job = live.job
    try:
        with live.stop.guard():
            ending = await speaking.speak(live, history)
    except Stopped:
        ending = speaking.ending_of(live, "cancelled")
    except rooms.Superseded:
        raise
    except Exception as error:
        log.exception("Turn %s of run %s failed unexpectedly.", job.turn_id, job.run_id)
        words = "Something in this server broke while this was answered. It is in the log."
        ending = speaking.ending_of(live, "failed", TurnError("bad_response", words, True, type(error).__name__))
    await live.until_announced()
    failpoints.reach("before_settle")
    step = await _settle(job, ending)
    if step is None:
        log.info(
            "Turn %s of run %s was settled by somebody else; attempt %d ends.", job.turn_id, job.run_id, job.attempt
        )
        return
    failpoints.reach("after_settle")
    _log_end(job, ending)
    here.leave(live)
    await follow(step)
    failpoints.reach("after_tell")


# Five minutes: the saver goes on renewing the hold, so nobody else ends it meanwhile.
SETTLE_AGAIN_S = (0.1, 0.5, 2, 5, *(10.0,) * 30)


async def _settle(job: Job, ending: Ending, tries: Sequence[float] = SETTLE_AGAIN_S) -> Step | None:
    """Write the end down, patiently: the database may be restarting, and these words exist nowhere else."""
    for pause in tries:
        try:
            return await in_db_later(endings.settle, job, ending)
        except Exception:
            log.exception("The end of turn %s of run %s could not be written; trying again.", job.turn_id, job.run_id)
            await asyncio.sleep(pause)
    return await in_db_later(endings.settle, job, ending)


def _log_end(job: Job, ending: Ending) -> None:
    metrics.TURNS_ENDED.labels(metrics.provider(ending.provider), ending.state).inc()
    if ending.first_token_ms is not None:
        metrics.FIRST_TOKEN.labels(metrics.provider(ending.provider)).observe(ending.first_token_ms / 1000)
    level = logging.WARNING if ending.state == "failed" else logging.INFO
    why = f": {ending.error.kind} {ending.error.detail or ending.error.message}" if ending.error else ""
    log.log(
        level, "Turn %s of run %s, %s, ended %s%s", job.turn_id, job.run_id, job.speaker.model_id, ending.state, why
    )
