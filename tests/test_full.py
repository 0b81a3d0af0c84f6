"""`make full`: what ends by itself is started again, its words are shown with its name, and given servers are used."""

import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from tools.full import Deployment
from tools.full.__main__ import Tail, look_after
from tools.full.processes import Parley
from tools.services.process import wait_until


class Sleeper(Parley):
    """Says when it is there and sleeps."""

    def command(self) -> Sequence[str | Path]:
        return [sys.executable, "-u", "-c", "import time; print('here'); time.sleep(60)"]

    def answers(self) -> bool:
        return b"here" in self.log_since_start()


def test_what_ends_is_started_again_and_heard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sleeper = Sleeper("web-1", tmp_path, {})
    tail = Tail(sleeper)
    first = sleeper.start().pid
    stopping = threading.Event()
    looking = threading.Thread(target=look_after, args=([sleeper], stopping))
    looking.start()
    try:
        sleeper.kill()
        assert wait_until(lambda: sleeper.is_running and sleeper.answers(), 20)
        assert sleeper.pid != first
    finally:
        stopping.set()
        looking.join()
        sleeper.stop()
        tail.stop()
    said = capsys.readouterr().out
    assert said.count("web-1    │ here") == 2
    assert "web-1    │ ended by itself; starts again in 1 s." in said


def test_who_does_not_stop_in_time_is_killed(tmp_path: Path) -> None:
    class Stubborn(Sleeper):
        stop_s = 0.3

        def command(self) -> Sequence[str | Path]:
            ignore = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here'); time.sleep(60)"
            return [sys.executable, "-u", "-c", ignore]

    stubborn = Stubborn("worker-1", tmp_path, {}).start()
    assert stubborn.stop_signal == signal.SIGTERM
    stubborn.stop()
    assert not stubborn.is_running


def test_given_servers_are_used_and_not_started(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://a/b", "REDIS_URL": "redis://c", "CQL_HOSTS": "d:9042"}
    deployment = Deployment(tmp_path, given=given, first_port=9000)
    assert deployment.servers == []
    assert given.items() <= deployment.webs[0].settings.items()
    assert [web.url for web in deployment.webs] == ["http://127.0.0.1:9000", "http://127.0.0.1:9001"]
    assert [process.name for process in deployment.processes] == ["web-1", "web-2", "worker-1", "worker-2"]


@pytest.mark.needs("postgres")
def test_processes_are_told_where_the_servers_are(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, nodes=3)
    told = deployment.workers[1].settings
    assert deployment.postgres and deployment.redis
    assert (told["DATABASE_URL"], told["REDIS_URL"]) == (deployment.postgres.url(), deployment.redis.url())
    assert told["CQL_HOSTS"] == ",".join(f"127.0.0.{n}:{deployment.nodes[0].port}" for n in (1, 2, 3))
    assert told["CQL_REPLICATION"] == "3"


def test_workers_are_there_before_web_processes_look_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"DATABASE_URL": "postgresql://a/b", "REDIS_URL": "redis://c", "CQL_HOSTS": "d:9042"}
    deployment = Deployment(tmp_path, given=given)
    began: list[str] = []
    monkeypatch.setattr(Deployment, "manage", lambda self, *words: began.append(words[0]))

    def start(process: Parley) -> Parley:
        began.append(process.goal)
        return process

    monkeypatch.setattr(Parley, "start", start)
    deployment.start()
    assert began == ["migrate", "migrate_cql", "worker", "worker", "serve", "serve"]
    began.clear()
    deployment.start(goes_on=lambda: "worker" not in began)
    assert began == ["migrate", "migrate_cql", "worker", "worker"], "somebody said stop meanwhile"
