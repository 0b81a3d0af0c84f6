"""Hearing is taken away at once: removal, private threads, roles, sessions; and by the regular look if no signal came."""

import asyncio
import time
from typing import Any

import pytest
import websockets
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session

from chatplatform.kernel.db import in_db
from messaging import hub, packets, presence, revocation
from projects.models import Membership, Project, User
from projects.people import change_role, remove_member
from projects.signals import access_lost, signed_out
from tests.client import Client
from tests.messaging.conftest import Live
from tests.messaging.voice import Voice
from threads.models import Participant, Thread
from threads.participants import set_people
from threads.services import create_thread

WITHIN_S = 0.25


async def hears_nothing_more(client: Client, thread: Thread) -> None:
    """`revoked` came within the bound, and no word of the room after it."""
    start = time.monotonic()
    await client.until(lambda: any(f["type"] == "revoked" for f in client.frames), 2)
    assert time.monotonic() - start < WITHIN_S
    heard = client.event_count
    voice = await Voice.begin(thread)
    await voice.say("not for you")
    await voice.finish()
    await asyncio.sleep(0.05)
    assert client.event_count == heard
    assert (await client.say("join", thread_id=str(thread.id)))["code"] == "not_found"
    assert (await client.send(str(thread.id), "x", mode="talk"))["code"] == "not_found"


async def test_a_removed_member_stops_hearing_the_room(
    live: Live, thread: Thread, project: Project, alice: User, bob: User
) -> None:
    one, two = await live.tabs(thread, alice, bob)
    await two.say("watch", project_id=str(project.id))
    await in_db(remove_member, alice.id, project.id, bob.id)
    await hears_nothing_more(two, thread)
    assert not any(
        topic.startswith("project.") for s in hub.hub().sockets if s.person.id == bob.id for topic in s.topics
    )
    assert {f["item"]["type"] for f in two.frames if f["type"] == "news"} >= {"projects.changed"}
    await one.until(lambda: len(one.rooms[str(thread.id)].messages) == 1)


async def test_somebody_taken_out_of_a_private_thread_stops_hearing_it(
    live: Live, project: Project, alice: User, bob: User
) -> None:
    private = await in_db(create_thread, alice.id, project.id, is_private=True, people=[bob.id], line_up=[])
    _, two = await live.tabs(private, alice, bob)
    await in_db(set_people, alice.id, private.id, [alice.id])
    await hears_nothing_more(two, private)
    assert "thread.gone" in {f["item"]["type"] for f in two.frames if f["type"] == "news"}


async def test_a_viewer_by_now_cannot_write_at_once_but_reads_on(
    live: Live, thread: Thread, project: Project, alice: User, bob: User
) -> None:
    one, two = await live.tabs(thread, alice, bob)
    assert (await two.send(str(thread.id), "still a member", mode="talk"))["type"] == "ack"
    await in_db(change_role, alice.id, project.id, bob.id, "viewer")
    assert (await two.send(str(thread.id), "x", mode="talk"))["code"] == "forbidden"
    assert two.socket is not None
    await two.socket.send(f'{{"type":"typing","thread_id":"{thread.id}"}}')
    await two.until(lambda: any(f.get("code") == "forbidden" and f.get("re") is None for f in two.frames), 2)
    await one.send(str(thread.id), "you hear this", mode="talk")
    await two.until(lambda: len(two.rooms[str(thread.id)].messages) == 2)


async def test_a_message_on_its_way_to_a_removed_member_is_dropped_from_the_queue(
    live: Live, thread: Thread, project: Project, bob: User
) -> None:
    await live.tabs(thread, bob)
    (socket,) = hub.hub().sockets
    socket._finishing = asyncio.create_task(asyncio.sleep(5))  # as if it did not read
    socket.push(packets.Packet(b'{"secret":1}', thread.id))
    socket.push(packets.Packet(b'{"other":1}'))
    revocation.access_lost(bob.id, project.id, None)
    waiting = [packet.data for packet in socket._queue]
    assert b'{"secret":1}' not in waiting
    assert b'{"other":1}' in waiting
    socket._finishing.cancel()


