"""Come late, go away, come back: nothing missing, nothing twice, and stale state plus events equals a fresh load."""

import asyncio
import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatplatform.kernel.backends import backend
from messaging import changing, history, outbox, protocol, rooms, services
from messaging.packets import merge
from messaging.protocol.commands import Send
from messaging.protocol.events import TurnDelta
from messaging.types import Cursor
from projects.models import User
from tests.client import RoomModel
from tests.messaging.conftest import Live
from tests.messaging.voice import Voice
from threads.models import Thread


async def test_a_late_comer_sees_the_words_so_far_and_then_live(
    live: Live, thread: Thread, alice: User, bob: User
) -> None:
    (one,) = await live.tabs(thread, alice)
    voice, other = await Voice.begin(thread), await Voice.begin(thread, variant=1, seq=1)
    for n in range(20):
        await voice.say(f"já {n} 🛶 ")
        await other.say(f"{n}.")
    (two,) = await live.tabs(thread, bob)
    room = two.rooms[str(thread.id)]
    assert room.said[str(voice.turn.id)].startswith("já 0 🛶 ")
    for n in range(20, 40):
        await voice.say(f"já {n} 🛶 ")
    await voice.finish()
    await other.finish()
    for client in (one, two):
        room = await client.until_quiet(str(thread.id))
        assert [v[3] for v in room.view()] == [voice.text, other.text]
        assert client.resyncs == 0
        assert not room.violations


async def test_words_that_wait_for_their_window_are_in_no_snapshot_yet(live: Live, thread: Thread, alice: User) -> None:
    """A snapshot says just what the events up to its cursor said; what follows continues there."""
    voice = await Voice.begin(thread)
    await voice.say("first")
    await voice.say(" and more that is still gathered")
    (one,) = await live.tabs(thread, alice)
    await voice.say(" and more")
    await voice.finish()
    room = await one.until_quiet(str(thread.id))
    assert (one.resyncs, room.violations, room.view()[-1][3]) == (0, [], voice.text)


async def test_back_with_a_cursor_nothing_is_missing_and_nothing_twice(
    live: Live, thread: Thread, alice: User, bob: User
) -> None:
    one, two = await live.tabs(thread, alice, bob)
    voice = await Voice.begin(thread)
    await voice.say("before ")
    await two.until(lambda: two.rooms[str(thread.id)].said.get(str(voice.turn.id)) == "before ")
    await two.disconnect()
    for n in range(30):
        await voice.say(f"while away {n} ")
        await asyncio.sleep(0.001)
    await one.send(str(thread.id), "meanwhile", mode="talk")
    await rooms.flush(thread.id)
    heard = two.event_count
    await two.connect()
    await two.join(str(thread.id))
    answer = two.frames[-1]
    assert answer["recovered"] is True
    assert "snapshot" not in answer
    await voice.say("after")
    await voice.finish()
    room = await two.until_quiet(str(thread.id))
    assert (two.resyncs, room.violations) == (0, [])
    assert room.view() == (await one.until_quiet(str(thread.id))).view()
    assert two.event_count - heard < 20, "what was missed came merged"


async def test_a_cursor_of_another_epoch_gets_a_snapshot(live: Live, thread: Thread, alice: User) -> None:
    (one,) = await live.tabs(thread, alice)
    await one.send(str(thread.id), "hello", mode="talk")
    await backend("stream_log").forget(thread.id)
    await one.join(str(thread.id))
    assert one.frames[-1]["recovered"] is False
    assert len(one.rooms[str(thread.id)].view()) == 1


async def test_a_stream_that_forgot_makes_listeners_load_anew(live: Live, thread: Thread, alice: User) -> None:
    (one,) = await live.tabs(thread, alice)
    await one.send(str(thread.id), "one", mode="talk")
    await backend("stream_log").forget(thread.id)
    await one.send(str(thread.id), "two", mode="talk")
    room = one.rooms[str(thread.id)]
    await one.until(lambda: len(room.messages) == 2)
    assert one.resyncs >= 1


