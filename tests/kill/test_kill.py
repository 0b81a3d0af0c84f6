"""SIGKILL at every place that matters and at random instants; then start again and look at everything.

`PARLEY_KILL_ROUNDS=200 PARLEY_KILL_SEED=7` makes it as long, and as repeatable, as one wants.
"""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.client import Json
from tests.kill.world import World

pytestmark = [pytest.mark.kill, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

ROUNDS = int(os.environ.get("PARLEY_KILL_ROUNDS", "4"))
SEED = int(os.environ.get("PARLEY_KILL_SEED", "20261009"))

# Place, how the question is asked, and what the answers then are: a set of the states that may be seen.
FAILPOINTS = [
    ("after_accept", "ask", {"complete"}),  # accepted, nobody told
    ("after_claim", "ask", {"complete"}),
    ("before_first_token", "ask", {"complete"}),
    ("mid_stream:40", "ask", {"interrupted"}),
    ("before_settle", "ask", {"interrupted"}),
    ("in_settle", "ask", {"interrupted"}),  # the commit never came
    ("after_settle", "ask", {"complete", "interrupted"}),  # written, not told
    ("after_publish:2", "ask", {"complete", "interrupted"}),  # told, not stored
    ("after_store:2", "ask", {"complete", "interrupted"}),  # stored, not cleared
    ("mid_stream:30", "debate", {"complete"}),  # a speaker begins again, openly
    ("after_settle:2", "debate", {"complete"}),  # between two speakers
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    world = World(tmp_path_factory.mktemp("killed"))
    await world.begin()
    yield world
    await world.end()


async def killed(world: World, failpoint: str = "", after_s: float | None = None, **question: object) -> list[Json]:
    """Ask, die, start again, come back; the thread's messages once all invariants hold."""
    if failpoint:
        await world.restart(failpoint)
    thread_id = await world.new_thread()
    watching = asyncio.create_task(world.watch(thread_id))
    asking = asyncio.create_task(world.say(thread_id, "What is the tide?", **question))
    try:
        await world.die(after_s)
    finally:
        watching.cancel()
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
    await world.start()
    await world.come_back(thread_id)
    return await world.check(thread_id)


@pytest.mark.parametrize(("failpoint", "mode", "states"), FAILPOINTS, ids=[f"{p}-{m}" for p, m, _ in FAILPOINTS])
async def test_killed_at(world: World, failpoint: str, mode: str, states: set[str]) -> None:
    asked_before = len(world.provider.streams)
    messages = await killed(world, failpoint, mode=mode, models=world.models[:2], rounds=2)
    answers = [m for m in messages if m.get("turn_id")]
    assert len(answers) == (2 if mode == "ask" else 4)
    assert {a["state"] for a in answers} <= states, [(a["state"], a["body"][:20]) for a in answers]
    if mode == "debate":
        assert [a["seq"] for a in answers] == [2, 3, 4, 5], "the order of speaking is kept"
    # Nobody pays twice for words that were read.
    attempts = sum(a["meta"]["attempt"] for a in answers)
    assert len(world.provider.streams) - asked_before <= attempts


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_killed_at_any_instant(world: World, round_: int) -> None:
    rng = random.Random(SEED * 1000 + round_)
    mode = rng.choice(["ask", "debate"])
    count = 2 if mode == "debate" else rng.randint(1, 3)
    after_s = rng.uniform(0, 1.6 if mode == "ask" else 4.5)
    print(f"seed {SEED}, round {round_}: {mode} with {count} models, killed after {after_s:.3f} s")  # noqa: T201
    await killed(world, after_s=after_s, mode=mode, models=rng.sample(world.models, count), rounds=2)


async def test_killed_while_recovering(world: World) -> None:
    """The server dies, and dies again while it takes over what the first death left."""
    thread_id = await world.new_thread()
    asking = asyncio.create_task(world.say(thread_id, "Twice?", mode="debate", models=world.models[:2], rounds=2))
    watching = asyncio.create_task(world.watch(thread_id))
    await world.die(after_s=0.8)
    watching.cancel()
    await asking
    assert world.server is not None
    world.server.environment["FAILPOINT"] = "after_claim"
    with contextlib.suppress(RuntimeError):  # it may die before it answers
        await asyncio.to_thread(world.server.start)
    await world.die(None)
    await world.start()
    await world.come_back(thread_id)
    messages = await world.check(thread_id)
    assert len([m for m in messages if m.get("turn_id")]) == 4


async def test_stopped_while_the_server_was_dead_is_not_asked_of_it(world: World) -> None:
    """A stop that was acknowledged holds, though the server died before the words of it were written."""
    thread_id = await world.new_thread()
    asking = asyncio.create_task(world.say(thread_id, "Stop?", mode="ask", models=world.models[:1]))
    assert world.alice is not None
    room = world.alice.rooms[thread_id]
    await world.alice.until(lambda: any(room.said.values()))
    await asking
    answer = await world.alice.say("cancel", run_id=next(iter(room.runs)))
    assert answer["type"] == "ack", answer
    await world.die(after_s=0)
    await world.start()
    await world.come_back(thread_id)
    messages = await world.check(thread_id)
    assert [m["state"] for m in messages if m.get("turn_id")] == ["cancelled"]
    assert next(m for m in messages if m.get("turn_id"))["meta"]["stopped_by"] == "Alice"


async def test_a_second_server_on_the_same_data_is_refused(world: World) -> None:
    """One lock, one runner: else each would take the other's turns for a dead process's."""
    from tests.server import NO_SERVERS, Server

    second = Server(world.folder, **NO_SERVERS, PARLEY_SCRIPTED_MODELS="0")
    second.log = world.folder / "second.log"
    with pytest.raises(RuntimeError, match="did not start"):
        await asyncio.to_thread(second.start, 20)
