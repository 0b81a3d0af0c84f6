"""Attacks A15 to A27: the socket and what is heard over it, by people who are signed in and by strangers."""

import asyncio
import base64
import contextlib
import json
import os
import struct
import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
import websockets

from chatplatform import patience
from tests.attacks.conftest import MODEL, Cast, World
from tests.attacks.evil import frame
from tests.client import Client
from tests.messaging.conftest import Live

Json = dict[str, Any]


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


def cookie_of(world: World, name: str) -> str:
    return "; ".join(f"{key}={value}" for key, value in world.cookies[name].items())


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
    assert not [f for f in guest.frames[heard:] if f["type"] not in {"error", "heartbeat"}]
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


async def answer_to(client: Client, kind: str, **fields: Any) -> Json:
    """As `client.say`, also for what is answered without its `re`, because it could not be read."""
    heard = len(client.frames)
    saying = asyncio.create_task(client.say(kind, **fields))
    await client.until(lambda: saying.done() or any(f["type"] == "error" for f in client.frames[heard:]), 5)
    if saying.done():
        return saying.result()
    saying.cancel()
    return next(f for f in client.frames[heard:] if f["type"] == "error")


async def refused_as_unreadable(client: Client, command: Json) -> None:
    assert client.socket is not None
    heard = len(client.frames)
    await client.socket.send(json.dumps(command))
    await client.until(lambda: any(f["type"] == "error" for f in client.frames[heard:]), 5)
    assert [f["code"] for f in client.frames[heard:] if f["type"] == "error"] == ["invalid"]


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
    assert alice.frames[heard:] == []


@pytest.mark.attack(23)
async def test_another_threads_ids_lead_words_or_answers_there(world: World, cast: Cast) -> None:
    """Every id of a command, and every id in a list of it, is bound to the thread and to whoever asks."""
    alice, mallory, bob = await cast.online("alice"), await cast.online("mallory"), cast.signed_in("bob")
    await alice.join(world.private)
    before = alice.event_count
    own = world.foreign_thread
    tries: list[Json] = [
        {"thread_id": own, "branch_id": world.branch},
        {"thread_id": own, "branch_id": world.private_branch},
        {"thread_id": world.private, "branch_id": world.foreign_branch},
        {"thread_id": f"{own}:{world.private}"},
        {"thread_id": own, "branch_id": world.private_branch, "mode": "ask", "models": [MODEL]},
        {"thread_id": own, "mode": "ask", "models": [MODEL, f"openai:{world.private}"]},
        {"thread_id": own, "mode": "ask", "models": ["local:../../openai:evil-1"]},
    ]
    for fields in tries:
        send = {"client_id": str(uuid.uuid4()), "body": "x", "mode": "talk", **fields}
        answer = await answer_to(mallory, "send", **send)
        assert answer["code"] in {"not_found", "invalid", "model_not_offered"}, fields
    fork = {"name": "mine", "seq": 1, "variant": 0}
    paths = [
        ("POST", f"/threads/{own}/branches", {**fork, "from_branch_id": world.private_branch}),
        (
            "POST",
            f"/threads/{own}/choices",
            {"branch_id": world.branch, "seq": 1, "lane": 0, "variant": 0, "for": "room"},
        ),
        ("PUT", f"/threads/{own}/read", {"branch_id": world.branch, "seq": 1}),
        ("GET", f"/threads/{own}/messages?branch_id={world.private_branch}", None),
        ("POST", f"/projects/{world.foreign_project}/threads", {"parent_branch_id": world.branch, "parent_seq": 1}),
    ]
    for method, path, body in paths:
        assert (await mallory.request(method, path, body)).status_code == 404, path
    path = f"/threads/{world.thread}/messages?branch_id={world.private_branch}"
    assert (await bob.request("GET", path)).status_code == 404  # also from inside the project
    assert alice.event_count == before


SECRETS = ("password", "session_key", "key_encrypted", "pbkdf2", "argon2", "csrf")


