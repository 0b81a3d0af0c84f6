"""What is particular to the CQL store: short pages, long texts, other processes, what a page asks for, tables."""

import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cassandra.cluster import Session

from chatplatform.kernel.errors import Invalid, Unavailable
from chatplatform.kernel.ids import new_id
from messaging.stores.cql import bridge, connection, schema
from messaging.stores.cql import statements as cql
from messaging.stores.cql.connection import Servers
from messaging.stores.cql.rows import message_values
from messaging.stores.cql.store import CqlMessageStore
from messaging.types import Attempt, Message, Meta, Range
from tests.messaging.stores.made import THEN, edited, message
from tests.server import ROOT
from tests.servers import CassandraServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def store(cql_servers: Servers) -> CqlMessageStore:
    return CqlMessageStore(cql_servers)


@pytest.fixture
def other(cql_servers: Servers) -> CqlMessageStore:
    """The store of another process: it shares the servers and nothing else."""
    return CqlMessageStore(cql_servers)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each statement was sent."""
    counts: Counter[str] = Counter()
    send = Session.execute_async

    def count(self: Session, statement: Any, *args: Any, **options: Any) -> Any:
        prepared = getattr(statement, "prepared_statement", None)
        counts[prepared.query_string if prepared else "batch"] += 1
        return send(self, statement, *args, **options)

    monkeypatch.setattr(Session, "execute_async", count)
    return counts


def places(messages: list[Message]) -> list[int]:
    return sorted({m.seq for m in messages})


# -- pages --------------------------------------------------------------------------------------------


async def test_a_short_page_of_the_servers_is_not_the_end(
    store: CqlMessageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = new_id()
    await store.put([message(branch, seq, variant) for seq in range(200, 320) for variant in range(3)])
    page = bridge.Bridge.page

    async def tiny(self: Any, statement: str, values: Any, after: Any = None, size: int = 0) -> Any:
        return await page(self, statement, values, after, 2)

    monkeypatch.setattr(bridge.Bridge, "page", tiny)
    for options in ({}, {"before": 300}, {"after": 230}):
        found = await store.page([Range(branch, 1)], limit=50, **options)
        assert len(found) == 150
        assert [(m.seq, m.variant) for m in found] == sorted((m.seq, m.variant) for m in found)
    assert len(await store.page([Range(branch, 1)], limit=200)) == 360


@pytest.mark.parametrize("size", [300, 3000])
async def test_a_page_asks_as_little_of_a_long_branch_as_of_a_short_one(
    store: CqlMessageStore, asked: Counter[str], size: int
) -> None:
    branch = new_id()
    await store.put([message(branch, seq) for seq in range(1, size + 1)])
    path = [Range(branch, 1)]
    for options, statement in (({"before": 290}, cql.NEWEST_FIRST), ({"after": 240}, cql.OLDEST_FIRST)):
        asked.clear()
        assert len(await store.page(path, limit=50, **options)) == 50
        assert asked == {statement: 2}  # the two partitions that the page lies in
    asked.clear()
    assert len(await store.page(path, limit=40)) == 40
    assert asked[cql.BUCKET_BELOW] == 1
    assert asked[cql.NEWEST_FIRST] == 1


async def test_empty_partitions_are_not_read(store: CqlMessageStore, asked: Counter[str]) -> None:
    branch = new_id()
    await store.put([message(branch, seq) for seq in (5, 700_000, 1_000_000)])
    asked.clear()
    assert places(await store.page([Range(branch, 1)], limit=50)) == [5, 700_000, 1_000_000]
    assert places(await store.page([Range(branch, 1)], after=0, limit=50)) == [5, 700_000, 1_000_000]
    assert asked.total() < 20


async def test_the_entries_of_a_path_are_read_at_once(store: CqlMessageStore, asked: Counter[str]) -> None:
    branches = [new_id() for _ in range(8)]
    await store.put([message(branch, seq) for n, branch in enumerate(branches) for seq in range(1, 101)])
    path = [Range(branch, n * 5 + 1, n * 5 + 5) for n, branch in enumerate(branches)]
    most, running = 0, 0
    read = store._bridge._page

    async def watched(*values: Any) -> Any:
        nonlocal most, running
        running += 1
        most = max(most, running)
        try:
            return await read(*values)
        finally:
            running -= 1

    store._bridge._page = watched  # type: ignore[method-assign, assignment]
    asked.clear()
    assert places(await store.page(path, before=41, limit=40)) == list(range(1, 41))
    assert asked == {cql.NEWEST_FIRST: 8}
    assert most == 8


async def test_equal_reads_that_wait_become_one(store: CqlMessageStore, asked: Counter[str]) -> None:
    one = message(new_id(), 1)
    await store.put([one])
    asked.clear()
    pages = await asyncio.gather(*(store.page([Range(one.branch_id, 1, 9)]) for _ in range(500)))
    assert all(page == [one] for page in pages)
    assert asked == {cql.NEWEST_FIRST: 1}


async def test_a_read_sees_what_was_written_before_it_though_an_older_one_is_under_way(store: CqlMessageStore) -> None:
    branch = new_id()
    readers = []
    for seq in range(1, 40):
        await store.put([message(branch, seq)])
        readers.append(asyncio.create_task(store.page([Range(branch, 1, 50)], before=51)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    for seq, page in enumerate(await asyncio.gather(*readers), start=1):
        assert places(page)[:seq] == list(range(1, seq + 1))


async def test_only_so_many_requests_are_with_the_servers(
    store: CqlMessageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.get(new_id())  # connected
    store._bridge._room = asyncio.Semaphore(4)
    most, running = 0, 0
    send = Session.execute_async

    def watched(self: Session, *args: Any, **options: Any) -> Any:
        nonlocal most, running
        running += 1
        most = max(most, running)
        return send(self, *args, **options)

    release = store._bridge._room.release

    def released() -> None:
        nonlocal running
        running -= 1
        release()

    monkeypatch.setattr(Session, "execute_async", watched)
    pages = [store._bridge._page(cql.REF, (new_id(),), None, 10) for _ in range(100)]
    monkeypatch.setattr(store._bridge._room, "release", released)
    await asyncio.gather(*pages)
    assert most == 4


# -- writes -------------------------------------------------------------------------------------------


async def test_a_long_text_lies_in_pieces_and_comes_back(store: CqlMessageStore, other: CqlMessageStore) -> None:
    long = "Zürich 🛶 " * 20_000
    thought = "ñ" * 90_000
    one = message(new_id(), 1, body=long, meta=Meta(reasoning=thought, earlier_attempts=(Attempt(1, long, "x", THEN),)))
    await store.put([one])
    assert await other.get(one.id) == one
    short = edited(one, "short")
    assert await store.edit(short, editor_name="Alice")
    longer = edited(short, long + "more")
    assert await other.edit(longer, editor_name="Bob")
    assert await store.page([Range(one.branch_id, 1)]) == [longer]
    assert [r.body for r in await store.revisions(one.id)] == [long, "short"]


async def test_a_missing_piece_is_said_and_not_shown_as_a_shorter_text(
    store: CqlMessageStore, cql_servers: Servers, caplog: pytest.LogCaptureFixture
) -> None:
    one = message(new_id(), 1, body="0123456789" * 10_000)
    await store.put([one])
    here = connection.connected(cql_servers)
    here.session.execute(
        "DELETE FROM message_chunk WHERE message_id = %s AND revision = 1 AND part = 'body' AND n = 3", (one.id,)
    )
    with pytest.raises(Unavailable):
        await store.get(one.id)
    assert "lacks a piece" in caplog.text
    await store.forget(one.branch_id)  # others read this keyspace as a whole


async def test_a_late_repeat_from_elsewhere_undoes_nothing(store: CqlMessageStore, other: CqlMessageStore) -> None:
    one = message(new_id(), 1)
    await store.put([one])
    two = edited(one, "two")
    three = edited(two, "three")
    assert await other.edit(two, editor_name="Bob")
    assert await other.edit(three, editor_name="Bob")
    # Even the bare writes, without the look that comes before them.
    await store._write_before([[one]], [])
    await store._write_rows([message_values(one)[0], message_values(two)[0]])
    for each in (store, other):
        assert await each.get(one.id) == three
        assert not await each.edit(two, editor_name="Bob")
    assert [r.body for r in await store.revisions(one.id)] == ["1.0", "two"]


async def test_a_write_that_was_cut_off_is_made_whole_by_its_repeat(store: CqlMessageStore) -> None:
    one = message(new_id(), 1)
    await store._write_before([[one]], [])  # and then the process died
    assert await store.get(one.id) is None
    assert await store.page([Range(one.branch_id, 1)]) == []
    await store.put([one])
    assert await store.get(one.id) == one


async def test_a_place_that_is_taken_is_said(store: CqlMessageStore, caplog: pytest.LogCaptureFixture) -> None:
    branch = new_id()
    first, second = message(branch, 1), message(branch, 1)
    await store.put([first])
    await store.put([second])
    assert str(second.id) in caplog.text
    assert await store.get(second.id) is None


# -- tables -------------------------------------------------------------------------------------------


def migrate(servers: Servers, tmp_path: Path, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate_cql"],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "PARLEY_DATA_DIR": str(tmp_path),
            "CQL_HOSTS": ",".join(servers.hosts),
            "CQL_KEYSPACE": servers.keyspace,
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_several_hosts_make_the_tables_at_once(cassandra: CassandraServer, tmp_path: Path) -> None:
    servers = Servers((cassandra.hosts,), cassandra.new_keyspace())
    try:
        running = [migrate(servers, tmp_path) for _ in range(3)]
        said = [process.communicate(timeout=50)[0] for process in running]
        assert [process.returncode for process in running] == [0, 0, 0], said
        assert sorted("Applying 0001_messages.cql" in words for words in said) == [False, False, True]
        assert all("up to date" in words for words in said)
        assert any("3 copies are wanted" in words for words in said)
        assert schema.apply(servers) == []
        assert connection.connected(servers)
    finally:
        connection.close_all()
        schema.drop(servers)


def test_a_file_that_was_changed_after_it_was_applied_is_refused(
    cql_servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in schema.FOLDER.glob("*.cql"):
        (tmp_path / file.name).write_text(file.read_text() + "\n-- and more")
    monkeypatch.setattr(schema, "FOLDER", tmp_path)
    with pytest.raises(Invalid, match=r"0001_messages\.cql was changed"):
        schema.apply(cql_servers)


async def test_tables_that_are_missing_are_made_by_whoever_needs_them(cassandra: CassandraServer) -> None:
    servers = Servers((cassandra.hosts,), cassandra.new_keyspace())
    store = CqlMessageStore(servers)
    one = message(new_id(), 1)
    try:
        await store.put([one])
        assert await store.get(one.id) == one
    finally:
        await store.close()
        schema.drop(servers)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (
            {"CQL_HOSTS": "127.0.0.1:9"},
            "No CQL server answers at 127.0.0.1:9 (CQL_HOSTS): 127.0.0.1:9: Connection refused",
        ),
        ({"CQL_HOSTS": "nobody.invalid:9042"}, "No name in CQL_HOSTS is known here: nobody.invalid:9042"),
        ({"CQL_CA_FILE": "/nowhere/ca.pem"}, "The file /nowhere/ca.pem (CQL_CA_FILE) cannot be used: No such file"),
        ({"CQL_SSLMODE": "on"}, "CQL_SSLMODE is 'on'; use disable, require, verify-ca or verify-full."),
        ({"CQL_SSLMODE": "require"}, "TLS fails"),
        ({"CQL_DATACENTER": "europe"}, 'no data centre "europe" (CQL_DATACENTER); there is: datacenter1'),
        ({"CQL_KEYSPACE": "Par-ley"}, "use small letters"),
        ({"CQL_HOSTS": ""}, "CQL_HOSTS is empty"),
    ],
)
def test_what_is_wrong_is_said(cql_servers: Servers, tmp_path: Path, environment: dict[str, str], words: str) -> None:
    said, _ = (process := migrate(cql_servers, tmp_path, **environment)).communicate(timeout=50)
    assert process.returncode == 1
    assert words in said
    assert "Traceback" not in said
