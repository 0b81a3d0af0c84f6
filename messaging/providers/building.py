"""How each kind of provider comes into the catalog: the scripted, the local, the environment's, the accounts'."""

import logging
from collections.abc import Callable, Iterable

import msgspec
from django.conf import settings

from messaging.providers import addresses, cache, config, listing, local, rows
from messaging.providers.base import ModelInfo
from messaging.providers.config import ChatEntry, FromEnvironment, PriceEntry
from messaging.providers.demo import SPEAKERS
from messaging.providers.openai import Endpoint, OpenAiProvider
from messaging.providers.registry import BY_SLUG
from messaging.providers.scripted import UnknownScriptError, read_name
from messaging.providers.scripted_provider import ScriptedProvider
from messaging.providers.serving import Serving
from messaging.providers.wire import ModelIn

log = logging.getLogger(__name__)

OnChange = Callable[[], None]
SCRIPTED_NOTE = "prepared words, for trying things out"
SCRIPTED_LIMIT = 64


def scripted(on_change: OnChange) -> list[Serving]:
    if not (settings.ARE_SCRIPTED_MODELS_ON or settings.ARE_TEST_MODELS_ON):
        return []
    provider = ScriptedProvider(config.timeouts(), are_tests_on=settings.ARE_TEST_MODELS_ON)
    models = [_scripted_model(s.id, s.name) for s in SPEAKERS.values()] if settings.ARE_SCRIPTED_MODELS_ON else []
    return [
        Serving(
            "scripted", "Scripted", provider, source="built in", limit=SCRIPTED_LIMIT, models=tuple(models),
            base_url="", on_change=on_change,
        )
    ]  # fmt: skip


def _scripted_model(model: str, name: str) -> ModelInfo:
    return ModelInfo(
        f"scripted:{model}", "scripted", "Scripted", model, name, "scripted", note=SCRIPTED_NOTE, is_demo=True,
        context_tokens=32_768, max_output_tokens=8192, price_in=0, price_out=0,
    )  # fmt: skip


def test_model(model_id: str) -> ModelInfo | None:
    """A model whose name says how it misbehaves; none unless the setting allows them."""
    if not settings.ARE_TEST_MODELS_ON:
        return None
    model = model_id.partition(":")[2]
    try:
        script = read_name(model)
    except UnknownScriptError as error:
        log.info("%s", error)
        return None
    info = _scripted_model(model, script.name or "Scripted · Test")
    return msgspec.structs.replace(info, max_output_tokens=16_384)


def local_model(on_change: OnChange) -> list[Serving]:
    """The local model, if it is wanted and installed; if not installed, a line in the log says what to do."""
    if not settings.IS_LOCAL_MODEL_ON:
        return []
    file, missing = local.weights(), local.missing()
    if file is None or missing:
        log.warning("provider=local The local model is not here. %s", missing)
        return []
    provider = local.LocalProvider(file, config.timeouts())
    return [
        Serving(
            local.SLUG, local.NAME, provider, source="built in", limit=provider.engine.load.parallel,
            models=tuple(provider.models), on_change=on_change,
        )
    ]  # fmt: skip


def environment(on_change: OnChange) -> list[Serving]:
    kept = cache.read()
    return [_from_environment(found, kept, on_change) for found in config.from_environment()]


def _from_environment(found: FromEnvironment, kept: dict[str, list[ModelIn]], on_change: OnChange) -> Serving:
    known = found.known if found.is_own_address else None
    slug = found.known.slug
    provider = OpenAiProvider(
        Endpoint(
            slug=slug, name=found.name, origin=found.origin, key=found.key, timeouts=config.timeouts(),
            remedy=f"It comes from the environment: {found.source}." if found.key else "Its key is missing in the environment.",
            limit_field=known.limit_field if known else "max_tokens",
        )
    )  # fmt: skip
    serving = Serving(
        slug, found.name, provider, source="environment", limit=settings.PROVIDER_CONCURRENCY, known=known,
        base_url=found.origin.url, has_key=bool(found.key),
        key_note=f"from the environment, {found.source}" if found.key else "needs none", on_change=on_change,
    )  # fmt: skip
    entries = kept.get(cache_name(serving))
    models = (
        listing.models_of(slug, found.name, entries, known) if entries else listing.defaults(slug, found.name, known)
    )
    serving.models = tuple(models)
    return serving


def cache_name(serving: Serving) -> str:
    return f"{serving.slug} {serving.base_url}"


def endpoint_of(slug: str, name: str, base_url: str, key: str) -> Endpoint:
    """Make an account's endpoint. Raises AddressRefused for an address that no provider may have."""
    origin = addresses.read_url(base_url)
    known = next(
        (k for k in BY_SLUG.values() if k.base_url and addresses.read_url(k.base_url).host == origin.host), None
    )
    return Endpoint(
        slug=slug, name=name, origin=origin, key=key, timeouts=config.timeouts(),
        is_private_allowed=settings.ARE_PRIVATE_PROVIDERS_ALLOWED,
        limit_field=known.limit_field if known else "max_tokens",
    )  # fmt: skip


def account(found: rows.Account, on_change: OnChange) -> Serving:
    endpoint = endpoint_of(found.slug, found.name, found.base_url, found.key)
    known = next((k for k in BY_SLUG.values() if k.base_url == endpoint.origin.url), None)
    models = listing.models_of(found.slug, found.name, found.entries, known)
    return Serving(
        found.slug, found.name, OpenAiProvider(endpoint), source="account", limit=found.concurrency, known=known,
        models=tuple(models), base_url=found.base_url, has_key=bool(found.key) or found.is_key_unreadable,
        key_note=_key_note(found), account_id=found.id, on_change=on_change,
    )  # fmt: skip


def _key_note(found: rows.Account) -> str:
    if found.is_key_unreadable:
        return "cannot be read any more; put it in again"
    if not found.key:
        return "needs none"
    day = f"{found.key_set_at.day} {found.key_set_at:%B}" if found.key_set_at else ""
    return f"set by {found.key_set_by}, {day}" if day else "set"


def named_in_file(entry: ChatEntry, serving: Serving, listed: ModelInfo | None) -> ModelInfo:
    """A model that the models file names: as listed, with what the file says in its place."""
    model = listed or listing.model_of(serving.slug, serving.name, ModelIn(entry.model), serving.known)
    told = {
        "name": entry.name,
        "note": entry.note,
        "context_tokens": entry.context_tokens,
        "max_output_tokens": entry.max_output_tokens,
    }
    return msgspec.structs.replace(model, **{name: value for name, value in told.items() if value})


Pairs = dict[str, tuple[ModelInfo, Serving]]


def priced(models: Pairs, prices: Iterable[PriceEntry]) -> Pairs:
    """The models with the file's prices in place of the known ones."""
    for entry in prices:
        if (found := models.get(entry.model)) is not None:
            model = msgspec.structs.replace(found[0], price_in=entry.price_in, price_out=entry.price_out)
            models[entry.model] = (model, found[1])
    return models
