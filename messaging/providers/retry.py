"""When to ask again, and when to leave a provider alone. Pure: errors and times in, seconds out.

Only before the first word: an answer that somebody has begun to read is never silently begun again.
"""

import random
from collections import deque
from collections.abc import Callable

from messaging.providers.base import ProviderError

MAX_TRIES = 3
MAX_RETRY_AFTER_S = 30.0
FIRST_BACKOFF_S = 1.0
MAX_BACKOFF_S = 8.0
# A timeout has used up people's patience already; what is refused stays refused.
_PASSING = frozenset({"rate_limit", "overloaded", "unreachable", "bad_response"})

BREAKER_FAILURES = 5
BREAKER_WINDOW_S = 30.0
BREAKER_OPEN_S = 15.0


def wait_s(
    error: ProviderError, tries: int, saw_text: bool = False, rng: Callable[[], float] = random.random
) -> float | None:
    """Say how many seconds to wait before the next try, or None to give up.

    `tries` counts those made, from 1. What the provider asks for is honoured up to 30 s, never earlier; without
    it the wait is drawn from 0 to 1, 2, 4 … seconds (full jitter).
    """
    if saw_text or not error.retryable or error.kind not in _PASSING or tries >= MAX_TRIES:
        return None
    if error.retry_after_s is not None:
        return error.retry_after_s if error.retry_after_s <= MAX_RETRY_AFTER_S else None
    return rng() * min(MAX_BACKOFF_S, FIRST_BACKOFF_S * float(2 ** (tries - 1)))


class Breaker:
    """Opens after five failures within 30 s, for 15 s; then one request may try, and the others wait for it."""

    def __init__(self) -> None:
        self._failed_at: deque[float] = deque(maxlen=BREAKER_FAILURES)
        self._open_until: float | None = None
        self._trial_until = 0.0

    def closed_in_s(self, now: float) -> float:
        """Seconds until it is worth asking again; 0: ask now. Being told 0 after an opening is to be the trial."""
        if self._open_until is None:
            return 0.0
        until = max(self._open_until, self._trial_until)
        if now < until:
            return until - now
        self._trial_until = now + BREAKER_OPEN_S
        return 0.0

    @property
    def is_open(self) -> bool:
        return self._open_until is not None

    def failed(self, now: float) -> None:
        self._failed_at.append(now)
        recent = sum(1 for at in self._failed_at if at > now - BREAKER_WINDOW_S)
        if self._open_until is not None or recent >= BREAKER_FAILURES:
            self._open_until, self._trial_until = now + BREAKER_OPEN_S, 0.0

    def succeeded(self) -> None:
        self._failed_at.clear()
        self._open_until, self._trial_until = None, 0.0
