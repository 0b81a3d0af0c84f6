"""Who is here, who types, and the news in everybody's list."""

import asyncio
import json
from typing import Any

import pytest

from chatplatform.kernel.db import in_db
from chatplatform.kernel.ids import new_id
from messaging import changing, edits, news, presence, services
from messaging.protocol.commands import Send
from projects.models import Project, User
from tests.client import Client
from tests.messaging.conftest import Live
from tests.messaging.voice import Voice
from threads.models import Mention, Thread
from threads.progress import mark_read
from threads.queries import thread_rows
from threads.services import change_thread, choose, create_thread, fork
from threads.types import NamedView


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "GRACE_S", 0.05)
    monkeypatch.setattr(news, "GATHER_S", 0.01)


def events_of(client: Client, monkeypatch: pytest.MonkeyPatch, thread: Thread) -> list[dict[str, Any]]:
    """All events that the client's room hears from now on."""
    heard: list[dict[str, Any]] = []
    room = client.rooms[str(thread.id)]
    real = room.apply

    def apply(event: dict[str, Any]) -> str:
        heard.append(event)
        return real(event)

    monkeypatch.setattr(room, "apply", apply)
    return heard


def here(heard: list[dict[str, Any]], name: str) -> list[bool]:
    return [e["is_here"] for e in heard if e["type"] == "presence.changed" and e["person"]["name"] == name]


