"""What every message store promises (`stores/base.py`), asked of each implementation."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatplatform.kernel.ids import new_id
from messaging.stores.base import MessageStore
from messaging.stores.cql.store import CqlMessageStore
from messaging.stores.orm import OrmMessageStore
from messaging.types import Attempt, Author, Message, Meta, Range, TurnError
from tests.plans import detours

STORES = ["orm", pytest.param("cql", marks=pytest.mark.needs("cassandra"))]
pytestmark = pytest.mark.django_db(transaction=True)
THEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[MessageStore]:
    if request.param == "orm":
        yield OrmMessageStore()
    else:
        yield CqlMessageStore(request.getfixturevalue("cql_servers"))


def message(branch: UUID, seq: int, variant: int = 0, **fields: Any) -> Message:
    fields = {"id": new_id(), "thread_id": branch, "body": f"{seq}.{variant}", "state": "complete", **fields}
    author = fields.pop("author", Author("person", str(new_id()), "Alice"))
    return Message(branch_id=branch, seq=seq, variant=variant, author=author, created_at=THEN, **fields)


def edited(old: Message, body: str, state: Any = "complete", revision: int | None = None) -> Message:
    return msgspec.structs.replace(
        old, body=body, state=state, revision=revision or old.revision + 1, edited_at=THEN + timedelta(minutes=1)
    )


def places(messages: list[Message]) -> list[int]:
    return sorted({m.seq for m in messages})


async def test_message_comes_back_as_it_was_put(store: MessageStore) -> None:
    branch, turn = new_id(), new_id()
    meta = Meta(
        model_id="scripted:ada",
        cost_usd=0.0125,
        tokens_in=12,
        error=TurnError("timeout", "Silent for 45 s.", retryable=True),
        earlier_attempts=(Attempt(1, "Once", "interrupted", THEN),),
        text_sha256=hashlib.sha256(b"x").hexdigest(),
    )
    one = message(
        branch, 7, 3, lane=2, body="Zürich 🛶\u2028\r\n end", author=Author("model", "scripted:ada", "Ada", 4),
        client_id=new_id(), reply_to=6, run_id=new_id(), turn_id=turn, meta=meta, state="failed",
    )  # fmt: skip
    await store.put([one])
    assert await store.get(one.id) == one
    assert await store.page([Range(branch, 1)]) == [one]


async def test_unknown_message_is_none(store: MessageStore) -> None:
    assert await store.get(new_id()) is None
    assert await store.page([Range(new_id(), 1)]) == []
    assert await store.revisions(new_id()) == []


async def test_a_repeat_changes_nothing(store: MessageStore) -> None:
    one = message(new_id(), 1)
    await store.put([one])
    await store.put([one, one])
    assert await store.page([Range(one.branch_id, 1)]) == [one]


async def test_a_late_repeat_does_not_undo_an_edit(store: MessageStore) -> None:
    one = message(new_id(), 1)
    await store.put([one])
    later = edited(one, "better")
    assert await store.edit(later, editor_name="Alice")
    await store.put([one])
    assert await store.get(one.id) == later


async def test_put_raises_a_revision(store: MessageStore) -> None:
    one = message(new_id(), 1)
    await store.put([one])
    later = edited(one, "better", revision=5)
    await store.put([later])
    assert await store.get(one.id) == later


async def test_a_taken_place_keeps_whoever_came_first(store: MessageStore) -> None:
    branch = new_id()
    first, second = message(branch, 1), message(branch, 1, revision=9)
    await store.put([first])
    await store.put([second])
    assert await store.page([Range(branch, 1)]) == [first]


async def test_pages_go_back_and_forth(store: MessageStore) -> None:
    branch = new_id()
    await store.put([message(branch, seq) for seq in range(1, 31)])
    path = [Range(branch, 1)]
    assert places(await store.page(path, limit=10)) == list(range(21, 31))
    assert places(await store.page(path, before=21, limit=10)) == list(range(11, 21))
    assert places(await store.page(path, before=5, limit=10)) == [1, 2, 3, 4]
    assert places(await store.page(path, after=0, limit=10)) == list(range(1, 11))
    assert places(await store.page(path, after=25, limit=10)) == [26, 27, 28, 29, 30]
    assert await store.page(path, after=30, limit=10) == []


async def test_a_page_counts_places_and_brings_all_their_variants(store: MessageStore) -> None:
    branch = new_id()
    await store.put([message(branch, seq, variant) for seq in (1, 2, 3) for variant in range(4)])
    page = await store.page([Range(branch, 1)], limit=2)
    assert [(m.seq, m.variant) for m in page] == [(s, v) for s in (2, 3) for v in range(4)]


async def test_places_may_be_missing(store: MessageStore) -> None:
    branch = new_id()
    await store.put([message(branch, seq) for seq in (1, 5, 900, 901)])
    assert places(await store.page([Range(branch, 1)], before=901, limit=3)) == [1, 5, 900]


async def test_a_branch_reads_its_ancestors_up_to_the_fork(store: MessageStore) -> None:
    trunk, twig, leaf = new_id(), new_id(), new_id()
    await store.put([message(trunk, seq) for seq in range(1, 11)])
    await store.put([message(twig, seq) for seq in range(5, 9)])
    await store.put([message(leaf, seq) for seq in range(7, 9)])
    path = [Range(trunk, 1, 4), Range(twig, 5, 6), Range(leaf, 7)]
    page = await store.page(path, limit=50)
    assert [(m.branch_id, m.seq) for m in page] == [
        *((trunk, s) for s in (1, 2, 3, 4)), *((twig, s) for s in (5, 6)), *((leaf, s) for s in (7, 8)),
    ]  # fmt: skip
    assert places(await store.page(path, before=7, limit=3)) == [4, 5, 6]
    assert places(await store.page(path, after=3, limit=3)) == [4, 5, 6]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_walking_any_path_either_way_sees_every_place_once(store: MessageStore, data: st.DataObject) -> None:
    forks = sorted(data.draw(st.sets(st.integers(1, 40), max_size=4)))
    path, expected = [], []
    for start, end in zip([1, *(f + 1 for f in forks)], [*forks, None], strict=True):
        branch = new_id()
        last = end if end is not None else start + data.draw(st.integers(0, 20))
        seqs = data.draw(st.sets(st.integers(start, max(start, last)), max_size=20))
        if end is not None:
            seqs = {s for s in seqs if s <= end}
        await store.put([message(branch, s, v) for s in seqs for v in range(data.draw(st.integers(1, 2)))])
        await store.put([message(branch, last + 1 + n) for n in range(2) if end is not None])  # beyond the fork
        path.append(Range(branch, start, end))
        expected.extend(sorted(seqs))
    limit = data.draw(st.integers(1, 12))

    back: list[int] = []
    while page := await store.page(path, before=back[0] if back else None, limit=limit):
        assert len(places(page)) <= limit
        back[:0] = places(page)
    forth: list[int] = []
    while page := await store.page(path, after=forth[-1] if forth else 0, limit=limit):
        forth.extend(places(page))
    assert back == forth == expected


async def test_an_edit_keeps_the_old_text(store: MessageStore) -> None:
    one = message(new_id(), 1, body="first")
    await store.put([one])
    two = edited(one, "second")
    assert await store.edit(two, editor_name="Bob")
    assert await store.edit(edited(two, "", state="deleted"), editor_name="Carol")
    kept = await store.get(one.id)
    assert kept is not None and (kept.body, kept.state, kept.revision) == ("", "deleted", 3)
    old = await store.revisions(one.id)
    assert [(r.revision, r.body, r.editor_name) for r in old] == [(1, "first", "Bob"), (2, "second", "Carol")]


async def test_of_two_edits_of_one_revision_the_first_wins(store: MessageStore) -> None:
    one = message(new_id(), 1)
    await store.put([one])
    won = await asyncio.gather(
        store.edit(edited(one, "left"), editor_name="A"), store.edit(edited(one, "right"), editor_name="B")
    )
    assert sorted(won) == [False, True]
    assert len(await store.revisions(one.id)) == 1


async def test_a_repeated_edit_is_done_already(store: MessageStore) -> None:
    one = message(new_id(), 1)
    await store.put([one])
    two = edited(one, "second")
    assert await store.edit(two, editor_name="A")
    assert await store.edit(two, editor_name="A")
    assert len(await store.revisions(one.id)) == 1


async def test_what_was_never_put_cannot_be_edited(store: MessageStore) -> None:
    assert not await store.edit(edited(message(new_id(), 1), "x"), editor_name="A")


async def test_large_bodies_survive(store: MessageStore) -> None:
    body = ("0123456789abcdéf" * 16384)[: 256 * 1024 - 16384]
    assert 200_000 < len(body.encode()) <= 262_144 + 16_384
    one = message(new_id(), 1, body=body)
    await store.put([one])
    assert (await store.page([Range(one.branch_id, 1)]))[0].body == body


async def test_a_page_of_a_long_branch_asks_as_little_as_of_a_short_one() -> None:
    """Statements and the rows they touch, by the plan: no scan and no sort, whatever the length."""
    from chatplatform.kernel.db import in_db
    from messaging.stores import orm

    branch = new_id()
    store = orm.OrmMessageStore()
    await store.put([message(branch, seq) for seq in range(1, 3001)])

    def ask(before: int) -> tuple[int, list[str]]:
        with CaptureQueriesContext(connection) as captured:
            orm._page([Range(branch, 1)], before, None, 50)
        return len(captured), [step for query in captured.captured_queries for step in detours(query["sql"])]

    for before in (60, 2990):
        assert await in_db(ask, before) == (2, [])


async def test_a_branch_is_forgotten_with_all_its_messages_ever_said(store: MessageStore) -> None:
    branch, other = new_id(), new_id()
    long = message(branch, 700, body="x" * 200_000)
    first, kept = message(branch, 1), message(other, 1)
    many = [message(branch, seq, variant) for seq in range(2, 300) for variant in range(2)]
    await store.put([first, *many, long, kept])
    assert await store.edit(edited(long, "y" * 200_000), editor_name="Alice")
    assert await store.edit(edited(first, "another"), editor_name="Alice")
    assert await store.edit(edited(kept, "another"), editor_name="Alice")
    for _ in range(2):  # a repeat finds nothing to do
        await store.forget(branch)
        assert await store.page([Range(branch, 1)], limit=1000) == []
        for gone in (first, many[0], many[-1], long):
            assert await store.get(gone.id) is None
            assert await store.revisions(gone.id) == []
    assert [m.body for m in await store.page([Range(other, 1)])] == ["another"]
    assert len(await store.revisions(kept.id)) == 1
