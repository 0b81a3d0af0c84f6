"""The OpenAI wire format over real sockets: what is heard, and each way an answer can fail."""

import asyncio
import gc
import time
from collections.abc import Callable

import pytest

from messaging.providers.base import ChatMessage, ProviderError
from messaging.providers.openai import OpenAiProvider
from messaging.providers.patience import Timeouts
from messaging.providers.scripted import expected_text
from messaging.providers.scripted_server import ScriptedServer
from tests.messaging.providers.conftest import QUICK, Heard, asking, hear

FAST = "script?tokens=40&rate=4000"


def text_of(model: str) -> str:
    return expected_text(model, [ChatMessage("user", "Who gets the seat?")])


async def failing(provider: OpenAiProvider, model: str, heard: Heard | None = None) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await hear(provider, asking(model), heard)
    return caught.value


# -- what is heard ---------------------------------------------------------------------------------


async def test_the_whole_answer_its_thoughts_and_its_figures_arrive(provider: OpenAiProvider) -> None:
    heard = await hear(provider, asking(f"{FAST}&thoughts=5"))
    assert heard.text == text_of(f"{FAST}&thoughts=5")
    assert heard.thoughts == "Let me see what was "
    assert heard.finished and heard.finished.reason == "stop"
    assert heard.finished.usage and heard.finished.usage.tokens_out == 40


async def test_tokens_arrive_one_by_one(provider: OpenAiProvider) -> None:
    at = [time.monotonic() async for _ in provider.stream(asking("script?tokens=10&rate=50"))]
    assert at[-1] - at[0] > 0.15


async def test_the_most_tokens_are_asked_for_and_kept(provider: OpenAiProvider, server: ScriptedServer) -> None:
    heard = await hear(provider, asking(FAST, max_tokens=7))
    assert heard.finished and heard.finished.reason == "length"
    assert server.records[-1].fields["max_tokens"] == 7


async def test_further_fields_go_along(provider: OpenAiProvider, server: ScriptedServer) -> None:
    await hear(provider, asking(FAST, options={"temperature": 0.5, "repeat_penalty": 1.2}))
    assert server.records[-1].fields["temperature"] == 0.5
    assert server.records[-1].fields["repeat_penalty"] == 1.2


@pytest.mark.parametrize("fault", ["separators", "two-choices", "nulls", "after", "cumulative", "noise@10:3"])
async def test_oddities_change_no_word(provider: OpenAiProvider, fault: str) -> None:
    heard = await hear(provider, asking(f"{FAST}&fault={fault}"))
    assert heard.text == text_of(f"{FAST}&fault={fault}")
    assert heard.finished and heard.finished.usage
    assert (heard.finished.usage.tokens_out, heard.finished.reason) == (40, "stop")


async def test_no_usage_is_no_failure(provider: OpenAiProvider) -> None:
    heard = await hear(provider, asking(f"{FAST}&fault=no-usage"))
    assert heard.finished and heard.finished.usage is None


async def test_usage_option_that_is_refused_is_left_out_from_then_on(
    provider: OpenAiProvider, server: ScriptedServer
) -> None:
    model = f"{FAST}&fault=no-usage-option"
    assert (await hear(provider, asking(model))).text == text_of(model)
    assert (await hear(provider, asking(model))).text == text_of(model)
    assert [record.status for record in server.of(model)] == [400, 200, 200]


async def test_connections_are_used_again(provider: OpenAiProvider, server: ScriptedServer) -> None:
    for _ in range(3):
        await hear(provider, asking(FAST))
    assert len(server._open) == 1


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind", "retryable", "status"),
    [
        ("429:7", "rate_limit", True, 429),
        ("401", "auth", False, 401),
        ("402", "rate_limit", False, 402),
        ("404", "gone", False, 404),
        ("500", "overloaded", True, 500),
        ("502", "overloaded", True, 502),
        ("503:2", "overloaded", True, 503),
        ("504", "timeout", True, 504),
        ("529", "overloaded", True, 529),
        ("context", "context_too_long", False, 400),
        ("redirect", "bad_response", False, 302),
    ],
)
async def test_a_status_says_its_kind(
    provider: OpenAiProvider, fault: str, kind: str, retryable: bool, status: int
) -> None:
    error = await failing(provider, f"script?fault={fault}")
    assert (error.kind, error.retryable, error.status) == (kind, retryable, status)
    assert error.retry_after_s == {"429:7": 7, "503:2": 2}.get(fault)
    assert "Harbour" in error.message or kind == "context_too_long"
    assert str(status) not in error.message


