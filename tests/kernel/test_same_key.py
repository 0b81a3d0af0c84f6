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
    settings.SECRET_KEY, settings.FIELD_KEYS = "one", ["two", "three"]
    told = f"{same_key._secret()} {same_key._fields()}"
    assert not any(word in told for word in ("one", "two", "three"))
    assert [len(word) for word in told.split()] == [16, 16, 16]


@pytest.mark.parametrize(
    ("theirs", "ours", "is_well"),
    [
        (["old"], ["old"], True),
        (["old"], ["new"], False),
        (["old"], ["new", "old"], False),  # the other could not read what we write
        (["new", "old"], ["old"], False),
        (["old"], ["old", "new"], True),  # the first half of a change, one process after the other
        (["old", "new"], ["new", "old"], True),
        (["new"], ["new", "old"], True),
    ],
)
def test_field_keys_must_read_what_others_write(
    settings: Any, theirs: list[str], ours: list[str], is_well: bool
) -> None:
    settings.FIELD_KEYS = theirs
    same_key.check()
    same_key.renew()
    settings.FIELD_KEYS = ours
    assert bool(same_key.difference()) is not is_well
    if not is_well:
        with pytest.raises(ImproperlyConfigured, match="PARLEY_FIELD_KEYS"):
            same_key.check()
        settings.FIELD_KEYS = theirs
        same_key.check()  # the refused one has changed nothing


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
