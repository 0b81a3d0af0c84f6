"""The doctor's findings, each against what it finds: real servers where there are some, and settings as people get them wrong."""

import json
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.migrations import executor

from chatplatform import doctor
from chatplatform.doctor import database, machine, models, redis, rows, wiring
from chatplatform.doctor.finding import Finding, clock
from chatplatform.kernel import same_key
from chatplatform.kernel.clock import now
from chatplatform.profile import caches as caches_of
from messaging.models import Outbox, Worker
from tests import servers as test_servers
from tests.attacks.evil import EvilProvider
from tests.commands import manage
from tools import services


def levels(findings: Any) -> dict[str, list[str]]:
    """From each name to how it stands, in the order of the findings; everything not well says what to do."""
    found: dict[str, list[str]] = {}
    for finding in findings:
        found.setdefault(finding.name, []).append(finding.level)
        assert (
            finding.level == "ok"
            or finding.fix.endswith((".", "migrate", "migrate_cql", "worker", "FILE.", "txt"))
            or "chmod" in finding.fix
            or "mkdir" in finding.fix
        ), finding
    return found


def words(findings: Any) -> str:
    return "\n".join(f"{f.level} {f.name}: {f.words} {f.fix}" for f in findings)


# -- the machine ------------------------------------------------------------------------------------


def test_this_machine_is_well(settings: LazySettings) -> None:
    assert levels(machine.python()) == {"python": ["ok"]}
    assert levels(machine.packages())["packages"][0] in {"ok", "warning"}


def test_missing_and_other_packages_are_named(settings: LazySettings, tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    settings.BASE_DIR = tmp_path
    pins = tmp_path / "requirements" / "run.txt"
    pins.write_text("django==1.0 \\\n  --hash=x\nno-such-package==1 \\\nother==2 ; sys_platform == 'win32' \\\n")
    assert "missing: no-such-package" in words(machine.packages())
    assert "instead of 1.0" in words(machine.packages())
    assert "other" not in words(machine.packages())
    pins.unlink()
    assert levels(machine.packages()) == {"packages": ["ok"]}


def test_a_page_that_was_not_built(settings: LazySettings, tmp_path: Path) -> None:
    settings.FRONTEND_DIST = tmp_path
    assert levels(machine.page()) == {"page": ["broken"]}
    (tmp_path / "index.html").write_text("x")
    assert levels(machine.page()) == {"page": ["ok"]}


def test_a_full_disk_a_missing_folder_and_an_open_secret(
    settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path / "none"
    assert levels(machine.folder()) == {"data": ["broken"]}
    settings.DATABASE_URL = "postgresql://host/parley"
    monkeypatch.setenv("SECRET_KEY", "x" * 48)
    assert levels(machine.folder()) == {"data": ["ok"]}, "nothing is kept there then"
    settings.DATA_DIR = tmp_path
    for free, level in ((10**7, "broken"), (10**9, "warning"), (10**11, "ok")):
        disk = SimpleNamespace(free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _, disk=disk: disk)
        assert levels(machine.folder()) == {"data": [level]}
    (tmp_path / "secret-key").write_text("x")
    (tmp_path / "secret-key").chmod(0o644)
    assert "can be read by others" in words(machine.folder())


def test_too_few_files_for_the_sockets_that_are_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 4096))
    assert levels(machine.files()) == {"files": ["warning"]}
    monkeypatch.setattr(resource, "getrlimit", lambda _: (65536, 65536))
    assert levels(machine.files()) == {"files": ["ok"]}


# -- settings among themselves -----------------------------------------------------------------------


