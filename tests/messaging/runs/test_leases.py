"""Who holds a turn: nobody else runs it, until it is let go or stands still under somebody's eyes."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from chatplatform.kernel.db import in_db
from chatplatform.kernel.ids import new_id
from messaging import rooms
from messaging.models import Turn, TurnState
from messaging.protocol.events import TurnDelta
from messaging.runs import claims, endings, engine, leases, saving
from messaging.runs.leases import LATE_S, STALE_S, Hold, Watch
from messaging.runs.types import Ending, Job, NewRun, Orphan, Step, Words
from messaging.streams.base import Said
from tests.messaging.runs.conftest import Room
from tests.messaging.runs.puppet import Puppets

AT = datetime(2026, 10, 9, tzinfo=UTC)
ELSEWHERE = "other-host:1:ab"


# -- watching: pure ------------------------------------------------------------------------------


def hold(turn_id: UUID, renewed_s: float = 0, held_by: str = ELSEWHERE, state: str = TurnState.STREAMING) -> Hold:
    renewed_at = None if state == TurnState.PENDING else AT + timedelta(seconds=renewed_s)
    return Hold(turn_id, state, 1, held_by, renewed_at)


def looks(watch: Watch, turns: Iterable[Hold], *at_s: float) -> list[list[Hold]]:
    return [watch.abandoned(turns, 1000 + at) for at in at_s]


def test_a_hold_that_stands_still_is_abandoned() -> None:
    still = hold(new_id())
    assert looks(Watch(), [still], *range(7)) == [[], [], [], [], [], [still], [still]]


def test_a_hold_that_is_renewed_is_not_whatever_the_clock_says() -> None:
    watch, turn = Watch(), new_id()
    for second in range(30):  # the database's clock runs backwards, jumps a day, and hardly moves
        for renewed_s in (-second * 1e-6, 86400 * (second % 2), second * 1e-3):
            assert watch.abandoned([hold(turn, renewed_s)], 1000 + second) == []


def test_a_hold_let_go_is_abandoned_at_once() -> None:
    free = hold(new_id(), held_by="")
    assert looks(Watch(), [free], 0) == [[free]]


def test_a_turn_that_waits_is_left_to_those_it_was_offered_to_for_a_while() -> None:
    waiting = hold(new_id(), held_by="", state=TurnState.PENDING)
    assert looks(Watch(), [waiting], *range(6)) == [[], [], [], [], [], [waiting]]


def test_a_look_that_comes_late_begins_anew() -> None:
    """This process stood still, or the database did: then nobody could renew, or nobody could see it."""
    still = hold(new_id())
    late = 4 + LATE_S + 0.1
    seen = looks(Watch(), [still], 0, 1, 2, 3, 4, late, late + 1, late + STALE_S - 0.1, late + STALE_S)
    assert seen[-1] == [still]
    assert not any(seen[:-1])


def test_a_look_that_failed_begins_anew() -> None:
    watch, still = Watch(), hold(new_id())
    looks(watch, [still], 0, 1, 2, 3, 4)
    watch.forget()
    assert looks(watch, [still], 5, 6, 7, 8, 9, 10) == [[], [], [], [], [], [still]]


def test_the_oldest_is_first() -> None:
    holds = [hold(new_id()) for _ in range(5)]
    assert looks(Watch(), holds, 0, 3, 5)[-1] == holds


# -- rows ------------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db(transaction=True)


async def held_elsewhere(room: Room, **fields: object) -> tuple[NewRun, Hold]:
    """A turn that another process is running, and its hold as somebody saw it."""
    _, new = await in_db(room._accept, "Who?", [room.speaker("t:ada")], "reply", 2, "isolated", "", None)
    assert new is not None
    left = {"held_by": ELSEWHERE, **fields}
    await in_db(lambda: Turn.objects.filter(pk=new.begun[0].turn_id).update(**left))
    (seen,) = await in_db(leases.open_holds)
    return new, seen


async def test_a_turn_that_somebody_holds_is_not_claimed(room: Room, puppets: Puppets) -> None:
    new, _ = await held_elsewhere(room)
    assert await in_db(claims.claim, new.begun[0].turn_id) is None
    (turn,) = await room.turns(new.run.id)
    assert (turn.attempt, turn.held_by) == (1, ELSEWHERE)


async def test_an_abandoned_turn_is_taken_over_once(room: Room, puppets: Puppets) -> None:
    new, seen = await held_elsewhere(room)
    assert await in_db(claims.claim, new.begun[0].turn_id, seen) == Orphan(room.thread.id)
    claimed = [await in_db(claims.claim, new.begun[0].turn_id, seen, Said(0, "", "")) for _ in range(3)]
    assert [job.attempt for job in claimed if isinstance(job, Job)] == [2]
    (turn,) = await room.turns(new.run.id)
    assert turn.held_by == leases.HOLDER


@pytest.mark.parametrize(
    ("attempt", "heard", "kept"),
    [
        (1, "The tide turns", "The tide turns"),  # read by the room, not saved yet
        (1, "", "The tide"),  # the stream forgot
        (1, "Another text", "The tide"),
        (2, "The tide turns", "The tide"),  # not this attempt's
    ],
)
async def test_an_abandoned_turn_keeps_what_its_room_read(
    room: Room, puppets: Puppets, attempt: int, heard: str, kept: str
) -> None:
    new, seen = await held_elsewhere(room, partial="The tide")
    said = Said(attempt, heard, "")
    step = await in_db(claims.claim, new.begun[0].turn_id, seen, said)
    assert isinstance(step, Step)
    assert [(message.state, message.body) for message in step.settled] == [("interrupted", kept)]


async def test_the_stream_tells_who_takes_over_what_was_read(room: Room, puppets: Puppets) -> None:
    new, seen = await held_elsewhere(room, partial="The ")
    turn_id, thread_id = new.begun[0].turn_id, new.run.thread_id
    await rooms.publish(thread_id, TurnDelta(turn_id, 1, 0, 8, "The tide"))
    await engine.run_turn(turn_id, None, seen)
    assert [(m.state, m.body) for m in await room.messages() if m.turn_id == turn_id] == [("interrupted", "The tide")]


async def test_a_hold_that_moved_since_it_was_seen_is_respected(room: Room, puppets: Puppets) -> None:
    new, seen = await held_elsewhere(room)
    assert seen.renewed_at is not None
    renewed_at = seen.renewed_at + timedelta(milliseconds=1)
    await in_db(lambda: Turn.objects.filter(pk=seen.turn_id).update(renewed_at=renewed_at))
    assert await in_db(claims.claim, new.begun[0].turn_id, seen) is None


async def test_saving_renews_what_this_process_holds_and_nothing_else(room: Room, puppets: Puppets) -> None:
    new, theirs = await held_elsewhere(room)
    _, mine = await in_db(room._accept, "And?", [room.speaker("t:ben")], "reply", 2, "isolated", "", None)
    assert mine is not None
    long_ago = {"renewed_at": AT}
    await in_db(lambda: Turn.objects.update(**long_ago))
    held = [(new.begun[0].turn_id, 1), (mine.begun[0].turn_id, 1)]
    await in_db(saving.save_partials, [], held)
    after = {hold.turn_id: hold.renewed_at for hold in await in_db(leases.open_holds)}
    assert after[theirs.turn_id] == AT
    assert after[mine.begun[0].turn_id] != AT


async def test_what_is_let_go_can_be_claimed_at_once_and_its_late_words_are_refused(
    room: Room, puppets: Puppets
) -> None:
    _, mine = await in_db(room._accept, "Who?", [room.speaker("t:ada")], "reply", 2, "isolated", "", None)
    assert mine is not None
    begun = mine.begun[0]
    assert begun.job is not None
    assert await in_db(leases.let_go) == [begun.turn_id]
    assert await in_db(leases.let_go) == []
    job = await in_db(claims.claim, begun.turn_id, None, Said(0, "", ""))
    assert isinstance(job, Job)
    assert job.attempt == 2
    late = Words(begun.turn_id, 1, "too late", "", None)
    assert await in_db(saving.save_partials, [late], [(begun.turn_id, 1)]) == {begun.turn_id}
    assert await in_db(endings.settle, begun.job, Ending("complete", "too late")) is None
    (turn,) = await room.turns(mine.run.id)
    assert (turn.partial, turn.state) == ("", TurnState.STREAMING)
