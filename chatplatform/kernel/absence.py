"""A server that is away is no defect: what Django, libraries or we ourselves log of it as an error becomes a warning.

One line, without a traceback, and of the same words at most one in ten seconds; the next says how many were left out.
"""

import logging
import threading

from django.db import connection
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import TimeoutError as RedisSilent

from chatplatform.kernel import lost
from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.errors import Unavailable

AGAIN_S = 10.0
_TELL_OF_EACH_TRY = {"psycopg.pool"}  # loggers of nothing but absence, some lines a second of it
_MOST = 500  # different words that are remembered


def is_absence(error: BaseException) -> bool:
    """Is this error, or one that it comes from, nothing but a server that does not answer?"""
    if any(isinstance(cause, Unavailable | RedisAway | RedisSilent) for cause in lost.causes(error)):
        return True
    return connection.vendor == "postgresql" and lost.is_away(error)


class AbsenceIsNoDefect(logging.Filter):
    """For a handler: what is no error never comes out as one."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}  # by logger and words: when, and how many since
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        is_told_as_warning = record.name in _TELL_OF_EACH_TRY
        if not is_told_as_warning and (record.levelno < logging.ERROR or not _tells_of_absence(record)):
            return True
        left_out = self._left_out((record.name, str(record.msg)))
        if left_out is None:
            return False
        words = record.getMessage()
        if record.exc_info and (error := record.exc_info[1]) is not None:
            words += f": {_why(error)}"
        record.msg, record.args = words + (f" (and {left_out} times since it was last said)" if left_out else ""), ()
        record.exc_info = record.exc_text = record.stack_info = None
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        return logging.getLogger().getEffectiveLevel() <= logging.WARNING

    def _left_out(self, key: tuple[str, str]) -> int | None:
        """How often it was not said since it was said last; None: it was said a moment ago."""
        at = monotonic()
        with self._lock:
            said_at, left_out = self._said.get(key, (at - AGAIN_S, 0))
            if at - said_at < AGAIN_S:
                self._said[key] = said_at, left_out + 1
                return None
            if len(self._said) >= _MOST:
                self._said.clear()
            self._said[key] = at, 0
            return left_out


def _why(error: BaseException) -> str:
    """The first line that the error or what it comes from has to say; some libraries say nothing themselves."""
    said = (str(cause).strip().partition("\n")[0] for cause in lost.causes(error))
    return next(filter(None, said), type(error).__name__)


def _tells_of_absence(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        return is_absence(error)
    return record.name == "django.request" and getattr(record, "status_code", 0) == 503
