"""Which servers take which part over: from addresses in the environment to Django's database and our backends.

Embedded, nothing is named and everything lives in one process. PostgreSQL alone makes a small server sturdier; with Redis
several processes share the rooms and turns run in workers; CQL keeps the messages.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def is_postgres(url: str) -> bool:
    return urlsplit(url).scheme in {"postgres", "postgresql"}


def database(url: str, data_dir: Path, threads: int) -> dict[str, Any]:
    """Django's settings of the one database: PostgreSQL at `url`, or SQLite in `data_dir` without one.

    `threads` work in the database at once, each with a connection of its own. Raises ImproperlyConfigured.
    """
    if not url:
        return _sqlite(data_dir)
    if not is_postgres(url):
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with postgresql://, like postgresql://user:password@host/parley."
        )
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ImproperlyConfigured("DATABASE_URL names no database: end it with one, like /parley.")
    try:
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured("DATABASE_URL has a port that is no number.") from error
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "CONN_HEALTH_CHECKS": True,  # after a restart of PostgreSQL the pool is full of connections that lead nowhere
        "OPTIONS": {
            **dict(parse_qsl(parts.query)),
            # Nobody waits longer than `timeout` for a connection. A pool that may try to connect for long does so less and
            # less often, and would notice only minutes later that the server is back; so it gives up soon and begins anew.
            "pool": {
                "min_size": 2,
                "max_size": threads + 4,
                "timeout": 5,
                "reconnect_timeout": 1,
                "reconnect_failed": _try_again,
            },
        },
    }


def _try_again(pool: Any) -> None:
    """A pool that gave up connects again for whoever asks next. All may have asked and be waiting: so ask in their stead."""
    import psycopg

    if pool.get_stats()["requests_waiting"]:
        with suppress(psycopg.OperationalError):  # not in this moment: what matters is that it tries
            pool.putconn(pool.getconn(timeout=0.01))


def _sqlite(data_dir: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(data_dir / "parley.sqlite3"),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
            " PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY;",
        },
        "CONN_MAX_AGE": None,
        "TEST": {"NAME": str(data_dir / "test.sqlite3")},
    }


def caches(redis_url: str) -> dict[str, dict[str, Any]]:
    """Django's caches: "default" for what is counted, "sessions" for what sessions' rows said a moment ago.

    One process keeps its counts itself and its sessions' rows are beside it, so it caches none.
    """
    if not redis_url:
        return {
            "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "parley"},
            "sessions": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
        }
    shared = {"BACKEND": "chatplatform.kernel.cache.SharedCache", "LOCATION": redis_url, "KEY_PREFIX": "parley"}
    return {
        "default": {**shared, "NAME": "counts", "FALLBACK": "memory"},
        "sessions": {**shared, "NAME": "sessions", "FALLBACK": "nothing"},
    }


def parts(*, has_redis: bool, has_cql: bool, is_worker: bool = False) -> dict[str, str]:
    """From each role to its implementation. `is_worker`: this process runs turns for those that serve."""
    dispatcher = "messaging.runs.dispatch.local.LocalDispatcher"
    if has_redis and is_worker:
        dispatcher = "messaging.runs.dispatch.worker.WorkerDispatcher"
    elif has_redis:
        dispatcher = "messaging.runs.dispatch.queue.QueueDispatcher"
    streams = "messaging.streams.redis.RedisStreamLog" if has_redis else "messaging.streams.memory.MemoryStreamLog"
    return {
        "message_store": "messaging.stores.cql.store.CqlMessageStore"
        if has_cql
        else "messaging.stores.orm.OrmMessageStore",
        "stream_log": streams,
        "relay": "messaging.relays.channels.ChannelRelay" if has_redis else "messaging.relays.local.LocalRelay",
        "dispatcher": dispatcher,
    }
