"""Workers that die, freeze, hand over and take over."""

import asyncio
import random

from faults.observer import check, earlier
from faults.table import case
from faults.world import LONG, QUICK, SLOW_TO_BEGIN, STEADY, World, ask, at_some_moment, meanwhile
from tests.client import Json

TAKEN_OVER_S = 10.0


@case(2, times=3)
async def killed_before_the_first_token(world: World, rng: random.Random) -> None:
    """The other worker asks again; one attempt is seen, and nobody is told."""
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, SLOW_TO_BEGIN)
    holder = await world.holder(thread_id)
    await at_some_moment(rng, 0, 1.5)
    await world.kill(holder)
    checked = await check(world, thread_id, people)
    assert checked.states() == ["complete"]
    assert checked.seconds <= TAKEN_OVER_S + 6, f"F2: whole only after {checked.seconds:.1f} s"


@case(3, times=5, is_short=True)
async def killed_in_mid_answer(world: World, rng: random.Random) -> None:
    """What was read is kept and marked as interrupted; the provider is not asked twice."""
    thread_id, people = await world.room("Ann", "Ben")
    asked = len(world.provider.answers)
    await ask(people[0], thread_id, LONG)
    await world.until_words(people[1], thread_id, 20)
    holder = await world.holder(thread_id)
    await at_some_moment(rng, 0, 3)
    await world.kill(holder)
    checked = await check(world, thread_id, people)
    assert checked.states() == ["interrupted"]
    assert len(world.provider.answers) == asked + 1, "F3: asked twice for words that were read"
    assert checked.seconds <= TAKEN_OVER_S + 2, f"F3: marked only after {checked.seconds:.1f} s"


@case(4, times=3)
async def killed_while_others_wait(world: World, rng: random.Random) -> None:
    """In a debate the next speaker waits: the half answer is kept beside, a second attempt is made, the order holds."""
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, STEADY, QUICK, mode="debate", rounds=2)
    await world.until_words(people[1], thread_id, 20)
    holder = await world.holder(thread_id)
    await at_some_moment(rng, 0, 1)
    await world.kill(holder)
    checked = await check(world, thread_id, people)
    assert checked.states() == ["complete"] * 4
    first = checked.answers()[0]
    assert first["meta"]["attempt"] == 2 and len(earlier(first)) == 1, "F4: the first attempt is not kept"


@case(5, times=2)
async def killed_between_words_and_end(world: World, rng: random.Random) -> None:
    """The words were all read, their end was not written: one message with exactly these words."""
    await world.change(*world.workers, FAILPOINT=rng.choice(["before_settle", "in_settle", "after_settle"]))
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, QUICK)
    await world.until_words(people[1], thread_id, 100)
    world.breaks()
    holder = await world.until_one_ends(*world.workers)
    holder.settings.pop("FAILPOINT")
    checked = await check(world, thread_id, people)
    assert len(checked.states()) == 1 and checked.states()[0] in {"complete", "interrupted"}
    assert len(checked.answers()[0]["body"]) > 250, "F5: words that were read are gone"


@case(6, times=3)
async def killed_in_a_debate(world: World, rng: random.Random) -> None:
    """Who has spoken does not speak again; the order of speaking stays."""
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, QUICK, STEADY, mode="debate", rounds=2)
    await world.until_words(people[1], thread_id, 5)
    for _ in range(2):
        await at_some_moment(rng, 0.2, 2.5)
        victim = rng.choice(world.workers)
        await world.kill(victim)
        await world.start(victim)
    checked = await check(world, thread_id, people)
    answers = checked.answers()
    told = f"F6: {[(m['seq'], m['state'], m['meta']) for m in answers]}"
    speakers = [(m["seq"], m["author"]["id"].removeprefix("openai:")) for m in answers]
    assert speakers == list(enumerate((QUICK, STEADY, QUICK, STEADY), start=2)), told
    # What two deaths can do to a speaker (decision 6): nothing was said, and it begins again; words, and it begins again
    # openly; words a second time, and it ends with them. No death counts twice.
    assert all(m["state"] == "complete" or _is_cut_off_twice(m) for m in answers), told
    assert sum(m["meta"]["attempt"] - 1 + (m["state"] == "interrupted") for m in answers) <= 2, told


