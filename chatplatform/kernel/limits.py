"""How often somebody may do something: moving windows, kept where `settings.LIMITS_STORAGE` says.

`hit("send", user_id, settings.SEND_RATE)` counts one and raises TooMany when the window is full. Memory is right for
one process; several share `redis://…`, whose calls block, so coroutines make them through `kernel.db.in_db`.
"""

import threading
import time
from functools import lru_cache

from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from chatplatform.kernel.errors import TooMany

SWEEP_EVERY_S = 10.0


class _Memory(MemoryStorage):
    """In this process. The library starts a thread for nearly every call to drop what has passed; here a call does
    that itself now and then."""

    _swept_at = 0.0

    def _MemoryStorage__schedule_expiry(self) -> None:  # noqa: N802  the library's private name, mangled
        if time.monotonic() - self._swept_at > SWEEP_EVERY_S:
            self._swept_at = time.monotonic()
            self._MemoryStorage__expire_events()  # type: ignore[attr-defined]


_limiter: MovingWindowRateLimiter | None = None
_lock = threading.Lock()


def _strategy() -> MovingWindowRateLimiter:
    global _limiter
    with _lock:
        if _limiter is None:
            is_memory = settings.LIMITS_STORAGE == "memory://"
            storage = _Memory() if is_memory else storage_from_string(settings.LIMITS_STORAGE)
            _limiter = MovingWindowRateLimiter(storage)
        return _limiter


@lru_cache(maxsize=64)
def _rate(rate: str) -> RateLimitItem:
    return parse(rate)


def hit(scope: str, key: object, rate: str) -> None:
    """Count one; TooMany with `retry_after_s` when `rate` ("20/minute") is used up for this scope and key."""
    item = _rate(rate)
    if _strategy().hit(item, scope, str(key)):
        return
    wait_s = max(0.1, _strategy().get_window_stats(item, scope, str(key)).reset_time - time.time())
    raise TooMany(f"That was a lot at once. Try again in {_spoken(wait_s)}.", retry_after_s=round(wait_s, 1))


def left(scope: str, key: object, rate: str) -> int:
    """How many more are allowed at this moment."""
    return int(_strategy().get_window_stats(_rate(rate), scope, str(key)).remaining)


def clear(scope: str, key: object, rate: str) -> None:
    """Forget what was counted, after a success that shows who it was."""
    _strategy().clear(_rate(rate), scope, str(key))


def reset() -> None:
    """Forget everything. For tests."""
    global _limiter
    with _lock:
        _limiter = None


def _spoken(seconds: float) -> str:
    whole = int(seconds) + 1
    if whole < 90:
        return f"{whole} s"
    minutes = (whole + 59) // 60
    return f"{minutes} minutes" if minutes < 90 else f"{(minutes + 59) // 60} hours"
