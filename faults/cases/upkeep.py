"""What is done to a deployment while people use it: schema changes, and access taken away."""

import asyncio
import random
import time

from faults.observer import check
from faults.table import case
from faults.world import LONG, QUICK, World, ask

REVOKED_WITHIN_S = 30.0


@case(45, times=1, within_s=90)
async def schema_changed_while_serving(world: World, rng: random.Random) -> None:
    """A column is added and an index built as a later version would; both migrations run again; sockets and answers live."""
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG)
    await world.until_words(people[1], thread_id, 10)
    sockets = [person.client.socket for person in people]
    world.breaks()
    try:
        for table in ("messaging_turn", "messaging_outbox", "threads_branch"):
            await world.sql(f"alter table {table} add column of_a_later_version int not null default 0")
            await people[1].send(thread_id, f"While {table} changes", mode="talk", within_s=10)
        await world.sql("create index concurrently of_a_later_version on messaging_turn (of_a_later_version)")
        await asyncio.to_thread(world.deployment.manage, "migrate", "--no-input")
        await asyncio.to_thread(world.deployment.manage, "migrate_cql")
        await ask(people[0], thread_id, QUICK)
        checked = await check(world, thread_id, people)
    finally:
        for table in ("messaging_turn", "messaging_outbox", "threads_branch"):
            await world.sql(f"alter table {table} drop column if exists of_a_later_version")
    assert set(checked.states()) == {"complete"}
    assert [person.client.socket for person in people] == sockets, "F45: somebody lost the line"


@case(46, times=2, within_s=120)
async def revoked_while_redis_is_away(world: World, rng: random.Random) -> None:
    """I9: who is removed at one web process hears nothing more at the other within half a minute, without Redis too."""
    assert world.deployment.redis is not None
    assert world.owner is not None
    thread_id, people = await world.room("Ann", "Ben")
    ann, ben = people
    await ask(ann, thread_id, LONG)
    await world.until_words(ben, thread_id, 10)
    ben_id = ben.client.hello["user"]["id"]
    world.breaks()
    world.deployment.redis.pause()
    await world.owner.call("DELETE", f"/projects/{world.project}/members/{ben_id}", within_s=20)
    removed = time.monotonic()
    while thread_id in ben.client.rooms and time.monotonic() - removed < REVOKED_WITHIN_S + 10:
        ben.threads.discard(thread_id)
        await asyncio.sleep(0.1)
    seconds = time.monotonic() - removed
    world.deployment.redis.resume()
    assert seconds <= REVOKED_WITHIN_S, f"I9: Ben heard the room {seconds:.0f} s after he was removed"
    answer = await ben.client.request("GET", f"/threads/{thread_id}/messages")
    assert answer.status_code == 404, "I9: history is still to be had"
    await check(world, thread_id, [ann])