def test_secrets(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    settings.SECRET_KEY, settings.FIELD_KEYS, settings.IS_SHARED = "x" * 48, ["x" * 48], False
    assert levels(wiring.secrets()) == {"secret key": ["ok"], "field keys": ["ok"]}
    settings.IS_SHARED = True
    assert levels(wiring.secrets()) == {"secret key": ["warning"], "field keys": ["warning"]}
    monkeypatch.setenv("SECRET_KEY", "x" * 48)
    settings.FIELD_KEYS = ["another"]
    assert levels(wiring.secrets()) == {"secret key": ["ok"], "field keys": ["ok"]}
    settings.SECRET_KEY = "short"
    assert levels(wiring.secrets())["secret key"] == ["broken"]


@pytest.mark.needs("redis")
def test_other_keys_than_the_processes_that_run_have(settings: LazySettings, redis: test_servers.RedisServer) -> None:
    settings.CACHES = caches_of(redis.empty_database())
    assert not list(wiring.keys()), "nobody runs"
    same_key.check()
    assert not list(wiring.keys())
    field_keys, settings.FIELD_KEYS = settings.FIELD_KEYS, ["another"]
    (finding,) = wiring.keys()
    assert finding.level == "broken" and "other PARLEY_FIELD_KEYS" in finding.words
    settings.FIELD_KEYS, settings.SECRET_KEY = field_keys, "another"
    (finding,) = wiring.keys()
    assert finding.level == "broken" and "another SECRET_KEY" in finding.words and "Put the same" in finding.fix


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CQL_REPLICATION", "three", "CQL_REPLICATION is 'three'; use a whole number from 1 on."),
        ("REDIS_URL", "localhost:6379", "REDIS_URL must begin with redis://"),
        ("PARLEY_URL", "chat.example.org", "PARLEY_URL is 'chat.example.org'; write it like https://"),
        ("DEBUG", "maybe", "DEBUG is 'maybe'; use 1 or 0."),
    ],
)
def test_a_setting_that_is_no_value_is_one_sentence(name: str, value: str, says: str, tmp_path: Path) -> None:
    done = manage(tmp_path, "doctor", **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(says) and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize(
    ("url", "is_behind_proxy", "level"),
    [
        ("", False, "ok"),
        ("", True, "warning"),
        ("http://127.0.0.1:8000", False, "ok"),
        ("http://parley.localhost", False, "ok"),
        ("http://chat.example.org", False, "warning"),
        ("https://chat.example.org", False, "warning"),
        ("https://chat.example.org", True, "ok"),
        ("https://example.org/chat", True, "broken"),
    ],
)
def test_address_https_and_proxy_fit_each_other(
    settings: LazySettings, url: str, is_behind_proxy: bool, level: str
) -> None:
    settings.PUBLIC_URL, settings.IS_BEHIND_PROXY = url, is_behind_proxy
    settings.IS_HTTPS = url.startswith("https")
    assert levels(wiring.address())["address"][0] == level


def test_switches_that_are_not_for_every_day(settings: LazySettings) -> None:
    settings.IS_SIGN_UP_OPEN = True
    assert levels(wiring.switches()) == {"sign-up": ["ok"]}
    settings.DEBUG = settings.ARE_TEST_MODELS_ON = True
    assert levels(wiring.switches()) == {"debug": ["warning"], "test models": ["warning"], "sign-up": ["ok"]}
    settings.PUBLIC_URL = "https://chat.example.org"
    found = levels(wiring.switches())
    assert found == {"debug": ["broken"], "test models": ["broken"], "sign-up": ["warning"], "providers": ["warning"]}


def test_figures(settings: LazySettings) -> None:
    assert levels(wiring.figures()) == {"metrics": ["ok"]}
    settings.IS_BEHIND_PROXY = True
    assert levels(wiring.figures()) == {"metrics": ["warning"]}
    settings.METRICS_TOKEN = "short"
    assert "guessed" in words(wiring.figures())
    settings.METRICS_TOKEN = "a" * 24
    assert levels(wiring.figures()) == {"metrics": ["ok"]}


def test_clocks() -> None:
    assert clock("x", 0.3).level == "ok"
    assert clock("x", -2.5) == Finding(
        "x", "warning", "its clock differs from this host's by -2.5 s",
        "Let both hosts set their clocks by NTP (chrony or systemd-timesyncd).",
    )  # fmt: skip


# -- the database --------------------------------------------------------------------------------------


def run(data_dir: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return manage(data_dir, "doctor", *words, PARLEY_LOCAL_MODEL="0", **environment)


def found_by(data_dir: Path, **environment: str) -> dict[str, list[str]]:
    done = run(data_dir, "--json", **environment)
    told = json.loads(done.stdout)
    assert done.returncode == (0 if told["ok"] else 1), done.stderr
    return levels(Finding(**finding) for finding in told["findings"])


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


# -- Redis --------------------------------------------------------------------------------------------


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


# -- CQL ----------------------------------------------------------------------------------------------


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


# -- rows -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_workers_alive_alone_old_and_none(settings: LazySettings) -> None:
    settings.IS_SHARED = False
    assert levels(rows.workers()) == {"workers": ["ok"]}
    settings.IS_SHARED = True
    assert levels(rows.workers()) == {"workers": ["broken"]}
    fields = {"host": "box", "most": 8, "running": 2, "started_at": now(), "seen_at": now(), "is_leaving": False}
    Worker.objects.create(name="a", version=settings.VERSION, **fields)
    assert levels(rows.workers()) == {"workers": ["ok", "warning"]}
    Worker.objects.create(name="b", version="0.0.1", **fields)
    assert "2 alive, with room for 12" in words(rows.workers())
    assert "0.0.1" in words(rows.workers())
    Worker.objects.update(seen_at=now() - timedelta(minutes=5))
    assert levels(rows.workers()) == {"workers": ["broken"]}


@pytest.mark.django_db
def test_messages_that_wait(thread: Any) -> None:
    assert levels(rows.outbox()) == {"outbox": ["ok"]}
    from chatplatform.kernel.ids import new_id

    waiting = Outbox.objects.create(
        message_id=new_id(),
        author_key="x",
        client_id=new_id(),
        thread_id=thread.id,
        branch_id=new_id(),
        seq=1,
        body=b"x",
    )
    for age_s, level in ((1, "ok"), (60, "warning"), (600, "broken")):
        Outbox.objects.filter(pk=waiting.pk).update(created_at=now() - timedelta(seconds=age_s))
        assert levels(rows.outbox()) == {"outbox": [level]}


# -- models ---------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _fresh_catalog() -> Any:
    from messaging.providers import catalog

    catalog.reset()
    yield
    catalog.reset()


def look_at_models(**how: Any) -> list[Finding]:
    return list(models.look(is_database_there=False, **{"tries": False, **how}))


def test_a_local_models_file_that_is_missing(settings: LazySettings, tmp_path: Path) -> None:
    assert "ok local model: off" in words(look_at_models())
    settings.IS_LOCAL_MODEL_ON, settings.LOCAL_MODEL_FILE = True, str(tmp_path / "none.gguf")
    assert "warning local model:" in words(look_at_models())


def test_providers_are_asked_only_when_that_is_wanted(settings: LazySettings) -> None:
    assert "warning providers: none besides" in words(look_at_models())
    key = "sk-" + "provider0123456789" * 2
    with EvilProvider() as provider:
        settings.PROVIDER_ENVIRONMENT = {"OPENAI_API_KEY": key, "OPENAI_BASE_URL": provider.url}
        assert "`doctor --providers` asks them" in words(look_at_models())
        assert provider.requests == []
        assert "offers 3 models" in words(look_at_models(tries=True))
        assert provider.requests
    said = words(look_at_models(tries=True))  # it is gone
    assert "broken provider openai:" in said and key not in said
    settings.PROVIDER_ENVIRONMENT = {"OPENAI_API_KEY": "has a space"}
    assert "broken providers: OPENAI_API_KEY" in words(look_at_models())


def test_a_look_that_fails_is_a_finding_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> Iterator[Finding]:
        yield Finding("fails", "ok", str(1 // len(levels([]))))

    (finding,) = doctor._safely(fails)
    assert (finding.level, finding.name) == ("broken", "fails") and "ZeroDivisionError" in finding.words