async def test_the_first_tab_comes_and_the_last_one_goes(
    live: Live, thread: Thread, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = await live.tabs(thread, alice)
    heard = events_of(one, monkeypatch, thread)
    two, three = await live.tabs(thread, bob, bob)
    await one.until(lambda: here(heard, "Bob") == [True])
    await two.disconnect()
    await asyncio.sleep(0.1)
    assert here(heard, "Bob") == [True]
    await three.disconnect()
    await one.until(lambda: here(heard, "Bob") == [True, False])


async def test_loading_the_page_again_does_not_flicker(
    live: Live, thread: Thread, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "GRACE_S", 60.0)
    one, two = await live.tabs(thread, alice, bob)
    await asyncio.sleep(0.02)
    heard = events_of(one, monkeypatch, thread)
    seen = presence.presence()._rooms[thread.id][bob.id]
    await two.disconnect()
    await one.until(lambda: seen.leaving is not None)
    leaving = seen.leaving
    await (await two.connect()).join(str(thread.id))
    assert leaving is not None
    await one.until(leaving.cancelled)  # nor will it be said later
    assert here(heard, "Bob") == []


async def test_a_newcomer_sees_who_is_here(live: Live, thread: Thread, alice: User, bob: User) -> None:
    _, two = await live.tabs(thread, alice, bob)
    (joined,) = [f for f in two.frames if f["type"] == "joined"]
    assert [p["name"] for p in joined["snapshot"]["present"]] == ["Alice", "Bob"]


async def test_typing_is_told_and_not_too_often(
    live: Live, thread: Thread, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await live.tabs(thread, alice, bob)
    heard = events_of(one, monkeypatch, thread)
    assert two.socket is not None
    for _ in range(5):
        await two.socket.send(json.dumps({"type": "typing", "thread_id": str(thread.id)}))
    await two.send(str(thread.id), "done", mode="talk")
    await one.until(lambda: len(one.rooms[str(thread.id)].messages) == 1)
    typing = [e for e in heard if e["type"] == "typing"]
    assert [(e["person"]["name"], e["for_ms"]) for e in typing] == [("Bob", 5000)]


async def test_who_is_in_another_room_is_not_told_to_type_here(
    live: Live, thread: Thread, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = await live.tabs(thread, alice)
    heard = events_of(one, monkeypatch, thread)
    two = await live.tab(bob)
    assert two.socket is not None
    await two.socket.send(json.dumps({"type": "typing", "thread_id": str(thread.id)}))
    await two.send(str(thread.id), "x", mode="talk")
    await one.until(lambda: len(one.rooms[str(thread.id)].messages) == 1)
    assert not [e for e in heard if e["type"] == "typing"]


# -- news ---------------------------------------------------------------------------------------------------


def items(client: Client, kind: str) -> list[dict[str, Any]]:
    return [f["item"] for f in client.frames if f["type"] == "news" and f["item"]["type"] == kind]


async def watcher(live: Live, user: User, project: Project) -> Client:
    client = await live.tab(user)
    assert (await client.say("watch", project_id=str(project.id)))["type"] == "ack"
    return client


async def test_a_list_hears_what_is_said_and_which_models_write(
    live: Live, thread: Thread, project: Project, alice: User, bob: User
) -> None:
    two = await watcher(live, bob, project)
    (one,) = await live.tabs(thread, alice)
    await one.send(str(thread.id), "hello", mode="talk")
    await two.until(lambda: items(two, "thread.active") != [])
    assert items(two, "thread.active")[-1]["head_seq"] == 1
    voice = await Voice.begin(thread)
    await two.until(lambda: items(two, "thread.active")[-1]["live_slots"] == [1])
    await voice.say("words")
    await voice.finish()
    await two.until(lambda: items(two, "thread.active")[-1]["live_slots"] == [])
    assert items(two, "thread.active")[-1]["head_seq"] == 2


async def test_the_first_words_name_the_thread_for_all(live: Live, project: Project, alice: User, bob: User) -> None:
    new = await in_db(create_thread, alice.id, project.id, line_up=[])
    two = await watcher(live, bob, project)
    (one,) = await live.tabs(new, alice)
    await one.send(str(new.id), "Who gets the last seat on the ferry?", mode="talk")
    await two.until(lambda: any("last seat" in i["thread"]["title"] for i in items(two, "thread.listed")))


async def test_a_private_thread_is_news_to_its_people_alone(
    live: Live, project: Project, alice: User, bob: User, carol: User
) -> None:
    let_in, outside = await watcher(live, bob, project), await watcher(live, carol, project)
    private = await in_db(create_thread, alice.id, project.id, is_private=True, people=[bob.id], line_up=[])
    (one,) = await live.tabs(private, alice)
    await one.send(str(private.id), "between us", mode="talk")
    voice = await Voice.begin(private)
    await voice.finish()
    await let_in.until(lambda: items(let_in, "thread.active") != [] and items(let_in, "thread.listed") != [])
    await asyncio.sleep(0.1)
    assert [f for f in outside.frames if f["type"] == "news"] == []


async def test_the_person_named_is_told(live: Live, thread: Thread, alice: User, bob: User, carol: User) -> None:
    one, two, other = await live.tab(alice), await live.tab(bob), await live.tab(carol)
    await one.send(str(thread.id), "ask @bob, not someone@carol", mode="talk")
    await two.until(lambda: items(two, "person.named") != [])
    (named,) = items(two, "person.named")
    assert (named["by"], named["named"]["count"], named["named"]["seq"]) == ("Alice", 1, 1)
    assert items(other, "person.named") == []
    assert items(one, "person.named") == []


def last_read(tab: Client) -> tuple[int, int | None] | None:
    """How far the tab was told last that its person has read, and how many messages name them still."""
    told = items(tab, "thread.read")
    return (told[-1]["seq"], told[-1]["named"] and told[-1]["named"]["count"]) if told else None


async def test_who_is_named_while_away_finds_it_and_is_told_when_they_have_read_it(
    live: Live, thread: Thread, alice: User, bob: User, carol: User
) -> None:
    one = await live.tab(alice)
    await one.send(str(thread.id), "@Bob, when does it leave?", mode="talk")
    await one.send(str(thread.id), "@bob and @carol: it left.", mode="talk")
    (row,) = (await in_db(thread_rows, bob.id, thread.project_id, False, None, 9))[0]
    assert row.named == NamedView(2, "Alice", row.thread.main_branch_id, 2)
    two, other = await live.tab(bob), await live.tab(bob)
    for seq, left in ((1, 1), (2, None)):
        await in_db(mark_read, bob.id, thread.id, row.thread.main_branch_id, seq)
        for tab in (two, other):  # once or more: whoever tells that he is named looks again, too
            await tab.until(lambda tab=tab, seq=seq, left=left: last_read(tab) == (seq, left))
    assert {item["branch_id"] for item in items(two, "thread.read")} == {str(row.thread.main_branch_id)}
    assert await in_db(lambda: list(Mention.objects.values_list("user_id", flat=True))) == [carol.id]


async def test_a_deleted_message_names_nobody_until_it_is_restored(
    live: Live, thread: Thread, alice: User, bob: User
) -> None:
    two = await live.tab(bob)
    sent = [
        await services.send(alice.id, Send("", new_id(), thread.id, f"@bob, {n}", mode="talk")) for n in ("one", "two")
    ]

    async def row() -> tuple[int, int]:
        (found,) = (await in_db(thread_rows, bob.id, thread.project_id, False, None, 9))[0]
        return (found.named.count, found.named.seq) if found.named else (0, 0)

    await two.until(lambda: len(items(two, "person.named")) == 2)
    assert await row() == (2, 2)
    await changing.delete(alice.id, sent[1].message_id)
    await two.until(lambda: last_read(two) == (0, 1))
    assert items(two, "thread.read")[-1]["branch_id"] == str(thread.main_branch_id)
    assert await row() == (1, 1)
    await changing.delete(alice.id, sent[0].message_id)
    await two.until(lambda: last_read(two) == (0, None))
    assert await row() == (0, 0)
    for message in sent:
        await changing.restore(alice.id, message.message_id)
    await two.until(lambda: last_read(two) == (0, 2))
    assert await row() == (2, 2)
    await changing.delete(alice.id, sent[0].message_id)
    assert thread.main_branch_id is not None
    await in_db(mark_read, bob.id, thread.id, thread.main_branch_id, 2)
    await changing.restore(alice.id, sent[0].message_id)  # read it was, though it was not there
    assert await row() == (0, 0) and await in_db(Mention.objects.count) == 0


async def test_a_deletion_that_is_carried_out_late_leaves_what_was_restored(
    live: Live, thread: Thread, alice: User, bob: User
) -> None:
    """The process that deleted it was paused before it cleared its row; another one has restored it meanwhile."""
    sent = await services.send(alice.id, Send("", new_id(), thread.id, "@bob", mode="talk"))
    deleted = await changing.delete(alice.id, sent.message_id)
    await changing.restore(alice.id, sent.message_id)
    assert await in_db(edits._clear, deleted, True) == []
    assert await in_db(Mention.objects.filter(is_withdrawn=False).count) == 1


async def test_a_message_that_is_sent_again_names_nobody_twice(
    live: Live, thread: Thread, alice: User, bob: User
) -> None:
    command = Send(id="1", client_id=new_id(), thread_id=thread.id, body="@bob, look", mode="talk")
    first, again = await services.send(alice.id, command), await services.send(alice.id, command)
    assert again.is_duplicate and first.seq == again.seq
    assert await in_db(Mention.objects.count) == 1


async def test_what_changes_in_threads_is_told_to_their_room(
    live: Live, thread: Thread, project: Project, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await live.tabs(thread, alice, bob)
    await one.send(str(thread.id), "hello", mode="talk")
    heard = events_of(two, monkeypatch, thread)
    assert thread.main_branch_id is not None
    branch = await in_db(fork, alice.id, thread.id, "another way", thread.main_branch_id, 1, 0)
    await in_db(choose, alice.id, thread.id, branch.id, 1, -1, 0, True)
    await in_db(choose, alice.id, thread.id, branch.id, 1, -1, 0, False)
    await in_db(change_thread, alice.id, thread.id, title="Seats")
    kinds = {"branch.created", "choice.changed", "thread.changed"}
    await two.until(lambda: kinds <= {e["type"] for e in heard})
    await asyncio.sleep(0.1)
    assert sorted(e["type"] for e in heard if e["type"] in kinds) == sorted(kinds)  # her own choice is told to nobody
    assert [e["thread"]["title"] for e in heard if e["type"] == "thread.changed"] == ["Seats"]


async def test_reading_in_one_tab_is_told_to_the_other(live: Live, thread: Thread, alice: User, bob: User) -> None:
    one, two, other = await live.tab(alice), await live.tab(alice), await live.tab(bob)
    await one.send(str(thread.id), "hello", mode="talk")
    assert thread.main_branch_id is not None
    await in_db(mark_read, alice.id, thread.id, thread.main_branch_id, 0, True)
    await two.until(lambda: items(two, "thread.read") != [])
    assert items(other, "thread.read") == []
