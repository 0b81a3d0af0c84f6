"""What people hear last of anything is how it stands, in whatever order the processes that changed it come to tell.

A teller that was paused between its commit and its telling is one that is held back here until the others have told.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from chatplatform.kernel.db import in_db, in_db_later
from chatplatform.kernel.errors import Unavailable
from chatplatform.kernel.ids import new_id
from messaging import listeners, news, rooms, services
from messaging.leveling import level
from messaging.protocol.commands import Send
from messaging.protocol.events import AnyEvent, BranchChanged, ChoiceChanged, ThreadChanged, decode_event
from messaging.protocol.news import AnyNews, PersonNamed, ThreadActive, ThreadListed, ThreadRead
from projects.models import Project, User
from tests.client import Client, RoomModel
from tests.messaging.conftest import Live
from tests.messaging.voice import Voice
from threads import hooks
from threads.models import Thread
from threads.participants import set_line_up, set_people
from threads.progress import mark_read
from threads.services import change_branch, change_thread, choose, create_thread, fork

Change = Callable[[], Awaitable[Any]]


@pytest.fixture(autouse=True)
def _any_answer_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "has_variant", lambda branch_id, seq, variant, lane: True)
    monkeypatch.setattr(hooks, "check_line_up", lambda project_id, model_ids: None)


class Slow:
    """The first that tells of one kind, to a room or to lists: it has read what it tells, and stands still."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, kind: type[Any]) -> None:
        self.kind = kind
        self.is_held, self.goes_on = asyncio.Event(), asyncio.Event()
        self._kept: list[tuple[Any, ...]] = []
        self._has_told = False
        self._publish, self._tell, self._sent = rooms.publish, rooms.tell, rooms.sent
        for name in ("publish", "tell", "sent"):
            monkeypatch.setattr(rooms, name, getattr(self, name))

    async def publish(self, thread_id: UUID, *events: AnyEvent) -> None:
        if not self.is_held.is_set() and any(isinstance(event, self.kind) for event in events):
            self.is_held.set()
            await self.goes_on.wait()
        await self._publish(thread_id, *events)

    def tell(self, topic: str, item: AnyNews, project_id: UUID | None = None) -> None:
        if not self._has_told and isinstance(item, self.kind):
            self._kept.append((topic, item, project_id))
        else:
            self._tell(topic, item, project_id)

    async def sent(self) -> None:
        if self._kept:
            self._has_told = True
            self.is_held.set()
            await self.goes_on.wait()
            while self._kept:
                self._tell(*self._kept.pop(0))
        await self._sent()


def main_of(thread: Thread) -> UUID:
    assert thread.main_branch_id is not None
    return thread.main_branch_id


def items(client: Client, kind: str) -> list[Any]:
    return [frame["item"] for frame in client.frames if frame["type"] == "news" and frame["item"]["type"] == kind]


async def all_told() -> None:
    """Until nobody here has anything to tell any more."""
    async with asyncio.timeout(20):
        while tasks := [*listeners._tasks, *news._telling]:
            await asyncio.wait(tasks)


# -- rooms ------------------------------------------------------------------------------------------------


def changes_of(kind: type[AnyEvent], thread: Thread, alice: User) -> tuple[Change, Change]:
    main = main_of(thread)
    if kind is ThreadChanged:
        return (
            lambda: in_db(change_thread, alice.id, thread.id, title="First"),
            lambda: in_db(set_line_up, alice.id, thread.id, ["t:ada"]),
        )
    if kind is BranchChanged:
        return (
            lambda: in_db(change_branch, alice.id, main, name="first"),
            lambda: in_db(change_branch, alice.id, main, name="second"),
        )
    return (
        lambda: in_db(choose, alice.id, thread.id, main, 1, -1, 1, True),
        lambda: in_db(choose, alice.id, thread.id, main, 1, -1, 2, True),
    )


def shown(room: RoomModel) -> tuple[Any, ...]:
    """All that a room shows of its thread, without the moment of the last message, which no event of a room tells."""
    thread = {name: value for name, value in room.thread.items() if name != "active_at"}
    return thread, room.branches, room.choices, room.view()


async def loaded(live: Live, thread: Thread, user: User) -> tuple[Any, ...]:
    (tab,) = await live.tabs(thread, user)
    return shown(tab.rooms[str(thread.id)])


