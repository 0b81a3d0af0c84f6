"""Attacks A23 to A25: what happens in a room reaches, and is reached by, those who may be there alone."""

import asyncio
import json
import uuid
from typing import Any

import pytest

from tests.attacks.conftest import MODEL, Cast, World
from tests.attacks.evil import frame
from tests.attacks.frames import Json, answer_to


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
