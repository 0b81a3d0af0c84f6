"""What the doctor finds of the settings among themselves, as people get them wrong."""

from pathlib import Path

import pytest
from django.conf import LazySettings

from chatplatform.doctor import wiring
from chatplatform.doctor.finding import Finding, clock
from chatplatform.kernel import same_key
from chatplatform.profile import caches as caches_of
from tests import servers as test_servers
from tests.commands import manage
from tests.doctor.findings import levels, words


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
