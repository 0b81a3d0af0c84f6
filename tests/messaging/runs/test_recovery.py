"""What a dead process left is taken over: nothing that was read is lost, and every run ends."""

import asyncio

import pytest

from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import now
from chatplatform.kernel.db import in_db
from messaging import outbox
from messaging.models import Outbox, Run, RunState, Turn, TurnState
from messaging.protocol.events import MessageCreated, TurnReset
from messaging.runs import endings, engine, leases, steps
from messaging.runs.dispatch.local import LocalDispatcher
from messaging.runs.dispatch.worker import WorkerDispatcher
from messaging.runs.types import Ending, NewRun, Step
from tests.messaging.runs.conftest import Room, finished, said, settled
from tests.messaging.runs.puppet import Puppets

pytestmark = pytest.mark.django_db(transaction=True)


async def died(room: Room, *models: str, kind: str = "fan_out", rounds: int = 2, **left: object) -> NewRun:
    """A question whose process died right after accepting it; `left` is what it had written of the first turn."""
    speakers = [room.speaker(model) for model in models]
    message, new = await in_db(room._accept, "Who?", speakers, kind, rounds, "isolated", "", None)
    assert new is not None
    await outbox.deliver(message)
    await outbox.stored()
    if left:
        await in_db(lambda: Turn.objects.filter(pk=new.begun[0].turn_id).update(**left))
    return new


async def restart() -> None:
    """A new process looks for what a dead one left; a worker has watched it stand still for long enough."""
    dispatcher = backend("dispatcher")
    if isinstance(dispatcher, WorkerDispatcher):
        for hold in await in_db(leases.open_holds):
            dispatcher._take_over(hold)
    await sweep(0)


async def sweep(older_than_s: float) -> None:
    dispatcher = backend("dispatcher")
    if isinstance(dispatcher, LocalDispatcher):
        await dispatcher.take_over(older_than_s)
    else:
        await dispatcher._look(0)