def _is_cut_off_twice(answer: Json) -> bool:
    return answer["state"] == "interrupted" and answer["meta"]["attempt"] == 2 and len(earlier(answer)) == 1


@case(7, times=3, within_s=90)
async def killed_while_taking_over(world: World, rng: random.Random) -> None:
    """Both workers die one after the other, and PostgreSQL meanwhile: nothing stays open."""
    assert world.deployment.postgres is not None
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG, STEADY)
    await world.until_words(people[1], thread_id, 5)
    await world.kill(world.workers[0])
    await at_some_moment(rng, 0.2, 5)
    await world.kill(world.workers[1])
    await world.start(world.workers[0])
    await at_some_moment(rng, 0.1, 2)
    await world.kill(world.deployment.postgres)
    await world.start(world.deployment.postgres)
    await world.start(*(worker for worker in world.workers if not worker.is_running))
    checked = await check(world, thread_id, people)
    assert set(checked.states()) <= {"interrupted", "complete"}


@case(8, times=2, within_s=120)
async def frozen_and_awake_again(world: World, rng: random.Random) -> None:
    """A worker stands still, another takes its turn over; awake, the first one writes nothing any more."""
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG)
    await world.until_words(people[1], thread_id, 20)
    holder = await world.holder(thread_id)
    world.breaks()
    holder.pause()
    checked = await check(world, thread_id, people)
    assert checked.states() == ["interrupted"]
    assert checked.seconds <= TAKEN_OVER_S + 3, f"F8: taken over only after {checked.seconds:.1f} s"
    holder.resume()
    await asyncio.sleep(3)
    again = await check(world, thread_id, people)
    assert again.messages == checked.messages, "I7: who was thought dead wrote on"


@case(9, times=2, within_s=120)
async def replaced_one_by_one(world: World, rng: random.Random) -> None:
    """Told to stop, a worker lets its answers end; not one is interrupted."""
    thread_id, people = await world.room("Ann", "Ben")

    async def keep_asking() -> None:
        for _ in range(4):
            await ask(people[0], thread_id, STEADY, QUICK)
            await at_some_moment(rng, 0.5, 1.5)

    async with meanwhile(keep_asking()):
        for worker in world.workers:
            await at_some_moment(rng, 0.3, 1)
            world.breaks()
            await world.stop(worker)
            await world.start(worker)
    checked = await check(world, thread_id, people)
    assert set(checked.states()) == {"complete"} and len(checked.states()) == 8


@case(10, times=2, within_s=120)
async def a_new_version_that_cannot_wait(world: World, rng: random.Random) -> None:
    """Workers that may not wait for their answers hand them over; others go on at once, not after a dead one's time."""
    await world.change(*world.workers, PARLEY_WORKER_DRAIN_S="0")
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG, STEADY)
    await world.until_words(people[1], thread_id, 10)
    await at_some_moment(rng, 0, 1)
    world.breaks()
    for worker in world.workers:
        await world.stop(worker)
        await world.start(worker)
    checked = await check(world, thread_id, people)
    assert set(checked.states()) <= {"complete", "interrupted"}


@case(48, times=1, within_s=150)
async def an_answer_that_kills_every_worker(world: World, rng: random.Random) -> None:
    """Each worker that begins it dies and is started again: it is given up after some tries, and others are answered."""
    await world.change(*world.workers, FAILPOINT="before_first_token")
    thread_id, people = await world.room("Ann", "Ben")
    world.breaks()
    await ask(people[0], thread_id, QUICK)
    deaths = 0
    for _ in range(6):
        try:
            dead = await world.until_one_ends(*world.workers, within_s=15)
        except TimeoutError:
            break  # nobody tries any more
        deaths += 1
        await world.start(dead)
    for worker in world.workers:
        worker.settings.pop("FAILPOINT")
    await world.stop(*world.workers)
    await world.start(*world.workers)
    checked = await check(world, thread_id, people)
    assert deaths <= 4, f"F48: {deaths} workers died of one answer"
    assert checked.states()[0] in {"failed", "interrupted"}
    await ask(people[1], thread_id, QUICK)
    assert (await check(world, thread_id, people)).states()[-1] == "complete"
