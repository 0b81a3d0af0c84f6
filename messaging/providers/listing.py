"""From a provider's own list of models to ours: chat models alone, named, priced, the ones worth showing first first."""

from collections.abc import Sequence
from math import inf

from chatplatform.kernel.text import one_line
from messaging.providers import names
from messaging.providers.base import ModelInfo
from messaging.providers.prices import UNKNOWN, Figures, figures
from messaging.providers.registry import Known
from messaging.providers.wire import CapabilitiesIn, ModelIn

MAX_MODELS = 1000
MAX_ID = 200
DEFAULT_CONTEXT = 32_768  # of a remote model that nobody knows: small enough to fit nearly all
DEFAULT_OUTPUT = 16_384
_CHAT_TYPES = frozenset({"chat", "language", "model", "base", "code", ""})


def models_of(slug: str, provider_name: str, entries: Sequence[ModelIn], known: Known | None) -> list[ModelInfo]:
    """Make the catalog's models of a provider's list. May block while prices are loaded."""
    ids = {entry.id for entry in entries}
    kept = [entry for entry in entries if _is_wanted(entry, slug, ids)]
    first = {model: place for place, model in enumerate(known.first)} if known else {}
    kept.sort(key=lambda entry: (first.get(_own_name(entry.id), len(first)), -(entry.created or 0), entry.id))
    return [model_of(slug, provider_name, entry, known) for entry in kept[:MAX_MODELS]]


def defaults(slug: str, provider_name: str, known: Known | None) -> list[ModelInfo]:
    """What to offer as long as the provider's list cannot be had."""
    return [model_of(slug, provider_name, ModelIn(model), known) for model in known.first] if known else []


def model_of(slug: str, provider_name: str, entry: ModelIn, known: Known | None) -> ModelInfo:
    model = _own_name(entry.id)
    looked_up = figures(known.prices, model) if known and known.prices else UNKNOWN
    price_in, price_out = _prices(entry, looked_up)
    context = entry.context_tokens or looked_up.context_tokens or DEFAULT_CONTEXT
    return ModelInfo(
        id=f"{slug}:{model}",
        provider=slug,
        provider_name=provider_name,
        model=model,
        name=_name(entry, model),
        where="remote",
        context_tokens=context,
        max_output_tokens=min(entry.max_output_tokens or DEFAULT_OUTPUT, max(256, context // 2)),
        price_in=price_in,
        price_out=price_out,
        thinks=names.thinks(model),
    )


def _own_name(model: str) -> str:
    return model.removeprefix("models/")  # Gemini's list names its models so, and takes them without


def _is_wanted(entry: ModelIn, slug: str, ids: set[str]) -> bool:
    model = entry.id
    if not model or len(f"{slug}:{model}") > MAX_ID or not model.isprintable() or entry.active is False:
        return False
    if entry.type is not None and entry.type.lower() not in _CHAT_TYPES:
        return False
    if isinstance(entry.capabilities, CapabilitiesIn) and entry.capabilities.completion_chat is False:
        return False
    if entry.architecture and "text" not in (entry.architecture.output_modalities or ["text"]):
        return False
    alias = names.undated(model)
    return names.is_chat(model) and not (alias != model and (alias in ids or f"{alias}-latest" in ids))


def _name(entry: ModelIn, model: str) -> str:
    given = one_line(entry.display_name or entry.name or "")
    if given and given not in {entry.id, model}:
        return given.partition(": ")[2][:120] or given[:120]  # OpenRouter writes "OpenAI: GPT-5.1"
    return names.pretty_name(model)[:120]


def _prices(entry: ModelIn, looked_up: Figures) -> tuple[float | None, float | None]:
    if entry.pricing is not None:
        told = _per_million(entry.pricing.prompt), _per_million(entry.pricing.completion)
        if told[0] is not None and told[1] is not None:
            return told
    return looked_up.price_in, looked_up.price_out


def _per_million(price: str | float | None) -> float | None:
    try:
        value = float(price) * 1_000_000 if price is not None else None
    except ValueError:
        return None
    return round(value, 6) if value is not None and 0 <= value < inf else None
