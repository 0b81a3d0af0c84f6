"""The OpenAI chat-completions format as structs: what is sent, and what may come back from its many speakers.

Source: the OpenAI API reference, "Chat", and what OpenRouter, vLLM, llama.cpp, Ollama, Groq, Mistral, DeepSeek
and Gemini's compatible endpoint make of it. Every field may be missing or null; unknown fields are ignored.
"""

from typing import Any

import msgspec
from msgspec import Struct

from messaging.types import Usage


class PartIn(Struct):
    """A piece of content where content is a list: Mistral's reasoning models send such."""

    type: str | None = None
    text: str | None = None
    thinking: list["PartIn"] | None = None


class DeltaIn(Struct):
    content: str | list[PartIn] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content or self.refusal or ""
        return "".join(part.text or "" for part in self.content or ()) or self.refusal or ""

    @property
    def thought(self) -> str:
        if isinstance(self.content, list):
            return "".join(inner.text or "" for part in self.content for inner in part.thinking or ())
        return self.reasoning_content or self.reasoning or ""


class ChoiceIn(Struct):
    index: int | None = None
    delta: DeltaIn | None = None
    finish_reason: str | None = None


class DetailsIn(Struct):
    cached_tokens: int | None = None


class UsageIn(Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: DetailsIn | None = None
    prompt_cache_hit_tokens: int | None = None  # DeepSeek

    @property
    def usage(self) -> Usage:
        details = self.prompt_tokens_details
        cached = self.prompt_cache_hit_tokens if details is None else details.cached_tokens
        return Usage(self.prompt_tokens, self.completion_tokens, cached)


class ErrorIn(Struct):
    message: str | None = None
    type: str | None = None
    code: int | str | None = None


class GroqIn(Struct):
    usage: UsageIn | None = None
    error: str | None = None


class ChunkIn(Struct):
    """One `data:` of the stream. `object` is "error" in vLLM's way of failing, with the rest beside it."""

    choices: list[ChoiceIn] | None = None
    usage: UsageIn | None = None
    x_groq: GroqIn | None = None
    error: ErrorIn | str | None = None
    object: str | None = None
    message: str | None = None
    type: str | None = None
    code: int | str | None = None

    @property
    def failure(self) -> ErrorIn | None:
        if isinstance(self.error, str):
            return ErrorIn(self.error)
        if self.error is not None:
            return self.error
        if self.object == "error" or (self.choices is None and self.type and self.type.endswith("error")):
            return ErrorIn(self.message, self.type, self.code)
        return None


class ArchitectureIn(Struct):
    output_modalities: list[str] | None = None


class TopProviderIn(Struct):
    context_length: int | None = None
    max_completion_tokens: int | None = None


class PricingIn(Struct):
    """OpenRouter's: dollars a token, as text."""

    prompt: str | float | None = None
    completion: str | float | None = None


class CapabilitiesIn(Struct):
    completion_chat: bool | None = None


class MetaIn(Struct):
    """llama.cpp's figures of a loaded model."""

    n_ctx: int | None = None
    n_ctx_train: int | None = None


class ModelIn(Struct):
    """One entry of GET /models. Only `id` is everywhere; the rest are single providers' additions."""

    id: str
    name: str | None = None
    display_name: str | None = None
    type: str | None = None
    created: float | None = None
    active: bool | None = None
    context_length: int | None = None
    context_window: int | None = None
    max_context_length: int | None = None
    max_model_len: int | None = None
    max_completion_tokens: int | None = None
    architecture: ArchitectureIn | None = None
    top_provider: TopProviderIn | None = None
    pricing: PricingIn | None = None
    capabilities: CapabilitiesIn | list[str] | None = None
    meta: MetaIn | None = None

    @property
    def context_tokens(self) -> int | None:
        top = self.top_provider.context_length if self.top_provider else None
        loaded = (self.meta.n_ctx or self.meta.n_ctx_train) if self.meta else None
        return (
            top or self.context_length or self.context_window or self.max_model_len or self.max_context_length or loaded
        )

    @property
    def max_output_tokens(self) -> int | None:
        top = self.top_provider.max_completion_tokens if self.top_provider else None
        return top or self.max_completion_tokens


class ModelsIn(Struct):
    data: list[msgspec.Raw] | None = None


decode_chunk = msgspec.json.Decoder(ChunkIn).decode
decode_model = msgspec.json.Decoder(ModelIn).decode
_decode_models = msgspec.json.Decoder(ModelsIn | list[msgspec.Raw]).decode  # a bare list: Together
encode = msgspec.json.Encoder().encode


def read_models(body: bytes) -> list[ModelIn]:
    """Read GET /models; entries that are none are left out. Raises msgspec.DecodeError."""
    answer = _decode_models(body)
    found = []
    for raw in (answer.data or []) if isinstance(answer, ModelsIn) else answer:
        try:
            found.append(decode_model(raw))
        except msgspec.DecodeError:
            continue
    return found


def read_error(body: bytes) -> ErrorIn:
    """Read an error's body in any of its forms; what is no JSON is its own message."""
    try:
        value: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ErrorIn(body.decode("utf-8", "replace"))
    if isinstance(value, list) and value:  # Gemini wraps it in a list
        value = value[0]
    if isinstance(value, dict):
        inner = value.get("error", value)
        if isinstance(inner, str):
            return ErrorIn(inner)
        if isinstance(inner, dict):
            message = inner.get("message", inner.get("detail", value.get("detail")))
            kind, code = inner.get("type") or inner.get("status"), inner.get("code")
            return ErrorIn(
                message
                if isinstance(message, str)
                else None
                if message is None
                else msgspec.json.encode(message).decode(),
                kind if isinstance(kind, str) else None,
                code if isinstance(code, int | str) else None,
            )
    return ErrorIn(body.decode("utf-8", "replace"))