@pytest.mark.attack(24)
async def test_an_event_carries_more_than_its_reader_may_load(world: World, cast: Cast) -> None:
    """A viewer hears everything that happens to messages: never more of them than HTTP would give that viewer."""
    alice, carol, dave = await cast.online("alice"), await cast.online("carol"), await cast.online("dave")
    thread, _ = await world.new_thread(alice)
    for client in (alice, carol, dave):
        await client.join(thread)
    frames: list[Json] = []
    original = dave._hear

    async def hear(heard: Json) -> None:
        frames.append(heard)
        await original(heard)

    dave._hear = hear  # type: ignore[assignment, method-assign]
    kept = await alice.send(thread, "first wording", mode="talk")
    gone = await alice.send(thread, "canary-deleted-words", mode="talk")
    await alice.say("edit", message_id=kept["message_id"], body="second wording", revision=1)
    deleted = await carol.call("DELETE", f"/messages/{gone['message_id']}")
    answered = await alice.send(thread, "and you?", mode="ask", models=[MODEL])
    await dave.until(
        lambda: any(r["id"] == answered["run_id"] and r["state"] == "done" for r in dave.rooms[thread].runs.values())
    )
    events = [event for heard in frames if heard["type"] == "events" for event in heard["events"]]
    said = {kind: [e for e in events if e["type"] == kind] for kind in {e["type"] for e in events}}
    assert {"message.created", "message.edited", "message.deleted", "run.changed", "turn.finished"} <= set(said)
    loaded = await dave.call("GET", f"/messages/{gone['message_id']}")
    (removal,) = said["message.deleted"]
    assert set(removal["message"]) <= set(loaded) | {"meta"}
    assert {name: removal["message"][name] for name in removal["message"] if name in loaded} == loaded
    assert "canary-deleted-words" not in json.dumps([removal, loaded])
    assert deleted["body"] == ""
    edited = said["message.edited"][-1]["message"]
    assert edited == await dave.call("GET", f"/messages/{kept['message_id']}")
    text = json.dumps(frames)
    for secret in (*SECRETS, "@example.org", *(world.cookies["alice"].values())):
        assert secret not in text, secret


@pytest.mark.attack(25)
async def test_somebody_elses_answer_is_cancelled_or_guessed(world: World, cast: Cast) -> None:
    alice, mallory, dave = await cast.online("alice"), await cast.online("mallory"), await cast.online("dave")
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def pieces(_: Json) -> Any:
        yield frame({"content": "I go on. "})
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(20)
        yield frame({"content": "And on."}) + frame({}, finish_reason="stop") + b"data: [DONE]\n\n"

    world.provider.stream(pieces)
    room = await alice.join(world.private)
    sent = await alice.send(world.private, "Talk to me.", mode="ask", models=[MODEL])
    await alice.until(lambda: any(words for words in room.said.values()))
    (turn,) = room.said
    others = [{"turn_id": turn}, {"run_id": sent["run_id"]}]
    nothing = [{"turn_id": str(uuid.uuid4())}, {"run_id": str(uuid.uuid4())}]
    for real, none in zip(others, nothing, strict=True):
        found, absent = await mallory.say("cancel", **real), await mallory.say("cancel", **none)
        assert {k: v for k, v in found.items() if k != "re"} == {k: v for k, v in absent.items() if k != "re"}
        assert (await dave.say("cancel", **real))["code"] == "not_found"  # a private thread
    release.set()
    await alice.until_quiet(world.private)
    assert room.said[turn] == "I go on. And on."


# -- A26: a client that does not play by the rules ------------------------------------------------------


