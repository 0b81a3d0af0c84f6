"""All messages from one store into the other, with everything that is known of them, whatever happens on the way."""

import itertools
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from chatplatform.kernel.clock import now
from chatplatform.kernel.db import in_db
from chatplatform.kernel.ids import new_id
from chatplatform.management.commands import move_messages
from messaging import purge as purging
from messaging.models import Edit, Move, Outbox, StoredMessage, StoredRevision
from messaging.moving import progress
from messaging.moving.comparing import Comparison, compare, first_difference
from messaging.moving.copying import catch_up, copy_all
from messaging.stores.base import MovableStore
from messaging.stores.cql import schema
from messaging.stores.cql.connection import Servers
from messaging.stores.cql.store import CqlMessageStore
from messaging.stores.orm import OrmMessageStore
from messaging.types import Message, Meta, Range
from tests.messaging.stores.made import edited, message
from tests.server import ROOT
from tests.servers import CassandraServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cql(cassandra: CassandraServer, cql_servers: Servers) -> CqlMessageStore:
    return CqlMessageStore(cql_servers)


async def talk(store: MovableStore) -> list[UUID]:
    """Three branches with all that messages can have."""
    long, wide, small = (new_id() for _ in range(3))
    await store.put([message(long, seq) for seq in range(1, 701)])
    await store.put([message(wide, seq, variant) for seq in range(250, 270) for variant in range(4)])
    first = message(small, 1, body="🛶 " * 40_000, reply_to=None, client_id=new_id())
    gone = message(small, 2, meta=Meta(reasoning="so", tokens_in=3, cost_usd=0.1), run_id=new_id(), turn_id=new_id())
    await store.put([first, gone])
    for one, body, state in ((first, "short", "complete"), (gone, "", "deleted")):
        second = msgspec.structs.replace(edited(one, body), state=state)
        assert await store.edit(second, editor_name="Alice")
    again = msgspec.structs.replace(edited(edited(first, "short"), "longer " * 30_000))
    assert await store.edit(again, editor_name="Bob")
    return [long, wide, small]


async def move(source: MovableStore, target: MovableStore, name: str, branches: list[UUID]) -> progress.Progress:
    at = await in_db(progress.begin, name)
    await copy_all(source, target, branches, at, lambda: None)
    await catch_up(source, target, at)
    return at


async def differences(source: MovableStore, target: MovableStore, branches: list[UUID]) -> list[UUID]:
    return sorted((await compare(source, target, branches, lambda count: None)).different)


async def test_everything_moves_there_and_back(cql: CqlMessageStore) -> None:
    orm = OrmMessageStore()
    branches = await talk(orm)
    assert sorted([branch async for branch in orm.branches()]) == sorted(branches)
    assert await differences(orm, cql, branches) == sorted(branches)
    await move(orm, cql, "cql", branches)
    found = await compare(orm, cql, branches, lambda count: None)
    assert (found.different, found.messages, found.revisions) == ({}, 782, 3)
    assert set(branches) <= {branch async for branch in cql.branches()}
    kept = [await orm.page([Range(branch, 1)], limit=1000) for branch in branches]
    older = [await orm.revisions(one.id) for one in kept[2]]

    await in_db(StoredMessage.objects.all().delete)
    await in_db(StoredRevision.objects.all().delete)
    await move(cql, orm, "orm", branches)
    assert [await orm.page([Range(branch, 1)], limit=1000) for branch in branches] == kept
    assert [await orm.revisions(one.id) for one in kept[2]] == older
    assert not await differences(cql, orm, branches)


async def test_a_second_move_changes_nothing(cql: CqlMessageStore) -> None:
    orm = OrmMessageStore()
    branches = await talk(orm)
    for _ in range(2):
        await in_db(Move.objects.all().delete)
        await move(orm, cql, "cql", branches)
    assert not await differences(orm, cql, branches)


