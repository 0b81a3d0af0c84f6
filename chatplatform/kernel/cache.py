"""Django's cache in a Redis that may go away: then it is a miss, or this process's own memory, never an error.

`FALLBACK` in a cache's settings says which: "nothing" for what must not be believed longer than Redis keeps it,
"memory" for counts, which are better kept by each process alone than not at all.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from chatplatform.kernel.outage import Outage

TIMEOUT_S = 0.5


class JsonSerializer:
    """In place of pickle: whoever can write to Redis must not be able to run code here."""

    def dumps(self, value: Any) -> bytes | int:
        # Whole numbers as they are, so that Redis can count with them.
        return value if type(value) is int else msgspec.json.encode(value)

    def loads(self, data: bytes) -> Any:
        return msgspec.json.decode(data)


class SharedCache(BaseCache):
    """Every operation of `BaseCache`, each in Redis or, while that is away, in what stands in for it."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        limits = {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S}
        options = {**limits, **params.get("OPTIONS", {}), "serializer": JsonSerializer}
        name = params["NAME"]
        is_kept = params["FALLBACK"] == "memory"
        self._shared = RedisCache(location, {**params, "OPTIONS": options})
        self._alone: BaseCache = LocMemCache(name, params) if is_kept else DummyCache(name, params)
        instead = "each process counts alone" if is_kept else "the database is asked"
        self._outage = Outage(f"cache of {name}", instead)

    def _ask(self, question: Callable[[BaseCache], Any]) -> Any:
        if self._outage.is_to_be_asked():
            try:
                answer = question(self._shared)
            except (RedisError, OSError) as error:
                self._outage.failed(error)
            else:
                self._outage.answered()
                return answer
        return question(self._alone)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask(lambda cache: cache.add(key, value, timeout, version)))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._ask(lambda cache: cache.get(key, default, version))

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._ask(lambda cache: cache.set(key, value, timeout, version))

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask(lambda cache: cache.touch(key, timeout, version)))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._ask(lambda cache: cache.delete(key, version)))

    def get_many(self, keys: Any, version: int | None = None) -> dict[str, Any]:
        kept = list(keys)
        found: dict[str, Any] = self._ask(lambda cache: cache.get_many(kept, version))
        return found

    def has_key(self, key: str, version: int | None = None) -> bool:
        return bool(self._ask(lambda cache: cache.has_key(key, version)))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return int(self._ask(lambda cache: cache.incr(key, delta, version)))

    def set_many(
        self, data: Mapping[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[str]:
        failed: list[str] = self._ask(lambda cache: cache.set_many(dict(data), timeout, version))
        return failed

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        gone = list(keys)
        self._ask(lambda cache: cache.delete_many(gone, version))

    def clear(self) -> None:
        self._ask(lambda cache: cache.clear())
