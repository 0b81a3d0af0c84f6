"""Work goes on when whoever asked for it has gone, and what goes wrong then is in the log."""

import asyncio
import logging

import pytest

from chatplatform.kernel.errors import Conflict
from chatplatform.kernel.finishing import finished, to_the_end


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
