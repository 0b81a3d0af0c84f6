"""Attacks A15, A20 to A22 and A27: who opens a socket, and frames whose ids, targets and names are not what they say."""

import json
import uuid
from typing import Any

import pytest
import websockets

from tests.attacks.conftest import Cast, World
from tests.attacks.frames import answer_to, cookie_of, refused_as_unreadable


async def handshake(world: World, origin: str | None, cookie: str = "") -> int:
    """The status that a page of `origin` is answered with; 101 when it is let in."""
    try:
        async with websockets.connect(
            world.server.ws_url,
            origin=websockets.Origin(origin) if origin is not None else None,
            additional_headers={"Cookie": cookie} if cookie else {},
            compression=None,
        ):
            return 101
    except websockets.InvalidStatus as refused:
        return refused.response.status_code


@pytest.mark.attack(15)
async def test_a_page_of_another_site_opens_a_socket_in_somebodys_name(world: World, cast: Cast) -> None:
    port = world.server.port
    foreign = [
        None,
        "null",
        "",
        f"http://127.0.0.1:{port}.evil.example",
        f"https://127.0.0.1:{port}",
        f"http://127.0.0.1:{port + 1}",
        f"http://app.127.0.0.1:{port}",
        f"http://127.0.0.1:{port}@evil.example",
        f"HTTP://127.0.0.1:{port}\\@evil.example",
    ]
    cookie = cookie_of(world, "alice")
    assert [await handshake(world, origin, cookie) for origin in foreign] == [403] * len(foreign)
    assert await handshake(world, world.url, cookie) == 101


@pytest.mark.attack(20)
async def test_an_id_is_spelled_so_that_check_and_use_differ(world: World, cast: Cast) -> None:
    """Whatever is taken for the private thread's id is refused like the id itself, and nothing else is an id."""
    bob = await cast.online("bob")
    plain = world.private
    spellings: list[Any] = [
        plain,
        plain.upper(),
        plain.replace("-", ""),
        f"{{{plain}}}",
        f"urn:uuid:{plain}",
        f" {plain}",
        f"{plain} ",
        f"{plain}.",
        f"{plain}/",
        f"{plain}\u0000",
        f"thread:{plain}",
        f"thread_{plain}",
        f"../{plain}",
        "\uff10" + plain[1:],  # a full-width digit, which NFKC makes an ordinary one
        f"0{plain}",
        int(uuid.UUID(plain)),
        [plain],
        {"id": plain},
        None,
    ]
    for spelled in spellings:
        answer = await answer_to(bob, "join", thread_id=spelled)
        assert answer["type"] == "error" and answer["code"] in {"not_found", "invalid"}, spelled
    assert "canary-private-words" not in json.dumps(bob.frames)


@pytest.mark.attack(21)
async def test_a_resume_with_the_position_and_line_of_another_person(world: World, cast: Cast) -> None:
    alice, mallory = await cast.online("alice"), await cast.online("mallory")
    room = await alice.join(world.private)
    for cursor in ({"epoch": room.epoch, "offset": room.offset}, {"epoch": room.epoch, "offset": 0}):
        assert (await mallory.say("join", thread_id=world.private, cursor=cursor))["code"] == "not_found"
    line = alice.hello["connection_id"]
    answer = await answer_to(mallory, "join", thread_id=world.private, connection_id=line)
    assert answer["code"] in {"invalid", "not_found"}
    assert not mallory.rooms


@pytest.mark.attack(22)
async def test_a_frame_names_another_persons_socket_as_its_target(world: World, cast: Cast) -> None:
    alice, mallory = await cast.online("alice"), await cast.online("mallory")
    await alice.join(world.thread)
    heard = len(alice.frames)
    for field in ("session_id", "connection_id", "target", "user_id", "socket_id", "to", "as"):
        send = {
            "type": "send",
            "id": "1",
            "client_id": str(uuid.uuid4()),
            "thread_id": world.foreign_thread,
            "body": "x",
        }
        await refused_as_unreadable(mallory, {**send, field: alice.hello["connection_id"]})
    own = {world.thread, world.private}  # what was said there before may be news a moment later
    assert [f for f in alice.frames[heard:] if f.get("item", {}).get("thread_id") not in own] == []


@pytest.mark.attack(27)
async def test_a_frames_type_names_a_method_of_the_server(world: World, cast: Cast) -> None:
    mallory = await cast.online("mallory")
    for name in ("websocket.disconnect", "websocket.close", "__init__", "__class__", "_listen", "run", "close", "user",
                 "http.disconnect", "room.event", "turn.delta", "goodbye", "hello", "revoked", "JOIN", "join ", ""):  # fmt: skip
        await refused_as_unreadable(mallory, {"type": name, "id": "1", "thread_id": world.thread})
    assert (await mallory.say("watch", project_id=world.foreign_project))["type"] == "ack"
