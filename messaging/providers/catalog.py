"""Every model that can be asked here, and through whom: one catalog in each process.

Made from the environment, the administrators' accounts, the local model and the scripted ones. Reading it is a look
into a dictionary, from any thread; what changes it runs on the server's loop: `start`, `reload`, the lists of models.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import NotFound
from messaging.providers import building, listing, local, prices, rows
from messaging.providers.addresses import AddressRefused
from messaging.providers.base import ModelInfo, Provider
from messaging.providers.config import ModelsFile, models_file
from messaging.providers.limits import Limiter
from messaging.providers.local import LocalProvider
from messaging.providers.refreshing import Refresher
from messaging.providers.scripted_provider import ScriptedProvider
from messaging.providers.serving import Serving
from messaging.providers.signals import models_changed
from messaging.providers.states import States

log = logging.getLogger(__name__)

WATCH_S = 30.0  # other processes add providers too


class Catalog:
    """`get`, `provider_for`, `limiter` and `all` may be called before `start`: built-in models answer then as well."""

    def __init__(self) -> None:
        self._file: ModelsFile = models_file()
        self._built_in = [*building.local_model(self._changed), *building.scripted(self._changed)]
        self._environment = building.environment(self._changed)
        self._accounts: dict[str, tuple[rows.Account, Serving]] = {}
        self._accounts_read = False
        self._retired: list[Serving] = []  # not in use any more, but for answers that run
        self._models: dict[str, tuple[ModelInfo, Serving]] = {}
        self.states = States()
        self._refresher = Refresher(self._on_list)
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_started = False
        self._gather()

    # -- reading: from any thread ------------------------------------------------------------------

    def get(self, model_id: str) -> ModelInfo | None:
        found = self._models.get(model_id)
        if found is not None:
            return found[0]
        return building.test_model(model_id) if model_id.startswith("scripted:") else None

    async def find(self, model_id: str) -> ModelInfo | None:
        """As `get`, on the loop, for a model that another process offered: its provider may have been added just now."""
        if self.get(model_id) is None:
            await self.reload()
        return self.get(model_id)

    def require(self, model_id: str) -> ModelInfo:
        """The model, or NotFound with words for people."""
        model = self.get(model_id)
        if model is None:
            raise NotFound(f"There is no model {model_id[:120]} here.", "unknown_model")
        return model

    def all(self) -> list[ModelInfo]:
        """Every listed model, the ones worth showing first first. Test models are never listed."""
        return [model for model, _ in self._models.values()]

    def serving(self, model_id: str) -> Serving:
        found = self._models.get(model_id)
        if found is not None:
            return found[1]
        self.require(model_id)
        return next(serving for serving in self._built_in if serving.slug == "scripted")

    def provider_for(self, model_id: str) -> Provider:
        """Whom to ask. NotFound for a model that is not here."""
        return self.serving(model_id)

    def limiter(self, provider: Provider) -> Limiter:
        """The provider's places: `async with limiter.slot(on_position=…)`."""
        assert isinstance(provider, Serving), "a provider of this catalog"
        return provider.limiter

    def providers(self) -> list[Serving]:
        """The built-in ones, those of the environment, those of accounts."""
        return [*self._built_in, *self._environment, *(serving for _, serving in self._accounts.values())]

    def first_choices(self) -> list[str]:
        """The models that the models file puts first, by id."""
        return [entry.id for entry in self._file.chat]

    def ensure_accounts(self) -> None:
        """For database threads of a process whose catalog was not started: read the accounts once."""
        if not self._accounts_read:
            self._take_accounts(rows.load())

    # -- changing: on the loop ------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to keep the catalog fresh. It waits for the database alone, never for a provider."""
        if self._is_started:
            return
        for serving in self._built_in:
            if isinstance(serving.inner, LocalProvider):
                if not settings.IS_LOCAL_MODEL_LAZY:
                    serving.inner.engine.start()
            elif isinstance(serving.inner, ScriptedProvider):
                await serving.inner.start()
        await self.reload()
        self._is_started = True
        for serving in self.providers():
            self._refresher.follow(serving)
        self._spawn(self._watch())

    async def reload(self, *, is_news: bool = True) -> None:
        """Read the accounts again; providers that did not change go on as they are.

        Not `is_news`: whoever must hear of changes has heard already, as after another process's word.
        """
        found = await in_db(rows.load)
        if found:
            await asyncio.to_thread(prices.warm)
        self._take_accounts(found, is_news=is_news)
        if self._is_started:
            for _, serving in self._accounts.values():
                self._refresher.follow(serving)

    async def refresh(self, serving: Serving) -> None:
        """Ask a provider for its models now. Raises ProviderError."""
        await self._refresher.ask(serving)

    async def close(self) -> None:
        self._is_started = False
        self._refresher.stop()
        for task in list(self._tasks):
            task.cancel()
        for serving in [*self.providers(), *self._retired]:
            await serving.close()

    # -- inside -----------------------------------------------------------------------------------------

    def _take_accounts(self, found: Iterable[rows.Account], *, is_news: bool = True) -> None:
        before, self._accounts_read = self._accounts, True
        after: dict[str, tuple[rows.Account, Serving]] = {}
        for account in found:
            known = before.get(account.slug)
            if known is not None and known[0].id == account.id and known[0].ways == account.ways:
                serving = known[1]
                serving.limiter.set_limit(account.concurrency)
                if known[0].entries != account.entries:  # asked for by another process
                    serving.models = tuple(
                        listing.models_of(serving.slug, serving.name, account.entries, serving.known)
                    )
            else:
                try:
                    serving = building.account(account, self._changed)
                except AddressRefused as refused:
                    log.warning("provider=%s is left out: %s", account.slug, refused.message)
                    continue
            after[account.slug] = (account, serving)
        self._accounts = after
        for slug, (_, serving) in before.items():
            if slug not in after or after[slug][1] is not serving:
                self._retire(serving)
        is_same = _seen_of(before) == _seen_of(after)
        self._gather()
        if is_news and not is_same:
            self._changed()

    def _retire(self, serving: Serving) -> None:
        """Answers that run are heard to their end; then the connections go."""
        self._refresher.forget(serving)
        if self._is_started:
            self._retired.append(serving)
            self._spawn(self._close_when_idle(serving))

    async def _close_when_idle(self, serving: Serving) -> None:
        for _ in range(settings.PROVIDER_TOTAL_S):
            if not serving.running and not serving.limiter.waiting:
                break
            await asyncio.sleep(1)
        await serving.close()
        self._retired.remove(serving)

    def _on_list(self, serving: Serving, models: tuple[ModelInfo, ...]) -> None:
        if models != serving.models:
            serving.models = models
            self._gather()
            self._changed()

    def _gather(self) -> None:
        """One new dictionary, put in place at once: readers in other threads see the old or the new."""
        servings = {serving.slug: serving for serving in self.providers()}
        models: dict[str, tuple[ModelInfo, Serving]] = {}
        listed = {model.id: (model, serving) for serving in servings.values() for model in serving.models}
        for entry in self._file.chat:
            if (serving := servings.get(entry.provider)) is not None:
                model = building.named_in_file(entry, serving, listed.get(entry.id, (None, None))[0])
                models[entry.id] = (model, serving)
        for model_id, pair in listed.items():
            models.setdefault(model_id, pair)
        self._models = building.priced(models, self._file.prices)

    def _changed(self) -> None:
        if self._is_started:
            self._spawn(self._note_changes())

    async def _note_changes(self) -> None:
        for account_id, state in self.states.tell(self.providers()):
            at = state.since if state.name == "key_refused" else None
            try:
                await in_db(rows.mark_refused, account_id, at)
            except DatabaseError:
                log.exception("provider=%s its state could not be kept.", account_id)
        models_changed.send_robust(sender=None, project_id=None)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                await self.reload()
                for serving in self.providers():
                    serving.health.settle()
            except Exception:  # the database may be away for a while; what is known goes on
                log.exception("The providers' accounts could not be read; trying again.")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _seen_of(accounts: dict[str, tuple[rows.Account, Serving]]) -> dict[str, Any]:
    """What people see of accounts."""
    return {slug: (account.ways, account.entries) for slug, (account, _) in accounts.items()}


_catalog: Catalog | None = None


def catalog() -> Catalog:
    """The one catalog of this process, made on first use. Raises ImproperlyConfigured for what cannot be meant."""
    global _catalog
    if _catalog is None:
        _catalog = Catalog()
    return _catalog


def local_missing() -> str:
    """What must be installed before the local model can answer; empty when nothing."""
    return local.missing()


async def start() -> None:
    await catalog().start()


async def close() -> None:
    """Let go of everything; the next use begins anew."""
    global _catalog
    if _catalog is not None:
        found, _catalog = _catalog, None
        await found.close()


def reset() -> None:
    """Forget the catalog without closing it. For tests that change settings."""
    global _catalog
    _catalog = None
