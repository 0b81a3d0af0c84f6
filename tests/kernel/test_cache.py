"""The cache that several processes share, with its Redis there, away and back."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from chatplatform.kernel import limits, metrics, outage
from chatplatform.kernel.cache import SharedCache
from chatplatform.kernel.errors import TooMany
from tests.server import free_port
from tests.servers import RedisServer

GONE = "redis://127.0.0.1:1/0"  # nobody listens there


def cache(url: str, fallback: str) -> SharedCache:
    return SharedCache(url, {"NAME": "counts", "FALLBACK": fallback, "KEY_PREFIX": "parley", "TIMEOUT": 60})


def outages() -> float:
    return metrics.registry.get_sample_value("parley_outages_total", {"used_for": "cache of counts"}) or 0.0


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    limits.reset()
    yield
    limits.reset()


def test_two_processes_see_the_same(redis: RedisServer) -> None:
    url = redis.empty_database()
    one, two = cache(url, "nothing"), cache(url, "nothing")
    one.set("a", {"name": "Älice", "at": [1.5, None]})
    assert two.get("a") == {"name": "Älice", "at": [1.5, None]}
    assert not two.add("a", "other")
    assert two.add("n", 1)
    assert one.incr("n", 2) == 3
    assert two.get_many(["a", "n", "x"]) == {"a": one.get("a"), "n": 3}
    one.delete_many(["a", "n"])
    assert not two.has_key("a")
    assert two.get("n", "nothing") == "nothing"


def test_what_lies_in_redis_is_data_and_no_program(redis: RedisServer) -> None:
    import redis as client

    url = redis.empty_database()
    cache(url, "nothing").set("a", ["x"])
    with client.Redis.from_url(url) as raw:
        (key,) = raw.keys("*")
        assert raw.get(key) == b'["x"]'


@pytest.mark.parametrize(("fallback", "found"), [("nothing", None), ("memory", 1)])
def test_redis_away_is_a_miss_or_our_own_memory_and_no_error(
    fallback: str, found: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before = outages()
    alone = cache(GONE, fallback)
    alone.set("a", 1)
    assert alone.get("a") == found
    assert alone.get_many(["a"]) == ({"a": found} if found else {})
    alone.delete("a")
    said = [r.getMessage() for r in caplog.records if r.name.endswith("outage")]
    assert len(said) == 1
    assert said[0].startswith("The cache of counts does not answer; ")
    assert outages() == before + 1


def test_it_is_asked_again_after_a_while_and_says_that_it_is_back(
    redis: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    at = 100.0
    monkeypatch.setattr(outage, "monotonic", lambda: at)
    there, away = cache(redis.empty_database(), "memory"), cache(GONE, "memory")
    broken, working = away._shared, there._shared
    away.set("a", "alone")
    away._shared = working  # the server came back
    assert away.get("a") == "alone", "not asked again at once"
    at += outage.AGAIN_S
    assert away.get("a") is None
    away.set("a", "together")
    assert there.get("a") == "together"
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.INFO] == ["The cache of counts is back."]
    away._shared = broken
    away.get("a")
    assert [r.levelname for r in caplog.records if r.name.endswith("outage")] == ["WARNING", "INFO", "WARNING"]


# -- limits ---------------------------------------------------------------------------------------------


def test_processes_count_together(redis: RedisServer) -> None:
    url = redis.empty_database()
    one, two = limits._Counts(url), limits._Counts(url)
    item = limits._rate("3/minute")
    assert [c.ask(lambda counts: counts.hit(item, "send", "alice")) for c in (one, two, one, two)] == [True] * 3 + [
        False
    ]


def test_without_the_store_a_limit_stays_a_limit(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.LIMITS_STORAGE = f"redis://127.0.0.1:{free_port()}/0"
    for _ in range(3):
        limits.hit("send", "alice", "3/minute")
    assert limits.left("send", "alice", "3/minute") == 0
    with pytest.raises(TooMany) as refusal:
        limits.hit("send", "alice", "3/minute")
    assert 1 < refusal.value.data["retry_after_s"] <= 60
    limits.clear("send", "alice", "3/minute")
    limits.hit("send", "alice", "3/minute")
    assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == 1
