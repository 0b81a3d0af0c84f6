"""PostgreSQL that dies, says nothing, and is slow."""

import asyncio
import random
import time

from faults.observer import check
from faults.table import case
from faults.world import LONG, QUICK, STEADY, World, ask, at_some_moment, meanwhile


@case(17, times=4, is_short=True)
async def killed_and_started(world: World, rng: random.Random) -> None:
    """What was acknowledged is there; what was not is said again and is there once; answers stream on."""
    assert world.deployment.postgres is not None
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG, STEADY)
    await world.until_words(people[1], thread_id, 10)

    async def keep_talking() -> None:
        for n in range(10):
            await people[1].send(thread_id, f"Line {n}", mode="talk")
            await asyncio.sleep(0.15)

    async with meanwhile(keep_talking()):
        await at_some_moment(rng, 0, 1)
        await world.kill(world.deployment.postgres)
        await at_some_moment(rng, 0, 1)
        await world.start(world.deployment.postgres)
    checked = await check(world, thread_id, people)
    assert len(checked.messages) == 13
    assert set(checked.states()) <= {"complete", "interrupted"}


@case(18, times=2, within_s=90)
async def away(world: World, rng: random.Random) -> None:
    """Nothing can be accepted and everybody is told so; who sits in a room keeps hearing it; afterwards all goes on."""
    assert world.deployment.postgres is not None
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG)
    await world.until_words(people[1], thread_id, 10)
    world.breaks()
    world.deployment.postgres.pause()
    heard = people[1].client.event_count
    asking = asyncio.create_task(people[0].send(thread_id, "Still there?", mode="talk", within_s=80))
    await asyncio.sleep(2)
    assert people[1].client.event_count > heard, "F18: the answer under way fell silent with PostgreSQL"
    await at_some_moment(rng, 8, 14)
    assert not asking.done(), "I1: acknowledged although nothing could be written"
    world.deployment.postgres.resume()
    await asking
    checked = await check(world, thread_id, people)
    assert set(checked.states()) <= {"complete", "interrupted"}


@case(19, times=2, within_s=90)
async def slow(world: World, rng: random.Random) -> None:
    """Every query of one web process takes 200 ms longer: it answers later, or says that it cannot, and loses nothing."""
    assert world.deployment.postgres is not None
    proxy = world.proxy((world.deployment.postgres.address, world.deployment.postgres.port))
    url = world.deployment.postgres.url().replace(f":{world.deployment.postgres.port}/", f":{proxy.port}/")
    await world.change(world.webs[1], DATABASE_URL=url)
    thread_id, people = await world.room("Ann", "Ben")
    proxy.delay_s = 0.1
    world.breaks()

    async def talk(n: int) -> None:
        await people[1].send(thread_id, f"Line {n}", mode="talk")

    began = time.monotonic()
    await asyncio.gather(*(talk(n) for n in range(8)), ask(people[0], thread_id, QUICK))
    assert time.monotonic() - began < 40
    status, _ = await asyncio.to_thread(world.webs[1].get, "/livez")
    assert status == 200, "F19: the loop waits for the database"
    proxy.heal()
    checked = await check(world, thread_id, people)
    assert len(checked.messages) == 10