async def test_a_turn_with_nothing_said_begins_again_in_silence(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ada"].will_say("answer")
    new = await died(room, "t:ada", kind="reply")
    await restart()
    await room.ended(new.run.id)
    answer = (await room.messages())[1]
    assert (answer.state, answer.body, answer.meta.attempt) == ("complete", "answer", 2)
    assert answer.meta.earlier_attempts == ()
    assert not [e for e in await room.events() if isinstance(e, TurnReset)]


async def test_words_that_were_read_are_kept_as_interrupted(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ben"].will_say("whole")
    new = await died(room, "t:ada", "t:ben", partial="half an ans", reasoning="hm")
    await restart()
    run = await room.ended(new.run.id)
    assert (run.state, run.reason) == ("done", "Both answered.")
    half, whole = (await room.messages())[1:]
    assert (half.state, half.body, half.meta.reasoning) == ("interrupted", "half an ans", "hm")
    assert half.meta.error is not None
    assert half.meta.error.retryable
    assert half.meta.text_sha256
    assert whole.body == "whole"
    assert not puppets.models["t:ada"].requests, "nobody asked for a second bill"
    assert [e.state for e in finished(await room.events())] == ["interrupted", "complete"]


async def test_a_speaker_cut_off_begins_again_openly_once(room: Room, puppets: Puppets) -> None:
    ada = puppets.models["t:ada"]
    ada.will_say("better now")
    for _ in range(2):
        puppets.models["t:ben"].will_say("b")
    new = await died(room, "t:ada", "t:ben", kind="in_turn", partial="I was say")
    await restart()
    await room.heard("better now")
    ada.will_say("a2")
    await room.ended(new.run.id)
    first = (await room.messages())[1]
    assert (first.body, first.state, first.meta.attempt) == ("better now", "complete", 2)
    assert [(a.attempt, a.text, a.reason) for a in first.meta.earlier_attempts] == [(1, "I was say", "interrupted")]
    resets = [e for e in await room.events() if isinstance(e, TurnReset)]
    assert [(e.attempt, e.earlier.text) for e in resets] == [(2, "I was say")]


async def test_a_speaker_cut_off_twice_is_passed_over_with_its_words(room: Room, puppets: Puppets) -> None:
    for _ in range(2):
        puppets.models["t:ben"].will_say("b")
    puppets.models["t:ada"].will_say("a2")
    earlier = [{"attempt": 1, "text": "first", "reason": "interrupted", "ended_at": now().isoformat()}]
    new = await died(room, "t:ada", "t:ben", kind="in_turn", partial="second", attempt=2, earlier_attempts=earlier)
    await restart()
    run = await room.ended(new.run.id)
    assert run.state == "done"
    first = (await room.messages())[1]
    assert (first.state, first.body) == ("interrupted", "second")
    assert [a.text for a in first.meta.earlier_attempts] == ["first"]


async def test_a_speaker_that_began_to_speak_in_its_last_attempt_keeps_its_words(room: Room, puppets: Puppets) -> None:
    """It may not begin a fourth time, and nobody is told that nothing was answered."""
    for _ in range(2):
        puppets.models["t:ben"].will_say("b")
    puppets.models["t:ada"].will_say("a2")
    new = await died(room, "t:ada", "t:ben", kind="in_turn", partial="I was say", attempt=3)
    await restart()
    run = await room.ended(new.run.id)
    assert run.state == "done"
    first = (await room.messages())[1]
    assert (first.state, first.body, first.meta.attempt) == ("interrupted", "I was say", 3)
    assert first.meta.error is not None
    assert "kept" in first.meta.error.message


async def test_a_speaker_cut_off_once_is_silent_once_more_and_speaks(room: Room, puppets: Puppets) -> None:
    """Words at the first death, none at the second: that was no second answer that anybody read."""
    for _ in range(2):
        puppets.models["t:ben"].will_say("b")
    ada = puppets.models["t:ada"]
    ada.will_say("better now")
    earlier = [{"attempt": 1, "text": "first", "reason": "interrupted", "ended_at": now().isoformat()}]
    new = await died(room, "t:ada", "t:ben", kind="in_turn", attempt=2, earlier_attempts=earlier)
    await restart()
    await room.heard("better now")
    ada.will_say("a2")
    await room.ended(new.run.id)
    first = (await room.messages())[1]
    assert (first.state, first.body, first.meta.attempt) == ("complete", "better now", 3)
    assert [a.text for a in first.meta.earlier_attempts] == ["first"]


async def test_a_turn_that_kills_its_process_is_given_up(room: Room, puppets: Puppets) -> None:
    new = await died(room, "t:ada", kind="reply", attempt=3)
    await restart()
    run = await room.ended(new.run.id)
    assert run.state == "failed"
    answer = (await room.messages())[1]
    assert answer.meta.error is not None
    assert answer.meta.error.kind == "gone"


async def test_a_stop_while_nobody_ran_it_still_counts(room: Room, puppets: Puppets) -> None:
    new = await died(room, "t:ada", kind="reply", partial="half", cancel_requested=True, stopped_by_name="Bob")
    await restart()
    await room.ended(new.run.id)
    answer = (await room.messages())[1]
    assert (answer.state, answer.body, answer.meta.stopped_by) == ("cancelled", "half", "Bob")


async def test_a_pending_turn_is_run_and_its_place_told(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ada"].will_say("answer")
    new = await died(room, "t:ada", kind="reply", state=TurnState.PENDING, attempt=0, started_at=None)
    await restart()
    await room.ended(new.run.id)
    assert (await room.messages())[1].meta.attempt == 1
    assert [e.message.turn_id for e in await room.events() if isinstance(e, MessageCreated)][-1] == new.begun[0].turn_id


async def test_a_run_in_which_nobody_speaks_goes_on(room: Room, puppets: Puppets) -> None:
    """Its last turn was settled, and the process died before the next: cannot happen in one commit, and is mended."""
    for _ in range(2):
        puppets.models["t:ben"].will_say("b")
    puppets.models["t:ada"].will_say("a2")
    new = await died(room, "t:ada", "t:ben", kind="in_turn", state=TurnState.DONE)
    await restart()
    run = await room.ended(new.run.id)
    assert run.reason == "Ended after round 2, as Alice asked."
    assert len(await room.turns(new.run.id)) == 4


async def test_an_end_that_was_written_but_not_told_is_told_once(room: Room, puppets: Puppets) -> None:
    new = await died(room, "t:ada", kind="reply")
    job = new.begun[0].job
    assert job is not None
    step = await in_db(endings.settle, job, Ending("complete", "said and done"))
    assert step is not None
    await restart()
    assert await outbox.sweep(0) == 1
    assert await outbox.sweep(0) == 0
    assert [e.length for e in finished(await room.events())] == [13]
    assert (await room.messages())[1].body == "said and done"
    assert not puppets.models["t:ada"].requests


async def test_taking_over_again_and_again_is_harmless(room: Room, puppets: Puppets) -> None:
    new = await died(room, "t:ada", "t:ben")
    for _ in range(5):
        await restart()
    puppets.models["t:ada"].say("a")
    puppets.models["t:ada"].finish()
    puppets.models["t:ben"].say("b")
    puppets.models["t:ben"].finish()
    await room.ended(new.run.id)
    assert [m.meta.attempt for m in (await room.messages())[1:]] == [2, 2]
    assert len(puppets.models["t:ada"].requests) == 1


async def test_a_server_that_stops_saves_the_words_and_leaves_the_turn(room: Room, puppets: Puppets) -> None:
    new = await room.ask("Who?", "t:ada", kind="reply")
    puppets.models["t:ada"].say("half an ans")
    await room.heard("half an ans")
    dispatcher: LocalDispatcher = backend("dispatcher")
    await dispatcher.stop()
    turn = (await room.turns(new.run.id))[0]
    assert (turn.state, turn.partial, turn.attempt) == ("streaming", "half an ans", 1)
    assert puppets.models["t:ada"].closed == 1
    await dispatcher.start()
    await room.ended(new.run.id)
    assert (await room.messages())[1].state == "interrupted"


async def test_settling_at_once_from_many_threads_ends_the_run_once(room: Room, puppets: Puppets) -> None:
    """The advance race: the last answers of a fan-out end together."""
    new = await died(room, "t:ada", "t:ben", "t:cleo")
    jobs = [begun.job for begun in new.begun if begun.job is not None]
    steps = await asyncio.gather(
        *(in_db(endings.settle, job, Ending("complete", f"answer {job.lane}")) for job in jobs for _ in range(3))
    )
    won = [step for step in steps if isinstance(step, Step)]
    assert len(won) == 3, "each turn is settled by one of three writers"
    assert [step.run.state for step in won].count("done") == 1
    assert await in_db(Outbox.objects.filter(author_key="turn").count) == 3


async def test_speakers_settled_twice_give_one_next_turn(room: Room, puppets: Puppets) -> None:
    new = await died(room, "t:ada", "t:ben", kind="in_turn")
    job = new.begun[0].job
    assert job is not None
    taken = await asyncio.gather(
        *(in_db(endings.settle, job, Ending("complete", "a1")) for _ in range(3)),
        *(in_db(steps.advance, new.run.id) for _ in range(3)),
    )
    assert sum(len(step.begun) for step in taken if step is not None) == 1
    assert await in_db(Turn.objects.filter(run_id=new.run.id).count) == 2


async def test_no_turn_of_a_running_server_is_mistaken_for_a_dead_one(room: Room, puppets: Puppets) -> None:
    """The sweep leaves young rows alone: they are on their way here from the transaction that wrote them."""
    new = await died(room, "t:ada", kind="reply")
    dispatcher: LocalDispatcher = backend("dispatcher")
    await sweep(10)
    assert not dispatcher.is_busy
    assert (await in_db(Run.objects.get, pk=new.run.id)).state == RunState.RUNNING
    puppets.models["t:ada"].will_say("answer")
    await engine.follow(new)
    await room.ended(new.run.id)
    assert (await room.messages())[1].meta.attempt == 1
    assert said(await room.events()) == "answer"
    await settled()
