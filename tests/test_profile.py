"""Addresses in the environment decide which server takes which part over."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatplatform.profile import database, parts
from chatplatform.settings import env_number, env_rate


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
    environment = {**os.environ, "REDIS_URL": "redis://localhost:6379"}
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
