"""The servers of the full profile: started, killed, started again on the same data and port; what is missing is said."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tools import services
from tools.services import found, process
from tools.services.__main__ import _options


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path) -> Iterator[None]:
    tmp_path.chmod(0o755)
    yield
    services.kill_all(tmp_path)


@pytest.mark.needs("redis")
def test_a_killed_server_starts_again_on_its_port(tmp_path: Path) -> None:
    server = services.Redis(tmp_path / "redis").start()
    first, port = server.pid, server.port
    assert server.start().pid == first, "a second start finds it running"
    server.kill()
    assert not server.is_running and not server.answers()
    assert server.start().port == port and server.answers() and server.pid != first
    server.stop()
    assert not server.is_running


@pytest.mark.needs("redis")
def test_another_process_finds_it_by_its_folder(tmp_path: Path) -> None:
    server = services.Redis(tmp_path / "redis").start()
    other = services.Redis(tmp_path / "redis")
    assert (other.pid, other.port) == (server.pid, server.port)
    other.stop()
    assert not server.is_running


@pytest.mark.needs("redis")
def test_a_paused_server_says_nothing(tmp_path: Path) -> None:
    server = services.Redis(tmp_path / "redis").start()
    server.pause()
    assert server.is_running and not server.answers()
    server.resume()
    assert server.answers()


@pytest.mark.needs("postgres")
def test_postgres_keeps_what_was_written_when_it_is_killed(tmp_path: Path) -> None:
    server = services.Postgres(tmp_path / "postgres").start()
    server.run("create table kept (x int); insert into kept values (7)", "parley")
    server.kill()
    assert not server.answers()
    assert server.start().run("select x from kept", "parley") == "7"


@pytest.mark.needs("postgres")
def test_what_a_server_keeps_elsewhere_goes_with_it(tmp_path: Path) -> None:
    """Where root runs this, PostgreSQL runs as a user who may not enter the folder, and its files lie in the temporary one."""
    tmp_path.chmod(0o700)
    server = services.Postgres(tmp_path / "postgres", is_safe=False).start()
    data, elsewhere = server.data, server.elsewhere()
    assert (elsewhere is not None) is (os.geteuid() == 0)
    services.kill_all(tmp_path, keeps_files=True)
    assert not server.is_running and (data / "PG_VERSION").exists()
    services.kill_all(tmp_path)
    assert elsewhere is None or not elsewhere.exists()


def test_a_folder_that_only_claims_to_be_a_servers_stays(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "state.json").write_text(json.dumps({"elsewhere": str(mine)}))
    services.kill_all(tmp_path)
    assert mine.exists()


def test_an_id_that_belongs_to_somebody_else_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        folder = tmp_path / "redis"
        folder.mkdir()
        (folder / "state.json").write_text(json.dumps({"pid": stranger.pid, "born": "another time", "port": 22001}))
        server = process.Service(folder)
        assert not server.is_running
        server.kill()
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.needs("redis")
def test_servers_end_with_a_run_that_is_killed(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path; from tools import services
folder = Path({str(tmp_path)!r}) / "run"
keep = services.end_with_us(folder)
print(services.Redis(folder / "redis").start().pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]) as run:
        assert run.stdout is not None
        pid = int(run.stdout.readline())
        assert process.born(pid)
        run.send_signal(signal.SIGKILL)
    assert process.wait_until(lambda: not process.born(pid), 20)
    assert process.wait_until(lambda: not (tmp_path / "run").exists(), 20)


def test_what_is_missing_is_said_with_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(found, "PLACES", ())
    monkeypatch.setattr(found, "JAVAS", ())
    monkeypatch.delenv("JAVA_HOME", raising=False)
    found.postgres_folder.cache_clear()
    found.java.cache_clear()
    try:
        said = services.missing()
    finally:
        found.postgres_folder.cache_clear()
        found.java.cache_clear()
    sudo = "" if os.geteuid() == 0 else "sudo "
    assert said == {
        "postgres": f"PostgreSQL is missing, so it cannot be started: {sudo}apt-get install postgresql",
        "redis": f"Redis is missing, so it cannot be started: {sudo}apt-get install redis-server",
        "cassandra": "a Java 17 is missing, so Cassandra cannot be started: "
        f"{sudo}apt-get install openjdk-17-jre-headless",
    }


@pytest.mark.parametrize(
    "line", ["--folder x --only redis start", "start --folder x --only redis", "--folder x start --only redis"]
)
def test_options_count_wherever_they_stand(line: str) -> None:
    options = _options(line.split())
    assert (options.goal, options.folder, options.only) == ("start", Path("x"), "redis")


def test_a_commands_own_options_are_its_own() -> None:
    options = _options(["--only", "redis", "run", "pytest", "--only", "x"])
    assert (options.goal, options.only, options.command) == ("run", "redis", ["pytest", "--only", "x"])


def test_databases_of_two_tests_are_apart(
    postgres: servers.PostgresServer, redis: servers.RedisServer, cassandra: servers.CassandraServer
) -> None:
    import psycopg
    from redis import Redis

    one, other = postgres.create_database(), postgres.create_database()
    with psycopg.connect(one) as connection:
        connection.execute("create table t (x int)")
    with psycopg.connect(other) as connection:
        assert connection.execute("select count(*) from pg_tables where tablename = 't'").fetchone() == (0,)
    postgres.drop_database(one)
    postgres.drop_database(other)
    first, second = redis.empty_database(), redis.empty_database()
    with Redis.from_url(first) as here, Redis.from_url(second) as there:
        here.set("x", "1")
        assert there.get("x") is None
    assert cassandra.new_keyspace() != cassandra.new_keyspace()
