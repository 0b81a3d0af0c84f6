"""People talking: the thinnest slice through socket, transaction, outbox, stream and hub."""

import asyncio
import uuid

from messaging import outbox
from projects.models import User
from tests.messaging.conftest import Live
from threads.models import Thread


async def test_two_people_see_the_same_words(live: Live, thread: Thread, alice: User, bob: User) -> None:
    one, two = await live.tabs(thread, alice, bob)
    acks = [await one.send(str(thread.id), f"word {n}", mode="talk") for n in range(5)]
    acks.append(await two.send(str(thread.id), "and back", mode="talk"))
    assert [ack["seq"] for ack in acks] == [1, 2, 3, 4, 5, 6]
    rooms = [client.rooms[str(thread.id)] for client in (one, two)]
    for client, room in zip((one, two), rooms, strict=True):
        await client.until(lambda room=room: len(room.messages) == 6)
        assert not room.violations
    assert rooms[0].view() == rooms[1].view()


async def test_a_newcomer_sees_what_was_said_before(live: Live, thread: Thread, alice: User, bob: User) -> None:
    (one,) = await live.tabs(thread, alice)
    for n in range(3):
        await one.send(str(thread.id), f"word {n}", mode="talk")
    (two,) = await live.tabs(thread, bob)
    assert [view[3] for view in two.rooms[str(thread.id)].view()] == ["word 0", "word 1", "word 2"]
    await outbox.stored()
    again = await two.join(str(thread.id), resume=False)
    assert [view[3] for view in again.view()] == ["word 0", "word 1", "word 2"]


async def test_one_intent_is_one_message(live: Live, thread: Thread, alice: User) -> None:
    one, two = await live.tabs(thread, alice, alice)
    same = str(uuid.uuid4())
    answers = await asyncio.gather(
        *(tab.send(str(thread.id), "once", mode="talk", client_id=same) for tab in (one, two, one, two)),
        one.call(
            "POST", f"/threads/{thread.id}/messages", {"body": "once", "mode": "talk"}, **{"Idempotency-Key": same}
        ),
    )
    assert len({answer["message_id"] for answer in answers}) == 1
    assert {answer["seq"] for answer in answers} == {1}
    assert sum(not answer.get("is_duplicate", False) for answer in answers) == 1
