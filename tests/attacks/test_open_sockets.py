"""Attacks A16 to A19: who may less than before, or never might, goes on over an open socket."""

import asyncio
import json
import uuid

import pytest

from tests.attacks.conftest import Cast, World
from tests.client import Client


async def refusals(client: Client, world: World, thread_id: str, message_id: str) -> dict[str, str]:
    """What each command that changes something is answered: its code, or "done"."""
    said = {
        "send": await client.send(thread_id, "words", mode="talk"),
        "edit": await client.say("edit", message_id=message_id, body="changed", revision=1),
        "cancel": await client.say("cancel", turn_id=str(uuid.uuid4())),
    }
    assert client.socket is not None
    heard = len(client.frames)
    await client.socket.send(json.dumps({"type": "typing", "thread_id": thread_id}))
    await client.say("watch", project_id=str(uuid.uuid4()))  # is answered, so silence can be told from a refusal
    typed = [f for f in client.frames[heard:] if f["type"] == "error" and f.get("re") is None]
    return {kind: answer.get("code", "done") for kind, answer in said.items()} | {
        "typing": typed[0]["code"] if typed else "done"
    }


@pytest.mark.attack(16)
async def test_an_admin_made_a_viewer_goes_on_writing_over_the_open_socket(world: World, cast: Cast) -> None:
    alice, guest = cast.signed_in("alice"), await cast.newcomer("admin")
    await guest.connect()
    await guest.join(world.thread)
    mine = await guest.send(world.thread, "while I may", mode="talk")
    me = (await guest.call("GET", "/me"))["id"]
    await alice.call("PATCH", f"/projects/{world.project}/members/{me}", {"role": "viewer"})
    assert guest.socket is not None
    await guest.socket.send('{"type":"heartbeat"}')
    found = await refusals(guest, world, world.thread, mine["message_id"])
    assert found == {"send": "forbidden", "edit": "forbidden", "cancel": "not_found", "typing": "forbidden"}
    assert (await guest.request("PATCH", f"/projects/{world.project}", {"about": "mine"})).status_code == 403


@pytest.mark.attack(17)
@pytest.mark.parametrize("how", ["sign-out", "sign-out elsewhere", "new password"])
async def test_a_stolen_session_goes_on_after_it_was_ended(world: World, cast: Cast, how: str) -> None:
    owner = await cast.newcomer("member")
    thief = Client(world.url, "Thief")
    thief.email = owner.email
    await thief.sign_in()
    await thief.connect()
    await thief.join(world.thread)
    if how == "sign-out":
        await thief.request("DELETE", "/_allauth/browser/v1/auth/session")
    elif how == "sign-out elsewhere":
        others = await owner.call("GET", "/_allauth/browser/v1/auth/sessions")
        others = [session["id"] for session in others["data"] if not session["is_current"]]
        assert others
        await owner.call("DELETE", "/_allauth/browser/v1/auth/sessions", {"sessions": others})
    else:
        change = {"current_password": "a calm harbour at dawn", "new_password": "a wholly different harbour"}
        await owner.call("POST", "/_allauth/browser/v1/account/password/change", change)
    assert thief.socket is not None
    async with asyncio.timeout(3):
        await thief.socket.wait_closed()
    assert thief.socket.close_code == 4401
    assert (await thief.request("GET", "/projects")).status_code == 401
    with pytest.raises(AssertionError, match="signed_out"):
        await thief.connect()
    await thief.close()


@pytest.mark.attack(18)
async def test_a_removed_member_listens_on_and_comes_back_by_what_they_know(world: World, cast: Cast) -> None:
    alice, guest = await cast.online("alice"), await cast.newcomer("member")
    me = (await guest.call("GET", "/me"))["id"]
    await guest.connect()
    room = await guest.join(world.thread)
    await guest.say("watch", project_id=world.project)
    cursor = {"epoch": room.epoch, "offset": room.offset}
    await alice.call("DELETE", f"/projects/{world.project}/members/{me}")
    await guest.until(lambda: any(f["type"] == "revoked" for f in guest.frames), 3)
    heard, events = len(guest.frames), guest.event_count
    await alice.send(world.thread, "not for the removed", mode="talk")
    for fields in ({}, {"cursor": cursor}, {"cursor": {"epoch": cursor["epoch"], "offset": 0}}):
        assert (await guest.say("join", thread_id=world.thread, **fields))["code"] == "not_found"
    assert (await guest.say("watch", project_id=world.project))["code"] == "not_found"
    assert (await guest.send(world.thread, "let me in", mode="talk"))["code"] == "not_found"
    assert guest.event_count == events
    own_list = {"type": "projects.changed", "project_id": world.project}  # that it is another now is their own affair
    heard_since = [f for f in guest.frames[heard:] if f["type"] not in {"error", "heartbeat"}]
    assert not [f for f in heard_since if f.get("item") != own_list]
    assert "not for the removed" not in json.dumps(guest.frames)
    assert (await guest.request("GET", f"/threads/{world.thread}/messages")).status_code == 404


@pytest.mark.attack(19)
async def test_a_viewer_sends_every_frame_that_writes(world: World, cast: Cast) -> None:
    dave = await cast.online("dave")
    await dave.join(world.thread)
    found = await refusals(dave, world, world.thread, world.message)
    assert found == {"send": "forbidden", "edit": "forbidden", "cancel": "not_found", "typing": "forbidden"}
    fork = {"name": "mine", "from_branch_id": world.branch, "seq": 1, "variant": 0}
    assert (await dave.request("POST", f"/threads/{world.thread}/branches", fork)).status_code == 403
