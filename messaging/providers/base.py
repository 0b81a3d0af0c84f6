"""The promise of a provider: one request in, a stream of events out, errors by kind."""

from collections.abc import AsyncIterator
from typing import Literal, Protocol

from msgspec import Struct

from messaging.types import ErrorKind, Usage


class ChatMessage(Struct, frozen=True):
    """Strictly alternating after the system message, and the last one is the user's."""

    role: Literal["system", "user", "assistant"]
    content: str


class ModelInfo(Struct, frozen=True):
    """A model in the catalog. `id` is "provider:name"; prices in US dollars per million tokens."""

    id: str
    provider: str
    provider_name: str
    model: str  # the provider's own name of it
    name: str  # for people
    where: Literal["this server", "remote", "scripted"]
    note: str = ""  # "a small demo model: quick, and often wrong"
    is_demo: bool = False
    context_tokens: int = 8192
    max_output_tokens: int = 4096
    price_in: float | None = None
    price_out: float | None = None
    persona: str = ""  # goes into the system message
    thinks: bool = False  # may be silent for minutes before its first word
    options: dict[str, float | int | str] = {}  # further fields of the request


class ChatRequest(Struct, frozen=True):
    model: ModelInfo
    messages: list[ChatMessage]
    max_tokens: int


class TextDelta(Struct, frozen=True):
    text: str


class ReasoningDelta(Struct, frozen=True):
    text: str


class Finished(Struct, frozen=True):
    """The provider said that it is done. `reason`: stop, length, content_filter, or its own word."""

    reason: str
    usage: Usage | None = None


ProviderEvent = TextDelta | ReasoningDelta | Finished


class ProviderError(Exception):
    """Why a provider did not answer. `retryable` only says that the same call may succeed later.

    `message` is for people and never holds a key or an address with one; `detail` is the
    provider's own words, cleaned.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        retryable: bool = False,
        retry_after_s: float | None = None,
        status: int = 0,
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.message = message
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.status = status
        self.detail = detail


class Provider(Protocol):
    """Serves some models. Never retries by itself: that is the run's decision."""

    def stream(self, request: ChatRequest) -> AsyncIterator[ProviderEvent]:
        """Text as it comes, then exactly one Finished. Ending without one is a failure
        (`bad_response`), as is silence beyond the time limits. Closing the iterator closes the
        connection at once. Raises ProviderError."""

    async def list_models(self) -> list[ModelInfo]:
        """What it offers now. Also the way to try a key and an address. Raises ProviderError."""

    async def close(self) -> None:
        """Let go of connections and child processes."""
