"""The message store's nodes: one that dies, an answer that is lost, one of three."""

import asyncio
import random
import time

from faults.observer import check
from faults.table import case
from faults.world import LONG, QUICK, World, ask, at_some_moment

EXECUTE = 0x0A  # opcode of the native protocol, at byte 4


@case(20, times=2, within_s=120)
async def the_only_node_killed(world: World, rng: random.Random) -> None:
    """Messages are accepted, seen and kept aside; they are in the store soon after it is back."""
    (node,) = world.deployment.nodes
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG)
    await world.until_words(people[1], thread_id, 10)
    await at_some_moment(rng, 0, 2)
    await world.kill(node)
    await people[1].send(thread_id, "Kept aside", mode="talk", within_s=15)
    await ask(people[0], thread_id, QUICK, within_s=15)
    page = await people[0].client.request("GET", f"/threads/{thread_id}/messages?limit=50")
    assert page.status_code in {200, 503}, "F20: what cannot be read is said so"
    for person in people:
        room = person.client.rooms[thread_id]
        await person.client.until(lambda r=room: any(m["body"] == "Kept aside" for m in r.messages.values()), 10)
    await world.start(node)
    back = time.monotonic()
    checked = await check(world, thread_id, people)
    assert time.monotonic() - back < 40, "F20: the store did not catch up"
    first, second = checked.answers()
    assert first["state"] == "complete", "F20: an answer under way ended with the store"
    # What models are to read could not be read: said so, and to be asked again with one click.
    assert second["state"] == "complete" or second["meta"]["error"]["retryable"]


@case(21, times=2, within_s=120)
async def answers_of_writes_lost(world: World, rng: random.Random) -> None:
    """Nobody knows whether a write was done: it is done again, and there is one row."""
    (node,) = world.deployment.nodes
    proxy = world.proxy((node.address, node.port))
    await world.change(*world.webs, *world.workers, CQL_HOSTS=f"127.0.0.1:{proxy.port}")
    thread_id, people = await world.room("Ann", "Ben")
    lost = 0

    def loses(sent: bytes) -> bool:
        nonlocal lost
        if len(sent) > 4 and sent[4] == EXECUTE and lost < 3 and rng.random() < 0.7:
            lost += 1
            return True
        return False

    proxy.drop_answer = loses
    world.breaks()
    await ask(people[0], thread_id, QUICK)
    await people[1].send(thread_id, "Written twice?", mode="talk")
    await asyncio.sleep(3)
    checked = await check(world, thread_id, people)
    assert lost, "F21: no answer was lost, which proves nothing"
    assert checked.states() == ["complete"]


@case(22, times=2, within_s=150, nodes=3)
async def one_of_three_killed(world: World, rng: random.Random) -> None:
    """Two of three hold every message: nobody notices."""
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG)
    await world.until_words(people[1], thread_id, 10)
    victim = rng.choice(world.deployment.nodes)
    await world.kill(victim)
    slowest = 0.0
    for n in range(10):
        began = time.monotonic()
        await people[1].send(thread_id, f"Line {n}", mode="talk", within_s=20)
        await people[0].call("GET", f"/threads/{thread_id}/messages?limit=50")
        slowest = max(slowest, time.monotonic() - began)
    checked = await check(world, thread_id, people)
    assert checked.states() == ["complete"]
    assert slowest < 8, f"F22: somebody waited {slowest:.1f} s"
