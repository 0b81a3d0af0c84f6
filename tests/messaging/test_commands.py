"""Who may say what on a socket: every command × every role, an outsider and somebody signed out."""

import asyncio
import contextlib
import json
import typing
import uuid
from typing import Any

import pytest
import websockets

from chatplatform.kernel.db import in_db
from messaging import consumers, protocol, services
from messaging.protocol.commands import AnyCommand, Send
from projects.models import User
from tests.client import Client
from tests.messaging.conftest import Live
from tests.messaging.voice import Voice
from threads.models import Thread
from threads.services import create_thread

Json = dict[str, Any]
ROLES = ["owner", "admin", "member", "viewer", "outsider"]
READS, WRITES, NOBODY_ELSE, ANYBODY = "reads", "writes", "own", "anybody"

# What a command needs. One that is missing here fails the test below.
NEEDS = {
    "join": READS,
    "leave": ANYBODY,
    "watch": READS,
    "unwatch": ANYBODY,
    "send": WRITES,
    "edit": NOBODY_ELSE,
    "cancel": WRITES,
    "typing": WRITES,
    "heartbeat": ANYBODY,
}
COMMANDS = [struct.__struct_config__.tag for struct in typing.get_args(AnyCommand)]


def expected(need: str, role: str) -> str:
    """The code of the refusal, or "" for none."""
    if need == ANYBODY:
        return ""
    if role == "outsider":
        return "not_found"
    if role == "viewer" and need != READS:
        return "forbidden"
    # The message of the test is the owner's: whoever may write, but not these words, is refused too.
    return "forbidden" if need == NOBODY_ELSE and role != "owner" else ""


@pytest.fixture
def cast(alice: User, carol: User, bob: User, dave: User, mallory: User) -> dict[str, User]:
    return dict(zip(ROLES, [alice, carol, bob, dave, mallory], strict=True))


@pytest.fixture
async def question(thread: Thread, alice: User, live: Live) -> uuid.UUID:
    sent = await services.send(alice.id, Send("", uuid.uuid4(), thread.id, "What is it?", mode="talk"))
    return sent.message_id


def test_every_command_stands_in_the_table() -> None:
    assert set(NEEDS) == set(COMMANDS)
    assert set(consumers.HANDLERS) == set(typing.get_args(AnyCommand))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("command", COMMANDS)
async def test_each_command_asks_who_may(
    live: Live, thread: Thread, question: uuid.UUID, cast: dict[str, User], command: str, role: str
) -> None:
    voice = await Voice.begin(thread)
    every: dict[str, Json] = {
        "join": {"thread_id": thread.id},
        "leave": {"thread_id": thread.id},
        "watch": {"project_id": thread.project_id},
        "unwatch": {"project_id": thread.project_id},
        "send": {"client_id": uuid.uuid4(), "thread_id": thread.id, "body": "x", "mode": "talk"},
        "edit": {"message_id": question, "body": "changed", "revision": 1},
        "cancel": {"turn_id": voice.turn.id},
        "typing": {"thread_id": thread.id},
        "heartbeat": {},
    }
    client = await live.tab(cast[role])
    answer = await ask(client, command, every[command])
    code = answer.get("code", "") if answer["type"] == "error" else ""
    assert code == expected(NEEDS[command], role), answer
    if code == "not_found":
        assert answer["message"] == "There is nothing here for you."


async def ask(client: Client, command: str, fields: Json) -> Json:
    """Say it, then something that is always answered, so that silence can be told from a refusal."""
    values = {key: value if isinstance(value, int) else str(value) for key, value in fields.items()}
    if command in {"join", "watch", "send", "edit", "cancel"}:
        return await client.say(command, **values)
    assert client.socket is not None
    before = len(client.frames)
    await client.socket.send(json.dumps({"type": command, **values}))
    await client.say("watch", project_id=str(uuid.uuid4()))
    refusals = [f for f in client.frames[before:] if f["type"] == "error" and f.get("re") is None]
    return refusals[0] if refusals else {"type": "silence"}


@pytest.mark.parametrize("command", ["join", "send"])
async def test_a_private_thread_is_nothing_to_others(
    live: Live, project: Any, alice: User, bob: User, command: str
) -> None:
    private = await in_db(create_thread, alice.id, project.id, is_private=True, line_up=[])
    client = await live.tab(bob)
    fields = {"join": {}, "send": {"client_id": uuid.uuid4(), "body": "x", "mode": "talk"}}[command]
    answer = await ask(client, command, {"thread_id": private.id, **fields})
    assert answer["code"] == "not_found"


async def test_a_branch_of_another_thread_is_not_reached_through_ones_own(
    live: Live, project: Any, thread: Thread, alice: User, bob: User
) -> None:
    private = await in_db(create_thread, alice.id, project.id, is_private=True, line_up=[])
    client = await live.tab(bob)
    for answer in (
        await client.say("join", thread_id=str(thread.id), branch_id=str(private.main_branch_id)),
        await client.send(str(thread.id), "x", mode="talk", branch_id=str(private.main_branch_id)),
    ):
        assert answer["code"] == "not_found"


