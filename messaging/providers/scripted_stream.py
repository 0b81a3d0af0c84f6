"""One scripted answer on its way: tokens at their pace as chat-completion chunks, and the faults between them."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from messaging.providers import scripted_http as http
from messaging.providers.base import ChatMessage
from messaging.providers.scripted import Fault, Script, answer, split

FRAMES = {"malformed": b'data: {"choices":[{"delta":{"content":"bro\n\n', "noise": b"data: still thinking\n\n"}
ENDLESS_CHUNK = b"x" * 65536


class Record(Struct):
    """What happened to one request: for tests, and for `/admin/requests`."""

    number: int
    model: str
    messages: list[ChatMessage]
    fields: dict[str, Any]  # the others of the request
    status: int = 0
    tokens_sent: int = 0
    bytes_sent: int = 0
    is_running: bool = True
    is_cancelled: bool = False  # the asker went away before the end


class Gone(Exception):
    """The asker closed the connection."""


class Dropped(Exception):
    """The script closes the connection here."""


class AnswerStream:
    """Writes one answer. Every wait ends when the asker goes away."""

    def __init__(
        self,
        script: Script,
        record: Record,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        max_tokens: int | None,
    ) -> None:
        self._script, self._record, self._writer = script, record, writer
        self._max_tokens = max_tokens
        self._gone = asyncio.ensure_future(reader.read(1))
        self._usage_wanted = bool((record.fields.get("stream_options") or {}).get("include_usage"))

    async def run(self) -> None:
        """Write the whole answer; Gone or Dropped when it does not get to its end."""
        try:
            await self._run()
        except ConnectionError as error:
            raise Gone from error
        finally:
            self._gone.cancel()
            await asyncio.wait({self._gone})  # only then may the connection be read again

    async def _run(self) -> None:
        script = self._script
        if script.fault("no-headers"):
            await self._wait(None)
        if slow := script.fault("slow"):
            await self._wait(slow.value or 1.0)
        self._record.status = 200
        kind = "text/html" if script.fault("html") else "text/event-stream"
        head = {"Content-Type": kind, "Cache-Control": "no-store", "Transfer-Encoding": "chunked"}
        self._count(http.write_head(self._writer, 200, head))
        await self._event(self._chunk({"role": "assistant", "content": None if script.fault("nulls") else ""}))
        await self._wait(script.first_s)
        for thought in split("Let me see what was asked, and in which order it wants to be said. " * 40)[
            : script.thoughts
        ]:
            await self._event(self._chunk({"reasoning_content": thought}))
            await self._wait(1 / script.rate)
        reason = await self._tokens()
        await self._finish(reason)

    async def _tokens(self) -> str:
        tokens = answer(self._script, self._record.messages)
        most = len(tokens) if self._max_tokens is None else min(self._max_tokens, len(tokens))
        began = time.monotonic()
        is_endless = self._script.fault("endless") is not None
        place = 0
        while is_endless or place < most:
            await self._faults(place)
            late_s = began + place / self._script.rate - time.monotonic()
            if late_s > 0:
                await self._wait(late_s)
            await self._event(self._token(tokens[place % len(tokens)] if tokens else "on and on "))
            self._record.tokens_sent += 1
            place += 1
        await self._faults(place)
        return "length" if most < len(tokens) else "stop"

    def _token(self, text: str) -> dict[str, Any]:
        chunk = self._chunk({"content": text})
        if self._script.fault("two-choices"):
            chunk["choices"].append({"index": 1, "delta": {"content": "another choice"}, "finish_reason": None})
        if self._script.fault("cumulative"):
            chunk["usage"] = self._usage()
        return chunk

    async def _faults(self, place: int) -> None:
        for fault in self._script.faults:
            if fault.at == place:
                await self._commit(fault)

    async def _commit(self, fault: Fault) -> None:
        kind = fault.kind
        if kind == "error":
            await self._event(
                {"error": {"message": "The model broke in mid-answer.", "type": "server_error", "code": None}}
            )
            raise Dropped
        if kind == "vllm-error":
            await self._event(
                {"object": "error", "message": "Engine died.", "type": "InternalServerError", "code": 500}
            )
            raise Dropped
        if kind == "stall":
            await self._wait(fault.value)
        elif kind == "pings":
            until = time.monotonic() + (fault.value or 1e9)
            while time.monotonic() < until:
                await self._raw(b": still here\n\n")
                await self._wait(0.05)
        elif kind == "cut":
            await self._raw(b"", is_last=True)
            raise Dropped
        elif kind == "reset":
            http.reset(self._writer)
            raise Dropped
        elif kind in FRAMES:
            for _ in range(int(fault.value or 1)):
                await self._raw(FRAMES[kind])
        elif kind == "line":
            await self._raw(b"data: ")
            while True:
                await self._raw(ENDLESS_CHUNK)

    async def _finish(self, reason: str) -> None:
        last = self._chunk({}, reason)
        await self._event(last)
        if self._script.fault("after"):
            await self._event(self._chunk({"content": "words after the end"}))
        if self._usage_wanted and not self._script.fault("no-usage"):
            await self._event({**self._chunk({}), "choices": [], "usage": self._usage()})
        await self._raw(b"data: [DONE]\n\n")
        if self._script.fault("after"):
            await self._raw(b"data: [DONE]\n\n")
        await self._raw(b"", is_last=True)

    def _usage(self) -> dict[str, int]:
        asked = sum(len(message.content) // 4 + 4 for message in self._record.messages)
        said = self._record.tokens_sent
        return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        return {
            "id": f"scripted-{self._record.number}",
            "object": "chat.completion.chunk",
            "model": self._record.model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        }

    async def _event(self, value: dict[str, Any]) -> None:
        await self._raw(b"data: " + msgspec.json.encode(value) + b"\n\n")

    async def _raw(self, data: bytes, *, is_last: bool = False) -> None:
        if self._gone.done() or self._writer.is_closing():
            raise Gone
        self._writer.write(http.chunk(data if not is_last else b""))
        self._count(len(data))
        await self._writer.drain()

    async def _wait(self, seconds: float | None) -> None:
        """Sleep (null: for ever), or raise Gone as soon as the asker leaves."""
        if seconds is not None and seconds <= 0:
            return
        done, _ = await asyncio.wait({self._gone}, timeout=seconds)
        if done:
            raise Gone

    def _count(self, size: int) -> None:
        self._record.bytes_sent += size


def complete(script: Script, messages: Sequence[ChatMessage], max_tokens: int | None) -> tuple[str, str]:
    """Give an answer that is not streamed: its text and why it ended."""
    tokens = answer(script, messages)
    most = len(tokens) if max_tokens is None else min(max_tokens, len(tokens))
    return "".join(tokens[:most]), "length" if most < len(tokens) else "stop"
