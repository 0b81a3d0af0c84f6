"""A node that is killed, that stands still, that was never there: nothing is lost, all is said, and it goes again by itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import Unavailable
from chatplatform.kernel.ids import new_id
from messaging.stores.cql import connection, schema
from messaging.stores.cql.connection import Servers
from messaging.stores.cql.store import CqlMessageStore
from messaging.types import Range
from tests.messaging.stores.made import edited, message
from tools.services import Cassandra

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.needs("cassandra"),
    pytest.mark.kill,
    pytest.mark.timeout(150),
]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cassandra]:
    """A server of these tests' own, to be ill-treated."""
    node = Cassandra(tmp_path_factory.mktemp("cassandra")).start()
    yield node
    node.kill()


@pytest.fixture
async def store(node: Cassandra, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CqlMessageStore]:
    monkeypatch.setattr(connection, "ANSWER_S", 1.0)
    servers = Servers((node.host,), "parley")
    await in_db(schema.apply, servers, copies=1)
    store = CqlMessageStore(servers)
    yield store
    await store.close()


async def until_it_goes(ask: Callable[[], Any], within_s: float) -> Any:
    """What is answered once the store is back, asked again and again."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            return await ask()
        except Unavailable:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)


async def test_a_killed_node_keeps_everything_and_is_found_again(node: Cassandra, store: CqlMessageStore) -> None:
    branch = new_id()
    messages = [message(branch, seq) for seq in range(1, 301)]
    await store.put(messages)
    changed = edited(messages[7], "changed")
    assert await store.edit(changed, editor_name="Alice")
    node.kill()
    for ask in (lambda: store.put([message(branch, 301)]), lambda: store.page([Range(branch, 1)])):
        with pytest.raises(Unavailable, match="goes again by itself"):
            await asyncio.wait_for(ask(), 15)
    node.start()
    # The very same store, whose connections all broke.
    kept = await until_it_goes(lambda: store.page([Range(branch, 1)], limit=400), 30)
    messages[7] = changed
    assert kept == messages
    await until_it_goes(lambda: store.put([message(branch, 301)]), 10)


async def test_a_write_without_an_answer_is_written_again(node: Cassandra, store: CqlMessageStore) -> None:
    branch = new_id()
    await store.put([message(branch, 1)])
    node.pause()
    writing = asyncio.create_task(store.put([message(branch, seq) for seq in range(1, 51)][1:]))
    await asyncio.sleep(1.5)  # the first try has had no answer in its time
    assert not writing.done()
    node.resume()
    await asyncio.wait_for(writing, 30)
    kept = await store.page([Range(branch, 1)], limit=100)
    assert [m.seq for m in kept] == list(range(1, 51))


async def test_a_node_that_stands_still_is_said_and_waited_for_no_longer_than_promised(
    node: Cassandra, store: CqlMessageStore
) -> None:
    one = message(new_id(), 1)
    await store.put([one])
    node.pause()
    try:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await store.get(one.id)
        assert time.monotonic() - began < 8
    finally:
        node.resume()
    assert await until_it_goes(lambda: store.get(one.id), 30) == one


async def test_a_server_that_is_away_at_first_is_found_when_it_comes(
    node: Cassandra, store: CqlMessageStore, caplog: pytest.LogCaptureFixture
) -> None:
    node.kill()
    first = CqlMessageStore(Servers((node.host,), "parley_later"))
    one = message(new_id(), 1)
    with pytest.raises(Unavailable):
        await first.put([one])
    assert f"No CQL server answers at {node.host}" in caplog.text
    tries = caplog.text.count("No CQL server answers")
    for _ in range(20):  # whoever asks now is told at once, and nobody connects for each of them
        with pytest.raises(Unavailable):
            await first.put([one])
    assert caplog.text.count("No CQL server answers") == tries
    node.start()
    await until_it_goes(lambda: first.put([one]), 60)
    assert await first.get(one.id) == one