BAD_FRAMES = [
    "",
    "nonsense",
    "[]",
    "null",
    '{"type":"websocket.disconnect"}',
    '{"type":"__init__"}',
    '{"type":"_listen"}',
    '{"type":"run"}',
    '{"type":"join","id":"1"}',
    '{"type":"join","id":"1","thread_id":"1"}',
    '{"type":"send","id":"1","client_id":"00000000-0000-0000-0000-000000000000","thread_id":1,"body":"x"}',
    '{"type":"heartbeat","role":"owner"}',
    '{"type":"send","id":"1","author":"alice"}',
    "[" * 100_000,
    '{"type":"join","id":' + "[" * 100_000,
]


@pytest.mark.parametrize("frame", BAD_FRAMES, ids=range(len(BAD_FRAMES)))
async def test_what_is_no_command_is_refused_and_the_line_lives(live: Live, alice: User, frame: str) -> None:
    client = await live.tab(alice)
    assert client.socket is not None
    await client.socket.send(frame)
    await client.until(lambda: any(f["type"] == "error" for f in client.frames))
    (error,) = [f for f in client.frames if f["type"] == "error"]
    assert error["code"] == "invalid"
    assert (await client.say("watch", project_id=str(uuid.uuid4())))["code"] == "not_found"


async def test_a_binary_frame_is_refused(live: Live, alice: User) -> None:
    client = await live.tab(alice)
    assert client.socket is not None
    await client.socket.send(b'{"type":"heartbeat"}')
    await client.until(lambda: any(f.get("code") == "invalid" for f in client.frames))


async def test_a_frame_that_is_too_large_ends_the_line(live: Live, alice: User) -> None:
    client = await live.tab(alice)
    assert client.socket is not None
    await client.socket.send(" " * (protocol.MAX_FRAME_BYTES + 1))
    await client.socket.wait_closed()
    assert client.socket.close_code == 4413
    assert client.frames[-1] == {"type": "goodbye", "code": "too_large", "reconnect": False}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"body": ""}, "empty"),
        ({"body": " \n\t"}, "empty"),
        ({"body": "a\x00b"}, "bad_text"),
        ({"body": "x" * (protocol.MAX_BODY_BYTES + 1)}, "too_long"),
        ({"body": "é" * (protocol.MAX_BODY_BYTES // 2 + 1)}, "too_long"),
        ({"body": "x", "mode": "ask"}, "no_models"),
        ({"body": "x", "mode": "ask", "models": []}, "no_models"),
        ({"body": "x", "mode": "ask", "models": ["nobody:knows"]}, "model_not_offered"),
        ({"body": "x", "reply_to": 99}, "no_such_place"),
    ],
)
async def test_a_message_that_cannot_be_is_refused_and_takes_no_place(
    live: Live, thread: Thread, alice: User, fields: Json, code: str
) -> None:
    (client,) = await live.tabs(thread, alice)
    answer = await client.send(str(thread.id), **{"mode": "talk", **fields})
    assert (answer["type"], answer["code"]) == ("error", code), answer
    assert (await client.send(str(thread.id), "after", mode="talk"))["seq"] == 1


async def test_the_largest_body_is_kept_whole(live: Live, thread: Thread, alice: User, bob: User) -> None:
    one, two = await live.tabs(thread, alice, bob)
    body = "ü" * (protocol.MAX_BODY_BYTES // 2)
    assert (await one.send(str(thread.id), body, mode="talk"))["type"] == "ack"
    await two.until(lambda: len(two.rooms[str(thread.id)].messages) == 1)
    assert two.rooms[str(thread.id)].view()[0][3] == body


async def test_haste_is_refused_and_a_flood_ends_the_line(live: Live, alice: User) -> None:
    client = await live.tab(alice)
    assert client.socket is not None
    for _ in range(60):
        await client.socket.send('{"type":"heartbeat"}')
    await client.until(lambda: any(f.get("code") == "too_many" for f in client.frames))
    (first, *_) = [f for f in client.frames if f.get("code") == "too_many"]
    assert 0 < first["retry_after_s"] <= 1
    with contextlib.suppress(websockets.ConnectionClosed):
        for _ in range(2000):
            await client.socket.send('{"type":"heartbeat"}')
            await asyncio.sleep(0)
    await client.socket.wait_closed()
    assert client.socket.close_code == 4429


async def test_sending_too_often_is_refused_with_a_time(live: Live, thread: Thread, alice: User, settings: Any) -> None:
    settings.SEND_RATE = "2/minute"
    (client,) = await live.tabs(thread, alice)
    answers = [await client.send(str(thread.id), "x", mode="talk") for _ in range(3)]
    assert [a["type"] for a in answers] == ["ack", "ack", "error"]
    assert answers[2]["code"] == "too_many"
    assert answers[2]["retry_after_s"] > 0


async def test_a_mistake_of_ours_is_an_error_and_not_the_end(
    live: Live, thread: Thread, alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(services, "send", broken)
    (client,) = await live.tabs(thread, alice)
    answer = await client.send(str(thread.id), "x", mode="talk")
    assert (answer["code"], answer["retryable"]) == ("error", True)
    assert "ZeroDivisionError" in caplog.text
    assert await client.join(str(thread.id))
