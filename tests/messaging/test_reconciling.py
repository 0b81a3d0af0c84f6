"""A database and a store of two moments: no new message is given a place that another one has."""

from typing import Any

import pytest

from chatplatform.kernel.backends import backend
from chatplatform.kernel.db import in_db
from chatplatform.kernel.ids import new_id
from messaging import history, outbox, services
from messaging.moving.reconciling import Finding, reconcile
from messaging.protocol.commands import Send
from projects.models import User
from tests.messaging.conftest import Live
from threads.models import Branch, Thread


async def say(thread: Thread, user: User, body: str) -> Any:
    sent = await services.send(user.id, Send("", new_id(), thread.id, body, mode="talk"))
    await outbox.stored()
    return sent


async def test_an_older_database_learns_which_places_are_taken(live: Live, thread: Thread, alice: User) -> None:
    for n in range(5):
        await say(thread, alice, f"word {n}")
    store = backend("message_store")
    branch_id = thread.main_branch_id
    assert branch_id is not None
    assert await reconcile(store, mends=True) == (1, [])
    await in_db(Branch.objects.filter(pk=branch_id).update, head_seq=3)  # as a backup had it
    assert await reconcile(store, mends=False) == (1, [Finding(branch_id, 3, 5)])
    assert await reconcile(store, mends=True) == (1, [Finding(branch_id, 3, 5)])
    assert await reconcile(store, mends=True) == (1, [])
    assert (await say(thread, alice, "after")).seq == 6
    page = await history.page(alice.id, thread.id)
    assert [m.body for m in page.messages] == [*(f"word {n}" for n in range(5)), "after"]


async def test_an_older_store_is_said(live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(4):
        await say(thread, alice, f"word {n}")
    monkeypatch.setattr(outbox, "_store", lambda messages: _nothing())
    await say(thread, alice, "on its way")
    store = backend("message_store")
    branch_id = thread.main_branch_id
    assert branch_id is not None
    assert await reconcile(store, mends=True) == (1, [])  # the outbox has the last one
    monkeypatch.undo()
    await outbox.sweep(0)
    await in_db(Branch.objects.filter(pk=branch_id).update, head_seq=7)  # as if a backup lacked two messages
    assert await reconcile(store, mends=True) == (1, [Finding(branch_id, 7, 5)])


async def _nothing() -> None:
    pass