async def test_the_first_requests_alone_may_be_refused(provider: OpenAiProvider) -> None:
    model = f"{FAST}&fault=429:1x2"
    assert [(await failing(provider, model)).kind for _ in range(2)] == ["rate_limit", "rate_limit"]
    assert (await hear(provider, asking(model))).text == text_of(model)


async def test_a_redirect_is_not_followed(provider: OpenAiProvider, server: ScriptedServer) -> None:
    await failing(provider, "script?fault=redirect")
    assert len(server.records) == 1


# -- streams that break ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("error@12", "overloaded"),
        ("vllm-error@12", "overloaded"),
        ("cut@12", "bad_response"),
        ("reset@12", "bad_response"),
        ("malformed@12", "bad_response"),
        ("noise@12:6", "bad_response"),
        ("line@12", "bad_response"),
        ("stall@12", "timeout"),
        ("pings@12", "timeout"),
    ],
)
async def test_a_broken_stream_keeps_its_words_and_says_its_kind(
    provider: OpenAiProvider, server: ScriptedServer, fault: str, kind: str
) -> None:
    heard, model = Heard(), f"{FAST}&fault={fault}"
    error = await failing(provider, model, heard)
    assert error.kind == kind and error.retryable
    assert text_of(model).startswith(heard.text)
    assert heard.text or fault.startswith("reset")  # a RST may overtake what was sent before it
    assert heard.finished is None
    async with asyncio.timeout(5):
        while server.running:
            await asyncio.sleep(0.01)


async def test_silence_is_measured_in_bytes_and_pings_in_words(provider: OpenAiProvider) -> None:
    began = time.monotonic()
    stalled = await failing(provider, f"{FAST}&fault=stall@5")
    assert "silent for 0.8 s" in stalled.message and time.monotonic() - began >= 0.8
    began = time.monotonic()
    alive = await failing(provider, f"{FAST}&fault=pings@5")
    assert "silent for 1.4 s" in alive.message and "signs of life" in alive.detail
    assert time.monotonic() - began >= 1.4


async def test_a_slow_first_token_is_waited_for(provider: OpenAiProvider) -> None:
    heard = await hear(provider, asking(f"{FAST}&fault=slow:0.4"))
    assert heard.finished


@pytest.mark.parametrize("model", ["script?fault=no-headers", "script?first=5"])
async def test_no_first_byte_in_time_is_a_timeout(provider: OpenAiProvider, model: str) -> None:
    began = time.monotonic()
    assert (await failing(provider, model)).kind == "timeout"
    assert time.monotonic() - began < QUICK.connect_s + QUICK.first_byte_s + 1.5


async def test_a_thinking_model_has_longer_before_its_first_word(
    server: ScriptedServer, provider_of: Callable[..., OpenAiProvider]
) -> None:
    strict = provider_of(
        server.address, timeouts=Timeouts(connect_s=2, first_byte_s=0.2, stall_s=2, pings_s=4, total_s=9)
    )
    assert (await failing(strict, f"{FAST}&first=1")).kind == "timeout"
    assert (await hear(strict, asking(f"{FAST}&first=1", thinks=True))).finished


async def test_once_it_speaks_a_thinking_model_is_silent_no_longer_than_others(
    server: ScriptedServer, provider_of: Callable[..., OpenAiProvider]
) -> None:
    limits = Timeouts(connect_s=2, first_byte_s=60, stall_s=0.4, pings_s=60, total_s=60)
    began = time.monotonic()
    with pytest.raises(ProviderError) as caught:
        await hear(provider_of(server.address, timeouts=limits), asking(f"{FAST}&fault=stall@5", thinks=True))
    assert caught.value.kind == "timeout" and "silent for 0.4 s" in caught.value.message
    assert time.monotonic() - began < 10


