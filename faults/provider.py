"""A provider that outlives every server and keeps word for word what it said, so that every answer can be compared with it."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bench.provider import PacedProvider

NUMBER = re.compile(r"^#(\d+) ")


@dataclass
class Answer:
    """One stream: the words given to the network, and whether it came to its end."""

    model: str
    words: list[str] = field(default_factory=list)
    is_whole: bool = False

    @property
    def text(self) -> str:
        return "".join(self.words)


class RecordingProvider(PacedProvider):
    """Every answer begins with its number: "#17 tide keel …", so no two are alike."""

    def __init__(self, models: Sequence[str]) -> None:
        super().__init__(models)
        self.answers: list[Answer] = []
        self._of: dict[asyncio.StreamWriter, Answer] = {}

    def _event(self, writer: asyncio.StreamWriter, event: dict[str, Any]) -> None:
        answer = self._of.get(writer)
        if answer is None or answer.is_whole:
            answer = self._of[writer] = Answer(self.streams[-1].model)
            self.answers.append(answer)
        for choice in event["choices"]:
            if text := choice["delta"].get("content"):
                if not answer.words:
                    text = choice["delta"]["content"] = f"#{len(self.answers) - 1} {text}"
                answer.words.append(text)
        if not event["choices"]:
            answer.is_whole = True  # the figures come last
        super()._event(writer, event)

    async def close(self) -> None:
        """Refuse every connection, and end those there are."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.transport.abort()
            self._server = None

    async def open(self) -> None:
        """Answer again, at the same address."""
        port = urlsplit(self.url).port
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, backlog=1024)

    def said(self, body: str) -> Answer | None:
        """The answer that a body claims to be, by its number."""
        found = NUMBER.match(body)
        return self.answers[int(found[1])] if found and int(found[1]) < len(self.answers) else None
