"""One provider as this process serves it: its way to be asked, its limiter, its health, its models."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Literal
from uuid import UUID

from messaging.providers.base import ChatRequest, ModelInfo, Provider, ProviderError, ProviderEvent
from messaging.providers.health import Health
from messaging.providers.limits import Limiter
from messaging.providers.registry import Known

log = logging.getLogger(__name__)

Source = Literal["built in", "environment", "account"]


class Serving:
    """A `base.Provider` that notes how each answer went and lets nobody wait for one that does not answer."""

    def __init__(
        self,
        slug: str,
        name: str,
        inner: Provider,
        *,
        source: Source,
        limit: int,
        models: tuple[ModelInfo, ...] = (),
        base_url: str = "",
        key_note: str = "needs none",
        has_key: bool = False,
        known: Known | None = None,
        account_id: UUID | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self.slug, self.name, self.inner = slug, name, inner
        self.source: Source = source
        self.models = models
        self.base_url, self.key_note, self.has_key = base_url, key_note, has_key
        self.known, self.account_id = known, account_id
        self.limiter = Limiter(limit)
        self.running = 0  # answers that are being heard
        self.health = Health(on_change)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ProviderEvent, None]:
        model = request.model
        if (wait_s := self.health.closed_in_s(model.model)) > 0:
            raise ProviderError(
                "overloaded", f"{self.name} has not answered for a while.", retryable=True, retry_after_s=wait_s,
                detail="left alone after several failures",
            )  # fmt: skip
        has_words = False
        self.running += 1
        try:
            async with aclosing(self.inner.stream(request)) as events:  # type: ignore[type-var]
                async for event in events:
                    if not has_words:
                        has_words = True
                        self.health.answered(model.model)
                    yield event
        except ProviderError as error:
            self._note(error, model.model)
            raise
        finally:
            self.running -= 1

    async def list_models(self) -> list[ModelInfo]:
        try:
            found = await self.inner.list_models()
        except ProviderError as error:
            self._note(error, "")
            raise
        self.health.answered()
        return found

    async def close(self) -> None:
        await self.inner.close()

    def _note(self, error: ProviderError, model: str) -> None:
        self.health.failed(error, model)
        log.warning(
            "provider=%s model=%s kind=%s status=%d %s %s",
            self.slug, model or "-", error.kind, error.status, error.message, error.detail,
        )  # fmt: skip
