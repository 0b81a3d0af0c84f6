"""What a room hears last of a run is how the run stands, whoever tells it and when."""

import asyncio

import pytest

from chatplatform.kernel.db import in_db
from messaging.protocol.events import RunChanged
from messaging.protocol.views import RunView
from messaging.runs import changes, endings, engine, telling
from messaging.runs.types import Ending, NewRun, Step
from tests.messaging.runs.conftest import Room
from tests.messaging.runs.puppet import Puppets
from tests.messaging.runs.test_recovery import died

pytestmark = pytest.mark.django_db(transaction=True)


async def settle(new: NewRun) -> list[Step]:
    """Every answer ends, each in a process of its own; none of them has told it yet."""
    ended = []
    for begun in new.begun:
        assert begun.job is not None
        step = await in_db(endings.settle, begun.job, Ending("complete", "words"))
        assert step is not None
        ended.append(step)
    return ended


async def told(room: Room) -> list[RunView]:
    while telling._looking:
        await asyncio.wait(tuple(telling._looking))
    return [event.run for event in await room.events() if isinstance(event, RunChanged)]


async def test_a_step_that_is_told_late_is_not_the_last_word(room: Room, puppets: Puppets) -> None:
    """Two workers end the two answers of one question: the first is slow to tell, and tells "one of two" last."""
    first, second = await settle(await died(room, "t:ada", "t:ben"))
    await engine.tell(second)
    await engine.tell(first)
    heard = await told(room)
    assert [(run.state, run.turns_done) for run in heard] == [("done", 2), ("running", 1), ("done", 2)]
    assert heard[0].ended_at == heard[-1].ended_at


async def test_a_beginning_that_is_told_after_the_end_is_not_the_last_word(
    room: Room, puppets: Puppets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process is paused right after it accepted the question; others took its answer over meanwhile."""
    new = await died(room, "t:ada", kind="reply")
    await engine.tell((await settle(new))[0])
    monkeypatch.setattr(telling, "AT_ONCE", telling.AT_ONCE * 0)
    await engine.tell(new)
    assert [run.state for run in await told(room)] == ["done", "running", "done"]


async def test_a_stop_that_is_told_after_the_end_is_not_the_last_word(room: Room, puppets: Puppets) -> None:
    new = await died(room, "t:ada", "t:ben")
    step, _ = await in_db(changes.cancel_run, new.run.id, "Bob")
    assert step is not None
    ends = [Ending("cancelled", "wor")] * 2
    jobs = [begun.job for begun in new.begun if begun.job is not None]
    settled = [await in_db(endings.settle, job, ending) for job, ending in zip(jobs, ends, strict=True)]
    for late in (*reversed([one for one in settled if one is not None]), step):
        await engine.tell(late)
    heard = await told(room)
    assert (heard[-1].state, heard[-1].ended_at is not None) == ("cancelled", True)


async def test_a_run_in_order_is_told_once_a_step(room: Room, puppets: Puppets) -> None:
    new = await died(room, "t:ada", "t:ben")
    for begun in new.begun:
        assert begun.job is not None
        step = await in_db(endings.settle, begun.job, Ending("complete", "words"))
        assert step is not None
        await engine.tell(step)
        await told(room)
    assert [run.turns_done for run in await told(room)] == [1, 2]
