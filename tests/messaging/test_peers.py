"""Who is here over several processes: each a `Presence` of its own, with a wire between them that can lose what it carries."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from uuid import UUID

import pytest

from chatplatform.kernel.ids import new_id
from messaging import peers, presence
from messaging.peer_packets import Place
from messaging.presence import Presence
from messaging.protocol.events import PresenceChanged, TypingNow
from messaging.relays.base import Hear
from projects.types import PersonView

PROJECT, ROOM = new_id(), new_id()
ALICE, BOB, CAROL = (PersonView(new_id(), name) for name in ("Alice", "Bob", "Carol"))


class World:
    """Several processes; what their rooms were told; a clock that a test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = 1000.0
        for module in (peers, presence):
            monkeypatch.setattr(module, "monotonic", lambda: self.at)
        monkeypatch.setattr(presence, "GRACE_S", 0.0)
        monkeypatch.setattr(peers, "ANSWER_S", 0.0)
        self.processes: list[Process] = []
        self.told: list[tuple[UUID, str, bool]] = []
        self.loses: Callable[[], bool] = lambda: False

    def process(self) -> "Process":
        process = Process(self)
        self.processes.append(process)
        process.presence.peers.start()
        return process

    def of(self, person: PersonView, thread_id: UUID = ROOM) -> list[bool]:
        return [is_here for thread, name, is_here in self.told if (thread, name) == (thread_id, person.name)]

    async def settle(self) -> None:
        for _ in range(30):
            await asyncio.sleep(0)

    async def pass_time(self, seconds: float) -> None:
        """With a tick every second, as a server's clock makes them."""
        for _ in range(int(seconds)):
            self.at += 1
            for process in self.processes:
                if process.is_running:
                    await process.presence.tick()
            await self.settle()


