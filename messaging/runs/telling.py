"""Telling a room of steps, so that what it hears last of a run is how the run stands: see `leveling`.

A run's steps are committed one after the other, each by the process whose turn ended, and told by it, together with what else
the step brought. Whoever has told a run that goes on looks at its rows again afterwards; of one that has ended nothing follows.
"""

import asyncio
import logging
from datetime import timedelta
from functools import partial
from uuid import UUID

from chatplatform.kernel.clock import now
from chatplatform.kernel.errors import Unavailable
from messaging import rooms
from messaging.leveling import level
from messaging.protocol.events import AnyEvent, RunChanged
from messaging.protocol.views import RunView
from messaging.runs import steps

log = logging.getLogger(__name__)

AT_ONCE = timedelta(seconds=1)  # a run told so soon after its beginning was told before any of its turns could end

_looking: set[asyncio.Task[None]] = set()


async def say(thread_id: UUID, *events: AnyEvent) -> None:
    """Publish; a stream that cannot be reached costs liveness only, so the turn goes on."""
    try:
        await rooms.publish(thread_id, *events)
    except Unavailable:
        log.warning("The room of thread %s could not be reached; its people catch up later.", thread_id)


def see_to(run: RunView) -> None:
    """The room was told of this run: let it hear of what was committed meanwhile, if that was told before."""
    is_beginning = not run.turns_done and run.state == "running" and now() - run.started_at < AT_ONCE
    if run.ended_at is None and not is_beginning:
        task = asyncio.get_running_loop().create_task(level(partial(steps.seen, run.id), _tell, told=run, stand=_stand))
        _looking.add(task)
        task.add_done_callback(_looked)


async def _tell(run: RunView) -> None:
    await say(run.thread_id, RunChanged(run))


def _stand(run: RunView) -> tuple[object, ...]:
    return run.state, run.ended_at, run.turns_done, run.round


def _looked(task: asyncio.Task[None]) -> None:
    _looking.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("It could not be seen how a run stands that was told of.", exc_info=error)


async def stop() -> None:
    """Leave it; whoever ends the run tells it."""
    for task in tuple(_looking):
        task.cancel()
    if _looking:
        await asyncio.wait(tuple(_looking))
