"""Redis: does it answer and how fast, does it throw away what rooms need, how far is its clock?"""

import statistics
import time
from collections.abc import Iterator
from typing import Any

import redis
from django.conf import settings

from chatplatform.doctor.finding import Finding, broken, clock, ok, warning

ANSWER_S = 3
LEAST = (6, 2)
SLOW_MS = 5.0
NAME = "redis"


def look() -> Iterator[Finding]:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=ANSWER_S, socket_timeout=ANSWER_S)
    try:
        told: Any = client.info()
        times = [_ping_ms(client) for _ in range(7)]
        before = time.time()
        answer: Any = client.time()
        after = time.time()
    except redis.RedisError as error:
        yield broken(NAME, f"it does not answer: {error}", _fix())
        return
    finally:
        client.close()
    yield _version(str(told["redis_version"]))
    yield _memory(told)
    yield ok(NAME, "what it holds need not outlive it" + (", but does" if told.get("aof_enabled") else ""))
    middle = statistics.median(times)
    if middle > SLOW_MS:
        fix = "Bring it nearer: every frame of every room passes it once."
        yield warning(NAME, f"it answers in {middle:.1f} ms", fix)
    else:
        yield ok(NAME, f"it answers in {middle:.2f} ms")
    yield clock(NAME, answer[0] + answer[1] / 1e6 - (before + after) / 2)


def _fix() -> str:
    fix = "Start it, and check REDIS_URL: host, port and password."
    if settings.REDIS_URL.startswith("rediss:"):
        return f"{fix} For a certificate of your own: rediss://…?ssl_ca_certs=FILE."
    return f"{fix} One that speaks TLS: rediss://…."


def _ping_ms(client: "redis.Redis") -> float:
    began = time.perf_counter()
    client.ping()
    return (time.perf_counter() - began) * 1000


def _version(version: str) -> Finding:
    if tuple(int(part) for part in version.split(".")[:2]) < LEAST:
        return warning(NAME, f"Redis {version}", f"Use Redis {LEAST[0]}.{LEAST[1]} or newer.")
    return ok(NAME, f"Redis {version} at {settings.REDIS_URL.rpartition('@')[2].removeprefix('redis://')}")


def _memory(told: dict[str, Any]) -> Finding:
    most, used, policy = int(told["maxmemory"]), int(told["used_memory"]), str(told["maxmemory_policy"])
    if policy.startswith("allkeys") and most:
        fix = "Set maxmemory-policy to noeviction (or volatile-ttl): rooms that lose their stream are loaded anew by everybody."
        return warning(NAME, f"it throws anything away when it is full ({policy})", fix)
    if most and used > most * 0.8:
        return warning(NAME, f"{used * 100 // most} % of its memory is used", "Raise maxmemory.")
    return ok(
        NAME, f"{used // 1024**2} MiB used" + (f" of {most // 1024**2} MiB, {policy}" if most else ", no limit set")
    )
