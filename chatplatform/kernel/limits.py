"""How often somebody may do something: moving windows, kept where `settings.LIMITS_STORAGE` says.

`hit("send", user_id, settings.SEND_RATE)` counts one and raises TooMany when the window is full. Memory is right for
one process; several share `redis://…`, whose calls block, so coroutines make them through `kernel.db.in_db`. While
Redis is away each process counts alone: a limit is then as many times higher, but never gone, and nobody is refused for it.
"""

import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from django.conf import settings
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from chatplatform.kernel.errors import TooMany
from chatplatform.kernel.outage import Outage

SWEEP_EVERY_S = 10.0
TIMEOUT_S = 0.5

T = TypeVar("T")


class _Memory(MemoryStorage):
    """In this process. The library starts a thread for nearly every call to drop what has passed; here a call does
    that itself now and then."""

    _swept_at = 0.0

    def _MemoryStorage__schedule_expiry(self) -> None:  # noqa: N802  the library's private name, mangled
        if time.monotonic() - self._swept_at > SWEEP_EVERY_S:
            self._swept_at = time.monotonic()
            self._MemoryStorage__expire_events()  # type: ignore[attr-defined]


class _Counts:
    """What is counted together with other processes, if there are any, and what this one counts alone meanwhile."""

    def __init__(self, storage: str) -> None:
        self._alone = MovingWindowRateLimiter(_Memory())
        self._together: MovingWindowRateLimiter | None = None
        self._outage: Outage | None = None
        if storage != "memory://":
            timeouts = {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S}
            shared = storage_from_string(storage, wrap_exceptions=True, **timeouts)
            self._together = MovingWindowRateLimiter(shared)
            self._outage = Outage("store of limits", "each process counts alone")

    def ask(self, question: Callable[[MovingWindowRateLimiter], T]) -> T:
        if self._together is not None and self._outage is not None and self._outage.is_to_be_asked():
            try:
                answer = question(self._together)
            except (StorageError, OSError) as error:
                self._outage.failed(error)
            else:
                self._outage.answered()
                return answer
        return question(self._alone)


_counts: _Counts | None = None
_lock = threading.Lock()


def _ask(question: Callable[[MovingWindowRateLimiter], T]) -> T:
    global _counts
    with _lock:
        if _counts is None:
            _counts = _Counts(settings.LIMITS_STORAGE)
    return _counts.ask(question)


@lru_cache(maxsize=64)
def _rate(rate: str) -> RateLimitItem:
    return parse(rate)


def hit(scope: str, key: object, rate: str) -> None:
    """Count one; TooMany with `retry_after_s` when `rate` ("20/minute") is used up for this scope and key."""
    item = _rate(rate)
    if _ask(lambda counts: counts.hit(item, scope, str(key))):
        return
    free_at = _ask(lambda counts: counts.get_window_stats(item, scope, str(key))).reset_time
    wait_s = max(0.1, free_at - time.time())
    raise TooMany(f"That was a lot at once. Try again in {_spoken(wait_s)}.", retry_after_s=round(wait_s, 1))


def left(scope: str, key: object, rate: str) -> int:
    """How many more are allowed at this moment."""
    return int(_ask(lambda counts: counts.get_window_stats(_rate(rate), scope, str(key))).remaining)


def clear(scope: str, key: object, rate: str) -> None:
    """Forget what was counted, after a success that shows who it was."""
    _ask(lambda counts: counts.clear(_rate(rate), scope, str(key)))


def reset() -> None:
    """Forget everything, what is counted together too. For tests."""
    global _counts
    _ask(lambda counts: counts.storage.reset())
    with _lock:
        _counts = None


def _spoken(seconds: float) -> str:
    whole = int(seconds) + 1
    if whole < 90:
        return f"{whole} s"
    minutes = (whole + 59) // 60
    return f"{minutes} minutes" if minutes < 90 else f"{(minutes + 59) // 60} hours"
