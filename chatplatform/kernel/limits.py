"""How often somebody may do something: moving windows, kept where `settings.LIMITS_STORAGE` says.

`hit("send", user_id, settings.SEND_RATE)` counts one and raises TooMany when the window is full. Memory is right for
one process; several share `redis://…`, whose calls block, so coroutines make them through `kernel.db.in_db`.
"""

import threading
import time
from functools import lru_cache

from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from chatplatform.kernel.errors import TooMany

_limiter: MovingWindowRateLimiter | None = None
_lock = threading.Lock()


def _strategy() -> MovingWindowRateLimiter:
    global _limiter
    with _lock:
        if _limiter is None:
            _limiter = MovingWindowRateLimiter(storage_from_string(settings.LIMITS_STORAGE))
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