async def test_a_lost_last_event_is_noticed_by_the_heartbeat(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from messaging import hub

    (one,) = await live.tabs(thread, alice)
    the_hub = hub.hub()
    (socket,) = the_hub.sockets
    room = the_hub.rooms.pop(thread.id)  # as if this process did not hear of the next event
    await one.send(str(thread.id), "lost", mode="talk")
    the_hub.rooms[thread.id] = room
    assert not one.rooms[str(thread.id)].messages
    socket.next_beat = 0
    await the_hub.tick()
    await one.until(lambda: len(one.rooms[str(thread.id)].messages) == 1)


async def test_a_turn_that_begins_again_is_seen_alike_by_all(
    live: Live, thread: Thread, alice: User, bob: User
) -> None:
    (one,) = await live.tabs(thread, alice)
    voice = await Voice.begin(thread)
    await voice.say("these words are cut off")
    await voice.start_again()
    await voice.say("these ")
    (two,) = await live.tabs(thread, bob)
    await voice.say("stay")
    await voice.finish()
    for client in (one, two):
        room = await client.until_quiet(str(thread.id))
        assert [v[3] for v in room.view()] == ["these stay"]


async def test_a_late_word_of_a_superseded_attempt_reaches_nobody(live: Live, thread: Thread, alice: User) -> None:
    (one,) = await live.tabs(thread, alice)
    voice = await Voice.begin(thread)
    await voice.say("old")
    await voice.start_again()
    zombie = TurnDelta(voice.turn.id, 1, 3, 6, " zombie")
    await rooms.publish(thread.id, zombie)
    await rooms.flush(thread.id)
    with pytest.raises(rooms.Superseded):
        await rooms.publish(thread.id, zombie)
    await voice.say("new")
    await voice.finish()
    room = await one.until_quiet(str(thread.id))
    assert [v[3] for v in room.view()] == ["new"]


async def test_many_openings_at_once_share_one_read(
    live: Live, thread: Thread, alice: User, bob: User, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = await live.tabs(thread, alice)
    await one.send(str(thread.id), "hello", mode="talk")
    await outbox.stored()
    store = backend("message_store")
    real, reads = store.page, []

    async def page(*args: Any, **kwargs: Any) -> Any:
        reads.append(args)
        await asyncio.sleep(0.3)
        return await real(*args, **kwargs)

    monkeypatch.setattr(store, "page", page)
    tabs = [await live.tab(user) for user in [alice, bob, carol] * 6]
    await asyncio.gather(*(tab.join(str(thread.id)) for tab in tabs))
    assert all(len(tab.rooms[str(thread.id)].messages) == 1 for tab in tabs)
    assert len(reads) <= 4, "openings at the same time did not share their read"


async def test_who_just_wrote_never_joins_a_read_that_began_before(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = backend("message_store")
    real, gate, has_begun = store.page, asyncio.Event(), asyncio.Event()

    async def page(*args: Any, **kwargs: Any) -> Any:
        found = await real(*args, **kwargs)
        if not has_begun.is_set():
            has_begun.set()
            await gate.wait()
        return found

    monkeypatch.setattr(store, "page", page)
    early = asyncio.create_task(history.page(alice.id, thread.id))
    await has_begun.wait()
    await services.send(alice.id, Send("1", thread.id, thread.id, "mine", mode="talk"))
    late = await history.page(alice.id, thread.id)
    assert [m.body for m in late.messages] == ["mine"]
    gate.set()
    await early


@pytest.mark.parametrize("what", ["talk", "begin", "finish", "edit"])
async def test_what_happens_while_a_snapshot_is_read_is_not_missed(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The cursor is taken before the read, so what the read is too early for follows as an event."""
    story = Story(thread, alice, 0)
    await story.step("talk")
    await story.step("begin")
    await outbox.stored()
    store = backend("message_store")
    real, gate, has_read = store.page, asyncio.Event(), asyncio.Event()

    async def page(*args: Any, **kwargs: Any) -> Any:
        found = await real(*args, **kwargs)
        has_read.set()
        await gate.wait()
        return found

    client = await live.tab(alice)
    monkeypatch.setattr(store, "page", page)
    joining = asyncio.create_task(client.join(str(thread.id)))
    await has_read.wait()
    monkeypatch.undo()
    await story.step(what)
    gate.set()
    room = await joining
    for voice in story.voices:
        await voice.finish()
    fresh = await loaded(thread, alice)
    await client.until(lambda: room.view() == fresh.view(), 5)
    assert client.resyncs == 0


async def test_a_turn_that_begins_after_the_cursor_has_no_words_in_the_snapshot_yet(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row may have words by the time it is read, but the events after the cursor say them all."""
    monkeypatch.setattr(rooms, "LEAST_WINDOW_S", 0.3)  # what is saved is not told yet, and is told with what follows
    real = rooms.standing
    begun: list[Voice] = []

    async def standing(thread_id: Any) -> Any:
        found = await real(thread_id)
        if not begun:
            begun.append(await Voice.begin(thread))
            await begun[0].say("said ")
            await begun[0].say("and saved ")
            await begun[0].save()
        return found

    monkeypatch.setattr(rooms, "standing", standing)
    (client,) = await live.tabs(thread, alice)
    await begun[0].say("and more")
    await begun[0].finish()
    room = await client.until_quiet(str(thread.id))
    assert (room.view()[-1][3], client.resyncs) == ("said and saved and more", 0)


# -- the property -----------------------------------------------------------------------------------------

STEPS = st.lists(
    st.sampled_from(
        ["say", "say", "say", "talk", "begin", "finish", "again", "edit", "delete", "save", "wait", "store"]
    ),
    min_size=4,
    max_size=24,
)


class Story:
    """Something that happens in a room, step by step, chosen by a random."""

    def __init__(self, thread: Thread, user: User, seed: int) -> None:
        self.thread, self.user = thread, user
        self.random = random.Random(seed)
        self.voices: list[Voice] = []
        self.mine: list[Any] = []

    async def step(self, kind: str) -> None:
        voice = self.random.choice(self.voices) if self.voices else None
        if kind == "begin" and len(self.voices) < 3:
            self.voices.append(await Voice.begin(self.thread))
        elif kind == "talk":
            command = Send("", protocol_id(), self.thread.id, self.random.choice(["a", "bb"]), mode="talk")
            sent = await services.send(self.user.id, command)
            self.mine.append(sent.message_id)
        elif kind == "wait":
            await asyncio.sleep(0.012)
        elif kind == "store":
            await outbox.stored()
        elif kind in {"edit", "delete"} and self.mine:
            message = await history.find(self.random.choice(self.mine))
            if kind == "delete":
                await changing.delete(self.user.id, message.id)
            elif message.state != "deleted":
                await changing.edit(self.user.id, message.id, message.body + "!", message.revision)
        elif voice is not None and kind == "say":
            await voice.say(self.random.choice(["x", "éé", "🛶 ", "word "]))
        elif voice is not None and kind == "save":
            await voice.save()
        elif voice is not None and kind == "again":
            await voice.start_again()
        elif voice is not None and kind == "finish":
            self.voices.remove(voice)
            await voice.finish()


def protocol_id() -> Any:
    from chatplatform.kernel.ids import new_id

    return new_id()


async def loaded(thread: Thread, user: User) -> RoomModel:
    """What somebody sees who joins this instant."""
    branch, _ = await history.let_in(user.id, thread.id, None)
    cursor, snapshot = await history.snapshot(user.id, branch)
    joined = {"epoch": cursor.epoch, "offset": cursor.offset, "snapshot": json.loads(protocol.encode(snapshot))}
    model = RoomModel(str(thread.id))
    model.load(joined)
    return model


async def caught_up(model: RoomModel, thread: Thread) -> bool:
    """Give the model what it missed, as the server would to somebody behind. False: it has to load anew."""
    missed = await rooms.read_after(thread.id, Cursor(model.epoch, model.offset))
    if missed is None:
        return False
    if not missed.events:
        return True
    events = [json.loads(data) for data in merge(missed.events)]
    last = missed.first + len(missed.events) - 1
    return model.apply_frame({"epoch": missed.epoch, "first": missed.first, "last": last, "events": events}) == "ok"


@pytest.mark.slow
@pytest.mark.timeout(240)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, joins=st.sets(st.integers(0, 24), min_size=1, max_size=4), seed=st.integers(0, 2**16))
async def test_stale_state_plus_events_equals_a_fresh_load(
    live: Live, project: Any, alice: User, steps: list[str], joins: set[int], seed: int
) -> None:
    from chatplatform.kernel.db import in_db
    from threads.services import create_thread

    thread = await in_db(create_thread, alice.id, project.id, line_up=[])
    story = Story(thread, alice, seed)
    store = backend("message_store")
    real = type(store).page

    async def page(*args: Any, **kwargs: Any) -> Any:
        found = await real(store, *args, **kwargs)
        await asyncio.sleep(story.random.choice([0, 0, 0.004, 0.015]))  # a read takes its time
        return found

    store.page = page
    models = [await loaded(thread, alice)]
    readings: list[asyncio.Task[RoomModel]] = []
    for index, kind in enumerate(steps):
        if index in joins:
            readings.append(asyncio.create_task(loaded(thread, alice)))
        await story.step(kind)
        models += [reading.result() for reading in readings if reading.done()]
        readings = [reading for reading in readings if not reading.done()]
        for model in models:
            if story.random.random() < 0.3:
                assert await caught_up(model, thread)
    for voice in story.voices:
        await voice.finish()
    models += await asyncio.gather(*readings)
    fresh = await loaded(thread, alice)
    for model in models:
        assert await caught_up(model, thread)
        assert not model.violations
        assert model.view() == fresh.view()
    await outbox.stored()
    again = await loaded(thread, alice)
    assert again.view() == fresh.view()
