"""What the events of one chat-completions stream add up to: texts, thoughts, the finish, the figures. Pure.

The first choice is heard alone. After the finish only figures count. An end without a finish is a failure, and so is a
frame that cannot be read where it may have held words: an answer with a hole in it would look like a whole one.
"""

import logging
from collections.abc import Iterator
from typing import Any

import msgspec

from messaging.providers.base import Finished, ProviderEvent, ReasoningDelta, TextDelta
from messaging.providers.failures import Failures
from messaging.providers.sse import SseEvent
from messaging.providers.wire import ChunkIn, decode_chunk, read_error
from messaging.types import Usage

log = logging.getLogger(__name__)

MAX_NOISE = 5  # frames that are none and held no words
MAX_TEXT_BYTES = 1024 * 1024  # of text and thoughts together
_REASONS = {"end_turn": "stop", "eos": "stop", "max_tokens": "length", "model_length": "length"}


class Reader:
    """One stream's state. `take` each event, then `end`; both raise ProviderError for what is none."""

    def __init__(self, failures: Failures, model: str) -> None:
        self._failures = failures
        self._model = model
        self._noise = 0
        self._bytes = 0
        self._reason = ""
        self._usage: Usage | None = None
        self.has_words = False
        self.is_counted = False  # figures came with the finish or after it: nothing more to wait for
        self.is_done = False  # the provider said "[DONE]"

    @property
    def is_finished(self) -> bool:
        return bool(self._reason)

    def take(self, event: SseEvent) -> Iterator[ProviderEvent]:
        """Yield what one event adds to the answer."""
        if event.data == b"[DONE]":
            self.is_done = True
            return
        if event.name == "error":
            raise self._failures.of_stream(read_error(event.data), self._model)
        try:
            chunk = decode_chunk(event.data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._pass_over(event, error)
            return
        if (failure := chunk.failure) is not None:
            raise self._failures.of_stream(failure, self._model)
        yield from self._words(chunk)
        used = chunk.usage or (chunk.x_groq.usage if chunk.x_groq else None)
        if used is not None:
            self._usage = used.usage
            self.is_counted = self.is_finished

    def _words(self, chunk: ChunkIn) -> Iterator[ProviderEvent]:
        for choice in chunk.choices or ():
            if choice.index or self.is_finished:
                continue
            if choice.delta is not None:
                if thought := choice.delta.thought:
                    self._grow(thought)
                    yield ReasoningDelta(thought)
                if text := choice.delta.text:
                    self._grow(text)
                    yield TextDelta(text)
            if choice.finish_reason == "error":
                raise self._failures.broken("broke off.", "finish_reason error")
            if choice.finish_reason:
                self._reason = _REASONS.get(choice.finish_reason, choice.finish_reason)[:40]

    def _grow(self, text: str) -> None:
        self.has_words = True
        self._bytes += len(text.encode("utf-8", "replace"))
        if self._bytes > MAX_TEXT_BYTES:
            raise self._failures.broken("does not stop: more than 1 MiB of text.", retryable=False)

    def _pass_over(self, event: SseEvent, error: Exception) -> None:
        """Leave out a frame that cannot be read, if nothing of the answer can be missing then. Raises ProviderError."""
        if event.name != "message":
            return  # a kind of event that is not of this format
        if not self.is_finished and _may_hold_words(event.data):
            raise self._failures.broken("sent a part of the answer that cannot be read.", f"a malformed frame: {error}")
        self._noise += 1
        log.warning("%s sent a frame that is none (%d): %s", self._model, self._noise, error)
        if self._noise > MAX_NOISE:
            raise self._failures.broken("answers in a form that cannot be read.", f"{self._noise} malformed frames")

    def end(self) -> Finished:
        """Tell the finish, or raise for a stream that just ended."""
        if not self._reason and not self.is_done:
            raise self._failures.broken("broke off without finishing.", "the stream ended without a finish marker")
        return Finished(self._reason or "stop", self._usage)


def _may_hold_words(data: bytes) -> bool:
    """Of a frame that is none of the format: broken in the middle, or with choices of another shape."""
    if not data.lstrip().startswith(b"{"):
        return False  # a ping or a remark
    try:
        frame: dict[str, Any] = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True
    return bool(frame.get("choices"))
