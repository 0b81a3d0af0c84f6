"""Runs over a real provider: the scripted one, over HTTP, with every fault it knows. None may vanish or spread."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.conf import settings

from chatplatform.kernel.db import in_db
from messaging import history
from messaging.protocol.events import TurnReasoning, TurnWaiting
from messaging.providers.addresses import read_url
from messaging.providers.base import ChatMessage, ModelInfo
from messaging.providers.limits import Limiter
from messaging.providers.openai import Endpoint, OpenAiProvider
from messaging.providers.patience import Timeouts
from messaging.providers.scripted import expected_text
from messaging.providers.scripted_server import ScriptedServer
from messaging.runs import live, prompts, services, speaking
from messaging.runs.types import NewRun, Speaker
from messaging.types import Message
from tests.messaging.runs.conftest import Room, finished, said
from threads.models import Branch

pytestmark = pytest.mark.django_db(transaction=True)

QUICK = Timeouts(connect_s=2, first_byte_s=0.5, stall_s=0.4, pings_s=0.7, total_s=4)


class Harbour:
    """A catalog of one provider, whose models are named for what they do."""

    def __init__(self, server: ScriptedServer, limit: int = 8) -> None:
        self.server = server
        self.provider = OpenAiProvider(
            Endpoint(slug="test", name="Harbour", timeouts=QUICK, origin=read_url(server.address))
        )
        self.gate = Limiter(limit)

    def get(self, model_id: str) -> ModelInfo:
        name = model_id.partition(":")[2]
        return ModelInfo(model_id, "test", "Harbour", name, "Skipper", "remote", context_tokens=100_000)

    async def find(self, model_id: str) -> ModelInfo | None:
        return self.get(model_id)

    def provider_for(self, model_id: str) -> OpenAiProvider:
        return self.provider

    def limiter(self, provider: Any) -> Limiter:
        return self.gate


@pytest.fixture
async def harbour(room: Room, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Harbour]:
    server = ScriptedServer(are_tests_on=True)
    await server.start()
    harbour = Harbour(server)
    for module in (speaking, prompts):
        monkeypatch.setattr(module, "catalog", lambda: harbour)
    monkeypatch.setattr(Room, "speaker", lambda self, model_id: Speaker(model_id, "Skipper", 1))
    yield harbour
    await harbour.provider.close()
    await server.stop()


def script(fault: str = "", tokens: int = 12, **more: int) -> str:
    fields = "".join(f"&{name}={value}" for name, value in more.items())
    return f"test:script?tokens={tokens}&rate=400{fields}" + (f"&fault={fault}" if fault else "")


async def answered(room: Room, model: str, within_s: float = 12) -> tuple[NewRun, Message]:
    new = await room.ask("Who gets the seat?", model, kind="reply")
    await room.ended(new.run.id, within_s)
    return new, (await room.messages())[-1]


async def test_an_answer_is_word_for_word_what_was_sent(room: Room, harbour: Harbour) -> None:
    model = script(tokens=60, thoughts=5)
    _, answer = await answered(room, model)
    expected = expected_text(model.partition(":")[2], [ChatMessage("user", "Who gets the seat?")])
    assert answer.body == expected.lstrip()
    assert (answer.state, answer.meta.finish_reason, answer.meta.is_estimate) == ("complete", "stop", False)
    assert answer.meta.tokens_out == 60
    assert answer.meta.reasoning
    events = await room.events()
    assert said(events) == answer.body
    assert "".join(e.text for e in events if isinstance(e, TurnReasoning)) == answer.meta.reasoning


@pytest.mark.parametrize(
    ("fault", "kind", "has_words"),
    [
        ("401", "auth", False),
        ("403", "auth", False),
        ("404", "gone", False),
        ("context", "context_too_long", False),
        ("no-headers", "timeout", False),
        ("error@5", None, True),
        ("vllm-error@5", None, True),
        ("stall@5", "timeout", True),
        ("pings@5", "timeout", True),
        ("cut@5", "bad_response", True),
        ("reset@5", None, True),
        ("malformed@5", "bad_response", True),
        ("noise@5:9", "bad_response", True),
        ("line@5", "bad_response", True),
    ],
)
async def test_a_fault_ends_as_a_failure_with_its_words(
    room: Room, harbour: Harbour, fault: str, kind: str | None, has_words: bool
) -> None:
    new, answer = await answered(room, script(fault))
    assert answer.state == "failed"
    assert bool(answer.body) is has_words
    error = answer.meta.error
    assert error is not None
    if kind is not None:
        assert error.kind == kind
    if has_words:
        count = len(answer.body.split())
        assert error.message == f"The answer broke off after {count} words. The words are kept."
    assert len(harbour.server.records) == 1, "nothing is tried again by itself"
    assert [(e.state, e.length) for e in finished(await room.events())] == [("failed", len(answer.body))]
    assert (await room.run(new.run.id)).state == "failed"
    assert harbour.gate.running == 0
    await room.until(lambda: harbour.server.running == 0)


@pytest.mark.parametrize("fault", ["429:0.1x1", "503:0.1x1", "529:0.1x2", "500@0x1"])
async def test_a_passing_refusal_is_waited_out(room: Room, harbour: Harbour, fault: str) -> None:
    new = await room.ask("Who gets the seat?", script(fault), kind="reply")
    trying = asyncio.create_task(_hurry(new))
    await room.ended(new.run.id, 12)
    trying.cancel()
    answer = (await room.messages())[-1]
    assert (answer.state, answer.meta.attempt, answer.meta.earlier_attempts) == ("complete", 1, ())
    waits = [e for e in await room.events() if isinstance(e, TurnWaiting) and e.why == "retry"]
    assert len(waits) == len(harbour.server.records) - 1 >= 1


async def _hurry(new: NewRun) -> None:
    while True:
        await asyncio.sleep(0.3)
        await services.try_now(new.begun[0].turn_id)


async def test_a_lasting_refusal_is_given_up_after_three_tries(room: Room, harbour: Harbour) -> None:
    _, answer = await answered(room, script("429:0.05"))
    assert answer.state == "failed"
    assert answer.meta.error is not None
    assert answer.meta.error.kind == "rate_limit"
    assert len(harbour.server.records) == 3


async def test_stopping_closes_the_providers_connection(
    room: Room, harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SAVE_EVERY_S", 60.0)  # nobody looks at the row: the word itself comes
    new = await room.ask("Go on", "test:script?tokens=2000&rate=50", kind="reply")
    await room.until(lambda: harbour.server.records and harbour.server.records[0].tokens_sent > 5)
    await services.cancel_turn(new.begun[0].turn_id, "Bob")
    await room.until(lambda: harbour.server.records[0].is_cancelled)
    await room.ended(new.run.id)
    assert (await room.messages())[-1].body


async def test_an_endless_answer_is_cut_and_its_connection_closed(
    room: Room, harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaking, "MAX_BODY_BYTES", 2000)
    _, answer = await answered(room, "test:script?tokens=50&rate=5000&fault=endless")
    assert (answer.state, answer.meta.finish_reason, len(answer.body.encode())) == ("complete", "length", 2000)
    await room.until(lambda: harbour.server.running == 0)


async def test_who_has_to_wait_hears_its_place_in_the_line(room: Room, harbour: Harbour) -> None:
    harbour.gate.set_limit(1)
    models = [script(tokens=30, seed=seed) for seed in (1, 2, 3)]
    new = await room.ask("Who?", *models)
    await room.ended(new.run.id)
    waits = [e for e in await room.events() if isinstance(e, TurnWaiting)]
    assert [(w.position, w.limit, w.why) for w in waits] == [(1, 1, "queue"), (2, 1, "queue"), (1, 1, "queue")]
    assert [m.state for m in (await room.messages())[1:]] == ["complete"] * 3


async def test_who_comes_while_others_wait_hears_the_same(room: Room, harbour: Harbour) -> None:
    harbour.gate.set_limit(1)
    new = await room.ask("Who?", *(f"test:script?tokens=2000&rate=50&seed={seed}" for seed in (1, 2)))
    await room.until(lambda: harbour.server.records and harbour.server.records[0].tokens_sent > 1)
    waits: list[TurnWaiting] = []
    while not waits:
        waits = [e for e in await room.events() if isinstance(e, TurnWaiting)]
    _, snapshot = await history.snapshot(room.user.id, await in_db(Branch.objects.get, pk=room.main_id))
    told = {turn.message.turn_id: (turn.message.state, turn.position, turn.limit) for turn in snapshot.live}
    (wait,) = waits
    assert told.pop(wait.turn_id) == ("queued", wait.position, wait.limit) == ("queued", 1, 1)
    assert list(told.values()) == [("streaming", 0, 0)]
    await services.cancel_run(new.run.id, "Bob")
    await room.ended(new.run.id)


async def test_faults_of_one_lane_leave_the_others_alone(room: Room, harbour: Harbour) -> None:
    models = [script("stall@3"), script(seed=2), script("401", seed=3), script("reset@4", seed=4), script(seed=5)]
    new = await room.ask("Who?", *models)
    run = await room.ended(new.run.id)
    assert (run.state, run.reason) == ("done", "Two of five answered.")
    assert [m.state for m in (await room.messages())[1:]] == ["failed", "complete", "failed", "failed", "complete"]


async def test_no_more_than_two_units_of_work_before_the_provider_is_asked(
    room: Room, harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first word waits for the accepting transaction and one page of history, and for no other query."""
    from chatplatform.kernel import db

    units: list[str] = []
    original = db._call

    def counted(function: Any, *args: Any, **kwargs: Any) -> Any:
        if not harbour.server.records:
            units.append(getattr(function, "__name__", repr(function)))
        return original(function, *args, **kwargs)

    monkeypatch.setattr(db, "_call", counted)
    new = await room.ask("Who?", script())
    await room.ended(new.run.id)
    beside = {"_put", "_clear", "get"}  # storing goes on beside, and this test looks whether the run has ended
    beside |= {"report", "open_holds", "idle_runs"}  # and a worker looks after the others
    page = ["_page"] if "orm" in settings.BACKENDS["message_store"] else []
    assert [unit for unit in units if unit not in beside] == ["_accept", *page]
