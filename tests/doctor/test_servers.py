"""What the doctor finds of real servers: there, empty, full, slow, paused and gone."""

import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.migrations import executor

from chatplatform.doctor import database, redis
from tests import servers as test_servers
from tests.commands import manage
from tests.doctor.findings import found_by, levels, run, words
from tools import services


def test_a_new_folder_a_good_one_and_a_damaged_one(tmp_path: Path, no_servers: None) -> None:
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("x")
    data = tmp_path / "data"
    data.mkdir()
    assert found_by(data, PARLEY_FRONTEND=str(page))["database"] == ["warning"]
    assert manage(data, "migrate").returncode == 0
    done = run(data, PARLEY_FRONTEND=str(page))
    assert done.returncode == 0, done.stdout
    assert "ok       database: SQLite in" in done.stdout
    assert "ok       tables: up to date." in done.stdout
    assert "0 broken." in done.stdout
    with (data / "parley.sqlite3").open("r+b") as file:
        file.seek(0)
        file.write(b"x" * 4096)
    broken = run(data, PARLEY_FRONTEND=str(page))
    assert broken.returncode == 1
    assert "broken   database:" in broken.stdout and "manage.py restore FILE" in broken.stdout


@pytest.mark.needs("postgres")
def test_a_postgres_that_is_empty_up_to_date_paused_and_gone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    postgres = services.Postgres(tmp_path / "postgres", is_safe=False).start()
    data = tmp_path / "data"
    data.mkdir()
    url = postgres.url()
    try:
        assert found_by(data, DATABASE_URL=url)["tables"] == ["broken"]
        assert manage(data, "migrate", DATABASE_URL=url).returncode == 0
        found = found_by(data, DATABASE_URL=url)
        assert (found["database"], found["tables"]) == (["ok", "ok", "ok"], ["ok"])
        postgres.pause()
        began = time.monotonic()
        assert found_by(data, DATABASE_URL=url)["database"] == ["broken"]
        assert time.monotonic() - began < 30
        postgres.resume()
        postgres.kill()
        done = run(data, DATABASE_URL=url.replace("@", ":hunter22@", 1) if "@" in url else url)
        assert "broken   database: PostgreSQL does not answer" in done.stdout
        assert "hunter22" not in done.stdout + done.stderr
    finally:
        postgres.resume()
        services.kill_all(tmp_path)


@pytest.mark.django_db
def test_changes_that_are_not_made_and_a_newer_version(monkeypatch: pytest.MonkeyPatch) -> None:
    assert levels(database._migrations()) == {"tables": ["ok"]}
    real: Any = executor.MigrationExecutor

    def newer(connection: Any) -> Any:
        found = real(connection)
        found.loader.applied_migrations |= {("messaging", "9999_later"): None}
        return found

    monkeypatch.setattr(database, "MigrationExecutor", newer)
    assert "a newer Parley" in words(database._migrations())


@pytest.mark.needs("redis")
def test_a_redis_that_throws_away_one_that_is_full_slow_paused_and_gone(
    settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from redis import Redis

    tmp_path.chmod(0o755)
    server = services.Redis(tmp_path / "redis").start()
    settings.REDIS_URL = server.url()
    try:
        assert set(levels(redis.look())["redis"]) == {"ok"}
        with Redis.from_url(server.url()) as client:
            client.config_set("maxmemory", "100mb")
            client.config_set("maxmemory-policy", "allkeys-lru")
            assert "throws anything away" in words(redis.look())
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", "1mb")
            assert "of its memory is used" in words(redis.look())
        monkeypatch.setattr(redis, "SLOW_MS", 0.0)
        assert "Bring it nearer" in words(redis.look())
        monkeypatch.setattr(redis, "ANSWER_S", 1)
        server.pause()
        assert levels(redis.look()) == {"redis": ["broken"]}
        server.resume()
        server.kill()
        assert levels(redis.look()) == {"redis": ["broken"]}
    finally:
        server.resume()
        services.kill_all(tmp_path)
    assert redis._version("5.0.7").level == "warning"


def test_cql_without_tables_with_them_and_gone(
    settings: LazySettings, cassandra: test_servers.CassandraServer, transactional_db: None
) -> None:
    from chatplatform.doctor import cql
    from messaging.stores.cql import connection, schema

    settings.CQL_HOSTS, settings.CQL_KEYSPACE = [cassandra.hosts], cassandra.new_keyspace()
    assert "there is no keyspace" in words(cql.look())
    schema.apply(copies=1)
    found = levels(cql.look())
    assert set(found["cql"]) == {"ok"}
    assert [name for name in found if name != "cql"] == [f"cql {cassandra.hosts}"]
    schema.drop(connection.servers_of_settings())
    settings.CQL_HOSTS = ["127.0.0.1:1"]
    assert levels(cql.look()) == {"cql": ["broken"]}


def test_copies_and_nodes() -> None:
    from chatplatform.doctor import cql

    assert cql._copies(3, 3, 3).level == "ok"
    assert cql._copies(1, 1, 1).level == "ok"
    assert cql._copies(3, 3, 1).level == "broken"
    assert cql._copies(3, 1, 1).level == "broken"
    assert cql._copies(1, 3, 3).level == "warning"