class Process:
    """One process: its presence and its end of the wire."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.is_running = True
        self.hearers: dict[str, list[Hear]] = defaultdict(list)
        self.presence = Presence(self, self._publish)  # type: ignore[arg-type]  # of a relay, only what is needed

    async def _publish(self, thread_id: UUID, event: PresenceChanged | TypingNow) -> None:
        assert isinstance(event, PresenceChanged)
        assert self.is_running
        self.world.told.append((thread_id, event.person.name, event.is_here))

    def listen(self, group: str, hear: Hear) -> None:
        self.hearers[group].append(hear)

    def mute(self, group: str, hear: Hear) -> None:
        self.hearers[group].remove(hear)

    def send(self, group: str, data: bytes) -> None:
        for process in self.world.processes:
            if self.is_running and not self.world.loses():
                asyncio.get_running_loop().call_soon(process.take, group, data)

    def take(self, group: str, data: bytes) -> None:
        if self.is_running:
            for hear in list(self.hearers[group]):
                hear(group, data)

    async def comes(self, person: PersonView, tab: str = "tab", thread_id: UUID = ROOM) -> None:
        await self.presence.came(Place(PROJECT, thread_id, person), tab)

    def goes(self, person: PersonView, tab: str = "tab", thread_id: UUID = ROOM) -> None:
        self.presence.went(thread_id, person.id, tab)

    def sees(self, thread_id: UUID = ROOM) -> set[str]:
        return {person.name for person in self.presence.present(thread_id)}

    def die(self) -> None:
        self.is_running = False
        self.presence.close()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


async def test_who_comes_to_one_is_seen_by_all_and_told_once(world: World) -> None:
    a, b, c = world.process(), world.process(), world.process()
    await world.settle()
    await a.comes(ALICE)
    await b.comes(BOB)
    await world.settle()
    assert a.sees() == b.sees() == c.sees() == {"Alice", "Bob"}
    assert (world.of(ALICE), world.of(BOB)) == ([True], [True])


async def test_a_person_is_here_until_they_have_left_every_process(world: World) -> None:
    a, b = world.process(), world.process()
    await a.comes(ALICE)
    await world.settle()
    await b.comes(ALICE)
    await world.settle()
    assert world.of(ALICE) == [True]
    a.goes(ALICE)
    await world.settle()
    assert world.of(ALICE) == [True]
    assert a.sees() == {"Alice"}
    b.goes(ALICE)
    await world.settle()
    assert world.of(ALICE) == [True, False]
    assert a.sees() == b.sees() == set()


async def test_leaving_two_processes_at_once_is_told_once(world: World) -> None:
    a, b = world.process(), world.process()
    world.process()
    for process in (a, b):
        await process.comes(ALICE)
        await world.settle()
    a.goes(ALICE)
    b.goes(ALICE)
    await world.settle()
    assert world.of(ALICE) == [True, False]


async def test_moving_at_the_same_moment_leaves_them_here(world: World) -> None:
    """One process says that they left, before it hears that they are with the other."""
    a, b = world.process(), world.process()
    await world.settle()
    await a.comes(ALICE)
    await world.settle()
    a.goes(ALICE)
    await b.comes(ALICE)
    await world.settle()
    assert world.of(ALICE)[-1] is True
    assert a.sees() == b.sees() == {"Alice"}


async def test_a_process_that_begins_learns_at_once_who_is_here(world: World) -> None:
    a, b = world.process(), world.process()
    await world.settle()
    await a.comes(ALICE)
    await b.comes(BOB)
    await world.settle()
    late = world.process()
    await world.settle()
    assert late.sees() == {"Alice", "Bob"}
    assert (world.of(ALICE), world.of(BOB)) == ([True], [True])


async def test_who_was_with_a_process_that_died_is_gone_with_it(world: World) -> None:
    a, b, c = world.process(), world.process(), world.process()
    await world.settle()
    await a.comes(ALICE)
    await a.comes(BOB)
    await world.settle()
    await b.comes(BOB)
    await c.comes(CAROL)
    await world.settle()
    a.die()
    await world.pass_time(peers.LOST_S - 2)
    assert b.sees() == {"Alice", "Bob", "Carol"}, "not before it is sure"
    await world.pass_time(peers.BEAT_S + 3)
    assert b.sees() == c.sees() == {"Bob", "Carol"}
    assert (world.of(ALICE), world.of(BOB)) == ([True, False], [True])


async def test_who_should_have_told_of_the_dead_may_be_dead_too(world: World) -> None:
    first, *others = sorted((world.process() for _ in range(3)), key=lambda process: process.presence.peers.id)
    await world.settle()
    await others[0].comes(ALICE)
    await world.settle()
    others[0].die()
    await world.pass_time(2)
    first.die()
    await world.pass_time(peers.LOST_S + peers.BEAT_S + 4)
    assert world.of(ALICE) == [True, False]


async def test_who_comes_back_to_another_process_has_not_left(world: World) -> None:
    a, b = world.process(), world.process()
    await world.settle()
    await a.comes(ALICE)
    await world.settle()
    a.die()
    await b.comes(ALICE)
    await world.pass_time(2 * peers.LOST_S)
    assert world.of(ALICE) == [True]
    assert b.sees() == {"Alice"}


async def test_a_process_that_stopped_for_long_is_seen_again(world: World) -> None:
    a, b = world.process(), world.process()
    await a.comes(ALICE)
    await b.comes(BOB)
    await world.settle()
    a.is_running = False  # SIGSTOP
    await world.pass_time(2 * peers.LOST_S)
    assert b.sees() == {"Bob"}
    a.is_running = True
    await world.pass_time(peers.BEAT_S + 2)
    assert a.sees() == b.sees() == {"Alice", "Bob"}
    assert (world.of(ALICE)[-1], world.of(BOB)[-1]) == (True, True)


async def test_a_lost_word_is_asked_for(world: World) -> None:
    a, b = world.process(), world.process()
    await world.settle()
    world.loses = lambda: True
    await a.comes(ALICE)
    await world.settle()
    world.loses = lambda: False
    assert b.sees() == set()
    await a.comes(BOB)  # its number shows that one is missing
    await world.settle()
    assert b.sees() == {"Alice", "Bob"}
    world.loses = lambda: True
    a.goes(ALICE)
    await world.settle()
    world.loses = lambda: False
    await world.pass_time(peers.BEAT_S + 2)  # as does the next beat
    assert b.sees() == {"Bob"}
    assert (world.of(ALICE)[-1], world.of(BOB)[-1]) == (False, True)


async def test_whoever_sits_where_a_word_was_lost_is_told_late(world: World) -> None:
    a, b = world.process(), world.process()
    await world.settle()
    await b.comes(BOB)
    await world.settle()
    world.loses = lambda: True
    await a.comes(ALICE)
    await world.settle()
    told = world.of(ALICE)
    world.loses = lambda: False
    await world.pass_time(peers.BEAT_S + 2)
    assert b.sees() == {"Alice", "Bob"}
    assert world.of(ALICE) == [*told, True], "who joined Bob's room here meanwhile was shown it without Alice"


async def test_threads_of_a_project_are_known_wherever_people_sit(world: World) -> None:
    a, b = world.process(), world.process()
    other = new_id()
    await a.comes(ALICE)
    await b.comes(BOB, thread_id=other)
    await world.settle()
    assert set(a.presence.threads_of(PROJECT)) == {ROOM, other}
    assert a.presence.threads_of(new_id()) == []


async def test_words_of_another_version_are_left_alone(world: World, caplog: pytest.LogCaptureFixture) -> None:
    a = world.process()
    a.take(peers.GROUP, b'{"type":"Danced","process":"x","number":1}')
    assert "not understood" in caplog.text


Tab = tuple[int, UUID, str, str]  # process, room, person, tab


class Story:
    """Random comings, goings and deaths; `tabs` is the truth."""

    def __init__(self, world: World, dice: random.Random, dying: float) -> None:
        self.world, self.dice, self.dying = world, dice, dying
        self.rooms, self.people = [ROOM, new_id()], {person.name: person for person in (ALICE, BOB, CAROL)}
        self.tabs: set[Tab] = set()

    async def step(self, number: int) -> None:
        alive = [n for n, process in enumerate(self.world.processes) if process.is_running]
        at, kind = self.dice.choice(alive), self.dice.random()
        if kind < 0.45:
            name, room = self.dice.choice(sorted(self.people)), self.dice.choice(self.rooms)
            self.tabs.add((at, room, name, f"tab{number}"))
            await self.world.processes[at].comes(self.people[name], f"tab{number}", room)
        elif kind < 0.85 and self.tabs:
            tab = self.dice.choice(sorted(self.tabs, key=str))
            self.tabs.discard(tab)
            self.world.processes[tab[0]].goes(self.people[tab[2]], tab[3], tab[1])
        elif kind < 0.85 + self.dying and len(alive) > 1:
            self.world.processes[at].die()
            self.tabs = {tab for tab in self.tabs if tab[0] != at}
            self.world.process()
            await self.world.pass_time(peers.LOST_S + peers.BEAT_S + 2)
        if self.dice.random() < 0.6:
            await self.world.settle()
        if self.dice.random() < 0.2:
            await self.world.pass_time(1)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("losing", "dying"), [(0.0, 0.0), (0.2, 0.0), (0.0, 0.05)])
async def test_whatever_happens_all_agree_in_the_end_and_so_do_the_rooms(
    world: World, seed: int, losing: float, dying: float
) -> None:
    """Also where the relay loses much for a while, and says so after."""
    dice = random.Random(seed)
    story = Story(world, dice, dying)
    for _ in range(3):
        world.process()
    await world.settle()
    is_lossy = False
    world.loses = lambda: is_lossy and dice.random() < 0.5
    for number in range(60):
        await story.step(number)
        if dice.random() < losing:
            is_lossy = not is_lossy
            for process in world.processes:
                if process.is_running and not is_lossy:
                    process.presence.peers.catch_up()
    is_lossy = False
    await world.pass_time(peers.LOST_S + 2 * peers.BEAT_S + 3)
    for room in story.rooms:
        truth = {name for _, where, name, _ in story.tabs if where == room}
        assert all(process.sees(room) == truth for process in world.processes if process.is_running)
        for name, person in story.people.items():
            told = world.of(person, room)
            assert (told[-1] if told else False) is (name in truth), (name, told)
