"""The two clocks. Tests replace them here and nowhere else."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Wall time, for people and records."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that never run backwards, for durations and deadlines."""
    return time.monotonic()
