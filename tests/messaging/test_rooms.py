"""The door to the stream: what goes out when, and who is refused."""

import asyncio
import itertools
import json
from typing import Any

import pytest

from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import now
from chatplatform.kernel.errors import Unavailable
from chatplatform.kernel.ids import new_id
from messaging import gathering, hearing, hub, rooms
from messaging.gathering import Gathering
from messaging.protocol.events import MemberChanged, TurnDelta, TurnReasoning, TurnStarted
from messaging.types import Cursor


@pytest.fixture(autouse=True)
def _alone() -> Any:
    yield
    rooms.reset()
    hub.reset()


class Turn:
    def __init__(self, thread: Any, attempt: int = 1) -> None:
        self.thread, self.id, self.at, self.attempt = thread, new_id(), 0, attempt

    async def say(self, text: str) -> None:
        at, self.at = self.at, self.at + len(text)
        await rooms.publish(self.thread, TurnDelta(self.id, self.attempt, at, len(text), text))


async def told(thread: Any) -> list[dict[str, Any]]:
    top = await rooms.top(thread)
    read = await rooms.read_after(thread, Cursor(top.epoch, 0))
    return [json.loads(data) for data in read.events] if read else []


async def test_the_first_words_go_out_at_once_and_later_ones_together() -> None:
    turn = Turn(new_id())
    await turn.say("a")
    assert len(await told(turn.thread)) == 1
    for text in "bcdef":
        await turn.say(text)
    assert len(await told(turn.thread)) == 1
    async with asyncio.timeout(5):
        while len(events := await told(turn.thread)) < 2:
            await asyncio.sleep(gathering.LEAST_WINDOW_S)
    assert [(e["at"], e["n"], e["text"]) for e in events] == [(0, 1, "a"), (1, 5, "bcdef")]


async def test_the_first_words_of_a_turn_do_not_wait_for_others() -> None:
    one = Turn(new_id())
    two = Turn(one.thread)
    await one.say("a")
    await one.say("b")
    await two.say("first")
    assert [e["text"] for e in await told(one.thread)] == ["a", "b", "first"]


async def test_another_event_takes_the_gathered_words_with_it_in_order() -> None:
    turn = Turn(new_id())
    await turn.say("a")
    await turn.say("b")
    await rooms.publish(turn.thread, MemberChanged(new_id()))
    assert [e["type"] for e in await told(turn.thread)] == ["turn.delta", "turn.delta", "member.changed"]


async def test_thinking_and_speaking_are_gathered_apart() -> None:
    turn = Turn(new_id())
    await rooms.publish(turn.thread, TurnReasoning(turn.id, 1, 0, 2, "hm"))
    await rooms.publish(turn.thread, TurnReasoning(turn.id, 1, 2, 2, "mm"))
    await turn.say("a")
    await turn.say("b")
    await rooms.flush(turn.thread)
    events = await told(turn.thread)
    assert [(e["type"], e["text"]) for e in events] == [
        ("turn.reasoning", "hm"), ("turn.reasoning", "mm"), ("turn.delta", "a"), ("turn.delta", "b"),
    ]  # fmt: skip


async def test_several_events_are_one_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    log = backend("stream_log")
    real, calls = log.append, []

    async def append(thread: Any, entries: Any) -> Any:
        calls.append(len(entries))
        return await real(thread, entries)

    monkeypatch.setattr(log, "append", append)
    await rooms.publish(new_id(), MemberChanged(new_id()), MemberChanged(new_id()))
    assert calls == [2]


