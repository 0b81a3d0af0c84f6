"""Redis that dies, forgets, says nothing, is full, and loses what was published."""

import asyncio
import random
import re

from faults.observer import check
from faults.table import case
from faults.world import LONG, QUICK, STEADY, World, ask, at_some_moment

PUSHED = re.compile(rb"[*>]3\r\n\$7\r\nmessage\r\n\$\d+\r\n[^\r]+\r\n\$(\d+)\r\n")


@case(11, times=4, is_short=True)
async def killed_and_started(world: World, rng: random.Random) -> None:
    """It keeps nothing: rooms begin a new epoch, and the answers under way are told on."""
    assert world.deployment.redis is not None
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG, STEADY)
    await world.until_words(people[1], thread_id, 10)
    await at_some_moment(rng, 0, 2)
    await world.kill(world.deployment.redis)
    await at_some_moment(rng, 0, 2)
    await world.start(world.deployment.redis)
    checked = await check(world, thread_id, people)
    assert set(checked.states()) == {"complete"}, "F11: an answer ended with Redis"


@case(12, times=3)
async def flushed(world: World, rng: random.Random) -> None:
    """Everybody loads the room anew within seconds; the words go on."""
    assert world.deployment.redis is not None
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG)
    await world.until_words(people[1], thread_id, 10)
    await at_some_moment(rng, 0, 2)
    epochs = {person.client.rooms[thread_id].epoch for person in people}
    world.breaks()
    assert world.deployment.redis.run("FLUSHALL") == "+OK"
    for person in people:
        await person.client.until(lambda p=person: p.client.rooms[thread_id].epoch not in epochs, 10)
    checked = await check(world, thread_id, people)
    assert checked.states() == ["complete"]


@case(13, times=3, within_s=90)
async def away(world: World, rng: random.Random) -> None:
    """Nobody answers for a while: sending works, history works, answers are written; afterwards all see the same."""
    assert world.deployment.redis is not None
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG)
    await world.until_words(people[1], thread_id, 10)
    world.breaks()
    world.deployment.redis.pause()
    began = asyncio.get_running_loop().time()
    await people[1].send(thread_id, "Is anybody there?", mode="talk", within_s=15)
    await ask(people[0], thread_id, QUICK, within_s=15)
    page = await people[0].call("GET", f"/threads/{thread_id}/messages?limit=200", within_s=15)
    assert any(m["body"] == "Is anybody there?" for m in page["messages"]), "F13: history lacks what was acknowledged"
    await asyncio.sleep(max(0.0, began + rng.uniform(8, 15) - asyncio.get_running_loop().time()))
    world.deployment.redis.resume()
    checked = await check(world, thread_id, people)
    assert set(checked.states()) <= {"complete", "interrupted"}


@case(14, times=2)
async def out_of_memory(world: World, rng: random.Random) -> None:
    """Nothing can be appended: answers are written all the same, and seen whole when there is room again."""
    assert world.deployment.redis is not None
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG)
    await world.until_words(people[1], thread_id, 10)
    world.breaks()
    assert world.deployment.redis.run("CONFIG", "SET", "maxmemory", "1") == "+OK"
    try:
        await people[1].send(thread_id, "Full?", mode="talk", within_s=20)
        await at_some_moment(rng, 2, 6)
    finally:
        world.deployment.redis.run("CONFIG", "SET", "maxmemory", world.deployment.redis.maxmemory)
    checked = await check(world, thread_id, people)
    assert set(checked.states()) <= {"complete", "interrupted"}


@case(15, times=3)
async def packets_lost(world: World, rng: random.Random) -> None:
    """One in ten of what is published never reaches one web process: it notices and reads what it lacks."""
    assert world.deployment.redis is not None
    proxy = world.proxy((world.deployment.redis.address, world.deployment.redis.port))
    await world.change(world.webs[1], REDIS_URL=f"redis://127.0.0.1:{proxy.port}/0")
    lost = 0

    def sift(data: bytes) -> bytes:
        """Take one packet in ten out of a piece that begins with whole packets."""
        nonlocal lost
        kept, at = b"", 0
        while (found := PUSHED.match(data, at)) and (end := found.end() + int(found[1]) + 2) <= len(data):
            if rng.random() < 0.1:
                lost += 1
            else:
                kept += data[at:end]
            at = end
        return kept + data[at:]

    thread_id, people = await world.room("Ann", "Ben")
    proxy.sift = sift
    world.breaks()
    for _ in range(3):
        await ask(people[0], thread_id, STEADY, QUICK)
    checked = await check(world, thread_id, people)
    assert lost > 3, f"F15: only {lost} packets were lost, which proves nothing"
    assert set(checked.states()) == {"complete"}


@case(16, times=4)
async def subscription_cut(world: World, rng: random.Random) -> None:
    """What is published until the subscription stands again is read from the stream."""
    assert world.deployment.redis is not None
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG)
    await world.until_words(people[1], thread_id, 10)
    world.breaks()
    for _ in range(3):
        await at_some_moment(rng, 0.2, 1)
        said = world.deployment.redis.run("CLIENT", "KILL", "TYPE", "pubsub")
        assert said.startswith(":"), said
    checked = await check(world, thread_id, people)
    assert checked.states() == ["complete"]
