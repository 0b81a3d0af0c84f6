"""The catalog: what can be asked, through whom, and how it keeps up with lists, accounts and failures."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from chatplatform.kernel import clock
from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import NotFound
from chatplatform.kernel.ids import new_id
from messaging.models import ProviderAccount
from messaging.providers import catalog as module
from messaging.providers import keys, listing
from messaging.providers.base import ChatMessage, ChatRequest, ProviderError
from messaging.providers.catalog import Catalog, catalog
from messaging.providers.health import OK
from messaging.providers.retry import BREAKER_FAILURES
from messaging.providers.scripted import expected_text
from messaging.providers.scripted_server import ScriptedServer
from messaging.providers.signals import models_changed
from messaging.providers.wire import ModelIn
from tests.messaging.providers.conftest import Heard, hear

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def _clean(settings: Settings, tmp_path: Path) -> AsyncIterator[None]:
    settings.DATA_DIR = tmp_path
    settings.ARE_TEST_MODELS_ON = True
    module.reset()
    yield
    await module.close()


@pytest.fixture
def changes() -> Any:
    """How often it was told that models changed."""
    told: list[Any] = []

    def receive(**news: Any) -> None:
        told.append(news["project_id"])

    models_changed.connect(receive, weak=False)
    yield told
    models_changed.disconnect(receive)


async def until(is_so: Callable[[], Any], within_s: float = 15) -> None:
    async with asyncio.timeout(within_s):
        while not is_so():
            await asyncio.sleep(0.01)


def ids(known: Catalog) -> list[str]:
    return [model.id for model in known.all()]


async def ask(model_id: str, question: str = "Who gets the seat?") -> Heard:
    model = catalog().require(model_id)
    request = ChatRequest(model, [ChatMessage("user", question)], 200)
    return await hear(catalog().provider_for(model_id), request)


async def test_the_scripted_models_answer_before_anything_was_started() -> None:
    assert ids(catalog()) == ["scripted:ada", "scripted:ben"]
    heard = await ask("scripted:script?tokens=20&rate=2000")
    assert heard.text == expected_text("script?tokens=20&rate=2000", [ChatMessage("user", "Who gets the seat?")])


async def test_a_model_that_is_not_here_says_so() -> None:
    assert catalog().get("openai:gpt-5.1") is None
    for call in (catalog().require, catalog().provider_for):
        with pytest.raises(NotFound, match=r"There is no model openai:gpt-5\.1 here"):
            call("openai:gpt-5.1")


@pytest.mark.parametrize("model_id", ["scripted:script?fault=boom", "scripted:eve", "scripted:", "scripted:ada?x=1"])
async def test_a_test_model_that_means_nothing_is_not_here(model_id: str) -> None:
    assert catalog().get(model_id) is None


async def test_test_models_need_their_setting(settings: Settings) -> None:
    assert catalog().get("scripted:script?tokens=3") is not None
    settings.ARE_TEST_MODELS_ON = False
    module.reset()
    assert catalog().get("scripted:script?tokens=3") is None
    assert catalog().get("scripted:ada") is not None


async def test_an_environments_list_comes_in_the_background_and_is_kept(
    server: ScriptedServer, settings: Settings, changes: list[Any]
) -> None:
    settings.PROVIDER_ENVIRONMENT = {"OPENAI_BASE_URL": server.address}
    await module.start()
    await until(lambda: "openai:ben" in ids(catalog()))
    await until(lambda: changes == [None])
    assert (await ask("openai:script")).finished
    await module.close()
    settings.PROVIDER_ENVIRONMENT = {"OPENAI_BASE_URL": server.address}
    await server.stop()
    assert "openai:ben" in ids(catalog()), "kept for the next start, whoever answers then"


async def test_a_provider_that_gives_no_list_offers_what_is_known_of_it(settings: Settings) -> None:
    settings.PROVIDER_ENVIRONMENT = {"GROQ_API_KEY": "k"}
    assert "groq:llama-3.3-70b-versatile" in ids(catalog())


async def test_the_models_file_says_what_stands_first_and_what_it_costs(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    file.write_text(
        '[[models.chat]]\nprovider = "groq"\nmodel = "brand-new"\nname = "New one"\ncontext_tokens = 9000\n'
        '[[models.chat]]\nprovider = "scripted"\nmodel = "ben"\n[[models.chat]]\nprovider = "absent"\nmodel = "x"\n'
        '[[prices]]\nmodel = "groq:brand-new"\nin = 1\nout = 2\n'
    )
    settings.PROVIDER_ENVIRONMENT = {"GROQ_API_KEY": "k"}
    settings.MODELS_FILE = str(file)
    assert ids(catalog())[:3] == ["groq:brand-new", "scripted:ben", "scripted:ada"]
    model = catalog().require("groq:brand-new")
    assert (model.name, model.context_tokens, model.price_in, model.price_out) == ("New one", 9000, 1, 2)


def account(address: str, slug: str = "harbour", key: str = "") -> ProviderAccount:
    row = ProviderAccount(id=new_id(), slug=slug, name="Harbour", base_url=address, concurrency=2)
    row.key_encrypted = keys.encrypt(key, row.id) if key else None
    row.save()
    return row


async def test_accounts_come_and_go_with_a_reload_and_running_answers_go_on(
    server: ScriptedServer, changes: list[Any]
) -> None:
    await module.start()
    row = await in_db(account, server.address)
    await catalog().reload()
    await until(lambda: "harbour:ada" in ids(catalog()))
    running = asyncio.create_task(ask("harbour:ada"))
    await until(lambda: server.running)
    serving = catalog().serving("harbour:ada")
    await in_db(ProviderAccount.objects.filter(pk=row.pk).update, concurrency=5)
    await catalog().reload()
    assert catalog().serving("harbour:ada") is serving and serving.limiter.limit == 5
    await in_db(ProviderAccount.objects.filter(pk=row.pk).delete)
    await catalog().reload()
    assert "harbour:ada" not in ids(catalog())
    assert (await running).finished
    assert len(changes) >= 3
    assert await in_db(ProviderAccount.objects.count) == 0


async def test_another_processs_account_is_noticed(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WATCH_S", 0.05)
    await module.start()
    await in_db(account, server.address)
    await until(lambda: "harbour:ada" in ids(catalog()))


async def test_a_refused_key_is_known_of_the_provider_until_it_answers(settings: Settings, changes: list[Any]) -> None:
    server = ScriptedServer("right", are_tests_on=True)
    await server.start()
    row = await in_db(account, server.address, key="wrong")
    await module.start()
    await until(lambda: changes)
    (serving,) = [s for s in catalog().providers() if s.account_id == row.id]
    assert serving.health.state.name == "key_refused"
    assert "refuses the key" in serving.health.state.note
    async with asyncio.timeout(5):
        while (await in_db(ProviderAccount.objects.get, pk=row.id)).refused_at is None:
            await asyncio.sleep(0.02)
    server.key = ""
    await catalog().refresh(serving)
    assert serving.health.look() == OK
    async with asyncio.timeout(5):
        while (await in_db(ProviderAccount.objects.get, pk=row.id)).refused_at is not None:
            await asyncio.sleep(0.02)
    await server.stop()


async def failing(model_id: str) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await ask(model_id)
    return caught.value


async def test_a_model_that_keeps_failing_is_left_alone_and_the_others_are_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = "scripted:script?seed=5&fault=500"
    for _ in range(BREAKER_FAILURES):
        assert (await failing(model)).status == 500
    left_alone = await failing(model)
    assert (left_alone.kind, left_alone.status) == ("overloaded", 0)
    assert left_alone.retry_after_s and 10 < left_alone.retry_after_s <= 15
    assert (await ask("scripted:script?tokens=3&rate=999")).finished
    assert "provider=scripted model=script?seed=5&fault=500 kind=overloaded status=500" in caplog.text


async def test_a_provider_that_cannot_be_reached_is_left_alone_as_a_whole(settings: Settings) -> None:
    settings.PROVIDER_ENVIRONMENT = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    settings.MODELS_FILE = ""
    serving = next(s for s in catalog().providers() if s.slug == "openai")
    model = listing.model_of("openai", "x", ModelIn("m"), None)
    for _ in range(BREAKER_FAILURES):
        with pytest.raises(ProviderError, match="cannot be reached"):
            await hear(serving, ChatRequest(model, [], 1))
    assert serving.health.state.name == "unreachable"
    with pytest.raises(ProviderError, match="has not answered for a while"):
        await hear(serving, ChatRequest(model, [], 1))


async def test_a_limit_passes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    model = "scripted:script?fault=429:20"
    assert (await failing(model)).retry_after_s == 20
    state = catalog().serving(model).health
    assert state.look().name == "at_limit"
    at = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: at + 21)
    assert state.look().name == "ok"


async def test_questions_beyond_the_limit_wait_in_line(server: ScriptedServer, settings: Settings) -> None:
    settings.PROVIDER_ENVIRONMENT = {"OPENAI_BASE_URL": server.address}
    settings.PROVIDER_CONCURRENCY = 1
    await module.start()
    await until(lambda: "openai:script" in ids(catalog()))
    limiter = catalog().limiter(catalog().provider_for("openai:script"))
    assert limiter.limit == 1
    positions: list[int] = []

    async def asked() -> None:
        async with limiter.slot(on_position=positions.append):
            await ask("openai:ada")

    async with asyncio.timeout(20):
        await asyncio.gather(*(asked() for _ in range(2)))
    assert positions == [1]
    assert len(server.records) == 2


async def test_starting_does_not_wait_for_any_provider(settings: Settings) -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # never an answer, to the end
        writer.close()

    dead = await asyncio.start_server(silence, "127.0.0.1", 0)
    settings.PROVIDER_ENVIRONMENT = {"OPENAI_BASE_URL": f"http://127.0.0.1:{dead.sockets[0].getsockname()[1]}/v1"}
    async with asyncio.timeout(5):
        await module.start()
    dead.close()
