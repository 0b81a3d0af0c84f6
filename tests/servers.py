"""Real PostgreSQL, Redis and Cassandra for one test run: started when the first test asks, killed at the end of the run.

PARLEY_TEST_DATABASE_URL, PARLEY_TEST_REDIS_URL and PARLEY_TEST_CQL_HOSTS name servers to use instead; what runs there
already is left alone, since every test takes a database, a Redis database or a keyspace of its own. Tests that kill a
server start one for themselves out of `tools.services`.
"""

import atexit
import os
import shutil
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from tools import services

NAMED_BY = {
    "postgres": "PARLEY_TEST_DATABASE_URL",
    "redis": "PARLEY_TEST_REDIS_URL",
    "cassandra": "PARLEY_TEST_CQL_HOSTS",
}
PROFILES: Mapping[str, tuple[str, ...]] = {  # PARLEY_TEST_PROFILE → the servers that the product's own settings name
    "embedded": (),
    "postgres": ("postgres",),
    "redis": ("postgres", "redis"),
    "full": ("postgres", "redis", "cassandra"),
}
# The settings take what begins with PARLEY_ out of the environment; these are for the test run itself.
RUN_S = 2 * 60 * 60  # longer than any run of the tests
NAMED = {name: os.environ.get(variable, "").strip() for name, variable in NAMED_BY.items()}
PROFILE = os.environ.get("PARLEY_TEST_PROFILE", "embedded")
# A node of the tests lives for a minute or two: it starts with two thirds of the work if Java compiles only roughly.
os.environ.setdefault("CASSANDRA_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")


@dataclass(frozen=True)
class PostgresServer:
    """A PostgreSQL whose databases come and go; `url` is the one to start from."""

    url: str

    def create_database(self, template: str = "template1") -> str:
        """A database of its own, a copy of `template`; its address. Nobody may be connected to the template."""
        name = f"parley_{uuid.uuid4().hex[:12]}"
        self._run(f'create database "{name}" template "{template}"')
        return self._address(name)

    def drop_database(self, url: str) -> None:
        """Drop the database at that address, and end whoever is connected to it."""
        self._run(f'drop database if exists "{urlsplit(url).path[1:]}" with (force)')

    def end_sessions(self, name: str) -> None:
        """End whoever is connected to that database."""
        self._run(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")

    def _address(self, name: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def _run(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@dataclass(frozen=True)
class RedisServer:
    url: str

    def empty_database(self, *, for_the_run: bool = False) -> str:
        """The address of an empty one of its databases, another one each time until all were given. What one whole run of
        tests has is given to nobody else; database 0 keeps account, since runs and processes may share the server."""
        import redis

        with redis.Redis.from_url(self._address(0)) as client:
            settings: Any = client.config_get("databases")
            others = int(settings["databases"]) - 1
            for _ in range(others):
                number = 1 + int(cast(int, client.incr("parley-tests:given"))) % others
                kept = f"parley-tests:kept:{number}"
                is_free = client.set(kept, 1, nx=True, ex=RUN_S) if for_the_run else not client.exists(kept)
                if is_free:
                    break
            else:
                raise LookupError(f"Every database of {self.url} belongs to a test run.")
        if for_the_run:
            atexit.register(self._give_back, kept)
        self.empty(self._address(number))
        return self._address(number)

    def _give_back(self, kept: str) -> None:
        import redis

        with suppress(redis.ConnectionError), redis.Redis.from_url(self._address(0)) as client:
            client.delete(kept)

    def _address(self, number: int) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{number}"))

    def empty(self, url: str) -> None:
        import redis

        with redis.Redis.from_url(url) as chosen:
            chosen.flushdb()


@dataclass(frozen=True)
class CassandraServer:
    hosts: str

    def new_keyspace(self) -> str:
        """A name that no keyspace has; the test makes it and drops it."""
        return f"parley_{uuid.uuid4().hex[:12]}"


def missing() -> dict[str, str]:
    """From each server that is neither named nor can be started here to the sentence that says how to get it."""
    return {name: words for name, words in services.missing().items() if not NAMED[name]}


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="parley-servers-"))
    folder.chmod(0o755)  # PostgreSQL may run as another user
    guard = services.end_with_us(folder)  # ends them even if this run is killed
    assert guard.stdin is not None
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(guard.wait)
    atexit.register(guard.stdin.close)
    return folder


@cache
def postgres() -> PostgresServer:
    if named := NAMED["postgres"]:
        return PostgresServer(named)
    return PostgresServer(services.Postgres(_folder() / "postgres", is_safe=False).start().url())


@cache
def redis() -> RedisServer:
    return RedisServer(NAMED["redis"] or services.Redis(_folder() / "redis").start().url())


@cache
def cassandra() -> CassandraServer:
    return CassandraServer(NAMED["cassandra"] or services.Cassandra(_folder() / "cassandra").start().host)


def environment(profile: str) -> dict[str, str]:
    """What the product's settings read in that profile, with its servers started. Raises MissingError, KeyError."""
    wanted = PROFILES[profile]
    found: dict[str, str] = {}
    if "postgres" in wanted:
        found["DATABASE_URL"] = postgres().url
    if "redis" in wanted:
        found["REDIS_URL"] = redis().empty_database(for_the_run=True)
    if "cassandra" in wanted:
        found |= {"CQL_HOSTS": cassandra().hosts, "CQL_KEYSPACE": cassandra().new_keyspace(), "CQL_REPLICATION": "1"}
    return found


def for_other_processes(profile: str) -> dict[str, str]:
    """What tells the processes that share the tests (`-n 3`) on what these run: the same profile, on the servers started here."""
    named = {NAMED_BY[name]: address for name, address in NAMED.items() if address}
    started = {"postgres": lambda: postgres().url, "redis": lambda: redis().url, "cassandra": lambda: cassandra().hosts}
    return {"PARLEY_TEST_PROFILE": profile} | named | {NAMED_BY[name]: started[name]() for name in PROFILES[profile]}
