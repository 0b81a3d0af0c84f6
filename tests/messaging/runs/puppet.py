"""A catalog whose models say what the test tells them, when it tells them: for races that need an exact order.

Everything else is real: rows, store, stream, rooms, outbox, dispatcher.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from messaging.providers.base import ChatRequest, Finished, ModelInfo, ProviderError, ProviderEvent, TextDelta
from messaging.types import Usage

Said = ProviderEvent | ProviderError


class Puppet:
    """One model. `says` holds what it will say, one list for each time it is asked; more can be said by hand."""

    def __init__(self, model_id: str, name: str, **fields: Any) -> None:
        self.info = ModelInfo(model_id, "t", "Test", model_id, name, "scripted", price_in=1.0, price_out=2.0, **fields)
        self.scripts: list[list[Said]] = []
        self.requests: list[ChatRequest] = []
        self.closed = 0
        self._by_hand: asyncio.Queue[Said] = asyncio.Queue()

    def will_say(self, text: str, **usage: int) -> None:
        pieces: list[Said] = [TextDelta(word) for word in text.split("|")]
        self.scripts.append([*pieces, Finished("stop", Usage(**usage) if usage else None)])

    def will(self, *events: Said) -> None:
        self.scripts.append(list(events))

    def say(self, text: str) -> None:
        """Say it now; the model speaks by hand when it has no script."""
        self._by_hand.put_nowait(TextDelta(text))

    def finish(self) -> None:
        self._by_hand.put_nowait(Finished("stop", Usage(3, 4)))

    def fail(self, error: ProviderError) -> None:
        self._by_hand.put_nowait(error)

    async def stream(self, request: ChatRequest) -> AsyncIterator[ProviderEvent]:
        self.requests.append(request)
        script = self.scripts.pop(0) if self.scripts else None
        try:
            if script is not None:
                for event in script:
                    await asyncio.sleep(0)
                    if isinstance(event, ProviderError):
                        raise event
                    yield event
                return
            while True:
                event = await self._by_hand.get()
                if isinstance(event, ProviderError):
                    raise event
                yield event
                if isinstance(event, Finished):
                    return
        finally:
            self.closed += 1


class OpenGate:
    """A limiter with room for everybody."""

    limit = 8

    @contextlib.asynccontextmanager
    async def slot(self, on_position: Callable[[int], None] | None = None) -> AsyncIterator[None]:
        yield


class Puppets:
    """The catalog."""

    def __init__(self) -> None:
        self.models = {
            "t:ada": Puppet("t:ada", "Ada"),
            "t:ben": Puppet("t:ben", "Ben"),
            "t:cleo": Puppet("t:cleo", "Cleo"),
        }
        self.gate = OpenGate()

    def get(self, model_id: str) -> ModelInfo | None:
        puppet = self.models.get(model_id)
        return puppet.info if puppet else None

    async def find(self, model_id: str) -> ModelInfo | None:
        return self.get(model_id)

    def provider_for(self, model_id: str) -> Puppet:
        return self.models[model_id]

    def limiter(self, provider: Puppet) -> OpenGate:
        return self.gate
