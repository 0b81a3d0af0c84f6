"""Acknowledged means durable: whatever fails after the commit is repeated, and nothing is seen twice."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import now
from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import Unavailable
from chatplatform.kernel.ids import new_id
from messaging import changing, history, outbox, rooms, services, set_aside
from messaging.models import Outbox
from messaging.protocol.commands import Send
from messaging.types import Cursor
from projects.models import Project, User
from projects.people import change_role
from tests.messaging.conftest import Live
from tests.messaging.voice import Voice
from threads.models import Branch, Thread


def away(*_: Any, **__: Any) -> Any:
    raise Unavailable("It does not answer.")


async def say(thread: Thread, user: User, body: str = "hello", **fields: Any) -> Any:
    return await services.send(user.id, Send("", fields.pop("client_id", new_id()), thread.id, body, mode="talk"))


async def rows(**where: Any) -> int:
    return await in_db(Outbox.objects.filter(**where).count)


async def test_a_message_is_cleared_once_it_is_stored(live: Live, thread: Thread, alice: User) -> None:
    sent = await say(thread, alice)
    await outbox.stored()
    assert await rows(stored_at=None) == 0
    assert await rows(body__isnull=False) == 0
    kept = await backend("message_store").get(sent.message_id)
    assert kept.body == "hello"


async def test_what_was_accepted_is_told_at_once_though_its_sender_has_gone(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tab that closes cancels what is under way for it, here at the worst moment: the message is accepted, nothing is told."""
    monkeypatch.setattr(outbox, "LEFT_BEHIND_S", 3600.0)  # no sweeper helps
    accept, loop = services._accept, asyncio.get_running_loop()

    def accepted(*args: Any) -> Any:
        found = accept(*args)
        loop.call_soon_threadsafe(sending.cancel)  # before the loop hears that it is accepted
        return found

    monkeypatch.setattr(services, "_accept", accepted)
    before = await rooms.top(thread.id)
    command = Send("", new_id(), thread.id, "hello", models=["scripted:ada"])
    sending = asyncio.create_task(services.send(alice.id, command))
    with pytest.raises(asyncio.CancelledError):
        await sending
    async with asyncio.timeout(10):
        while len(told := await kinds(thread, before)) < 3:
            await asyncio.sleep(0.01)
    assert told[:3] == ["message.created", "message.created", "run.changed"]


async def kinds(thread: Thread, since: Cursor) -> list[str]:
    found = await rooms.read_after(thread.id, since)
    return [json.loads(data)["type"] for data in found.events] if found is not None else []


