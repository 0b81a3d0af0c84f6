"""Runs from the question to the last word: one model, several at once, and what each leaves behind."""

import asyncio
import hashlib

import pytest

from chatplatform.kernel.db import in_db
from messaging.models import Outbox, Turn
from messaging.protocol.events import MessageCreated, RunChanged, TurnDelta, TurnFinished, TurnReasoning, TurnStarted
from messaging.providers.base import Finished, ProviderError, ReasoningDelta, TextDelta
from messaging.runs import live, services
from messaging.types import Usage
from tests.messaging.runs.conftest import Room, finished, said
from tests.messaging.runs.puppet import Puppets

pytestmark = pytest.mark.django_db(transaction=True)


async def test_one_model_answers_and_everything_about_it_is_kept(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ada"].will_say("Good |morning", tokens_in=1000, tokens_out=500)
    new = await room.ask("Hello", "t:ada", kind="reply")
    run = await room.ended(new.run.id)
    assert (run.state, run.stop_reason, run.reason) == ("done", "finished", "Ada answered.")

    question, answer = await room.messages()
    assert (question.seq, answer.seq, answer.variant) == (1, 2, 0)
    assert (answer.body, answer.state, answer.author.name) == ("Good morning", "complete", "Ada")
    meta = answer.meta
    assert (meta.model_id, meta.provider, meta.attempt, meta.finish_reason) == ("t:ada", "t", 1, "stop")
    assert (meta.tokens_in, meta.tokens_out, meta.is_estimate) == (1000, 500, False)
    assert meta.cost_usd == pytest.approx(0.002)
    assert meta.text_sha256 == hashlib.sha256(b"Good morning").hexdigest()
    assert meta.first_token_ms is not None
    assert meta.duration_ms is not None
    turn = (await room.turns(new.run.id))[0]
    assert (turn.state, turn.partial, turn.attempt) == ("done", "", 1)
    assert await in_db(Outbox.objects.filter(stored_at=None).count) == 0


async def test_the_room_hears_the_turn_in_order(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ada"].will(ReasoningDelta("Hm."), TextDelta("Yes"), TextDelta(" indeed"), Finished("stop"))
    new = await room.ask("Hello", "t:ada", kind="reply")
    await room.ended(new.run.id)
    events = await room.events()
    kinds = [type(e) for e in events]
    assert kinds[:3] == [MessageCreated, MessageCreated, RunChanged]
    assert kinds.index(TurnStarted) < kinds.index(TurnReasoning) < kinds.index(TurnDelta) < kinds.index(TurnFinished)
    assert isinstance(events[-1], RunChanged)
    assert (events[-1].run.state, events[-1].run.turns_done, events[-1].run.turns_total) == ("done", 1, 1)
    assert said(events) == "Yes indeed"
    end = finished(events)[0]
    assert (end.state, end.length, end.meta.reasoning, end.meta.is_estimate) == ("complete", 10, "Hm.", True)


async def test_several_answer_side_by_side_at_one_place(room: Room, puppets: Puppets) -> None:
    for name in ("ada", "ben", "cleo"):
        puppets.models[f"t:{name}"].will_say(f"I am {name}")
    new = await room.ask("Who?", "t:ada", "t:ben", "t:cleo")
    run = await room.ended(new.run.id)
    assert run.reason == "All three answered."
    answers = (await room.messages())[1:]
    assert [(m.seq, m.variant, m.lane, m.body) for m in answers] == [
        (2, 0, 0, "I am ada"),
        (2, 1, 1, "I am ben"),
        (2, 2, 2, "I am cleo"),
    ]


async def test_a_failing_model_neither_hides_nor_delays_the_others(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ada"].will(ProviderError("auth", "Ada refuses the key.", status=401))
    puppets.models["t:ben"].will_say("fine")
    new = await room.ask("Who?", "t:ada", "t:ben", "t:cleo")
    await room.heard("fine")
    puppets.models["t:cleo"].say("late")
    puppets.models["t:cleo"].finish()
    run = await room.ended(new.run.id)
    assert (run.state, run.reason) == ("done", "Two of three answered.")
    failed, fine, late = (await room.messages())[1:]
    assert (failed.state, failed.body) == ("failed", "")
    assert failed.meta.error is not None
    assert (failed.meta.error.kind, failed.meta.error.message) == ("auth", "Ada refuses the key.")
    assert failed.meta.cost_usd in (0.0, None)
    assert (fine.state, late.body) == ("complete", "late")


async def test_a_broken_stream_keeps_its_words_and_is_never_tried_again_by_itself(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ada"].will(
        TextDelta("three little words"), ProviderError("overloaded", "Ada is overloaded.", retryable=True, status=529)
    )
    new = await room.ask("Hello", "t:ada", kind="reply")
    await room.ended(new.run.id)
    answer = (await room.messages())[1]
    assert (answer.state, answer.body) == ("failed", "three little words")
    assert answer.meta.error is not None
    assert answer.meta.error.message == "The answer broke off after 3 words. The words are kept."
    assert "overloaded" in answer.meta.error.detail
    assert len(puppets.models["t:ada"].requests) == 1


async def test_an_end_without_a_finish_is_a_failure(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ada"].will(TextDelta("half an ans"))
    new = await room.ask("Hello", "t:ada", kind="reply")
    await room.ended(new.run.id)
    answer = (await room.messages())[1]
    assert (answer.state, answer.body) == ("failed", "half an ans")


async def test_an_unexpected_error_fails_the_turn_and_is_logged(
    room: Room, puppets: Puppets, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(puppets, "limiter", broken)
    new = await room.ask("Hello", "t:ada", kind="reply")
    run = await room.ended(new.run.id)
    assert run.state == "failed"
    answer = (await room.messages())[1]
    assert answer.meta.error is not None
    assert answer.meta.error.kind == "bad_response"
    turn = (await room.turns(new.run.id))[0]
    record = next(r for r in caplog.records if r.exc_info and "unexpectedly" in r.message)
    assert str(turn.id) in record.message
    assert str(run.id) in record.message


async def test_a_model_that_is_gone_says_so(room: Room, puppets: Puppets) -> None:
    del puppets.models["t:ada"]
    new = await room.ask("Hello", "t:ada", kind="reply")
    await room.ended(new.run.id)
    answer = (await room.messages())[1]
    assert answer.meta.error is not None
    assert answer.meta.error.kind == "gone"
    assert answer.meta.error.message == "Ada is no longer offered here. Ask another model."
    told = [type(e) for e in await room.events()]
    assert told.index(TurnFinished) > [i for i, kind in enumerate(told) if kind is MessageCreated][1], "its place first"


async def test_an_endless_answer_is_cut_at_the_size_of_a_message(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ada"].will(*[TextDelta("ä" * 40_000) for _ in range(10)], Finished("stop"))
    new = await room.ask("Hello", "t:ada", kind="reply")
    await room.ended(new.run.id)
    answer = (await room.messages())[1]
    assert answer.state == "complete"
    assert answer.meta.finish_reason == "length"
    assert len(answer.body.encode()) == 256 * 1024
    assert puppets.models["t:ada"].closed == 1


async def test_the_first_words_do_not_wait_for_the_next_save(
    room: Room, puppets: Puppets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SAVE_EVERY_S", 60.0)
    new = await room.ask("Hello", "t:ada", kind="reply")
    puppets.models["t:ada"].say("first words")
    async with asyncio.timeout(5):
        while (await room.turns(new.run.id))[0].partial != "first words":
            await asyncio.sleep(0.02)
    puppets.models["t:ada"].finish()
    await room.ended(new.run.id)


async def test_words_are_in_the_row_soon_after_they_are_said(room: Room, puppets: Puppets) -> None:
    new = await room.ask("Hello", "t:ada", kind="reply")
    puppets.models["t:ada"].say("first words")
    turn_id = (await room.turns(new.run.id))[0].id

    async def partial() -> str:
        return (await in_db(Turn.objects.get, pk=turn_id)).partial

    async with asyncio.timeout(5):
        while await partial() != "first words":
            await asyncio.sleep(0.02)
    puppets.models["t:ada"].say(" and more")
    async with asyncio.timeout(5):
        while await partial() != "first words and more":
            await asyncio.sleep(0.02)
    puppets.models["t:ada"].finish()
    await room.ended(new.run.id)
    assert await partial() == ""


async def test_what_a_model_saw_can_be_told_word_by_word(room: Room, puppets: Puppets) -> None:
    ada, ben = puppets.models["t:ada"], puppets.models["t:ben"]
    ada.will_say("a one")
    ben.will_say("b one")
    await room.ended((await room.ask("One?", "t:ada", "t:ben")).run.id)
    await room.say("Just saying", name="Bob")
    ada.will_say("a two")
    new = await room.ask("Two?", "t:ada", kind="reply", visibility="shared")
    await room.ended(new.run.id)
    view = await services.prompt_of((await room.turns(new.run.id))[0].id)
    assert view.is_exact
    assert [(p.role, p.content) for p in view.messages] == [(m.role, m.content) for m in ada.requests[1].messages]
    assert [p.role for p in view.messages] == ["system", "user", "assistant", "user"]
    messages = {m.body: m.id for m in await room.messages()}
    assert list(view.messages[2].sources) == [messages["a one"]]
    assert list(view.messages[3].sources) == [messages["b one"], messages["Just saying"], messages["Two?"]]


async def test_usage_missing_is_estimated_and_flagged(room: Room, puppets: Puppets) -> None:
    puppets.models["t:ada"].will(TextDelta("four char words here"), Finished("stop", Usage(tokens_in=7)))
    new = await room.ask("Hello", "t:ada", kind="reply")
    await room.ended(new.run.id)
    meta = (await room.messages())[1].meta
    assert (meta.tokens_in, meta.tokens_out, meta.is_estimate) == (7, 5, True)
