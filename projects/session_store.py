"""Sessions: rows in the database, and for half a minute at a time what they say in the cache that all processes share.

The rows decide. A cache that is empty, restarted or away signs nobody out; it costs two queries. An ended session leaves
a mark in the cache, so that nobody who read its row a moment before can bring it back; when the cache was away at
that moment, the row's absence is noticed when the half minute is over, which Redis counts by its own clock.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as Rows
from django.core.cache import BaseCache, caches
from django.db import transaction

from chatplatform.kernel.lost import is_away

TRUSTED_S = 30
_ENDED = "ended"
_ENDED_S = 4 * TRUSTED_S  # longer than anybody takes between reading a row and remembering it


class SessionStore(Rows):
    """Django's own in the database, which also tells the cache, after the commit, what is not so any more."""

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except UpdateError as error:
            # Django takes every failure here for a session that somebody ended.
            if (lost := error.__context__) is not None and is_away(lost):
                raise lost from error
            raise
        transaction.on_commit(partial(forget, [self.session_key]))

    def delete(self, session_key: str | None = None) -> None:
        ended = session_key or self.session_key
        super().delete(session_key)
        if ended:
            transaction.on_commit(partial(_cache().set, _name(ended), _ENDED, _ENDED_S))


def recall(session_key: str) -> dict[str, Any] | None:
    """What was remembered of a session less than half a minute ago."""
    kept = _cache().get(_name(session_key))
    return kept if isinstance(kept, dict) else None


def remember(session_key: str, what: dict[str, Any]) -> None:
    """Keep what the rows say now, unless somebody was quicker or the session has just ended."""
    _cache().add(_name(session_key), what, TRUSTED_S)


def forget(session_keys: Iterable[str | None]) -> None:
    """Ask the rows again at the next request of these."""
    _cache().delete_many([_name(key) for key in session_keys if key])


def _cache() -> BaseCache:
    return caches["sessions"]


def _name(session_key: str) -> str:
    return f"session.{session_key}"
