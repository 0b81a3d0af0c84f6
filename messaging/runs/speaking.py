"""The conversation with a provider, for one claimed turn: the queue, the tries, the stream, the words.

Before the first word a refusal that may pass is tried again, openly waiting but without a trace;
after it never: what was read stays, as the end of a broken answer that a person may ask for again.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import timedelta

from chatplatform.kernel import metrics
from chatplatform.kernel.clock import monotonic, now
from chatplatform.kernel.errors import AppError, Unavailable
from messaging import failpoints, rooms
from messaging.protocol import MAX_BODY_BYTES
from messaging.protocol.events import AnyEvent, TurnDelta, TurnReasoning, TurnStarted, TurnWaiting
from messaging.providers import retry
from messaging.providers.base import (
    Finished,
    Provider,
    ProviderError,
    ProviderEvent,
    ReasoningDelta,
    TextDelta,
)
from messaging.providers.catalog import catalog
from messaging.runs import figures, prompts
from messaging.runs.history import History
from messaging.runs.live import Live, Try
from messaging.runs.speech import OwnWords, Plain, Speech, clean
from messaging.runs.types import Ending, EndState
from messaging.types import TurnError, Usage

log = logging.getLogger(__name__)

MAX_REASONING_BYTES = 256 * 1024


async def speak(live: Live, history: History) -> Ending:
    """Let the turn's model speak and say how it ended. Raises Superseded and, through
    the turn's stop, Stopped; a provider's failure is an ending like any other."""
    job = live.job
    model = await catalog().find(job.speaker.model_id)
    if model is None:
        words = f"{job.speaker.name} is no longer offered here. Ask another model."
        return ending_of(live, "failed", TurnError("gone", words))
    try:
        request, live.prompt = await prompts.build(job, history, model)
    except ProviderError as error:
        return ending_of(live, "failed", _told(error, live))
    except AppError as error:  # the store cannot be read
        return ending_of(live, "failed", TurnError("unreachable", error.message, retryable=True))
    await live.until_announced()
    tries = 0
    while True:
        tries += 1
        live.current = attempt = Try(model, request, _speech_of(live))
        try:
            await _ask(live, attempt)
            return ending_of(live, "complete")
        except ProviderError as error:
            attempt.ended_at = monotonic()
            metrics.PROVIDER_ERRORS.labels(metrics.provider(model.provider), error.kind).inc()
            # Thoughts were read too: another try would go on in the middle of them.
            wait_s = None if live.length or live.reasoning_length else retry.wait_s(error, tries)
            if wait_s is None:
                return ending_of(live, "failed", _told(error, live))
            await _wait(live, error, wait_s)


def _speech_of(live: Live) -> Speech:
    job = live.job
    if job.kind != "in_turn":
        return Plain()
    return OwnWords(job.speaker.name, (s.name for s in job.roster if s.model_id != job.speaker.model_id))


async def _ask(live: Live, attempt: Try) -> None:
    job = live.job
    provider: Provider = catalog().provider_for(attempt.model.id)
    limiter = catalog().limiter(provider)

    def on_position(position: int) -> None:
        waiting = TurnWaiting(job.turn_id, job.attempt, "queue", position=position, limit=limiter.limit)
        live.background(_publish(live, waiting))

    async with limiter.slot(on_position=on_position):
        attempt.asked_at = monotonic()
        await _publish(live, TurnStarted(job.turn_id, job.message_id, job.attempt, now()))
        failpoints.reach("before_first_token")
        stream = provider.stream(attempt.request)
        try:
            await _listen(live, attempt, stream)
        finally:
            # Closing the stream closes the connection; a stop must not wait for the collector to do it.
            if (close := getattr(stream, "aclose", None)) is not None:
                await close()


async def _listen(live: Live, attempt: Try, stream: AsyncIterator[ProviderEvent]) -> None:
    """Words to the room until the provider says that it is done. Raises ProviderError when it never does."""
    async for event in stream:
        if isinstance(event, TextDelta):
            await _say(live, attempt, attempt.speech.feed(event.text))
            if attempt.speech.is_cut or attempt.size >= MAX_BODY_BYTES:
                attempt.finished = Finished("cut" if attempt.speech.is_cut else "length")
                break
        elif isinstance(event, ReasoningDelta):
            await _think(live, attempt, clean(event.text))
        else:
            attempt.finished = event
    attempt.ended_at = monotonic()
    if attempt.finished is None:
        raise ProviderError("bad_response", f"{attempt.model.name} broke off without finishing.", retryable=True)
    await _say(live, attempt, attempt.speech.rest())
    if not live.length or not live.text.strip():
        raise ProviderError("bad_response", f"{attempt.model.name} ended without a word.", retryable=True)


async def _say(live: Live, attempt: Try, text: str) -> None:
    if not text:
        return
    attempt.size += len(text.encode())
    if attempt.size > MAX_BODY_BYTES:
        text = text.encode()[: MAX_BODY_BYTES - attempt.size].decode(errors="ignore")
    if attempt.first_at is None:
        attempt.first_at = monotonic()
    at = live.say(text)
    job = live.job
    await _publish(live, TurnDelta(job.turn_id, job.attempt, at, len(text), text))
    failpoints.reach("mid_stream")


async def _think(live: Live, attempt: Try, text: str) -> None:
    attempt.reasoning_size += len(text.encode())
    if not text or attempt.reasoning_size > MAX_REASONING_BYTES:
        return
    at = live.think(text)
    job = live.job
    await _publish(live, TurnReasoning(job.turn_id, job.attempt, at, len(text), text))


async def _publish(live: Live, event: AnyEvent) -> None:
    """To the room. One that cannot be reached costs liveness only: the words are kept and saved here."""
    try:
        await rooms.publish(live.job.thread_id, event)
    except Unavailable:
        if not live.is_mute:
            live.is_mute = True
            log.warning(
                "The room of thread %s cannot be reached; turn %s goes on.", live.job.thread_id, live.job.turn_id
            )


async def _wait(live: Live, error: ProviderError, wait_s: float) -> None:
    """Say when it goes again by itself, and wait until then or until somebody wants it now."""
    job = live.job
    live.wake.clear()
    told = TurnError(error.kind, error.message, True, error.detail, error.status)
    waiting = TurnWaiting(job.turn_id, job.attempt, "retry", retry_at=now() + timedelta(seconds=wait_s), error=told)
    await _publish(live, waiting)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await live.wake.wait()


def _told(error: ProviderError, live: Live) -> TurnError:
    """The error as people read it: of a broken answer, first that its words are kept."""
    if not live.length:
        return TurnError(error.kind, error.message, error.retryable, error.detail, error.status)
    count = len(live.text.split())
    words = f"The answer broke off after {count} {'word' if count == 1 else 'words'}. The words are kept."
    detail = f"{error.message} {error.detail}".strip()
    return TurnError(error.kind, words, True, detail, error.status)


def ending_of(live: Live, state: EndState, error: TurnError | None = None) -> Ending:
    """The turn's end with its figures. Times run from when the provider was asked, waiting in its queue excluded."""
    attempt = live.current
    text = live.text
    provider = live.job.speaker.model_id.partition(":")[0]
    if attempt is None:
        return Ending(state, text, live.reasoning, error, provider=provider, prompt=live.prompt)
    finished = attempt.finished
    usage, is_estimate = figures.counted(finished.usage if finished else None, attempt.request.messages, text)
    if state == "failed" and not text:
        usage, is_estimate = Usage(), False  # refused: nothing was read, nothing is charged
    return Ending(
        state,
        text,
        live.reasoning,
        error,
        finish_reason=finished.reason if finished else "",
        usage=usage,
        is_estimate=is_estimate,
        cost_usd=figures.cost_usd(usage, attempt.model),
        provider=attempt.model.provider,
        prompt=live.prompt,
        first_token_ms=_ms(attempt.asked_at, attempt.first_at),
        duration_ms=_ms(attempt.asked_at, attempt.ended_at or monotonic()),
    )


def _ms(start: float, end: float | None) -> int | None:
    return None if end is None else round((end - start) * 1000)
