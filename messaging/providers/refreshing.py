"""Asks providers for their models, at once and then every hour; again sooner after a failure. Keeps what they said."""

import asyncio
import logging
from collections.abc import Callable

from chatplatform.kernel.db import in_db
from messaging.providers import building, cache, listing, rows
from messaging.providers.base import ModelInfo, ProviderError
from messaging.providers.openai import OpenAiProvider
from messaging.providers.serving import Serving

log = logging.getLogger(__name__)

EVERY_S = 3600.0
FIRST_AGAIN_S = 15.0
MAX_AGAIN_S = 600.0

OnList = Callable[[Serving, tuple[ModelInfo, ...]], None]


class Refresher:
    """One task for each provider that it follows."""

    def __init__(self, on_list: OnList) -> None:
        self._on_list = on_list
        self._tasks: dict[Serving, asyncio.Task[None]] = {}

    def follow(self, serving: Serving) -> None:
        """Keep a provider's list fresh from now on. Twice is once."""
        if serving not in self._tasks and isinstance(serving.inner, OpenAiProvider):
            self._tasks[serving] = asyncio.get_running_loop().create_task(self._follow(serving))

    def forget(self, serving: Serving) -> None:
        if (task := self._tasks.pop(serving, None)) is not None:
            task.cancel()

    def stop(self) -> None:
        for serving in list(self._tasks):
            self.forget(serving)

    async def ask(self, serving: Serving) -> None:
        """Ask for the list now, keep it and tell of it. Raises ProviderError."""
        inner = serving.inner
        if not isinstance(inner, OpenAiProvider):
            return
        try:
            entries = await inner.list_entries()
        except ProviderError as error:
            serving.health.failed(error)
            raise
        serving.health.answered()
        models = await asyncio.to_thread(listing.models_of, serving.slug, serving.name, entries, serving.known)
        try:  # kept first: other processes read it there when they are told
            if serving.account_id is not None:
                await in_db(rows.keep_list, serving.account_id, entries)
            else:
                await asyncio.to_thread(cache.write, building.cache_name(serving), entries)
        finally:
            self._on_list(serving, tuple(models))

    async def _follow(self, serving: Serving) -> None:
        again_s = FIRST_AGAIN_S
        while True:
            try:
                await self.ask(serving)
                log.info("provider=%s offers %d models.", serving.slug, len(serving.models))
                wait_s, again_s = EVERY_S, FIRST_AGAIN_S
            except ProviderError as error:
                log.warning(
                    "provider=%s gave no list of models (kind=%s); again in %.0f s. %s %s",
                    serving.slug, error.kind, again_s, error.message, error.detail,
                )  # fmt: skip
                wait_s, again_s = again_s, min(MAX_AGAIN_S, again_s * 2)
            except Exception:  # a disk that is full must not end the following
                log.exception("provider=%s its list of models could not be kept.", serving.slug)
                wait_s = MAX_AGAIN_S
            await asyncio.sleep(wait_s)
