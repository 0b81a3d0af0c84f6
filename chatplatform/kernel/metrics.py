"""What this process counts and times, for Prometheus. Labels are few and bounded; no words, no keys, no ids of people.

Counted per flush, per call and per turn, never per socket or per token. What is only known at the moment of asking
(sockets, rooms) is read by functions given to `at_scrape`.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache, wraps
from inspect import iscoroutinefunction
from time import perf_counter
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MAX_PROVIDERS = 50  # more of them are counted as "other"
_QUICK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60)

T = TypeVar("T")
Sample = tuple[tuple[str, ...], float]

registry = CollectorRegistry()
ProcessCollector(registry=registry)

FIRST_TOKEN = Histogram(
    "parley_first_token_seconds",
    "From asking a provider to its first word.",
    ["provider"],
    buckets=_SLOW,
    registry=registry,
)
FRAME_LAG = Histogram(
    "parley_frame_lag_seconds",
    "From the oldest gathered word of a provider to when the room's stream has it.",
    buckets=_QUICK,
    registry=registry,
)
BROADCAST = Histogram(
    "parley_broadcast_seconds", "Writing one frame to all sockets of a room.", buckets=_QUICK, registry=registry
)
CALL = Histogram(
    "parley_call_seconds", "Calls to what this process depends on.", ["part", "call"], buckets=_QUICK, registry=registry
)
LOOP_LAG = Histogram(
    "parley_loop_lag_seconds", "How late the event loop woke, once a second.", buckets=_QUICK, registry=registry
)
TURNS_ENDED = Counter("parley_turns_ended", "Turns that ended here, by how.", ["provider", "state"], registry=registry)
PROVIDER_ERRORS = Counter(
    "parley_provider_errors",
    "Failures of providers, those that were tried again too.",
    ["provider", "kind"],
    registry=registry,
)
CALL_ERRORS = Counter("parley_call_errors", "Calls that raised.", ["part", "call"], registry=registry)
OUTAGES = Counter(
    "parley_outages", "Times that a server we can do without stopped answering.", ["used_for"], registry=registry
)
RESYNCS = Counter("parley_resyncs", "Readers too far behind who were told to load anew.", registry=registry)


class _AtScrape(Collector):
    """One gauge whose samples are read when somebody asks; a reading that is not to be had is left out."""

    def __init__(self, name: str, words: str, labels: tuple[str, ...], read: Callable[[], list[Sample]]) -> None:
        self._name, self._words, self._labels, self._read = name, words, labels, read

    def collect(self) -> Iterator[Metric]:
        gauge = GaugeMetricFamily(self._name, self._words, labels=self._labels)
        for labels, value in self._read():
            gauge.add_metric(labels, value)
        yield gauge


def at_scrape(name: str, words: str, read: Callable[[], list[Sample]], *labels: str) -> None:
    """Show what `read` returns: label values and number of each sample. It must not wait for anybody."""
    registry.register(_AtScrape(name, words, labels, read))


def text() -> bytes:
    """All of it in Prometheus' text format."""
    return generate_latest(registry)


_providers: set[str] = set()


def provider(slug: str) -> str:
    """The provider as a label: administrators name them, so their number is bounded here."""
    if slug not in _providers:
        if len(_providers) >= MAX_PROVIDERS:
            return "other"
        _providers.add(slug)
    return slug


@lru_cache(maxsize=256)
def _timer(part: str, call: str) -> Callable[[float], None]:
    return CALL.labels(part, call).observe


def note_call(part: str, call: str, seconds: float) -> None:
    _timer(part, call)(seconds)


def timed(part: str, instance: T) -> T:
    """Time the public coroutines of an instance from now on; the same instance is returned."""
    for name in dir(type(instance)):
        if (
            not name.startswith("_")
            and name not in {"start", "stop"}
            and iscoroutinefunction(getattr(type(instance), name))
        ):
            setattr(instance, name, _timed(part, name, getattr(instance, name)))
    return instance


def _timed(part: str, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    observe, errors = _timer(part, name), CALL_ERRORS.labels(part, name)

    @wraps(method)
    async def call(*args: Any, **kwargs: Any) -> Any:
        began = perf_counter()
        try:
            return await method(*args, **kwargs)
        except Exception:
            errors.inc()
            raise
        finally:
            observe(perf_counter() - began)

    return call
