"""Workers are killed, paused and sent away while models write; the server and its people stay.

`PARLEY_KILL_ROUNDS` and `PARLEY_KILL_SEED` as in test_kill.py.
"""

import asyncio
import contextlib
import random
import signal
import time
import uuid
from collections.abc import AsyncIterator
from functools import partial

import pytest

from tests.client import Json
from tests.commands import manage
from tests.kill.crew import LONG, TAKEN_OVER_S, Crew
from tests.kill.test_kill import ROUNDS, SEED

pytestmark = [pytest.mark.kill, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

# Where the only worker dies, how the question is asked, and the states and attempts that the answers then may have.
FAILPOINTS = [
    ("after_claim", "ask", {("complete", 1), ("complete", 2)}),  # of two turns it dies in the first
    ("before_first_token", "ask", {("complete", 1), ("complete", 2)}),
    ("mid_stream:40", "ask", {("interrupted", 1), ("complete", 2)}),
    ("before_settle", "ask", {("interrupted", 1)}),
    ("in_settle", "ask", {("interrupted", 1)}),  # the commit never came
    ("after_settle", "ask", {("complete", 1), ("interrupted", 1)}),  # written, not told
    ("after_settle:2", "ask", {("complete", 1)}),  # the run's end, too, was written and not told
    ("after_publish", "ask", {("complete", 1), ("interrupted", 1)}),  # told, not stored
    ("after_publish:2", "ask", {("complete", 1)}),
    ("after_store", "ask", {("complete", 1), ("interrupted", 1)}),  # stored, not cleared
    ("mid_stream:30", "debate", {("complete", 1), ("complete", 2)}),  # a speaker begins again, openly
    ("after_settle:2", "debate", {("complete", 1), ("complete", 2)}),  # between two speakers
]


@contextlib.asynccontextmanager
async def asked(crew: Crew, **question: object) -> AsyncIterator[str]:
    """A new thread in which a question was asked just now, watched until the end."""
    thread_id = await crew.new_thread()
    watching = asyncio.create_task(crew.watch(thread_id))
    await crew.say(thread_id, "What is the tide?", **question)
    try:
        yield thread_id
    finally:
        watching.cancel()


def answers_of(messages: list[Json]) -> list[Json]:
    return [m for m in messages if m.get("turn_id")]


async def speaking(crew: Crew, thread_id: str, count: int = 1) -> None:
    """Wait until so many answers have words."""
    assert crew.alice is not None
    await crew.alice.until(lambda: sum(1 for words in crew.alice.rooms[thread_id].said.values() if words) >= count)


@pytest.mark.parametrize(("failpoint", "mode", "ends"), FAILPOINTS, ids=[f"{p}-{m}" for p, m, _ in FAILPOINTS])
async def test_the_only_worker_is_killed_at(crew: Crew, failpoint: str, mode: str, ends: set[tuple[str, int]]) -> None:
    await crew.only()
    doomed = await crew.hire("doomed", failpoint)
    asked_before = len(crew.provider.streams)
    async with asked(crew, mode=mode, models=crew.models[:2], rounds=2) as thread_id:
        await crew.died(doomed)
        await crew.only("one", "two")
        await crew.quiet(thread_id)
    answers = answers_of(await crew.check(thread_id))
    assert len(answers) == (2 if mode == "ask" else 4)
    assert {(a["state"], a["meta"]["attempt"]) for a in answers} <= ends
    if mode == "debate":
        assert [a["seq"] for a in answers] == [2, 3, 4, 5], "the order of speaking is kept"
    # Nobody pays twice for words that were read.
    assert len(crew.provider.streams) - asked_before <= sum(a["meta"]["attempt"] for a in answers)


@pytest.mark.parametrize("round_", range(max(1, ROUNDS // 2)))
async def test_one_of_two_is_killed_at_any_instant(crew: Crew, round_: int) -> None:
    """The other takes over within the time that was promised, and its own answers never notice."""
    rng = random.Random(SEED * 2000 + round_)
    mode = rng.choice(["ask", "debate"])
    count = 2 if mode == "debate" else rng.randint(2, 3)
    after_s = rng.uniform(0, 0.6 if mode == "ask" else 3)
    name = rng.choice(["one", "two"])
    print(f"seed {SEED}, round {round_}: {mode} with {count} models, {name} killed after {after_s:.3f} s")  # noqa: T201
    await crew.only("one", "two")
    async with asked(crew, mode=mode, models=rng.sample(crew.models, count), rounds=2) as thread_id:
        await asyncio.sleep(after_s)
        held = crew.rows(
            "SELECT id::text FROM messaging_turn WHERE state='streaming' AND split_part(held_by, ':', 2) = %s",
            str(crew.workers[name].pid),
        )
        await crew.kill(crew.workers[name])
        killed_at = time.monotonic()
        taken_s = 0.0
        for (turn_id,) in held:
            while True:
                ((state, pid),) = crew.rows(
                    "SELECT state, split_part(held_by, ':', 2) FROM messaging_turn WHERE id=%s", uuid.UUID(turn_id)
                )
                if state != "streaming" or pid != str(crew.workers[name].pid):
                    break
                await asyncio.sleep(0.05)
            taken_s = max(taken_s, time.monotonic() - killed_at)
        print(f"{len(held)} turns were taken over within {taken_s:.1f} s")  # noqa: T201
        assert taken_s <= TAKEN_OVER_S
        await crew.quiet(thread_id)
    answers = answers_of(await crew.check(thread_id))
    spared = [a for a in answers if a["turn_id"] not in {turn_id for (turn_id,) in held}]
    assert {a["meta"]["attempt"] for a in spared} <= {1}, "only what the dead one held was begun again"


async def test_a_worker_that_stood_still_is_refused_when_it_wakes(crew: Crew) -> None:
    await crew.only("one")
    zombie = crew.workers["one"]
    async with asked(crew, mode="debate", models=crew.models[:2], rounds=2) as thread_id:
        await speaking(crew, thread_id)
        zombie.pause()
        crew.killed_at = time.monotonic()
        try:
            await crew.hire("two")
            turns = "SELECT attempt FROM messaging_turn WHERE thread_id=%s ORDER BY seq LIMIT 1"
            async with asyncio.timeout(TAKEN_OVER_S):
                while crew.rows(turns, uuid.UUID(thread_id))[0][0] < 2:
                    await asyncio.sleep(0.05)
        finally:
            zombie.resume()
        await crew.quiet(thread_id)
    answers = answers_of(await crew.check(thread_id))
    assert [(a["state"], a["meta"]["attempt"]) for a in answers] == [("complete", 2), *[("complete", 1)] * 3]
    assert any(words in zombie.said() for words in ("was taken over", "settled by somebody else")), zombie.said()
    # And it is none the worse for it.
    await crew.only("one")
    async with asked(crew, mode="ask", models=crew.models[:1]) as thread_id:
        await crew.quiet(thread_id)
    assert [a["state"] for a in answers_of(await crew.check(thread_id))] == ["complete"]


async def test_what_was_stopped_while_no_worker_lived_ends_as_stopped(crew: Crew) -> None:
    await crew.only("one")
    async with asked(crew, mode="ask", models=crew.models[:1]) as thread_id:
        await speaking(crew, thread_id)
        await crew.kill(crew.workers["one"])
        assert crew.alice is not None
        room = crew.alice.rooms[thread_id]
        answer = await crew.alice.say("cancel", run_id=next(iter(room.runs)))
        assert answer["type"] == "ack", answer
        await crew.only("two")
        await crew.quiet(thread_id)
    (answer,) = answers_of(await crew.check(thread_id))
    assert (answer["state"], answer["meta"]["stopped_by"]) == ("cancelled", "Alice")


async def test_what_is_asked_while_no_worker_lives_waits(crew: Crew) -> None:
    await crew.only()
    async with asked(crew, mode="ask", models=crew.models[:2]) as thread_id:
        await asyncio.sleep(0.5)
        await crew.only("one")
        await crew.quiet(thread_id)
    answers = answers_of(await crew.check(thread_id))
    assert [(a["state"], a["meta"]["attempt"]) for a in answers] == [("complete", 1)] * 2


async def test_stopping_reaches_the_worker(crew: Crew) -> None:
    await crew.only("one", "two")
    async with asked(crew, mode="ask", models=[f"openai:{LONG}"]) as thread_id:
        await speaking(crew, thread_id)
        assert crew.alice is not None
        began = time.monotonic()
        await crew.alice.say("cancel", run_id=next(iter(crew.alice.rooms[thread_id].runs)))
        await crew.quiet(thread_id)
        assert time.monotonic() - began < 3
    (answer,) = answers_of(await crew.check(thread_id))
    assert answer["state"] == "cancelled"


async def test_what_waits_in_a_worker_goes_at_once_when_somebody_wants_it_now(crew: Crew) -> None:
    """The provider said when to come back; a person, at a process that runs nothing, does not want to wait for it."""
    await crew.only("one", "two")
    crew.provider.refuses, crew.provider.refuses_for_s = 1, 29
    asked_before = len(crew.provider.streams)
    async with asked(crew, mode="ask", models=crew.models[:1]) as thread_id:
        assert crew.alice is not None
        room = crew.alice.rooms[thread_id]
        await crew.alice.until(lambda: bool(room.retries))
        assert len(crew.provider.streams) == asked_before
        began = time.monotonic()
        await crew.alice.call("POST", f"/turns/{next(iter(room.retries))}/try-now")
        await crew.quiet(thread_id)
        assert time.monotonic() - began < 20, "it waited until the time that the provider had named"
    (answer,) = answers_of(await crew.check(thread_id))
    assert (answer["state"], answer["meta"]["attempt"]) == ("complete", 1)
    assert len(crew.provider.streams) - asked_before == 1


async def test_a_change_that_a_dead_server_accepted_is_made_once_by_whoever_sweeps(crew: Crew) -> None:
    await crew.only("one", "two")
    thread_id = await crew.new_thread()
    await crew.say(thread_id, "First words", mode="talk")
    await crew.restart("after_edit_accept")
    await crew.come_back(thread_id)
    assert crew.alice is not None
    (message,) = crew.alice.rooms[thread_id].messages.values()
    changing = asyncio.create_task(
        crew.alice.say("edit", message_id=message["id"], body="Other words", revision=message.get("revision", 1))
    )
    await crew.die(None)
    await asyncio.gather(changing, return_exceptions=True)
    await crew.start()  # three processes look for it now
    async with asyncio.timeout(20):
        while crew.rows("SELECT 1 FROM messaging_edit WHERE stored_at IS NULL"):
            await asyncio.sleep(0.05)
    await crew.alice.disconnect()
    await crew.alice.connect()
    await crew.alice.join(thread_id)
    kept = await crew.alice.call("GET", f"/messages/{message['id']}")
    assert (kept["body"], kept.get("revision")) == ("Other words", 2)
    older = await crew.alice.call("GET", f"/messages/{message['id']}/revisions")
    assert [one["body"] for one in older] == ["First words"]


async def test_a_new_version_rolls_in_without_breaking_a_stream(crew: Crew) -> None:
    """One worker after the other is told to stop while all write; each lets its answers end."""
    await crew.only("one", "two")
    async with asked(crew, mode="ask", models=[*crew.models]) as thread_id:
        await speaking(crew, thread_id, 3)
        for name, successor in (("one", "three"), ("two", "four")):
            leaving = crew.workers[name]
            assert leaving.process is not None
            leaving.process.send_signal(signal.SIGTERM)
            await crew.hire(successor)
        await crew.quiet(thread_id)
    answers = answers_of(await crew.check(thread_id))
    assert [(a["state"], a["meta"]["attempt"]) for a in answers] == [("complete", 1)] * 3
    for name in ("one", "two"):
        process = crew.workers[name].process
        assert process is not None
        assert await asyncio.to_thread(process.wait, 15) == 0


async def test_what_does_not_end_in_time_is_handed_on_at_once(crew: Crew) -> None:
    """Nobody has to see its hold stand still, which takes five seconds."""
    await crew.only("one")
    leaving = await crew.hire("hasty", PARLEY_WORKER_DRAIN_S="0")
    await asyncio.to_thread(crew.workers["one"].stop)
    async with asked(crew, mode="ask", models=[f"openai:{LONG}"]) as thread_id:
        await speaking(crew, thread_id)
        await crew.hire("two")
        crew.killed_at = time.monotonic()
        assert await asyncio.to_thread(leaving.stop) == 0
        left_at = time.monotonic()
        await crew.quiet(thread_id)
        taken_s = time.monotonic() - left_at
    print(f"handed on within {taken_s:.2f} s")  # noqa: T201
    assert taken_s < 4
    (answer,) = answers_of(await crew.check(thread_id))
    assert (answer["state"], answer["meta"]["attempt"]) == ("interrupted", 1)


async def test_nobody_waits_for_what_runs_when_told_twice(crew: Crew) -> None:
    await crew.only("one")
    async with asked(crew, mode="ask", models=[f"openai:{LONG}"]) as thread_id:
        await speaking(crew, thread_id)
        leaving = crew.workers["one"].process
        assert leaving is not None
        crew.killed_at = time.monotonic()
        for _ in range(2):
            leaving.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.3)
        assert await asyncio.to_thread(leaving.wait, 5) == 0
        await crew.only("two")
        await crew.quiet(thread_id)
    (answer,) = answers_of(await crew.check(thread_id))
    assert (answer["state"], answer["meta"]["attempt"]) == ("interrupted", 1)


async def test_what_a_model_sees_can_be_asked_while_it_writes_elsewhere(crew: Crew) -> None:
    await crew.only("one")
    async with asked(crew, mode="ask", models=[f"openai:{LONG}"]) as thread_id:
        await speaking(crew, thread_id)
        assert crew.alice is not None
        turn_id = next(turn for turn, words in crew.alice.rooms[thread_id].said.items() if words)
        async with asyncio.timeout(6):  # it speaks for ten seconds; what it was given is saved within one
            while not (answer := await crew.alice.request("GET", f"/turns/{turn_id}/prompt")).is_success:
                await asyncio.sleep(0.05)
        prompt = answer.json()
        assert prompt["is_exact"]
        assert "What is the tide?" in prompt["messages"][-1]["content"]
        await crew.alice.say("cancel", run_id=next(iter(crew.alice.rooms[thread_id].runs)))
        await crew.quiet(thread_id)
    await crew.check(thread_id)


async def test_a_dead_workers_jobs_do_not_pile_up(crew: Crew) -> None:
    """A job in hand when its worker died is given to another, and then gone."""
    await crew.only("one")
    crew.rows(  # in one statement: a worker that looks in between would clear the dead one away
        "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat)"
        " VALUES (now() - interval '1 hour') RETURNING id)"
        " INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, worker_id)"
        " SELECT 'turns', 'turns', %s::jsonb, 'doing', id FROM dead",
        f'{{"turn_ids": ["{uuid.uuid4()}"]}}',
    )
    async with asyncio.timeout(20):
        while crew.rows("SELECT 1 FROM procrastinate_jobs"):
            await asyncio.sleep(0.2)


async def test_a_worker_says_how_it_is(crew: Crew) -> None:
    await crew.only("one")
    worker = crew.workers["one"]

    check = partial(manage, crew.folder, "worker", "--check", **worker.environment)
    healthy = await asyncio.to_thread(check)
    assert healthy.returncode == 0, healthy.stderr
    assert f":{worker.pid}:" in healthy.stdout
    assert "runs 0 of 32 turns" in healthy.stdout
    await crew.only()
    gone = await asyncio.to_thread(check)
    assert gone.returncode == 1
    assert "No worker of" in gone.stderr


async def test_a_turn_that_comes_twice_is_run_once(crew: Crew) -> None:
    """Its job is done a second time, and it is offered again, while it runs."""
    await crew.only("one", "two")
    before = len(crew.provider.streams)
    async with asked(crew, mode="ask", models=crew.models[:1]) as thread_id:
        await speaking(crew, thread_id)
        ((turn_id,),) = crew.rows("SELECT id FROM messaging_turn WHERE thread_id=%s", uuid.UUID(thread_id))
        import redis

        with redis.Redis.from_url(crew.servers["REDIS_URL"]) as client:
            client.rpush("parley:turns", turn_id.bytes, turn_id.bytes)
        crew.rows(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('turns', 'turns', %s::jsonb)",
            f'{{"turn_ids": ["{turn_id}"]}}',
        )
        await crew.quiet(thread_id)
    (answer,) = answers_of(await crew.check(thread_id))
    assert (answer["state"], answer["meta"]["attempt"]) == ("complete", 1)
    assert len(crew.provider.streams) - before == 1


async def test_losing_every_connection_to_the_database_costs_no_answer(crew: Crew) -> None:
    await crew.only("one", "two")
    async with asked(crew, mode="debate", models=crew.models[:2], rounds=2) as thread_id:
        for _ in range(3):
            await speaking(crew, thread_id)
            crew.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await asyncio.sleep(0.7)
        await crew.quiet(thread_id)
    answers = answers_of(await crew.check(thread_id))
    assert [(a["state"], a["meta"]["attempt"]) for a in answers] == [("complete", 1)] * 4
