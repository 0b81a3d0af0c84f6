"""The turns that this process runs: their words so far, how to wake each, and the saver.

The saver is one task for all turns: it writes their words to the rows in one statement, soon after
a turn's first words and then once a second, and learns from the rows which turns are no longer ours.
"""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any
from uuid import UUID

from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.db import in_db_later
from messaging.providers.base import ChatRequest, Finished, ModelInfo
from messaging.runs import saving
from messaging.runs.speech import Speech
from messaging.runs.stopping import Stop
from messaging.runs.types import Job, Words

log = logging.getLogger(__name__)

SAVE_EVERY_S = 1.0
ANNOUNCED_WITHIN_S = 5.0
FIRST_SAVE_S = 0.12  # after a turn's first words: until then a crash could not know that they were read


class Try:
    """One request to the provider and what came of it. Times are monotonic seconds."""

    def __init__(self, model: ModelInfo, request: ChatRequest, speech: Speech) -> None:
        self.model, self.request, self.speech = model, request, speech
        self.asked_at = monotonic()
        self.first_at: float | None = None
        self.ended_at: float | None = None
        self.finished: Finished | None = None
        self.size = self.reasoning_size = 0


class Live:
    """A turn while it runs here. `length` counts code points given to the room."""

    def __init__(self, job: Job, stop: Stop, announced: asyncio.Event | None) -> None:
        self.job = job
        self.stop = stop
        self.announced = announced  # set when the room knows the answer's place
        self.wake = asyncio.Event()  # set: do not wait to retry any longer
        self.prompt: dict[str, Any] = {}
        self.length = self.reasoning_length = 0
        self.is_mute = False  # the room could not be reached, which is said once
        self.current: Try | None = None
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._saved = (0, 0)
        self._is_prompt_saved = False
        self._telling: set[asyncio.Task[None]] = set()

    def background(self, telling: Coroutine[Any, Any, None]) -> None:
        """Tell something beside the stream; what it raises ends the turn, as if told in it."""
        task = asyncio.get_running_loop().create_task(telling)
        self._telling.add(task)
        task.add_done_callback(self._told)

    def _told(self, task: asyncio.Task[None]) -> None:
        self._telling.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info("Turn %s is not told any more: %r", self.job.turn_id, error)
            self.stop.request()

    async def until_announced(self) -> None:
        """The room hears of an answer's place before anything else of it; after a while it goes on without."""
        if self.announced is not None and not self.announced.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(ANNOUNCED_WITHIN_S):
                    await self.announced.wait()

    def tell_announced(self) -> None:
        """The room knows the answer's place."""
        if self.announced is not None:
            self.announced.set()

    def say(self, text: str) -> int:
        """Keep a piece of the answer; its position."""
        at, self.length = self.length, self.length + len(text)
        self._text.append(text)
        if at == 0:
            _saver.hurry()
        return at

    def think(self, text: str) -> int:
        at, self.reasoning_length = self.reasoning_length, self.reasoning_length + len(text)
        self._reasoning.append(text)
        return at

    @property
    def text(self) -> str:
        return _joined(self._text)

    @property
    def reasoning(self) -> str:
        return _joined(self._reasoning)

    @property
    def is_new(self) -> bool:
        """Nothing of it is in its row yet."""
        return self._saved <= (0, 0)

    @property
    def is_unsaved(self) -> bool:
        return self._saved != (self.length, self.reasoning_length) or bool(self.prompt and not self._is_prompt_saved)

    def words(self) -> Words:
        """What to save; it counts as saved from now on. What the model saw goes along once, even before it speaks:
        other processes are asked for it too."""
        prompt = None if self._is_prompt_saved or not self.prompt else self.prompt
        self._is_prompt_saved = bool(self.prompt)
        self._saved = (self.length, self.reasoning_length)
        return Words(self.job.turn_id, self.job.attempt, self.text, self.reasoning, prompt)

    def not_saved(self) -> None:
        self._saved = (-1, -1)
        self._is_prompt_saved = False


def _joined(parts: list[str]) -> str:
    if len(parts) > 1:
        parts[:] = ["".join(parts)]
    return parts[0] if parts else ""


_here: dict[UUID, Live] = {}


def enter(live: Live) -> None:
    _here[live.job.turn_id] = live
    _saver.ensure()


def leave(live: Live) -> None:
    if _here.get(live.job.turn_id) is live:
        del _here[live.job.turn_id]


def prompt_of(turn_id: UUID) -> dict[str, Any]:
    found = _here.get(turn_id)
    return found.prompt if found is not None else {}


def is_here(turn_id: UUID) -> bool:
    return turn_id in _here


def announce(turn_id: UUID) -> None:
    if (found := _here.get(turn_id)) is not None:
        found.tell_announced()


def wake(turn_id: UUID) -> None:
    if (found := _here.get(turn_id)) is not None:
        found.wake.set()


class Saver:
    """Saves while there is something to save, and ends when no turn is left."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    def ensure(self) -> None:
        if self._task is None or self._task.done():
            self._hurry = asyncio.Event()
            self._task = asyncio.get_running_loop().create_task(self._run(), name="saver")

    def hurry(self) -> None:
        self._hurry.set()

    async def _run(self) -> None:
        due_at = monotonic() + SAVE_EVERY_S
        while _here:
            try:
                async with asyncio.timeout(max(0.0, due_at - monotonic())):
                    await self._hurry.wait()
                    await asyncio.sleep(FIRST_SAVE_S)  # others' first words may come in the meantime
            except TimeoutError:
                pass
            self._hurry.clear()
            is_due = monotonic() >= due_at
            if is_due:
                due_at = monotonic() + SAVE_EVERY_S
            try:
                await save(first_words_only=not is_due)
            except Exception:  # the database may be away for a while; the words are still here
                log.exception("The words of %d running turns could not be saved; trying again.", len(_here))


_saver = Saver()


async def save(*, first_words_only: bool = False) -> None:
    """Write all unsaved words, or those of turns that have none in their row yet; stop the turns that are not ours
    any more. Long answers of others need not be written again whenever somebody begins."""
    running = [live for live in _here.values() if live.is_new or not first_words_only]
    words = [live.words() for live in running if live.is_unsaved]
    held = [(live.job.turn_id, live.job.attempt) for live in running]
    if not held:
        return
    try:
        lost = await in_db_later(saving.save_partials, words, held)
    except BaseException:
        for live in running:
            live.not_saved()
        raise
    for live in running:
        if live.job.turn_id in lost and is_here(live.job.turn_id):
            live.stop.request()
