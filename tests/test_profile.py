"""Addresses in the environment decide which server takes which part over."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatplatform.profile import database, parts
from chatplatform.settings import env_number, env_rate
from tests.server import ROOT
from tests.servers import PostgresServer, RedisServer


def test_database_address_is_taken_apart() -> None:
    found = database("postgresql://ann:p%40ss@db.example:5433/parley?sslmode=require", Path("/data"), 8)
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example", "5433", "parley")
    assert (found["USER"], found["PASSWORD"]) == ("ann", "p@ss")
    assert found["OPTIONS"]["sslmode"] == "require"
    assert found["OPTIONS"]["pool"]["max_size"] > 8


def test_without_an_address_the_database_lies_beside_the_data() -> None:
    assert database("", Path("/data"), 8)["NAME"] == "/data/parley.sqlite3"


@pytest.mark.parametrize("url", ["mysql://host/parley", "postgresql://host", "postgresql://host:many/parley"])
def test_bad_database_address_says_what_to_write(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        database(url, Path("/data"), 8)


def test_each_server_takes_its_parts() -> None:
    assert all(
        "local" in part or "memory" in part or "orm" in part for part in parts(has_redis=False, has_cql=False).values()
    )
    full = parts(has_redis=True, has_cql=True)
    assert "redis" in full["stream_log"] and "cql" in full["message_store"] and "queue" in full["dispatcher"]


def test_redis_without_postgres_is_refused_with_a_sentence() -> None:
    environment = {**os.environ, "DATABASE_URL": "", "REDIS_URL": "redis://localhost:6379"}
    command = [sys.executable, "-c", "import chatplatform.settings"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Set DATABASE_URL, or leave REDIS_URL out." in done.stderr


@pytest.mark.parametrize("given", ["often", "60", "60/fortnight", "0/minute", "-1/minute", "6 0/minute"])
def test_rate_that_is_none_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("PARLEY_SEND_RATE", given)
    with pytest.raises(ImproperlyConfigured, match=r"PARLEY_SEND_RATE is .* write it like 60/minute"):
        env_rate("PARLEY_SEND_RATE", "60/minute")


@pytest.mark.parametrize("given", ["many", "0", "-1", "1.5", "²"])
def test_number_that_is_none_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("PARLEY_MAX_MODELS", given)
    with pytest.raises(ImproperlyConfigured, match=r"PARLEY_MAX_MODELS is .* use a whole number from 1 on"):
        env_number("PARLEY_MAX_MODELS", 12, 1)


def test_every_process_that_shares_the_tests_runs_on_their_profile(
    postgres: PostgresServer, redis: RedisServer
) -> None:
    """pytest's workers are begun by a process that has read the settings already, with what is left in its environment."""
    say = "print(settings.DATABASES['default']['ENGINE'], settings.REDIS_URL)"
    inner = f"from tests import settings; {say}"
    outer = f"import subprocess, sys; {inner}; subprocess.run([sys.executable, '-c', {inner!r}], check=True)"
    environment = {
        **os.environ,
        "PARLEY_TEST_PROFILE": "redis",
        "PARLEY_TEST_DATABASE_URL": postgres.url,
        "PARLEY_TEST_REDIS_URL": redis.url,
    }
    command = [sys.executable, "-u", "-c", outer]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    (first, its), (second, the_others) = (line.split() for line in done.stdout.splitlines())
    assert first == second == "django.db.backends.postgresql"
    assert its != the_others, "each has a database of its own in Redis"