async def test_access_lost_while_joining_is_not_missed(
    live: Live, thread: Thread, project: Project, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look-up said yes, the removal came before its answer was used."""
    from messaging import history

    real, gate, asked = history.let_in, asyncio.Event(), asyncio.Event()

    async def slow(*args: Any) -> Any:
        answer = await real(*args)
        asked.set()
        await gate.wait()
        return answer

    client = await live.tab(bob)
    monkeypatch.setattr(history, "let_in", slow)
    joining = asyncio.create_task(client.say("join", thread_id=str(thread.id)))
    await asked.wait()
    await in_db(remove_member, alice.id, project.id, bob.id)
    await asyncio.sleep(0.02)
    gate.set()
    answer = await joining
    assert (answer["type"], answer["code"]) == ("error", "not_found")
    assert not presence.presence().present(thread.id)


async def closed(client: Client) -> int | None:
    assert client.socket is not None
    async with asyncio.timeout(10):
        await client.socket.wait_closed()
    return client.socket.close_code


async def test_signing_out_closes_that_session_alone(live: Live, thread: Thread, alice: User) -> None:
    one, two = await live.tabs(thread, alice, alice)
    signed_out.send(sender=None, user_id=alice.id, session_key=one.http.cookies["parley"])
    assert await closed(one) == 4401
    assert one.frames[-1] == {"type": "goodbye", "code": "signed_out", "reconnect": False}
    assert (await two.send(str(thread.id), "still here", mode="talk"))["type"] == "ack"


async def test_signing_out_over_http_closes_the_tab(live: Live, thread: Thread, alice: User) -> None:
    (one,) = await live.tabs(thread, alice)
    answer = await one.request("DELETE", "/_allauth/browser/v1/auth/session")
    assert answer.status_code == 401  # allauth's way to say: you are signed out now
    assert await closed(one) == 4401
    with pytest.raises((AssertionError, websockets.ConnectionClosed)):
        await one.connect()


async def test_a_new_password_closes_the_other_tabs_and_not_this_one(live: Live, thread: Thread, alice: User) -> None:
    one, two = [await (await signed_in(live, alice)).connect() for _ in range(2)]
    change = {"current_password": "correct horse battery", "new_password": "a quite different one 9"}
    await one.call("POST", "/_allauth/browser/v1/account/password/change", change)
    assert await closed(two) == 4401
    assert (await one.send(str(thread.id), "still here", mode="talk"))["type"] == "ack"
    await revocation.look()
    assert (await one.send(str(thread.id), "and after the look", mode="talk"))["type"] == "ack"


async def test_a_password_set_behind_our_back_is_found(live: Live, thread: Thread, alice: User, bob: User) -> None:
    one, two = await live.tabs(thread, alice, bob)
    await revocation.look()
    alice.set_password("another one altogether 7")
    await in_db(alice.save)
    await revocation.look()
    assert await closed(one) == 4401
    assert (await two.send(str(thread.id), "still here", mode="talk"))["type"] == "ack"


async def signed_in(live: Live, user: User) -> Client:
    """With a password, as a person does, so that the session is listed among the person's."""
    client = await live.browser(user)
    client.http.cookies.clear()
    await client.http.get("/")
    account = {"email": user.email, "password": "correct horse battery"}
    await client.call("POST", "/_allauth/browser/v1/auth/login", account)
    return client


async def test_ending_every_session_closes_every_tab(live: Live, thread: Thread, alice: User, bob: User) -> None:
    one, two, other = await live.tabs(thread, alice, alice, bob)
    signed_out.send(sender=None, user_id=alice.id, session_key=None)
    assert [await closed(one), await closed(two)] == [4401, 4401]
    assert (await other.send(str(thread.id), "still here", mode="talk"))["type"] == "ack"


# -- the look that needs no signal ------------------------------------------------------------------------


async def test_the_regular_look_finds_what_no_signal_told(
    live: Live, thread: Thread, project: Project, alice: User, bob: User, carol: User, dave: User
) -> None:
    private = await in_db(create_thread, alice.id, project.id, is_private=True, people=[dave.id], line_up=[])
    one, two, three = await live.tabs(thread, alice, bob, carol)
    (four,) = await live.tabs(private, dave)
    await in_db(Membership.objects.filter(user=bob).delete)
    await in_db(Session.objects.filter(session_key=three.http.cookies["parley"]).delete)
    await in_db(Participant.objects.filter(user=dave).delete)
    await revocation.look()
    await hears_nothing_more(two, thread)
    await hears_nothing_more(four, private)
    assert await closed(three) == 4401
    assert (await one.send(str(thread.id), "fine", mode="talk"))["type"] == "ack"


async def test_a_disabled_person_is_found(live: Live, thread: Thread, alice: User, bob: User) -> None:
    _, two = await live.tabs(thread, alice, bob)
    await in_db(get_user_model().objects.filter(pk=bob.pk).update, is_active=False)
    await revocation.look()
    assert await closed(two) == 4401


async def test_without_a_database_nobody_is_trusted_for_long(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    (one,) = await live.tabs(thread, alice)
    await revocation.look()

    def away(*_: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(revocation, "_standing", away)
    await revocation.look()
    assert hub.hub().sockets, "not at once"
    monkeypatch.setattr(revocation, "BLIND_FOR_S", 0.0)
    await revocation.look()
    assert await closed(one) == 1013


async def test_signals_without_a_server_do_nothing(thread: Thread, project: Project, bob: User) -> None:
    access_lost.send(sender=None, user_id=bob.id, project_id=project.id, thread_id=None)