class Raw:
    """A socket spoken by hand, so that frames can be wrong."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, world: World, name: str, extensions: str = "") -> "Raw":
        at = urlsplit(world.url)
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET /ws HTTP/1.1\r\nHost: {at.netloc}\r\nOrigin: {world.url}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{extensions}"
            f"Cookie: {cookie_of(world, name)}\r\n\r\n"
        )
        writer.write(head.encode())
        assert b"101" in await reader.readline()
        while await reader.readline() != b"\r\n":
            pass
        return cls(reader, writer)

    async def put(self, payload: bytes, opcode: int = 1, first: int = 0x80) -> None:
        """One masked frame; `first` holds FIN and the reserved bits."""
        mask = b"\x01\x02\x03\x04"
        size = len(payload)
        length = (
            bytes([0x80 | size])
            if size < 126
            else bytes([0x80 | 126]) + struct.pack("!H", size)
            if size < 65536
            else bytes([0x80 | 127]) + struct.pack("!Q", size)
        )
        repeated = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")
        self.writer.write(bytes([first | opcode]) + length + mask + masked)
        await self.writer.drain()

    async def until_closed(self, within_s: float = 10.0) -> None:
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(within_s):
                while await self.reader.read(65536):
                    pass

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


async def serves_others(cast: Cast) -> None:
    """Somebody else is answered as if nothing were."""
    bob = await cast.online("bob")
    async with asyncio.timeout(5):
        assert (await bob.send(cast.world.thread, "still served", mode="talk"))["type"] == "ack"
    await bob.disconnect()


@pytest.mark.attack(26)
@pytest.mark.parametrize("what", ["nested", "a million items", "a million keys", "a number of a million digits"])
async def test_json_that_costs_more_to_read_than_to_send(world: World, cast: Cast, what: str) -> None:
    text = {
        "nested": '{"type":"join","id":' + "[" * 400_000,
        "a million items": '{"type":"send","id":"1","models":[' + "1," * 490_000 + "1]}",
        "a million keys": "{" + ",".join(f'"{n:x}":0' for n in range(90_000)) + "}",
        "a number of a million digits": '{"type":"join","id":' + "9" * 1_000_000 + "}",
    }[what]
    mallory = await cast.online("mallory")
    assert mallory.socket is not None
    for _ in range(5):
        await mallory.socket.send(text)
    await mallory.until(lambda: sum(f.get("code") == "invalid" for f in mallory.frames) == 5)
    await serves_others(cast)


@pytest.mark.attack(26)
async def test_a_message_in_endless_fragments(world: World, cast: Cast) -> None:
    raw = await Raw.open(world, "mallory")
    with contextlib.suppress(ConnectionError):
        await raw.put(b"x" * 1024, opcode=1, first=0)
        for _ in range(3000):  # three mebibytes: more than any command, in pieces that are each allowed
            await raw.put(b"x" * 1024, opcode=0, first=0)
    await raw.until_closed()
    await raw.close()
    await serves_others(cast)


@pytest.mark.attack(26)
async def test_a_compressed_bomb(world: World, cast: Cast) -> None:
    """Compression is never agreed on, so a frame that claims it is a breach of the protocol."""
    raw = await Raw.open(world, "mallory", "Sec-WebSocket-Extensions: permessage-deflate\r\n")
    await raw.put(b"\x00" * 1000, first=0x80 | 0x40)
    await raw.until_closed()
    await raw.close()
    await serves_others(cast)


@pytest.mark.attack(26)
async def test_pings_without_end_from_somebody_who_does_not_read(world: World, cast: Cast) -> None:
    """Every ping is owed an answer: the server must not keep the answers of who does not take them."""
    raw = await Raw.open(world, "mallory")
    before = resident(world)
    one = b"\x89\xfd\x01\x02\x03\x04" + b"\x00" * 125
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(8):
            for _ in range(600):
                raw.writer.write(one * 1000)
                await raw.writer.drain()
    await serves_others(cast)
    assert resident(world) - before < 32 * 1024 * 1024
    raw.writer.transport.abort()


def resident(world: World) -> int:
    """Bytes that the server's process holds in memory."""
    with open(f"/proc/{world.server.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.attack(26)
async def test_more_sockets_than_one_person_can_use(world: World, cast: Cast) -> None:
    guest = await cast.newcomer()
    held = []
    codes = []
    for _ in range(25):
        raw = await websockets.connect(
            world.server.ws_url,
            origin=websockets.Origin(world.url),
            additional_headers={"Cookie": "; ".join(f"{c.name}={c.value}" for c in guest.http.cookies.jar)},
            compression=None,
        )
        held.append(raw)
        first = json.loads(await raw.recv())
        codes.append(first.get("code", first["type"]))
    assert codes == ["hello"] * 20 + ["too_many_sockets"] * 5
    await serves_others(cast)
    for raw in held:
        await raw.close()


@pytest.mark.attack(26)
async def test_connections_that_say_nothing_or_never_end_their_first_lines(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held open for nothing, they would use up what the process may open; they are let go."""
    monkeypatch.setattr(patience, "HEAD_S", 0.5)
    lines = [await asyncio.open_connection("127.0.0.1", live.server.port) for _ in range(100)]
    for number, (_, writer) in enumerate(lines):
        writer.write(b"" if number % 2 else b"GET /ws HTTP/1.1\r\nHost: x\r\nX-A: ")
    async with asyncio.timeout(10):
        for reader, writer in lines:
            with contextlib.suppress(ConnectionError):
                await reader.read()
            writer.close()


@pytest.mark.attack(26)
async def test_headers_without_end(world: World, cast: Cast) -> None:
    at = urlsplit(world.url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    sent = 0
    with contextlib.suppress(ConnectionError):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        for number in range(1000):
            writer.write(f"X-{number}: ".encode() + b"x" * 16_000 + b"\r\n")
            await writer.drain()
            sent += 16_000
    assert sent < 15_000_000
    with contextlib.suppress(ConnectionError):
        assert (await reader.read()).startswith(b"HTTP/1.1 4")
    writer.close()
    await serves_others(cast)


@pytest.mark.attack(27)
async def test_a_frames_type_names_a_method_of_the_server(world: World, cast: Cast) -> None:
    mallory = await cast.online("mallory")
    for name in ("websocket.disconnect", "websocket.close", "__init__", "__class__", "_listen", "run", "close", "user",
                 "http.disconnect", "room.event", "turn.delta", "goodbye", "hello", "revoked", "JOIN", "join ", ""):  # fmt: skip
        await refused_as_unreadable(mallory, {"type": name, "id": "1", "thread_id": world.thread})
    assert (await mallory.say("watch", project_id=world.foreign_project))["type"] == "ack"
