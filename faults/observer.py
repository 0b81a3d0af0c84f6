"""Looks whether anything was lost, from outside: by the protocol, by the provider's own record, and in the stores.

I1 acknowledged is durable; I2 one intent, one message; I3 one order for all; I4 what is shown is what is stored is what
the provider said; I5 no silent gap; I6 nothing shown is lost; I7 one writer; I10 every run ends. I8 (memory) and I9
(revoked access) are looked at by the cases that strain them.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from cassandra.cluster import Cluster

from faults.person import Person
from faults.world import World
from tests.client import OPEN_STATES, Client, Json

SETTLES_S = 45.0  # from the last mending until every answer has ended and every row is cleared
ARRIVES_S = 5.0  # until everybody has heard what can be read
SHOWN_LATE_S = 0.35  # words reach a person this long after the worker said them, at most, or are seen at the next look

OPEN_ROWS = {
    "open turns": "select count(*) from messaging_turn where thread_id = '{}' and state in ('pending', 'streaming')",
    "runs going on": "select count(*) from messaging_run where thread_id = '{}' and state in ('running', 'stopping')",
    "not delivered": "select count(*) from messaging_outbox where thread_id = '{}' and published_at is null",
    "not stored": "select count(*) from messaging_outbox where thread_id = '{}' and stored_at is null",
}


@dataclass(frozen=True)
class Checked:
    messages: list[Json]
    seconds: float  # until everything was quiet

    def answers(self) -> list[Json]:
        return [message for message in self.messages if message.get("turn_id")]

    def states(self) -> list[str]:
        return [message["state"] for message in self.answers()]


async def check(world: World, thread_id: str, people: Sequence[Person]) -> Checked:
    """All invariants of one thread, once it is quiet. Raises AssertionError that names the invariant."""
    began = time.monotonic()
    await _until_quiet(world, thread_id, people)
    seconds = time.monotonic() - began
    messages = await _one_view(world, thread_id, people)
    _check_places(messages)
    await _check_sent(people, thread_id, messages)
    _check_words(world, messages)
    _check_shown(world, people, thread_id, messages)
    _check_refusals(people)
    if world.deployment.nodes:
        await asyncio.to_thread(_check_store, world, messages)
    return Checked(messages, seconds)


async def _until_quiet(world: World, thread_id: str, people: Sequence[Person]) -> None:
    """I10: no open turn, no run that goes on, nothing waiting in the outbox; and everybody is back and sees that."""
    deadline = time.monotonic() + SETTLES_S
    left: dict[str, str] = {"nothing was looked at": "1"}
    while left and time.monotonic() < deadline:
        left = {}
        for name, statement in OPEN_ROWS.items():
            try:
                count = await world.sql(statement.format(thread_id))
            except RuntimeError as error:
                count = str(error)
            if count != "0":
                left[name] = count
        await asyncio.sleep(0.1 if left else 0)
    assert not left, f"I10: {SETTLES_S:.0f} s later there are still {left}"
    for person in people:
        try:
            async with asyncio.timeout(30):
                await person.online.wait()
                await person.client.until_quiet(thread_id, 30)
        except TimeoutError:
            states = [m["state"] for m in person.client.rooms[thread_id].messages.values()]
            raise AssertionError(f"I10: for {person.name} the room is not quiet: {states}") from None


async def _one_view(world: World, thread_id: str, people: Sequence[Person]) -> list[Json]:
    """I3, I4, I5: whoever stayed, whoever comes now and whoever reads the history at any web process sees one room."""
    reader = people[0]
    pages: list[list[Json]] = []
    for url in world.urls:
        fresh = Client(url, "Observer")
        fresh.http.cookies = reader.client.http.cookies
        try:
            page = await fresh.call("GET", f"/threads/{thread_id}/messages?limit=200")
            await fresh.connect()
            await fresh.join(thread_id)
            seen = fresh.rooms[thread_id].view()  # the last fifty places
            assert seen == _view(page["messages"])[-len(seen) :], "I3: snapshot and history differ"
        finally:
            await fresh.close()
        pages.append(page["messages"])
    assert all(_view(page) == _view(pages[0]) for page in pages), "I3: two web processes show different rooms"
    stored = _view(pages[0])
    for person in people:
        with contextlib.suppress(TimeoutError):  # what was read may still be on its way to them
            await person.client.until(lambda p=person: p.client.rooms[thread_id].view() == stored, ARRIVES_S)
        room = person.client.rooms[thread_id]
        assert room.violations == [], f"I4, I5: {person.name}: {room.violations}"
        assert room.view() == stored, f"I3, I4: {person.name} sees another room: {_difference(room.view(), stored)}"
    return pages[0]


def _view(messages: list[Json]) -> list[tuple[int, int, str, str]]:
    return sorted((m["seq"], m["variant"], m["state"], m["body"]) for m in messages)


def _difference(seen: Sequence[object], stored: Sequence[object]) -> str:
    only_seen, only_stored = [x for x in seen if x not in stored], [x for x in stored if x not in seen]
    return f"seen {str(only_seen)[:400]}, stored {str(only_stored)[:400]}"


def _check_places(messages: list[Json]) -> None:
    places = [(m["branch_id"], m["seq"], m["variant"]) for m in messages]
    assert len(set(places)) == len(places), "I3: two messages in one place"
    turns = [m["turn_id"] for m in messages if m.get("turn_id")]
    assert len(set(turns)) == len(turns), "I7: two messages of one turn"
    assert not [m["state"] for m in messages if m["state"] in OPEN_STATES], "I10: an answer goes on for ever"


async def _check_sent(people: Sequence[Person], thread_id: str, messages: list[Json]) -> None:
    """I1, I2: everything acknowledged is there once, in the place that was said; saying it again changes nothing."""
    for person in people:
        for sent in person.sent:
            if sent.thread_id != thread_id or not sent.acks:
                continue
            found = [m for m in messages if m.get("client_id") == sent.command["client_id"]]
            assert len(found) == 1, f"I2: {len(found)} messages of one intent"
            again = await person.say_again(sent)
            assert again.get("is_duplicate"), "I1, I2: an acknowledged message was taken for a new one"
            for ack in sent.acks:
                assert (ack["seq"], ack["message_id"]) == (found[0]["seq"], found[0]["id"]), "I1: another place"
            assert found[0]["body"] == sent.command["body"], "I1: other words"


def _check_words(world: World, messages: list[Json]) -> None:
    """I4: an answer's hash is its text's, and its text is what the provider said, whole or from the beginning."""
    for message in messages:
        if expected := message.get("meta", {}).get("text_sha256"):
            assert hashlib.sha256(message["body"].encode()).hexdigest() == expected, "I4: hash"
        if not message.get("turn_id"):
            continue
        for body, is_final in [(message["body"], True), *((text, False) for text in earlier(message))]:
            said = world.provider.said(body)
            if said is None:
                assert not body or not body.startswith("#"), f"I4: nobody said {body[:40]!r}"
                continue
            if is_final and message["state"] == "complete":
                assert body == said.text and said.is_whole, f"I4: complete, and not what was said: {body[:40]!r}"
            else:
                assert said.text.startswith(body), f"I4, I7: not what was said: {body[:40]!r}"


def earlier(message: Json) -> list[str]:
    return [attempt["text"] for attempt in message.get("meta", {}).get("earlier_attempts", [])]


def _check_shown(world: World, people: Sequence[Person], thread_id: str, messages: list[Json]) -> None:
    """I6: words that somebody read are in the answer, or kept as an earlier attempt."""
    kept = {m["turn_id"]: [m["body"], *earlier(m)] for m in messages if m.get("turn_id")}
    for person in people:
        for moment in person.shown.get(thread_id, []):
            for turn_id, words in moment.words.items():
                texts = kept.get(turn_id, [])
                if any(text.startswith(words) for text in texts):
                    continue
                age_s = world.broken_at - moment.at
                is_fresh = world.unsaved_s > 0 and age_s < world.unsaved_s + SHOWN_LATE_S
                longest = max((text for text in texts if words.startswith(text)), key=len, default="")
                assert is_fresh, (
                    f"I6: {person.name} read {len(words)} characters of a turn {age_s:.2f} s before the fault;"
                    f" {len(longest)} of them were kept: {words[:30]!r} against {[text[:30] for text in texts]}"
                )


def _check_refusals(people: Sequence[Person]) -> None:
    """What a fault costs somebody is said as that: a part is away, ask again; and never as a mistake of ours."""
    for person in people:
        broken = [answer for answer in person.refusals if answer["code"] in {"error", "broken"}]
        assert not broken, f"{person.name} was told of a defect: {broken[0]} ({len(broken)} times)"


def _check_store(world: World, messages: list[Json]) -> None:
    """I1, I4: the rows of the CQL store are the messages that people see."""
    contacts = [node.address for node in world.deployment.nodes if node.is_running]
    cluster = Cluster(contacts, port=world.deployment.nodes[0].port, protocol_version=4)
    try:
        session = cluster.connect(world.deployment.settings.get("CQL_KEYSPACE", "parley"))
        branches = {m["branch_id"] for m in messages}
        rows = {
            (str(row.branch_id), row.seq, row.variant): row
            for branch in branches
            for row in session.execute(
                f"select branch_id, seq, variant, state, body, body_chunks, body_sha256 from message"
                f" where branch_id = {branch} and bucket in (0, 1, 2, 3)"
            )
        }
    finally:
        cluster.shutdown()
    for message in messages:
        row = rows.get((message["branch_id"], message["seq"], message["variant"]))
        assert row is not None, f"I1: seq {message['seq']} is not in the store"
        assert row.state == message["state"], f"I4: {row.state} in the store, {message['state']} for people"
        assert bytes(row.body_sha256) == hashlib.sha256(message["body"].encode()).digest(), (
            "I4: other words in the store"
        )
    assert len(rows) == len(messages), f"I2: {len(rows)} rows of {len(messages)} messages"
