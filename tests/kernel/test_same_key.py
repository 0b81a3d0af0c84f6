"""Processes with different secret keys would sign each other's people out: the one that comes later is refused."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatplatform.kernel import same_key
from chatplatform.profile import caches as caches_of
from tests.server import ROOT
from tests.servers import RedisServer


@pytest.fixture(autouse=True)
def _shared(redis: RedisServer, settings: Any) -> None:
    settings.CACHES = caches_of(redis.empty_database())


def test_the_same_key_is_welcome_and_another_is_not(settings: Any) -> None:
    settings.SECRET_KEY = "one"
    same_key.check()
    same_key.check()
    same_key.renew()
    settings.SECRET_KEY = "other"
    with pytest.raises(ImproperlyConfigured, match="another SECRET_KEY"):
        same_key.check()
    settings.SECRET_KEY = "one"
    same_key.check()


def test_when_all_have_stopped_another_key_is_welcome(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setattr(same_key, "_KEPT_S", 1)
    settings.SECRET_KEY = "one"
    same_key.check()
    settings.SECRET_KEY = "other"
    deadline = time.monotonic() + 10
    while True:
        try:
            same_key.check()
            break
        except ImproperlyConfigured:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_the_key_itself_is_not_told(settings: Any) -> None:
    settings.SECRET_KEY = "one"
    assert "one" not in same_key._print()
    assert len(same_key._print()) == 16


def test_without_redis_there_is_nobody_to_compare_with(settings: Any) -> None:
    settings.CACHES = caches_of("redis://127.0.0.1:1/0")
    settings.SECRET_KEY = "one"
    same_key.check()


@pytest.mark.slow
def test_processes_that_begin_at_once_make_one_key(tmp_path: Path) -> None:
    program = "from chatplatform.settings import SECRET_KEY; print(SECRET_KEY)"
    environment = {"PARLEY_DATA_DIR": str(tmp_path / "data"), "PATH": "/usr/bin:/bin"}
    begun = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    said = {process.communicate(timeout=60)[0].strip() for process in begun}
    assert len(said) == 1
    assert len(said.pop()) >= 40
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["secret-key"]
    assert (tmp_path / "data" / "secret-key").stat().st_mode & 0o777 == 0o600
