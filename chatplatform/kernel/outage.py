"""A server that we can do without for a while: is it worth asking now? One line in the log when it goes, one when it is back.

Each process finds out by itself. While the server is away it is asked again every other second, by one call at a time,
so that nobody else waits for an answer that does not come.
"""

import logging
import threading

from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.metrics import OUTAGES

log = logging.getLogger(__name__)

AGAIN_S = 2.0


class Outage:
    """`used_for` is a noun for the log ("sessions' cache"); `instead` says what happens meanwhile."""

    def __init__(self, used_for: str, instead: str) -> None:
        self._used_for, self._instead = used_for, instead
        self._again_at: float | None = None  # null: it answers
        self._lock = threading.Lock()
        self._count = OUTAGES.labels(used_for)

    def is_to_be_asked(self) -> bool:
        """False while it is away and was asked a moment ago."""
        with self._lock:
            if self._again_at is None:
                return True
            if monotonic() < self._again_at:
                return False
            self._again_at = monotonic() + AGAIN_S  # this call tries; the others go on without
            return True

    def answered(self) -> None:
        with self._lock:
            was_away, self._again_at = self._again_at is not None, None
        if was_away:
            log.info("The %s is back.", self._used_for)

    def failed(self, error: Exception) -> None:
        with self._lock:
            is_new = self._again_at is None
            self._again_at = monotonic() + AGAIN_S
            if is_new:
                self._count.inc()
        if is_new:
            log.warning("The %s does not answer; %s until it does: %s", self._used_for, self._instead, error)