async def test_words_of_others_outlive_a_writer_that_is_stopped_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever appends takes along what was gathered, and may be cancelled before the stream has answered."""
    one = Turn(new_id())
    two = Turn(one.thread)
    for turn in (one, two):
        await turn.say("a")
    log = backend("stream_log")
    real, is_there, goes_on = log.append, asyncio.Event(), asyncio.Event()

    async def append(thread: Any, entries: Any) -> Any:
        is_there.set()
        await goes_on.wait()
        return await real(thread, entries)

    monkeypatch.setattr(log, "append", append)
    await two.say("b")
    stopped = asyncio.create_task(rooms.publish(one.thread, TurnStarted(one.id, new_id(), 1, now())))
    await is_there.wait()
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    goes_on.set()
    async with asyncio.timeout(5):
        while len(events := await told(one.thread)) < 3:
            await asyncio.sleep(gathering.LEAST_WINDOW_S)
    assert [(e["turn_id"], e["at"], e["text"]) for e in events[1:]] == [(str(two.id), 0, "a"), (str(two.id), 1, "b")]


async def test_a_room_is_forgotten_although_a_writer_was_refused_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    thread = new_id()
    await Turn(thread, attempt=2).say("new")
    old = Turn(thread, attempt=1)
    (old.id,) = rooms._rooms[thread].said
    with pytest.raises(rooms.Superseded):
        await rooms.publish(thread, TurnStarted(old.id, new_id(), 1, now()))
    assert rooms._rooms[thread].refused
    monkeypatch.setattr(gathering, "_ABANDONED_S", 0.0)
    monkeypatch.setattr(rooms, "_IDLE_S", 0.0)
    rooms._forget(thread, rooms._rooms[thread])
    assert thread not in rooms._rooms


async def test_a_superseded_writer_is_told_so() -> None:
    thread = new_id()
    new, old = Turn(thread, attempt=2), Turn(thread, attempt=1)
    old.id = new.id
    await new.say("new")
    with pytest.raises(rooms.Superseded):
        await rooms.publish(thread, TurnStarted(old.id, new_id(), 1, now()))
    with pytest.raises(rooms.Superseded):
        await old.say("old")
    await new.say("er")
    await rooms.flush(thread)
    assert [e["text"] for e in await told(thread)] == ["new", "er"]


async def test_words_that_could_not_be_written_come_before_the_next_without_a_hole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn = Turn(new_id())
    await turn.say("a")
    log = backend("stream_log")
    with monkeypatch.context() as patch:

        async def away(*_: Any) -> Any:
            raise Unavailable("gone for a while")

        patch.setattr(log, "append", away)
        await turn.say("b")
        with pytest.raises(Unavailable):
            await rooms.flush(turn.thread)
        await turn.say("c")
    await rooms.flush(turn.thread)
    assert "".join(e["text"] for e in await told(turn.thread)) == "abc"
    positions = [(e["at"], e["n"]) for e in await told(turn.thread)]
    assert all(a + n == b for (a, n), (b, _) in itertools.pairwise(positions))


async def test_the_window_grows_with_the_cost_and_shrinks_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = Turn(new_id())
    await turn.say("a")
    room = rooms._rooms.setdefault(turn.thread, Gathering())
    costs = iter([0.01, 1.0, 0.0, 0.0])
    monkeypatch.setattr(hub.Hub, "cost_s", lambda self, thread: next(costs))
    seen = []
    for _ in range(4):
        await rooms.publish(turn.thread, MemberChanged(new_id()))
        rooms._rooms.setdefault(turn.thread, room)
        seen.append(round(room.window_s, 4))
    assert 0.04 <= seen[0] <= hearing.MOST_WINDOW_S  # four times the cost, and what the stream itself took
    assert seen[1] == hearing.MOST_WINDOW_S
    assert gathering.LEAST_WINDOW_S < seen[3] < seen[2] < hearing.MOST_WINDOW_S


async def test_a_quiet_room_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "_IDLE_S", 0.02)
    monkeypatch.setattr(gathering, "_ABANDONED_S", 0.02)  # and what a turn said of which nobody told the end
    turn = Turn(new_id())
    await turn.say("a")
    await turn.say("b")
    async with asyncio.timeout(5):
        while turn.thread in rooms._rooms:
            await asyncio.sleep(0.01)


async def away(*_: Any) -> Any:
    raise Unavailable("gone for a while")


async def test_a_room_that_missed_an_event_begins_anew_when_its_stream_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rooms, "_AGAIN_S", 0.02)
    turn = Turn(new_id())
    await turn.say("a")
    before = await rooms.top(turn.thread)
    with monkeypatch.context() as patch:
        patch.setattr(backend("stream_log"), "append", away)
        with pytest.raises(Unavailable):
            await rooms.publish(turn.thread, MemberChanged(new_id()))
    async with asyncio.timeout(5):
        while (await rooms.top(turn.thread)).epoch == before.epoch:
            await asyncio.sleep(0.005)
    await turn.say("b")
    await rooms.flush(turn.thread)
    assert (await rooms.standing(turn.thread)).turns[turn.id].text == "ab"


async def test_a_stream_that_forgot_a_turn_is_told_its_whole_words_again() -> None:
    turn = Turn(new_id())
    await turn.say("Hello ")
    await rooms.publish(turn.thread, TurnReasoning(turn.id, 1, 0, 2, "hm"))
    await backend("stream_log").forget(turn.thread)
    await turn.say("again")
    await rooms.publish(turn.thread, TurnReasoning(turn.id, 1, 2, 2, "mm"))
    await rooms.flush(turn.thread)
    said = (await rooms.standing(turn.thread)).turns[turn.id]
    assert (said.text, said.reasoning) == ("Hello again", "hmmm")
    await turn.say("!")
    await rooms.flush(turn.thread)
    assert [(e["at"], e["text"]) for e in await told(turn.thread)] == [(0, "Hello again"), (0, "hmmm"), (11, "!")]
