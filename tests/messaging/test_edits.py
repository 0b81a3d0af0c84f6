"""A change that was accepted is made, once, whichever process does it and whenever the store is back."""

import asyncio
from typing import Any

import msgspec
import pytest

from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import now
from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import Conflict, Unavailable
from messaging import changing, edits, history, set_aside
from messaging.models import Edit
from messaging.stores.cql.connection import Servers
from messaging.stores.cql.store import CqlMessageStore
from projects.models import User
from tests.messaging.conftest import Live
from tests.messaging.test_changes import said
from threads.models import Thread


def away(*_: Any, **__: Any) -> Any:
    raise Unavailable("It does not answer.")


class AwayStore:
    edit = staticmethod(away)


async def test_with_the_store_away_a_change_is_made_later(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tab,) = await live.tabs(thread, alice)
    message = await said(thread, alice)
    monkeypatch.setattr(backend("message_store"), "edit", away)
    for _ in range(2):  # again: the same change
        with pytest.raises(Unavailable, match="kept"):
            await changing.edit(alice.id, message.id, "first", 1)
    with pytest.raises(Conflict):
        await changing.edit(alice.id, message.id, "another", 1)
    monkeypatch.undo()
    assert await edits.sweep(0) == 1
    await tab.until(lambda: tab.rooms[str(thread.id)].view()[0][3] == "first")
    assert await edits.sweep(0) == 0
    assert (await history.find(message.id)).revision == 2


async def test_what_a_dead_process_left_does_not_undo_what_came_after(live: Live, thread: Thread, alice: User) -> None:
    message = await said(thread, alice)
    second = await changing.edit(alice.id, message.id, "second", 1)
    await changing.edit(alice.id, message.id, "third", 2)
    # As if the process that made the first change had died before it cleared its row.
    body = msgspec.json.encode(second)
    await in_db(Edit.objects.filter(revision=2).update, body=body, stored_at=None)
    assert await edits.sweep(0) == 1
    assert (await history.find(message.id)).body == "third"
    assert await in_db(Edit.objects.filter(stored_at=None).count) == 0


async def test_a_change_that_cannot_be_read_is_put_aside_and_those_behind_it_are_made(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = await said(thread, alice), await said(thread, alice)
    monkeypatch.setattr(backend("message_store"), "edit", away)
    for message in (first, second):
        with pytest.raises(Unavailable, match="kept"):
            await changing.edit(alice.id, message.id, "changed", 1)
    monkeypatch.undo()
    await in_db(Edit.objects.filter(message_id=first.id).update, body=b"\x00")
    with pytest.raises(Conflict):  # asked for once more
        await changing.edit(alice.id, first.id, "changed", 1)
    assert [await edits.sweep(0) for _ in range(2)] == [1, 0]
    assert (await history.find(second.id)).body == "changed"
    assert [record.levelname for record in caplog.records if "put aside" in record.getMessage()] == ["ERROR"]
    assert await in_db(set_aside.count) == 1


async def test_a_changes_words_do_not_stay_in_its_row(live: Live, thread: Thread, alice: User) -> None:
    message = await said(thread, alice)
    await changing.edit(alice.id, message.id, "first", 1)
    assert await in_db(Edit.objects.filter(body__isnull=False).count) == 0


async def test_of_two_processes_changing_one_message_one_wins(
    live: Live, thread: Thread, alice: User, cql_servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stores of two processes share no lock, as here; the database decides."""
    stores = [CqlMessageStore(cql_servers), CqlMessageStore(cql_servers)]
    message = await said(thread, alice)
    await stores[0].put([message])
    for revision in range(2, 8):
        monkeypatch.setattr(edits, "backend", lambda role, all_=stores * 2: all_.pop())
        changed = [
            msgspec.structs.replace(message, body=f"{side} {revision}", revision=revision, edited_at=now())
            for side in ("left", "right")
        ]
        made = await asyncio.gather(*(edits.make(one, "Alice") for one in changed))
        winners = [one for one in made if one is not None]
        assert len(winners) == 1
        for store in stores:
            kept = await store.get(message.id)
            assert kept == winners[0]
        message = winners[0]
    assert [old.revision for old in await stores[0].revisions(message.id)] == list(range(1, 7))


async def test_processes_that_sweep_at_the_same_time_make_a_change_once(
    live: Live, thread: Thread, alice: User, cql_servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every process looks for what was left behind, and nobody takes a row for itself: each step may be repeated."""
    (tab,) = await live.tabs(thread, alice)
    stores = [CqlMessageStore(cql_servers), CqlMessageStore(cql_servers)]
    message = await said(thread, alice)
    await stores[0].put([message])
    for revision in range(2, 8):
        message = msgspec.structs.replace(message, body=f"words {revision}", revision=revision, edited_at=now())
        monkeypatch.setattr(edits, "backend", lambda role: AwayStore())
        with pytest.raises(Unavailable):
            await edits.make(message, "Alice")
        monkeypatch.setattr(edits, "backend", lambda role, all_=stores * 4: all_.pop())
        await asyncio.gather(*(edits.sweep(0) for _ in range(4)))
        assert await in_db(Edit.objects.filter(stored_at=None).count) == 0
        assert [await store.get(message.id) for store in stores] == [message] * 2
    assert [old.revision for old in await stores[0].revisions(message.id)] == list(range(1, 7))
    await tab.until(lambda: tab.rooms[str(thread.id)].view()[0][3] == "words 7")
    assert tab.rooms[str(thread.id)].violations == []