@pytest.mark.parametrize("kind", [ThreadChanged, BranchChanged, ChoiceChanged])
async def test_a_change_that_is_told_late_is_not_the_last_word(
    live: Live, thread: Thread, alice: User, kind: type[AnyEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    await services.send(alice.id, Send("", new_id(), thread.id, "one", mode="talk"))
    await all_told()
    (tab,) = await live.tabs(thread, alice)
    room = tab.rooms[str(thread.id)]
    slow = Slow(monkeypatch, kind)
    first, second = changes_of(kind, thread, alice)
    await first()
    await asyncio.wait_for(slow.is_held.wait(), 20)
    offset = room.offset
    await second()
    await tab.until(lambda: room.offset > offset)
    slow.goes_on.set()
    await all_told()
    fresh = await loaded(live, thread, alice)
    await tab.until(lambda: shown(room) == fresh)


async def test_who_tells_another_ones_choice_does_not_take_it_for_theirs(
    live: Live, thread: Thread, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await services.send(alice.id, Send("", new_id(), thread.id, "one", mode="talk"))
    slow = Slow(monkeypatch, ChoiceChanged)
    cursor = await rooms.top(thread.id)
    await in_db(choose, alice.id, thread.id, main_of(thread), 1, -1, 1, True)
    await asyncio.wait_for(slow.is_held.wait(), 20)
    await in_db(choose, bob.id, thread.id, main_of(thread), 1, -1, 2, True)
    async with asyncio.timeout(5):
        while (await rooms.top(thread.id)).offset == cursor.offset:
            await asyncio.sleep(0.005)
    slow.goes_on.set()
    await all_told()
    found = await rooms.read_after(thread.id, cursor)
    assert found is not None
    told = [event for event in map(decode_event, found.events) if isinstance(event, ChoiceChanged)]
    assert [(event.choice.variant, event.by) for event in told] == [(2, "Bob"), (1, "Alice"), (2, "")]


async def test_a_branch_is_not_shorter_for_being_renamed_while_somebody_writes(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tab,) = await live.tabs(thread, alice)
    room = tab.rooms[str(thread.id)]
    slow = Slow(monkeypatch, BranchChanged)
    await in_db(change_branch, alice.id, main_of(thread), name="the first")
    await asyncio.wait_for(slow.is_held.wait(), 20)
    await services.send(alice.id, Send("", new_id(), thread.id, "one", mode="talk"))
    slow.goes_on.set()
    await all_told()
    fresh = await loaded(live, thread, alice)
    await tab.until(lambda: shown(room) == fresh)
    assert room.branches[str(main_of(thread))]["head_seq"] == 1


@pytest.mark.parametrize("seed", range(8))
async def test_an_old_state_and_what_was_told_since_are_a_fresh_load(
    live: Live, thread: Thread, alice: User, bob: User, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many change many things; each teller is held back before each telling, and they go on in any order."""
    dice = random.Random(seed)
    await services.send(alice.id, Send("", new_id(), thread.id, "one", mode="talk"))
    await all_told()
    branch = await in_db(fork, alice.id, thread.id, "other", main_of(thread), 1, 0)
    await all_told()
    (tab,) = await live.tabs(thread, bob)
    room = tab.rooms[str(thread.id)]
    held: list[asyncio.Event] = []
    publish = rooms.publish

    async def publish_later(thread_id: UUID, *events: AnyEvent) -> None:
        if isinstance(events[0], ThreadChanged | BranchChanged | ChoiceChanged):
            held.append(goes_on := asyncio.Event())
            await goes_on.wait()
        await publish(thread_id, *events)

    monkeypatch.setattr(rooms, "publish", publish_later)
    main = main_of(thread)
    changes: list[Callable[[int], Awaitable[Any]]] = [
        lambda n: in_db(change_thread, alice.id, thread.id, title=f"Title {n}"),
        lambda n: in_db(change_thread, alice.id, thread.id, visibility=["isolated", "selected", "shared"][n % 3]),
        lambda n: in_db(set_line_up, bob.id, thread.id, [f"t:{n}", "t:ada"]),
        lambda n: in_db(change_branch, alice.id, main, name=f"main {n}"),
        lambda n: in_db(change_branch, alice.id, branch.id, name=f"other {n}"),
        lambda n: in_db(choose, bob.id, thread.id, main, 1, dice.randint(-1, 1), n, True),
        lambda n: services.send(bob.id, Send("", new_id(), thread.id, f"words {n}", mode="talk")),
    ]
    for n in range(24):
        await dice.choice(changes)(n)
        for _ in range(dice.randint(0, 2)):
            if held:
                held.pop(dice.randrange(len(held))).set()
            await asyncio.sleep(0)
    async with asyncio.timeout(20):
        while listeners._tasks:
            if held:
                held.pop(dice.randrange(len(held))).set()
            await asyncio.sleep(0.001)
    fresh = await loaded(live, thread, alice)
    room.branches = {key: value for key, value in room.branches.items() if key in fresh[1]}
    await tab.until(lambda: shown(room) == fresh)


# -- lists ------------------------------------------------------------------------------------------------


async def watching(live: Live, project: Project, user: User) -> Client:
    tab = await live.tab(user)
    assert (await tab.say("watch", project_id=str(project.id)))["type"] == "ack"
    return tab


async def test_a_row_of_the_list_that_is_told_late_is_not_the_last_word(
    live: Live, project: Project, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await all_told()
    tab = await watching(live, project, alice)
    slow = Slow(monkeypatch, ThreadListed)
    await in_db(change_thread, alice.id, thread.id, title="First")
    await asyncio.wait_for(slow.is_held.wait(), 20)
    await in_db(change_thread, alice.id, thread.id, title="Second")
    await tab.until(lambda: len(items(tab, "thread.listed")) == 1)
    slow.goes_on.set()
    await tab.until(lambda: len(items(tab, "thread.listed")) == 3)
    assert [item["thread"]["title"] for item in items(tab, "thread.listed")] == ["Second", "First", "Second"]


async def test_a_thread_does_not_glow_for_ever(
    live: Live, project: Project, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who tells that a model writes is overtaken by who tells that none does any more."""
    tab = await watching(live, project, alice)
    slow = Slow(monkeypatch, ThreadActive)
    voice = await Voice.begin(thread)
    await asyncio.wait_for(slow.is_held.wait(), 20)
    await voice.finish()
    await tab.until(lambda: items(tab, "thread.active") != [])
    slow.goes_on.set()
    await tab.until(lambda: len(items(tab, "thread.active")) == 3)
    assert [item["live_slots"] for item in items(tab, "thread.active")] == [[], [voice.turn.slot], []]


async def test_nor_when_two_of_one_process_tell_it_in_the_other_order(
    live: Live, project: Project, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who read that a model writes comes to tell it after who read that none does any more."""
    tab = await watching(live, project, alice)
    has_read, goes_on = asyncio.Event(), asyncio.Event()

    async def read(*given: Any) -> Any:
        found = await in_db_later(*given)
        if not has_read.is_set():
            has_read.set()
            await goes_on.wait()
        return found

    monkeypatch.setattr("messaging.news.in_db_later", read)
    voice = await Voice.begin(thread)
    await asyncio.wait_for(has_read.wait(), 20)
    await voice.finish()
    await tab.until(lambda: items(tab, "thread.active") != [])
    goes_on.set()
    await tab.until(lambda: len(items(tab, "thread.active")) == 3)
    assert [item["live_slots"] for item in items(tab, "thread.active")] == [[], [voice.turn.slot], []]


async def test_a_mark_that_is_told_late_is_not_the_last_word(
    live: Live, thread: Thread, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for body in ("@bob", "two"):
        await services.send(alice.id, Send("", new_id(), thread.id, body, mode="talk"))
    await all_told()
    tab = await live.tab(bob)
    slow = Slow(monkeypatch, ThreadRead)
    await in_db(mark_read, bob.id, thread.id, main_of(thread), 2)
    await asyncio.wait_for(slow.is_held.wait(), 20)
    await in_db(mark_read, bob.id, thread.id, main_of(thread), 1, True)
    await tab.until(lambda: items(tab, "thread.read") != [])
    slow.goes_on.set()
    await tab.until(lambda: len(items(tab, "thread.read")) == 3)
    assert [item["seq"] for item in items(tab, "thread.read")] == [1, 2, 1]


async def test_who_has_read_it_before_they_hear_that_they_are_named_is_named_no_more(
    live: Live, thread: Thread, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = await live.tab(bob)
    slow = Slow(monkeypatch, PersonNamed)
    await services.send(alice.id, Send("", new_id(), thread.id, "@bob", mode="talk"))
    await asyncio.wait_for(slow.is_held.wait(), 20)
    await in_db(mark_read, bob.id, thread.id, main_of(thread), 1)
    await tab.until(lambda: items(tab, "thread.read") != [])
    slow.goes_on.set()
    await all_told()
    await tab.until(lambda: len(items(tab, "thread.read")) == 2)
    told = [frame["item"] for frame in tab.frames if frame["type"] == "news"]
    assert [(item["type"], item["named"] and item["named"]["count"]) for item in told] == [
        ("thread.read", None),
        ("person.named", 1),
        ("thread.read", None),
    ]


async def test_the_people_of_a_private_thread_hear_of_it_as_long_as_they_are_in(
    live: Live, project: Project, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob is let in and taken out again; word of the first comes late."""
    private = await in_db(lambda: create_thread(alice.id, project.id, is_private=True, line_up=[]))
    await all_told()
    tab = await live.tab(bob)
    slow = Slow(monkeypatch, ThreadListed)
    await in_db(set_people, alice.id, private.id, [bob.id])
    await asyncio.wait_for(slow.is_held.wait(), 20)
    await in_db(set_people, alice.id, private.id, [])
    await tab.until(lambda: items(tab, "thread.gone") != [])
    slow.goes_on.set()
    await all_told()
    await tab.until(lambda: len(items(tab, "thread.gone")) == 2)
    told = [frame["item"]["type"] for frame in tab.frames if frame["type"] == "news"]
    assert told[-1] == "thread.gone"


# -- the mechanism -------------------------------------------------------------------------------------------


async def test_with_the_database_away_it_is_told_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messaging.leveling.AGAIN_S", 0)
    answers: list[Any] = [Unavailable("away"), "old", Unavailable("away"), "new", "new"]
    told: list[str] = []

    def read() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    async def tell(found: str) -> None:
        told.append(found)

    await level(read, tell)
    assert (told, answers) == (["old", "new"], [])


async def test_what_is_gone_is_told_no_more() -> None:
    told: list[str] = []

    async def tell(found: str) -> None:
        told.append(found)

    await level(lambda: None if told else "there", tell)
    assert told == ["there"]