def as_stored(one: Message) -> None:
    """The rows that the outbox and the edits leave behind them."""
    if one.revision == 1:
        Outbox.objects.create(
            message_id=one.id, author_key="x", client_id=new_id(), thread_id=one.thread_id, branch_id=one.branch_id,
            seq=one.seq, variant=one.variant, stored_at=now(), published_at=now(),
        )  # fmt: skip
    else:
        Edit.objects.create(message_id=one.id, revision=one.revision, editor_name="Alice", stored_at=now())


async def test_what_is_said_and_changed_meanwhile_comes_after(cql: CqlMessageStore) -> None:
    """Behind the copying: a new answer to an old question, an edit of an old message; and a branch nobody had seen."""
    orm = OrmMessageStore()
    branches = await talk(orm)
    at = await in_db(progress.begin, "cql")
    await copy_all(orm, cql, branches, at, lambda: None)
    old = (await orm.page([Range(branches[0], 1)], before=3, limit=1))[0]
    late = [message(branches[0], 1, 1), message(branches[0], 701), message(new_id(), 1)]
    await orm.put(late)
    changed = edited(old, "changed")
    assert await orm.edit(changed, editor_name="Alice")
    for one in [*late, changed]:
        await in_db(as_stored, one)
    everything = [*branches, late[2].branch_id]
    assert await differences(orm, cql, everything) == sorted([branches[0], late[2].branch_id])
    count, touched = await catch_up(orm, cql, at)
    assert (count, touched) == (4, {branches[0], late[2].branch_id})
    assert not await differences(orm, cql, everything)


async def test_what_the_outbox_has_forgotten_is_copied_anew(cql: CqlMessageStore) -> None:
    orm = OrmMessageStore()
    branches = await talk(orm)
    await move(orm, cql, "cql", branches)
    assert (await in_db(progress.begin, "cql")).row.copied_at is not None
    await in_db(progress.save_caught_up, "cql", now() - progress.REMEMBERED)
    again = await in_db(progress.begin, "cql")
    assert again.row.copied_at is None
    assert not again.is_resumed


async def purge(store: MovableStore, branch_id: UUID) -> None:
    """As `messaging/purge.py` does, which knows one store only."""
    await in_db(purging._note_purged, [branch_id])
    await store.forget(branch_id)


async def test_what_was_purged_while_the_other_store_was_in_use_does_not_come_back(cql: CqlMessageStore) -> None:
    orm = OrmMessageStore()
    first, second, third = await talk(orm)
    await move(orm, cql, "cql", [first, second, third])
    await purge(cql, second)
    left = [first, third]
    await move(cql, orm, "orm", left)
    assert sorted([branch async for branch in orm.branches()]) == sorted(left)
    assert not await differences(cql, orm, [first, second, third])


async def test_what_is_purged_while_it_is_moved_is_gone_from_both(cql: CqlMessageStore) -> None:
    orm = OrmMessageStore()
    branches = await talk(orm)
    at = await in_db(progress.begin, "cql")
    await copy_all(orm, cql, branches, at, lambda: None)
    await purge(orm, branches[0])
    assert await differences(orm, cql, branches) == [branches[0]]
    await catch_up(orm, cql, at)
    assert not await differences(orm, cql, branches)
    assert await cql.page([Range(branches[0], 0)]) == []


async def test_a_difference_is_found_and_named(cql: CqlMessageStore) -> None:
    orm = OrmMessageStore()
    branches = await talk(orm)
    await move(orm, cql, "cql", branches)
    first, second, third = branches
    await in_db(StoredMessage.objects.filter(branch_id=first, seq=567).update, body="tampered with")
    await in_db(StoredMessage.objects.filter(branch_id=second, seq=260, variant=2).delete)
    await in_db(StoredRevision.objects.filter(body="short").update, body="shorter")
    assert await differences(orm, cql, branches) == sorted(branches)
    assert "place 567, variant 0" in await first_difference(orm, cql, first)
    assert "place 260, variant 2 is only there" in await first_difference(orm, cql, second)
    assert "older texts differ" in await first_difference(orm, cql, third)


