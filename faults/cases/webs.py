"""Web processes that die and stand still, and everybody who comes back."""

import asyncio
import random
import time

from faults.observer import check
from faults.table import case
from faults.world import LONG, QUICK, STEADY, World, ask, at_some_moment


@case(1, times=5, is_short=True)
async def killed_while_many_watch(world: World, rng: random.Random) -> None:
    """Answers go on elsewhere; whoever sat there comes to the other process and goes on where they were."""
    thread_id, people = await world.room("Ann", "Ben", "Cem", "Dan", "Eve", "Fay")
    await ask(people[1], thread_id, LONG, STEADY, QUICK)
    await world.until_words(people[0], thread_id, 10)
    await at_some_moment(rng, 0, 2)
    victim = rng.choice(world.webs)
    frames = {person: len(person.client.frames) for person in people}
    await world.kill(victim)
    killed = time.monotonic()
    away = [person for person in people if person.client.url == victim.url]
    for person in away:
        await person.client.until(lambda p=person: any(f["type"] == "joined" for f in p.client.frames[frames[p] :]), 15)
    assert time.monotonic() - killed < 8, f"F1: back only after {time.monotonic() - killed:.1f} s"
    await world.start(victim)
    checked = await check(world, thread_id, people)
    assert set(checked.states()) == {"complete"}, "F1: an answer ended with a web process"
    returns = [f for p in away for f in p.client.frames[frames[p] :] if f["type"] == "joined"]
    assert returns and returns[0]["recovered"], "F1: a cursor of one process means nothing to the other"


@case(39, times=3)
async def stands_still(world: World, rng: random.Random) -> None:
    """Five seconds without a sign of life, then awake: nobody lost a word, and the other process served meanwhile."""
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG)
    await world.until_words(people[1], thread_id, 10)
    world.breaks()
    world.webs[0].pause()
    began = time.monotonic()
    await people[1].send(thread_id, "Meanwhile", mode="talk", within_s=5)
    await asyncio.sleep(max(0.0, 5 - (time.monotonic() - began)))
    world.webs[0].resume()
    checked = await check(world, thread_id, people)
    assert checked.states() == ["complete"]


@case(43, times=1, within_s=150)
async def everybody_comes_back(world: World, rng: random.Random) -> None:
    """Sixty people in one room lose both web processes at once and are all back soon after."""
    thread_id, people = await world.room("Ann")
    crowd = list(people)
    while len(crowd) < 60:
        crowd += await asyncio.gather(*(world.person(f"P{len(crowd) + n}", n) for n in range(6)))
    for person in crowd:
        await person.open(thread_id)
    await ask(people[0], thread_id, LONG)
    await world.until_words(people[0], thread_id, 10)
    await world.kill(*world.webs)
    await world.start(*world.webs)
    began = time.monotonic()
    await asyncio.gather(*(asyncio.wait_for(person.online.wait(), 60) for person in crowd))
    seconds = time.monotonic() - began
    checked = await check(world, thread_id, crowd)
    assert seconds < 10, f"F43: all back only after {seconds:.1f} s"
    assert checked.states() == ["complete"]
