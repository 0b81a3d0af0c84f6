"""People stop answers, ask again, and do not want to wait."""

import asyncio

import pytest

from chatplatform.kernel.backends import backend
from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import Conflict, NotFound
from chatplatform.kernel.ids import new_id
from messaging import history
from messaging.models import Run, Turn
from messaging.protocol.events import RunChanged, TurnStarted, TurnWaiting
from messaging.protocol.views import LiveTurn
from messaging.providers.base import Finished, ProviderError, ReasoningDelta, TextDelta
from messaging.runs import live, services
from tests.messaging.runs.conftest import Room, finished, said, settled
from tests.messaging.runs.puppet import Puppets
from threads.models import Branch
from threads.services import MAX_VARIANT

pytestmark = pytest.mark.django_db(transaction=True)

BUSY = ProviderError("rate_limit", "Ada is at its limit.", retryable=True, retry_after_s=20, status=429)


async def test_stopping_one_answer_keeps_its_words_and_the_others(
    room: Room, puppets: Puppets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SAVE_EVERY_S", 60.0)  # nobody looks at the row: the word itself comes
    new = await room.ask("Who?", "t:ada", "t:ben")
    puppets.models["t:ada"].say("half an ans")
    await room.heard("half an ans")
    await services.cancel_turn(new.begun[0].turn_id, "Bob")
    await room.until(lambda: puppets.models["t:ada"].closed == 1)
    puppets.models["t:ada"].say("too late")
    puppets.models["t:ben"].say("whole")
    puppets.models["t:ben"].finish()
    run = await room.ended(new.run.id)
    assert run.state == "done"
    stopped, whole = (await room.messages())[1:]
    assert (stopped.state, stopped.body, stopped.meta.stopped_by) == ("cancelled", "half an ans", "Bob")
    assert (whole.state, whole.body) == ("complete", "whole")
    assert "too late" not in said(await room.events())


async def test_stopping_a_run_stops_every_answer(room: Room, puppets: Puppets) -> None:
    new = await room.ask("Who?", "t:ada", "t:ben", "t:cleo")
    puppets.models["t:ada"].say("a")
    puppets.models["t:cleo"].say("c")
    puppets.models["t:cleo"].finish()
    await room.until(lambda: puppets.models["t:cleo"].closed == 1)
    await room.heard("a")
    await services.cancel_run(new.run.id, "Bob")
    run = await room.ended(new.run.id)
    assert (run.state, run.stop_reason, run.reason) == ("cancelled", "stopped", "Stopped by Bob; what was said stays.")
    assert [m.state for m in (await room.messages())[1:]] == ["cancelled", "cancelled", "complete"]
    states = [e.run.state for e in await room.events() if isinstance(e, RunChanged)]
    assert states[0] == "running"
    assert states[-1] == "cancelled"
    assert states.index("stopping") < states.index("cancelled")


async def test_stopping_what_has_ended_changes_nothing(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ada"].will_say("done")
    new = await room.ask("Who?", "t:ada", kind="reply")
    await room.ended(new.run.id)
    before = len(await room.events())
    await services.cancel_turn(new.begun[0].turn_id, "Bob")
    await services.cancel_run(new.run.id, "Bob")
    await settled()
    assert len(await room.events()) == before
    assert (await room.messages())[1].state == "complete"


async def test_stopping_before_the_first_word_and_at_once(room: Room, puppets: Puppets) -> None:
    new = await room.ask("Who?", "t:ada", kind="reply")
    await services.cancel_turn(new.begun[0].turn_id, "Bob")
    run = await room.ended(new.run.id)
    assert run.state == "cancelled"
    assert (await room.messages())[1].state == "cancelled"


async def test_a_refusal_before_the_first_word_is_tried_again_without_a_trace(room: Room, puppets: Puppets) -> None:
    ada = puppets.models["t:ada"]
    ada.will(ProviderError("overloaded", "Ada is overloaded.", retryable=True, retry_after_s=0.05, status=529))
    ada.will_say("at last")
    new = await room.ask("Who?", "t:ada", kind="reply")
    await room.ended(new.run.id)
    events = await room.events()
    waiting = [e for e in events if isinstance(e, TurnWaiting)]
    assert [(w.why, w.error.kind if w.error else "") for w in waiting] == [("retry", "overloaded")]
    assert waiting[0].retry_at is not None
    assert [e.attempt for e in events if isinstance(e, TurnStarted)] == [1, 1]
    answer = (await room.messages())[1]
    assert (answer.state, answer.body, answer.meta.attempt) == ("complete", "at last", 1)
    assert answer.meta.earlier_attempts == ()


async def test_a_waiting_turn_goes_at_once_when_somebody_wants_it_now(room: Room, puppets: Puppets) -> None:
    ada = puppets.models["t:ada"]
    ada.will(BUSY)
    ada.will_say("now")
    new = await room.ask("Who?", "t:ada", kind="reply")
    await room.until(lambda: ada.closed == 1)
    await asyncio.sleep(0.05)
    assert len(ada.requests) == 1
    await services.try_now(new.begun[0].turn_id)
    await room.ended(new.run.id)
    assert (await room.messages())[1].body == "now"


async def test_who_comes_before_the_first_word_is_not_told_that_it_failed(room: Room, puppets: Puppets) -> None:
    new = await room.ask("Who?", "t:ada", kind="reply")
    while not any(isinstance(event, TurnStarted) for event in await room.events()):
        await asyncio.sleep(0.005)
    _, snapshot = await history.snapshot(room.user.id, await in_db(Branch.objects.get, pk=room.main_id))
    (turn,) = snapshot.live
    assert (turn.message.state, turn.message.body, turn.retry_at) == ("streaming", "", None)
    puppets.models["t:ada"].say("words")
    puppets.models["t:ada"].finish()
    await room.ended(new.run.id)


async def test_who_comes_while_a_turn_waits_reads_why_as_everybody_did(room: Room, puppets: Puppets) -> None:
    ada = puppets.models["t:ada"]
    ada.will(BUSY)
    ada.will_say("now")
    new = await room.ask("Who?", "t:ada", kind="reply")

    async def live() -> list[LiveTurn]:
        _, snapshot = await history.snapshot(room.user.id, await in_db(Branch.objects.get, pk=room.main_id))
        return snapshot.live

    while not (turns := await live()) or turns[0].retry_at is None:
        await asyncio.sleep(0.01)
    error = turns[0].message.meta.error
    assert turns[0].message.state == "waiting"
    assert error is not None and (error.kind, error.message) == ("rate_limit", "Ada is at its limit.")
    await services.try_now(new.begun[0].turn_id)
    await room.ended(new.run.id, within_s=2)
    assert (await room.messages())[1].meta.error is None


async def test_a_waiting_turn_can_be_stopped(room: Room, puppets: Puppets) -> None:
    ada = puppets.models["t:ada"]
    ada.will(BUSY)
    new = await room.ask("Who?", "t:ada", kind="reply")
    await room.until(lambda: ada.closed == 1)
    await services.cancel_turn(new.begun[0].turn_id, "Bob")
    await room.ended(new.run.id)
    assert (await room.messages())[1].state == "cancelled"


async def test_what_cannot_pass_is_not_tried_again(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ada"].will(ProviderError("auth", "Ada refuses the key.", status=401))
    new = await room.ask("Who?", "t:ada", kind="reply")
    await room.ended(new.run.id)
    assert len(puppets.models["t:ada"].requests) == 1


async def test_an_answer_without_a_word_is_tried_again_then_fails(room: Room, puppets: Puppets) -> None:
    ada = puppets.models["t:ada"]
    for _ in range(8):
        ada.will(TextDelta("  \n"), Finished("stop"))
    new = await room.ask("Who?", "t:ada", kind="reply")
    for _ in range(8):
        await asyncio.sleep(0.05)
        await services.try_now(new.begun[0].turn_id)
    await room.ended(new.run.id, within_s=5)
    answer = (await room.messages())[1]
    assert answer.state == "failed"
    assert answer.meta.error is not None
    assert answer.meta.error.message == "Ada ended without a word."
    assert 2 <= len(ada.requests) <= 5


# -- again ---------------------------------------------------------------------------------------


async def test_again_gives_a_new_variant_in_the_same_lane_and_the_old_one_stays(room: Room, puppets: Puppets) -> None:
    ada, ben = puppets.models["t:ada"], puppets.models["t:ben"]
    ada.will_say("one")
    ben.will_say("two")
    new = await room.ask("Who?", "t:ada", "t:ben")
    await room.ended(new.run.id)
    await room.say("something later")
    ben.will_say("two again")
    placed = await services.again(new.begun[1].turn_id, room.user)
    assert (placed.seq, placed.variant) == (2, 2)
    await room.ended(placed.run_id)
    at_place = [(m.variant, m.lane, m.body) for m in await room.messages() if m.seq == 2]
    assert at_place == [(0, 0, "one"), (1, 1, "two"), (2, 1, "two again")]
    assert [m.content for m in ben.requests[1].messages] == ["Who?"], "later words are not seen"


async def test_another_model_may_answer_in_its_place(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ada"].will(TextDelta("brok"), ProviderError("timeout", "Silent."))
    new = await room.ask("Who?", "t:ada", kind="reply")
    await room.ended(new.run.id)
    puppets.models["t:cleo"].will_say("instead")
    placed = await services.again(new.begun[0].turn_id, room.user, room.speaker("t:cleo"))
    await room.ended(placed.run_id)
    old, fresh = (await room.messages())[1:]
    assert (old.state, old.lane) == ("failed", 0)
    assert (fresh.author.name, fresh.lane, fresh.variant, fresh.body) == ("Cleo", 0, 1, "instead")


async def test_a_double_click_on_again_is_one_answer(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ada"].will_say("one")
    new = await room.ask("Who?", "t:ada", kind="reply")
    await room.ended(new.run.id)
    first, second = await asyncio.gather(*(services.again(new.begun[0].turn_id, room.user) for _ in range(2)))
    assert first == second
    with pytest.raises(Conflict):
        await services.again(new.begun[0].turn_id, room.user, room.speaker("t:ben"))
    puppets.models["t:ada"].say("two")
    puppets.models["t:ada"].finish()
    await room.ended(first.run_id)
    assert len(await room.messages()) == 3
    assert await in_db(Run.objects.count) == 2


async def test_a_place_holds_a_thousand_answers_and_no_more(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ada"].will_say("one")
    new = await room.ask("Who?", "t:ada", kind="reply")
    await room.ended(new.run.id)
    await in_db(Turn.objects.update, variant=MAX_VARIANT)
    with pytest.raises(Conflict, match="a thousand times"):
        await services.again(new.begun[0].turn_id, room.user)
    assert await in_db(Run.objects.count) == 1


async def test_again_of_nothing_is_not_found(room: Room) -> None:
    with pytest.raises(NotFound):
        await services.again(new_id(), room.user)


# -- the fence --------------------------------------------------------------------------------------


async def test_a_zombie_changes_nothing(room: Room, puppets: Puppets) -> None:
    """Somebody took the turn over while this process slept: its words are refused and its end is not written."""
    from django.db.models import F

    from messaging.models import Turn

    new = await room.ask("Who?", "t:ada", kind="reply")
    puppets.models["t:ada"].say("early")
    await room.heard("early")
    turn_id = new.begun[0].turn_id
    await in_db(lambda: Turn.objects.filter(pk=turn_id).update(attempt=F("attempt") + 1, partial="of the other"))
    puppets.models["t:ada"].finish()
    await settled()
    turn = (await room.turns(new.run.id))[0]
    assert (turn.state, turn.attempt, turn.partial) == ("streaming", 2, "of the other")
    assert not finished(await room.events())
    assert len(await room.messages()) == 1


async def test_a_turn_taken_over_is_stopped_within_a_second_of_the_next_save(room: Room, puppets: Puppets) -> None:
    from messaging.models import Turn

    new = await room.ask("Who?", "t:ada", kind="reply")
    puppets.models["t:ada"].say("early")
    await room.heard("early")
    await in_db(lambda: Turn.objects.filter(pk=new.begun[0].turn_id).update(attempt=9))
    await room.until(lambda: not backend("dispatcher").is_busy)
    assert puppets.models["t:ada"].closed == 1


async def test_thoughts_that_were_read_are_not_begun_again(room: Room, puppets: Puppets) -> None:

    ada = puppets.models["t:ada"]
    ada.will(ReasoningDelta("Let me see"), ProviderError("overloaded", "Busy.", retryable=True, retry_after_s=0.01))
    new = await room.ask("Who?", "t:ada", kind="reply")
    await room.ended(new.run.id)
    answer = (await room.messages())[1]
    assert (answer.state, answer.meta.reasoning) == ("failed", "Let me see")
    assert len(ada.requests) == 1
