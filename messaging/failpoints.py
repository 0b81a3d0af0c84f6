"""Places where a test lets this process die, as a crash would: SIGKILL, no clean-up.

`FAILPOINT=place` or `FAILPOINT=place:n` (the n-th time). Ignored unless the test models are on, so
a stray variable harms no real server.
"""

import os
import signal
from collections import Counter

from django.conf import settings

_WANTED = os.environ.get("FAILPOINT", "")  # read once: every word of every answer comes by here
_seen: Counter[str] = Counter()


def reach(place: str) -> None:
    """Say that the process is at `place`; it may be its last word."""
    if not _WANTED or not settings.ARE_TEST_MODELS_ON:
        return
    name, _, count = _WANTED.partition(":")
    if name == place:
        _seen[place] += 1
        if _seen[place] == int(count or 1):
            os.kill(os.getpid(), signal.SIGKILL)
