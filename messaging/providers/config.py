"""Providers from the environment, and the models file. Read at start; a mistake names the place and the fix.

Under the usual names: `OPENAI_API_KEY`, `OPENAI_BASE_URL` (LM Studio, vLLM, llama.cpp and the like need no key), …
"""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from msgspec import Struct, field

from messaging.providers.addresses import AddressRefused, Origin, read_url
from messaging.providers.patience import Timeouts
from messaging.providers.registry import KNOWN, Known

T = TypeVar("T")


class FromEnvironment(Struct, frozen=True):
    """One provider that the environment names. `source` is the variable people would look for."""

    known: Known
    name: str
    origin: Origin
    key: str
    source: str
    is_own_address: bool  # the provider's own, or somebody else's that speaks the same

    def __repr__(self) -> str:
        return f"FromEnvironment({self.known.slug!r}, {self.origin.url!r})"


class ChatEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[models.chat]]`: a model that stands first, in the file's order. What is left out is known or asked for."""

    provider: str
    model: str
    name: str = ""
    note: str = ""
    context_tokens: int | None = None
    max_output_tokens: int | None = None

    @property
    def id(self) -> str:
        return f"{self.provider}:{self.model}"


class PriceEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[prices]]`: US dollars per million tokens of one model, in place of what is known."""

    model: str
    price_in: float = field(name="in")
    price_out: float = field(name="out")


class ModelsFile(Struct, frozen=True):
    chat: tuple[ChatEntry, ...] = ()
    prices: tuple[PriceEntry, ...] = ()


def timeouts() -> Timeouts:
    return Timeouts(
        connect_s=settings.PROVIDER_CONNECT_S,
        first_byte_s=settings.PROVIDER_FIRST_BYTE_S,
        stall_s=settings.PROVIDER_STALL_S,
        pings_s=settings.PROVIDER_PINGS_S,
        total_s=settings.PROVIDER_TOTAL_S,
    )


def from_environment() -> list[FromEnvironment]:
    """List the providers that the environment names, in the registry's order."""
    given: dict[str, str] = settings.PROVIDER_ENVIRONMENT
    found = []
    for known in KNOWN:
        key_name, url_name = f"{known.prefix}_API_KEY", f"{known.prefix}_BASE_URL"
        key, url = given.get(key_name, ""), given.get(url_name, "")
        if not key and not url:
            continue
        if key and not is_key(key):
            raise ImproperlyConfigured(f"{key_name} holds what no key holds: a space or a sign that is not ASCII.")
        origin = _origin(url_name, url, known) if url else read_url(known.base_url)
        is_own = not url or origin.host == (read_url(known.base_url).host if known.base_url else origin.host)
        name = known.name if is_own else _host(origin)
        found.append(FromEnvironment(known, name, origin, key, key_name if key else url_name, is_own))
    return found


def is_key(text: str) -> bool:
    """May it stand in a header?"""
    return 0 < len(text) <= 4000 and all("!" <= sign <= "~" for sign in text)


def _origin(url_name: str, url: str, known: Known) -> Origin:
    try:
        origin = read_url(url)
    except AddressRefused as refused:
        raise ImproperlyConfigured(f"{url_name} is {url!r}. {refused.message}") from None
    if known.slug == "ollama" and origin.url.count("/") == 2:  # people know Ollama's address without its /v1
        return read_url(origin.url + "/v1")
    return origin


def _host(origin: Origin) -> str:
    return origin.url.split("/")[2]


def models_file() -> ModelsFile:
    """Read the file that PARLEY_MODELS_FILE names; an empty one without it."""
    if not settings.MODELS_FILE:
        return ModelsFile()
    path = Path(settings.MODELS_FILE).expanduser()
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ImproperlyConfigured(
            f"PARLEY_MODELS_FILE names {path}, which cannot be read: {error.strerror}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{path} is not TOML: {error}.") from error
    return _parse(path, content)


def _parse(path: Path, content: dict[str, Any]) -> ModelsFile:
    models = content.pop("models", {})
    prices = _entries(path, "prices", content.pop("prices", []), PriceEntry)
    if content:
        raise ImproperlyConfigured(
            f"{path}: [{next(iter(content))}] means nothing here; there are [[models.chat]] and [[prices]]."
        )
    if not isinstance(models, dict) or set(models) - {"chat"}:
        raise ImproperlyConfigured(f"{path}: under models there is only [[models.chat]].")
    chat = _entries(path, "models.chat", models.get("chat", []), ChatEntry)
    for entry in prices:
        if ":" not in entry.model:
            raise ImproperlyConfigured(f'{path}: prices: model is {entry.model!r}; write it like "openai:gpt-5.1".')
    return ModelsFile(chat, prices)


def _entries(path: Path, name: str, given: object, kind: type[T]) -> tuple[T, ...]:
    """A list of tables; a single table stands for a list of one."""
    rows = given if isinstance(given, list) else [given]
    try:
        return tuple(msgspec.convert(row, kind) for row in rows)
    except msgspec.ValidationError as error:
        raise ImproperlyConfigured(f"{path}: [[{name}]]: {error}.") from error