# -- the command --------------------------------------------------------------------------------------


def command(folder: Path, servers: Servers, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "manage.py", "move_messages", *words],
        cwd=ROOT,
        env={
            **environment(folder),
            "CQL_HOSTS": ",".join(servers.hosts),
            "CQL_KEYSPACE": servers.keyspace,
            "CQL_REPLICATION": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def environment(folder: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "PARLEY_DATA_DIR": str(folder), "PARLEY_LOCAL_MODEL": "0"}


def seed(folder: Path, messages: int) -> None:
    words = [sys.executable, "-m", "bench.seed", json.dumps({"messages": messages})]
    subprocess.run(words, cwd=ROOT, env=environment(folder), check=True, capture_output=True)


def copied(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "parley.sqlite3", timeout=20)) as database:
        row: Any = database.execute("SELECT messages FROM messaging_move").fetchone()
    return row[0] if row else 0


@pytest.fixture
def empty(cassandra: CassandraServer) -> Iterator[Servers]:
    """A keyspace that holds nobody else's branches: the command compares all there are."""
    servers = Servers(tuple(cassandra.hosts.split(",")), cassandra.new_keyspace())
    yield servers
    schema.drop(servers)


async def test_a_branch_that_is_written_to_all_the_while_is_no_difference(
    empty: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever moves a server that people use is told to stop it, not that the copy is wrong."""
    orm, cql = OrmMessageStore(), CqlMessageStore(empty)
    branches = await talk(orm)
    at = await move(orm, cql, "cql", branches)
    places = itertools.count(800)

    async def compared(source: MovableStore, target: MovableStore, which: list[UUID], told: Any) -> Comparison:
        late = message(branches[0], next(places))
        await orm.put([late])
        await in_db(as_stored, late)
        return await compare(source, target, which, told)

    monkeypatch.setattr(move_messages, "compare", compared)
    said = StringIO()
    moving = move_messages.Command(stdout=said)
    moving._names = ("the database", "CQL")
    assert not await moving._compare_all(orm, cql, at)
    assert "1 branches were written to while they were compared" in said.getvalue()
    assert "All others are the same." in said.getvalue()
    assert "differ" not in said.getvalue()

    await in_db(StoredMessage.objects.filter(branch_id=branches[1], seq=260, variant=2).delete)
    assert not await moving._compare_all(orm, cql, at)
    assert f"Branch {branches[1]} differs" in said.getvalue()
    assert f"Branch {branches[0]} differs" not in said.getvalue()


@pytest.mark.kill
@pytest.mark.timeout(180)
def test_a_move_that_is_killed_goes_on_from_there(empty: Servers, tmp_path: Path) -> None:
    seed(tmp_path, 15_000)
    moving = command(tmp_path, empty, "--to", "cql")
    deadline = time.monotonic() + 40
    while not copied(tmp_path):
        assert time.monotonic() < deadline
        assert moving.poll() is None, moving.communicate()[0]
        time.sleep(0.02)
    os.kill(moving.pid, signal.SIGKILL)
    moving.communicate()
    before = copied(tmp_path)
    assert 0 < before < 15_000

    said, _ = (again := command(tmp_path, empty, "--to", "cql")).communicate(timeout=80)
    assert again.returncode == 0, said
    assert "Going on with the move" in said
    assert re.search(r"Both hold the same: 15,000 messages and 0 older texts in 1 branches; sha256 [0-9a-f]{64}", said)

    with closing(sqlite3.connect(tmp_path / "parley.sqlite3")) as database, database:
        database.execute("UPDATE messaging_storedmessage SET body = 'tampered' WHERE seq = 14001")
    said, _ = (comparing := command(tmp_path, empty, "--to", "cql", "--verify")).communicate(timeout=80)
    assert comparing.returncode == 1, said
    assert "place 14001, variant 0" in said
    assert "1 of 1 branches differ between the database and CQL" in said
