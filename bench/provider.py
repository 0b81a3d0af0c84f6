"""A provider whose pace is known: speaks the OpenAI chat format over loopback HTTP and forgets nothing.

A model's name says how it behaves: `f20r50n400` gives its first token after 20 ms, 50 tokens a second,
400 tokens in all. Tokens are due at set times, so a slow reader shows as latency and never as a slower pace.
"""

import asyncio
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

WORDS = ("tide ", "keel ", "mast ", "rope ", "sail ", "dock ", "buoy ", "helm ")  # five characters each
TOKEN_LENGTH = 5
MARKDOWN = """## Tides

The **ferry** leaves at `07:40` and calls at *four* piers; see [the timetable](https://example.org/tides).

1. The first stop, where most people get off
2. The second stop
   - with a kiosk
   - and a **bench**

> High water comes fifty minutes later each day.

| Pier | Leaves | Depth |
| --- | --- | --- |
| North | 07:40 | 3.2 m |
| South | 08:05 | 2.9 m |

```python
def next_high(water: float, days: int) -> float:
    return water + days * 50 / 60  # in hours
```

"""


@dataclass(frozen=True)
class Pace:
    first_s: float
    per_s: float
    count: int

    @classmethod
    def of(cls, name: str) -> "Pace":
        found = re.match(r"f(\d+)r(\d+)n(\d+)", name)
        if found is None:
            raise ValueError(f"{name} is no pace such as f20r50n400")
        return cls(int(found[1]) / 1000, int(found[2]), int(found[3]))


@dataclass
class Stream:
    """One answer: when it was asked for, and when each of its tokens is due."""

    model: str
    pace: Pace
    asked_at: float
    ended_at: float = 0.0

    def due_at(self, index: int) -> float:
        return self.asked_at + self.pace.first_s + index / self.pace.per_s


class PacedProvider:
    """`streams` holds every answer so far, oldest first."""

    def __init__(self, models: Sequence[str]) -> None:
        self.models = list(models)
        self.streams: list[Stream] = []
        self.url = ""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._open:
                writer.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = re.search(r"content-length: *(\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length[1])) if length else b""
                if "/chat/completions" in head.partition("\r\n")[0]:
                    await self._answer(json.loads(body)["model"], writer)
                else:
                    self._list(writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client is done with this connection, or the measurement with everything
        finally:
            self._open.discard(writer)
            writer.close()

    def _list(self, writer: asyncio.StreamWriter) -> None:
        body = json.dumps(
            {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]}
        ).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )

    async def _answer(self, model: str, writer: asyncio.StreamWriter) -> None:
        stream = Stream(model, Pace.of(model), time.monotonic())
        self.streams.append(stream)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        said = 0
        while said < stream.pace.count:
            if (wait := stream.due_at(said) - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            if writer.is_closing():
                raise ConnectionResetError  # whoever asked has stopped listening
            while said < stream.pace.count and stream.due_at(said) <= time.monotonic():
                self._event(writer, {"choices": [{"index": 0, "delta": {"content": _token(model, said)}}]})
                said += 1
            await writer.drain()
        self._event(writer, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self._event(writer, {"choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": said}})
        data = b"data: [DONE]\n\n"
        writer.write(b"%x\r\n" % len(data) + data + b"\r\n0\r\n\r\n")
        stream.ended_at = time.monotonic()

    def _event(self, writer: asyncio.StreamWriter, event: dict[str, object]) -> None:
        data = b"data: " + json.dumps({"id": "x", "object": "chat.completion.chunk", **event}).encode() + b"\n\n"
        writer.write(b"%x\r\n" % len(data) + data + b"\r\n")


def _token(model: str, index: int) -> str:
    """Words of one length, so that a position in the text is a token's number; with `-md` in the name markdown instead."""
    if "-md" in model:
        start = index * TOKEN_LENGTH % len(MARKDOWN)
        return (MARKDOWN * 2)[start : start + TOKEN_LENGTH]
    return WORDS[index % len(WORDS)]
