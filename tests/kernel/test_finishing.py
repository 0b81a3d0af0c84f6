"""Work goes on when whoever asked for it has gone, and what goes wrong then is in the log."""

import asyncio
import logging

import pytest

from chatplatform.kernel.errors import Conflict
from chatplatform.kernel.finishing import end, finished, to_the_end


async def asked_and_left(error: Exception | None) -> list[str]:
    """What was done after the asker had gone."""
    done: list[str] = []
    has_begun, may_go_on = asyncio.Event(), asyncio.Event()

    @to_the_end
    async def work() -> None:
        has_begun.set()
        await may_go_on.wait()
        done.append("done")
        if error is not None:
            raise error

    asking = asyncio.create_task(work())
    await has_begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    may_go_on.set()
    await finished(5)
    await asyncio.sleep(0)  # what is called at its end has its turn
    return done


async def test_work_goes_on_without_its_asker(caplog: pytest.LogCaptureFixture) -> None:
    assert await asked_and_left(None) == ["done"]
    assert caplog.records == []


async def test_what_fails_without_its_asker_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    await asked_and_left(ZeroDivisionError("broken"))
    (record,) = caplog.records
    assert record.levelno == logging.ERROR and record.exc_info and "broken" in str(record.exc_info[1])


async def test_a_refusal_concerns_nobody_any_more(caplog: pytest.LogCaptureFixture) -> None:
    await asked_and_left(Conflict("Somebody was quicker."))
    assert caplog.records == []


async def test_who_waits_is_told_and_the_log_is_not(caplog: pytest.LogCaptureFixture) -> None:
    @to_the_end
    async def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()
    assert caplog.records == []


async def test_a_task_that_did_not_hear_its_cancellation_is_told_again() -> None:
    """As `asyncio.wait_for` did before Python 3.12 when what it waited for came in the same moment."""
    heard: list[str] = []

    async def hard_of_hearing() -> None:
        for _ in range(2):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                heard.append("lost")
        await asyncio.sleep(60)

    task = asyncio.create_task(hard_of_hearing())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await end(task, again_s=0.01)
    assert task.cancelled()
    assert heard == ["lost", "lost"]


async def test_a_task_that_ends_in_an_orderly_way_is_told_once() -> None:
    heard: list[str] = []

    async def orderly() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            heard.append("tidied up")

    tasks = [asyncio.create_task(orderly()) for _ in range(2)]
    await asyncio.sleep(0)
    await end(*tasks)
    assert heard == ["tidied up"] * 2
    await end(*tasks)  # has ended: nothing to do
