"""How long a provider may be silent: arithmetic on a monotonic clock, and the one timer of an answer that looks at it.

Bytes of any kind show that somebody is there; only words show that they get on. So comments and pings keep a
stream alive for a while (`pings_s`), not for ever.
"""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from chatplatform.kernel.clock import monotonic

GRACE_COUNT_S = 5.0  # for the figures, after the finish
GRACE_MARK_S = 0.1  # for "[DONE]", after the figures
GRACE_END_S = 0.05  # for the end of the answer, after "[DONE]": it lets the connection be used again


AGAIN_S = 1.0  # when a limit passed while nobody waited for the provider


class Timeouts(Struct, frozen=True):
    connect_s: float = 10
    first_byte_s: float = 60
    stall_s: float = 45
    pings_s: float = 300  # without a word, however many signs of life
    total_s: float = 900


class Patience:
    """The limits of one answer. `thinks`: a model that may be silent for long before its first word."""

    def __init__(self, limits: Timeouts, *, thinks: bool = False) -> None:
        self._limits = limits
        self._first_s = max(limits.first_byte_s, limits.pings_s) if thinks else limits.first_byte_s
        self._asked_at: float | None = None
        self._bytes_at = self._words_at = 0.0
        self.has_words = False

    def until_headers_s(self, now: float) -> float:
        """Seconds until the answer must have begun, connecting included."""
        if self._asked_at is None:
            self._asked_at = now
        return max(0.0, self._asked_at + self._limits.connect_s + self._first_s - now)

    def start(self, now: float) -> None:
        """The answer begins."""
        if self._asked_at is None:
            self._asked_at = now
        self._bytes_at = self._words_at = now

    def heard(self, now: float, *, words: bool) -> None:
        self._bytes_at = now
        if words:
            self._words_at, self.has_words = now, True

    def _deadlines(self) -> list[tuple[float, float, str]]:
        """When, after how many seconds, and of what: the next thing that must happen."""
        asked_at = self._asked_at or 0.0
        silence_s = self._limits.stall_s if self.has_words else self._first_s
        return [
            (self._bytes_at + silence_s, silence_s, "silence"),
            (self._words_at + self._limits.pings_s, self._limits.pings_s, "no words, only signs of life"),
            (asked_at + self._limits.total_s, self._limits.total_s, "total"),
        ]

    def left_s(self, now: float) -> float:
        return max(0.0, min(self._deadlines())[0] - now)

    def why(self) -> tuple[float, str]:
        """Which limit was reached: its seconds and its name."""
        _, seconds, name = min(self._deadlines())
        return seconds, name


def grace_s(*, is_counted: bool, is_done: bool) -> float:
    """How long to wait for what may still follow a complete answer."""
    if is_done:
        return GRACE_END_S
    return GRACE_MARK_S if is_counted else GRACE_COUNT_S


class Watch:
    """Rings once, when a limit of the answer is reached while somebody waits for its next bytes.

    A timer is moved only when it goes off, or when less patience is left than before: most words cost none.
    """

    def __init__(self, patience: Patience, on_late: Callable[[], None]) -> None:
        self.is_waiting = False  # for the provider; what our own side takes is not its fault
        self._patience = patience
        self._on_late = on_late
        self._timer: asyncio.TimerHandle | None = None
        patience.start(monotonic())
        self._look()

    def heard(self, *, words: bool) -> None:
        """Bytes came; `words`: and the answer got on by them."""
        is_first = words and not self._patience.has_words
        self._patience.heard(monotonic(), words=words)
        if is_first:  # silence may last less long from now on
            self.end()
            self._look()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        left_s = self._patience.left_s(monotonic())
        if left_s <= 0 and self.is_waiting:
            self._on_late()
        else:
            self._timer = asyncio.get_running_loop().call_later(left_s or AGAIN_S, self._look)
