"""One room over two servers: the same events in the same order, whatever happens to Redis or to one of the servers."""

import asyncio
import time

import pytest

from tests.cluster.cast import LONG, MODELS, Cluster, Watcher

pytestmark = [
    pytest.mark.kill,
    pytest.mark.needs("postgres", "redis"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(120),
]


async def test_people_at_two_servers_hear_the_same_in_the_same_order(cluster: Cluster) -> None:
    thread = await cluster.new_thread()
    start = await cluster.level(thread)
    await cluster.ask(thread)
    ack = await cluster.two.send(thread, "And low water?", mode="talk")
    assert ack["type"] == "ack"
    messages = await cluster.agree(thread)
    assert [m["state"] for m in messages].count("complete") == len(messages) == 2 + len(MODELS)
    assert await cluster.level(thread) > start
    assert cluster.one.told(thread, start) == cluster.two.told(thread, start)
    assert cluster.one.resyncs == cluster.two.resyncs == 0


async def test_a_client_goes_on_at_the_other_server_where_it_stopped(cluster: Cluster) -> None:
    thread = await cluster.new_thread()
    await cluster.ask(thread)
    room = cluster.one.rooms[thread]
    await cluster.one.disconnect()
    moved = Watcher(cluster.two.url)
    moved.http.cookies.update(cluster.two.http.cookies)
    moved.rooms[thread] = room
    await moved.connect()
    await moved.join(thread)
    assert moved.frames[-1]["recovered"] is True
    await cluster.agree(thread, 40, moved, cluster.two)
    assert moved.resyncs == cluster.two.resyncs == 0
    await moved.close()


async def test_one_server_dies_and_its_people_go_on_at_the_other(cluster: Cluster) -> None:
    thread = await cluster.new_thread()
    await cluster.ask(thread)
    first = cluster.deployment.webs[0]
    await asyncio.to_thread(first.kill)
    began = time.monotonic()
    room = cluster.one.rooms[thread]
    moved = Watcher(cluster.two.url)
    moved.http.cookies.update(cluster.two.http.cookies)
    moved.rooms[thread] = room
    await moved.connect()
    await moved.join(thread)
    assert moved.frames[-1]["recovered"] is True
    assert time.monotonic() - began < 3
    await cluster.agree(thread, 40, moved, cluster.two)
    assert moved.resyncs == cluster.two.resyncs == 0
    await moved.close()
    await asyncio.to_thread(first.start)


async def test_a_lost_subscription_is_healed_within_a_second_and_nobody_loads_anew(cluster: Cluster) -> None:
    thread = await cluster.new_thread()
    ack = await cluster.ask(thread, [LONG])
    for _ in range(3):
        before = [cluster.words(tab, thread) for tab in (cluster.one, cluster.two)]
        cluster.redis.run("CLIENT", "KILL", "TYPE", "pubsub")
        for tab, had in zip((cluster.one, cluster.two), before, strict=True):
            await tab.until(lambda tab=tab, had=had: cluster.words(tab, thread) > had, 2.0)
    await cluster.one.say("cancel", run_id=ack["run_id"])
    await cluster.agree(thread)
    assert cluster.one.resyncs == cluster.two.resyncs == 0


async def test_the_last_event_is_not_lost_with_the_subscription(cluster: Cluster) -> None:
    """Nothing comes after it that would show a hole."""
    thread = await cluster.new_thread()
    for n in range(5):
        cluster.redis.run("CLIENT", "KILL", "TYPE", "pubsub")
        ack = await cluster.one.send(thread, f"{n}", mode="talk")
        assert ack["type"] == "ack"
        for tab in (cluster.one, cluster.two):
            await tab.until(lambda tab=tab, n=n: len(tab.rooms[thread].messages) == n + 1, 3.0)
    await cluster.agree(thread)


async def test_redis_is_emptied_while_models_speak(cluster: Cluster) -> None:
    thread = await cluster.new_thread()
    await cluster.ask(thread)
    epoch = cluster.one.rooms[thread].epoch
    cluster.redis.run("FLUSHALL")
    await cluster.one.until(lambda: thread in cluster.one.rooms and cluster.one.rooms[thread].epoch != epoch)
    messages = await cluster.agree(thread)
    assert [m["state"] for m in messages] == ["complete"] * (1 + len(MODELS))


async def test_redis_dies_and_is_started_anew_while_models_speak(cluster: Cluster) -> None:
    thread = await cluster.new_thread()
    await cluster.ask(thread)
    cluster.redis.kill()
    sent = [await cluster.one.send(thread, "Is anybody there?", mode="talk")]
    page = await cluster.two.call("GET", f"/threads/{thread}/messages")
    assert "Is anybody there?" in [m["body"] for m in page["messages"]]
    await cluster.two.join(thread)  # without Redis a room can be opened
    sent.append(await cluster.two.send(thread, "I am.", mode="talk"))
    assert [answer["type"] for answer in sent] == ["ack", "ack"]
    await asyncio.to_thread(cluster.redis.start)
    messages = await cluster.agree(thread)
    bodies = [m["body"] for m in messages]
    assert bodies.count("Is anybody there?") == bodies.count("I am.") == 1
    assert {m["state"] for m in messages} == {"complete"}
    live = await cluster.one.send(thread, "Here we are again.", mode="talk")
    await cluster.two.until(
        lambda: live["message_id"] in {m["id"] for m in cluster.two.rooms[thread].messages.values()}, 5
    )


async def test_redis_hangs_and_goes_on(cluster: Cluster) -> None:
    """As a host that swaps: connections stay, answers do not come; what was asked meanwhile may still be done."""
    thread = await cluster.new_thread()
    await cluster.ask(thread)
    cluster.redis.pause()
    began = time.monotonic()
    sent = await cluster.one.send(thread, "Is anybody there?", mode="talk")
    assert sent["type"] == "ack"
    assert time.monotonic() - began < 10
    await asyncio.sleep(max(0.0, 5 - (time.monotonic() - began)))
    cluster.redis.resume()
    messages = await cluster.agree(thread)
    assert [m["body"] for m in messages].count("Is anybody there?") == 1
    assert {m["state"] for m in messages} == {"complete"}


async def test_redis_is_full_and_has_room_again(cluster: Cluster) -> None:
    thread = await cluster.new_thread()
    await cluster.ask(thread)
    cluster.redis.run("CONFIG", "SET", "maxmemory", "1")
    sent = await cluster.one.send(thread, "Is anybody there?", mode="talk")
    assert sent["type"] == "ack"
    await asyncio.sleep(1.0)
    cluster.redis.run("CONFIG", "SET", "maxmemory", "256mb")
    messages = await cluster.agree(thread)
    assert [m["body"] for m in messages].count("Is anybody there?") == 1
    assert {m["state"] for m in messages} == {"complete"}