async def test_with_the_store_away_one_still_talks_and_reads(
    live: Live, thread: Thread, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await live.tabs(thread, alice, bob)
    store = backend("message_store")
    monkeypatch.setattr(store, "put", away)
    for n in range(3):
        assert (await one.send(str(thread.id), f"word {n}", mode="talk"))["type"] == "ack"
    await two.until(lambda: len(two.rooms[str(thread.id)].messages) == 3)
    (late,) = await live.tabs(thread, bob)
    assert [v[3] for v in late.rooms[str(thread.id)].view()] == ["word 0", "word 1", "word 2"]
    page = await one.call("GET", f"/threads/{thread.id}/messages?before=3&limit=1")
    assert [m["body"] for m in page["messages"]] == ["word 1"]
    assert page["has_more"] is True
    monkeypatch.undo()
    assert await outbox.sweep(0) == 3
    assert await outbox.sweep(0) == 0
    assert await rows(stored_at=None) == 0
    assert len((await history.page(alice.id, thread.id)).messages) == 3


async def test_a_message_that_is_stored_while_one_reads_is_not_missed(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "deliver", lambda message: asyncio.sleep(0))
    await say(thread, alice)
    store = backend("message_store")
    real = store.page

    async def page(*args: Any, **kwargs: Any) -> Any:
        found = await real(*args, **kwargs)
        await outbox.sweep(0)
        return found

    monkeypatch.setattr(store, "page", page)
    assert [m.body for m in (await history.page(alice.id, thread.id)).messages] == ["hello"]
    assert await rows(stored_at=None) == 0


async def test_with_the_stream_away_the_message_is_accepted_and_told_later(
    live: Live, thread: Thread, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    (two,) = await live.tabs(thread, bob)
    monkeypatch.setattr(backend("stream_log"), "append", away)
    sent = await say(thread, alice)
    assert sent.seq == 1
    assert await rows(published_at=None) == 1
    monkeypatch.undo()
    await outbox.sweep(0)
    await two.until(lambda: len(two.rooms[str(thread.id)].messages) == 1)


async def test_a_row_that_cannot_be_read_is_put_aside_and_the_rest_goes_on(
    live: Live,
    thread: Thread,
    alice: User,
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (two,) = await live.tabs(thread, bob)
    monkeypatch.setattr(outbox, "deliver", lambda message: asyncio.sleep(0))
    broken, whole = await say(thread, alice, "first"), await say(thread, alice, "second")
    body = await in_db(Outbox.objects.values_list("body", flat=True).get, pk=broken.message_id)
    await in_db(Outbox.objects.filter(pk=broken.message_id).update, body=b'{"id":')
    assert [m.body for m in (await history.page(bob.id, thread.id)).messages] == ["second"]
    assert await outbox.sweep(0) == 1
    assert await outbox.sweep(0) == 0
    await two.until(lambda: two.rooms[str(thread.id)].view() == [(whole.seq, 0, "complete", "second")])
    told = [record for record in caplog.records if "put aside" in record.getMessage()]
    assert [(record.levelname, str(broken.message_id) in record.getMessage()) for record in told] == [("ERROR", True)]
    assert await in_db(set_aside.count) == 1
    # Whoever runs the server has put it right.
    await in_db(Outbox.objects.filter(pk=broken.message_id).update, body=body, set_aside_at=None)
    assert await outbox.sweep(0) == 1
    await two.until(lambda: [said for *_, said in two.rooms[str(thread.id)].view()] == ["first", "second"])
    assert await in_db(set_aside.count) == 0


async def test_told_twice_is_seen_once(live: Live, thread: Thread, alice: User, bob: User) -> None:
    (two,) = await live.tabs(thread, bob)
    sent = await say(thread, alice)
    await outbox.stored()
    message = await history.find(sent.message_id)
    await changing.edit(alice.id, message.id, "edited", 1)
    await outbox.deliver(message)  # as after a crash between telling and clearing
    await say(thread, alice, "next")
    await two.until(lambda: len(two.rooms[str(thread.id)].messages) == 2)
    assert [v[3] for v in two.rooms[str(thread.id)].view()] == ["edited", "next"]
    assert not two.rooms[str(thread.id)].violations


async def test_an_answer_left_behind_is_told_as_its_end(live: Live, thread: Thread, bob: User) -> None:
    (two,) = await live.tabs(thread, bob)
    voice = await Voice.begin(thread)
    await voice.say("words")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "deliver", lambda message: asyncio.sleep(0))
        await voice.finish()
    assert await outbox.sweep(0) == 1
    room = await two.until_quiet(str(thread.id))
    assert room.view() == [(1, 0, "complete", "words")]


async def test_a_fresh_row_is_left_to_whoever_accepted_it(live: Live, thread: Thread, alice: User) -> None:
    await say(thread, alice)
    assert await outbox.sweep() == 0


@pytest.mark.parametrize("is_alone", [True, False], ids=["alone", "beside others"])
async def test_a_start_delivers_what_a_dead_process_left(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch, is_alone: bool
) -> None:
    """Alone, all of it, and at once; where others serve too, what is young may be in their hands."""
    monkeypatch.setattr(outbox, "LEFT_BEHIND_S", 3600.0)
    monkeypatch.setattr(backend("relay"), "is_alone", is_alone)
    with monkeypatch.context() as dying:
        dying.setattr(outbox, "deliver", lambda message: asyncio.sleep(0))
        old = await say(thread, alice)
        young = await say(thread, alice)
    await outbox.stop()
    await in_db(Outbox.objects.filter(pk=old.message_id).update, created_at=now() - timedelta(hours=2))
    await outbox.start()
    async with asyncio.timeout(5):
        while await rows(stored_at=None) > (0 if is_alone else 1):
            await asyncio.sleep(0.01)
    assert await rows(pk=young.message_id, stored_at=None) == (0 if is_alone else 1)
    assert (await rooms.top(thread.id)).offset >= (2 if is_alone else 1)


async def test_many_at_once_are_stored_in_few_goes(
    live: Live, thread: Thread, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = backend("message_store")
    real, sizes = store.put, []

    async def put(messages: Any) -> None:
        sizes.append(len(messages))
        await real(messages)

    monkeypatch.setattr(store, "put", put)
    sent = await asyncio.gather(*(say(thread, user) for user in (alice, bob) * 15))
    await outbox.stored()
    assert sorted(s.seq for s in sent) == list(range(1, 31))
    assert sum(sizes) == 30
    assert len(sizes) < 30


async def test_places_are_dense_whoever_writes_at_once(live: Live, thread: Thread, alice: User, bob: User) -> None:
    one, two = await live.tabs(thread, alice, bob)
    await asyncio.gather(
        *(client.send(str(thread.id), f"{n}", mode="talk") for n in range(10) for client in (one, two))
    )
    for client in (one, two):
        await client.until(lambda client=client: len(client.rooms[str(thread.id)].messages) == 20)
    assert [v[0] for v in one.rooms[str(thread.id)].view()] == list(range(1, 21))
    assert one.rooms[str(thread.id)].view() == two.rooms[str(thread.id)].view()
    branch = await in_db(Branch.objects.get, pk=thread.main_branch_id)
    assert branch.head_seq == 20


async def test_what_was_refused_leaves_no_trace(live: Live, thread: Thread, dave: User) -> None:
    with pytest.raises(Exception, match="write"):
        await say(thread, dave)
    assert await rows() == 0
    assert (await in_db(Branch.objects.get, pk=thread.main_branch_id)).head_seq == 0


async def test_the_same_intent_of_two_people_is_two_messages(
    live: Live, thread: Thread, alice: User, bob: User
) -> None:
    same = new_id()
    one, two = await say(thread, alice, client_id=same), await say(thread, bob, client_id=same)
    assert one.message_id != two.message_id


async def test_who_may_not_write_any_more_is_still_told_what_they_sent(
    live: Live, thread: Thread, project: Project, alice: User, bob: User
) -> None:
    same = new_id()
    first = await say(thread, bob, client_id=same)
    await in_db(change_role, alice.id, project.id, bob.id, "viewer")
    again = await say(thread, bob, client_id=same)
    assert (again.message_id, again.is_duplicate) == (first.message_id, True)


async def test_intents_are_remembered_for_seven_days(live: Live, thread: Thread, alice: User) -> None:
    same = new_id()
    first = await say(thread, alice, client_id=same)
    await outbox.stored()
    assert await in_db(outbox.prune) == 0
    await in_db(Outbox.objects.update, created_at=now() - timedelta(days=7, minutes=1))
    assert await in_db(outbox.prune) == 1
    assert (await say(thread, alice, client_id=same)).message_id != first.message_id


async def test_a_row_that_is_not_delivered_is_never_forgotten(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "deliver", lambda message: asyncio.sleep(0))
    await say(thread, alice)
    await in_db(Outbox.objects.update, created_at=now() - timedelta(days=30))
    assert await in_db(outbox.prune) == 0


# -- several processes sweep -----------------------------------------------------------------------------


async def test_what_one_sweeper_has_taken_no_other_delivers(
    live: Live, thread: Thread, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    (two,) = await live.tabs(thread, bob)
    monkeypatch.setattr(outbox, "deliver", lambda message: asyncio.sleep(0))
    monkeypatch.setattr(outbox, "BATCH", 2)
    for n in range(6):
        await say(thread, alice, f"word {n}")
    before = two.event_count
    counts = await asyncio.gather(*(outbox.sweep(0) for _ in range(4)))
    assert sorted(counts) == [0, 2, 2, 2]
    await two.until(lambda: len(two.rooms[str(thread.id)].messages) == 6)
    assert two.event_count - before == 6, "each was told once"
    assert await rows(stored_at=None) == 0


async def test_what_a_sweeper_could_not_deliver_is_free_at_once(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "deliver", lambda message: asyncio.sleep(0))
    await say(thread, alice)
    store = backend("message_store")
    real = store.put
    monkeypatch.setattr(store, "put", away)
    with pytest.raises(Unavailable):
        await outbox.sweep(0)
    monkeypatch.setattr(store, "put", real)
    assert await outbox.sweep(0) == 1


async def test_what_a_sweeper_that_died_had_taken_is_delivered_later(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "deliver", lambda message: asyncio.sleep(0))
    await say(thread, alice)
    assert len(await in_db(outbox._take, 0, is_alone=False)) == 1  # and dies
    assert await outbox.sweep(0) == 0
    monkeypatch.setattr(outbox, "now", lambda: now() + outbox.TAKEN)
    assert await outbox.sweep(0) == 1


async def test_who_is_alone_takes_over_at_once(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "deliver", lambda message: asyncio.sleep(0))
    await say(thread, alice)
    await in_db(outbox._take, 0, is_alone=False)
    assert await outbox.sweep(0, is_alone=True) == 1
