"""The scripted models behind the same HTTP client as every other provider, against a server in this process."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing

from messaging.providers.addresses import read_url
from messaging.providers.base import ChatRequest, ModelInfo, ProviderEvent
from messaging.providers.openai import Endpoint, OpenAiProvider
from messaging.providers.patience import Timeouts
from messaging.providers.scripted_server import ScriptedServer


class ScriptedProvider:
    """See `base.Provider`. The server is started with the product, or by the first question, on the loop that asks."""

    def __init__(self, timeouts: Timeouts, *, are_tests_on: bool) -> None:
        self._timeouts = timeouts
        self._are_tests_on = are_tests_on
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting: asyncio.Lock = asyncio.Lock()
        self._inner: OpenAiProvider | None = None
        self.server: ScriptedServer | None = None

    async def start(self) -> OpenAiProvider:
        """Start the server unless it runs on this loop already."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._starting, self._inner = loop, asyncio.Lock(), None
        async with self._starting:
            if self._inner is None:
                key = secrets.token_urlsafe(24)
                self.server = ScriptedServer(key, are_tests_on=self._are_tests_on)
                await self.server.start()
                origin = read_url(self.server.address)
                self._inner = OpenAiProvider(
                    Endpoint(slug="scripted", name="The script", origin=origin, key=key, timeouts=self._timeouts)
                )
            return self._inner

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ProviderEvent, None]:
        inner = await self.start()
        async with aclosing(inner.stream(request)) as events:
            async for event in events:
                yield event

    async def list_models(self) -> list[ModelInfo]:
        return await (await self.start()).list_models()

    async def close(self) -> None:
        if self._loop is asyncio.get_running_loop():
            if self._inner is not None:
                await self._inner.close()
            if self.server is not None:
                await self.server.stop()
        self._inner = self.server = self._loop = None
