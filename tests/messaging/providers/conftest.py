"""A scripted server on a free port, a client of it, and ways to listen to an answer."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from messaging.providers.addresses import read_url
from messaging.providers.base import ChatMessage, ChatRequest, Finished, ModelInfo, Provider, ReasoningDelta, TextDelta
from messaging.providers.openai import Endpoint, OpenAiProvider
from messaging.providers.patience import Timeouts
from messaging.providers.scripted_server import ScriptedServer

QUICK = Timeouts(connect_s=2, first_byte_s=1.0, stall_s=0.8, pings_s=1.4, total_s=10)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer(are_tests_on=True)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def provider_of() -> AsyncIterator[Callable[..., OpenAiProvider]]:
    """Makes providers that are closed at the end."""
    made: list[OpenAiProvider] = []

    def make(address: str, **fields: Any) -> OpenAiProvider:
        known = {"slug": "test", "name": "Harbour", "timeouts": QUICK, "origin": read_url(address)}
        made.append(OpenAiProvider(Endpoint(**{**known, **fields})))
        return made[-1]

    yield make
    for provider in made:
        await provider.close()


@pytest.fixture
def provider(server: ScriptedServer, provider_of: Callable[..., OpenAiProvider]) -> OpenAiProvider:
    return provider_of(server.address)


def asking(model: str, question: str = "Who gets the seat?", max_tokens: int = 100_000, **fields: Any) -> ChatRequest:
    info = ModelInfo(f"test:{model}", "test", "Harbour", model, "Skipper", "remote", **fields)
    return ChatRequest(info, [ChatMessage("user", question)], max_tokens)


class Heard:
    """All that came: the text, the thoughts, the finish."""

    def __init__(self) -> None:
        self.text = self.thoughts = ""
        self.finished: Finished | None = None

    def take(self, event: Any) -> None:
        if isinstance(event, TextDelta):
            self.text += event.text
        elif isinstance(event, ReasoningDelta):
            self.thoughts += event.text
        else:
            assert self.finished is None, "exactly one finish"
            self.finished = event


async def hear(provider: Provider, request: ChatRequest, heard: Heard | None = None) -> Heard:
    """Listen to the end; what was heard before an error is in the `heard` that was passed in."""
    heard = heard or Heard()
    async for event in provider.stream(request):
        heard.take(event)
    return heard