async def test_endless_tokens_are_cut(server: ScriptedServer, provider_of: Callable[..., OpenAiProvider]) -> None:
    short = Timeouts(connect_s=2, first_byte_s=1, stall_s=2, pings_s=2, total_s=0.6)
    error = await failing(provider_of(server.address, timeouts=short), "script?rate=5000&fault=endless")
    assert error.kind == "timeout" and "still writing" in error.message


async def test_a_page_is_no_answer(provider: OpenAiProvider) -> None:
    error = await failing(provider, "script?fault=html")
    assert (error.kind, error.retryable) == ("bad_response", False)


async def test_nobody_there_is_unreachable(provider_of: Callable[..., OpenAiProvider]) -> None:
    error = await failing(provider_of("http://127.0.0.1:9/v1"), "x")
    assert (error.kind, error.retryable, error.message) == ("unreachable", True, "Harbour cannot be reached.")


async def test_a_metadata_address_is_never_dialled(provider_of: Callable[..., OpenAiProvider]) -> None:
    began = time.monotonic()
    error = await failing(provider_of("http://169.254.169.254/latest"), "x")
    assert error.kind == "unreachable" and not error.retryable and time.monotonic() - began < 2


# -- stopping ------------------------------------------------------------------------------------------


async def test_closing_the_iterator_closes_the_connection_at_once(
    provider: OpenAiProvider, server: ScriptedServer
) -> None:
    stream = provider.stream(asking("script?tokens=1000&rate=50"))
    for _ in range(3):
        await anext(stream)
    await stream.aclose()
    async with asyncio.timeout(5):
        while server.running:
            await asyncio.sleep(0.005)
    assert server.records[-1].is_cancelled and server.records[-1].tokens_sent < 200


@pytest.mark.parametrize("fault", ["stall@2", "no-headers", "pings@2"])
async def test_cancelling_the_task_closes_the_connection(
    provider: OpenAiProvider, server: ScriptedServer, fault: str
) -> None:
    task = asyncio.create_task(hear(provider, asking(f"{FAST}&fault={fault}")))
    while not server.records:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        while server.running:
            await asyncio.sleep(0.005)
    gc.collect()


async def test_streams_beside_each_other_never_mix(provider: OpenAiProvider) -> None:
    models = [f"script?tokens=60&rate=3000&seed={seed}" for seed in range(20)]
    heard = await asyncio.gather(*(hear(provider, asking(model)) for model in models))
    assert [h.text for h in heard] == [text_of(model) for model in models]
    assert len({h.text for h in heard}) == 20


# -- keys and lists --------------------------------------------------------------------------------------


async def test_a_refused_key_is_in_no_text_and_no_log(
    provider_of: Callable[..., OpenAiProvider], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server = ScriptedServer("the-right-key")
    await server.start()
    canary = "canary/0123456789abcdef+x"
    try:
        provider = provider_of(server.address, key=canary)
        with pytest.raises(ProviderError) as listing:
            await provider.list_models()
        asked = await failing(provider, "ada")
    finally:
        await server.stop()
    for error in (listing.value, asked):
        assert error.kind == "auth"
        assert "refuses the key" in error.message and "Incorrect API key provided: …" in error.detail
        assert canary not in f"{error.message} {error.detail} {error!r} {provider.endpoint!r}"
    assert canary not in caplog.text


async def test_models_are_listed(provider: OpenAiProvider) -> None:
    assert [model.id for model in await provider.list_models()] == ["test:ada", "test:ben", "test:script"]


async def test_what_is_no_provider_says_so(provider_of: Callable[..., OpenAiProvider]) -> None:
    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nSet-Cookie: a=b\r\n\r\n<html>hi!")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(page, "127.0.0.1", 0)
    provider = provider_of(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
    with pytest.raises(ProviderError) as caught:
        await provider.list_models()
    assert caught.value.kind == "bad_response"
    assert not provider.client().cookies
    server.close()


async def test_proxies_of_the_environment_are_not_used(
    provider: OpenAiProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await hear(provider, asking(FAST))).finished
