"""The closing words of `make test` are honest, and .env means what it says."""

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatplatform import env_file
from tests import logs
from tools import check, places, services
from tools.check import Check, Outcome, report
from tools.full.processes import clean

PASSED, FAILED = Outcome("ruff", True, 1.0), Outcome("mypy", False, 2.0)


def test_all_passed_and_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert report([PASSED], []) == 0
    assert capsys.readouterr().out.strip().splitlines()[-1] == "Everything was run and passed."


def test_a_failure_is_named_last(capsys: pytest.CaptureFixture[str]) -> None:
    assert report([FAILED, PASSED], []) == 1
    assert capsys.readouterr().out.strip().splitlines()[-1] == "Failed: mypy."


def test_what_did_not_run_is_said_and_fails_only_in_ci(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert report([PASSED], ["the browser tests: no Chromium"]) == 0
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert last == "All that was run passed. Not run: the browser tests: no Chromium."
    monkeypatch.setenv("CI", "true")
    assert report([PASSED], ["the browser tests: no Chromium"]) == 1


def test_a_machine_without_browser_and_servers_is_told_once_and_the_rest_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = {"postgres": "PostgreSQL is missing, so it cannot be started: apt-get install postgresql"}
    ran: list[str] = []

    def perform_all(loud: Sequence[Check], quiet: Sequence[Check], at_once: int) -> list[Outcome]:
        ran.extend(one.name for one in (*loud, *quiet))
        return [Outcome(name, True, 1.0) for name in ran]

    for name in ("CI", "CHROMIUM", *check.SERVERS_NAMED_BY.values()):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(services, "missing", lambda: lacking)
    monkeypatch.setattr(check, "perform_all", perform_all)
    assert check.test() == 0
    told, *_, last = capsys.readouterr().out.strip().splitlines()
    assert "There is no Chromium here" in told
    assert "apt-get install chromium" in told
    assert "apt-get install chromium" in last
    assert lacking["postgres"] in last
    assert {"Python tests", "frontend tests", "ESLint", "mypy"} <= set(ran)
    assert not {"browser tests", "Python tests on PostgreSQL"} & set(ran)
    monkeypatch.setenv("CI", "true")
    assert check.test() == 1


def test_the_full_profile_is_tested_whole_or_not_at_all(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Check] = []

    def perform_all(loud: Sequence[Check], quiet: Sequence[Check], at_once: int) -> list[Outcome]:
        ran.extend(loud)
        return [Outcome(one.name, True, 1.0) for one in loud]

    for name in check.SERVERS_NAMED_BY.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(check, "perform_all", perform_all)
    monkeypatch.setattr(services, "missing", lambda: {"redis": "Redis is missing: apt-get install redis-server"})
    monkeypatch.setattr(check, "find_browser", lambda: None)
    assert check.main("test-full") == 1
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "Redis is missing: apt-get install redis-server.",
        "There is no Chromium here: apt-get install chromium.",
    ]
    assert not ran
    monkeypatch.setattr(check, "find_browser", lambda: "/usr/bin/chromium")
    monkeypatch.setenv("CHROMIUM", "")  # put back afterwards
    monkeypatch.setenv("PARLEY_TEST_REDIS_URL", "redis://elsewhere:6379/0")
    assert check.main("test-full") == 0
    tests = [(one.profile, one.command) for one in ran if one.profile]
    assert tests == [("full", check.PYTHON_TESTS.command), ("full", check.BROWSER_TESTS.command)]


def test_quiet_checks_run_beside_loud_ones_and_speak_between_them(capfd: pytest.CaptureFixture[str]) -> None:
    def command(words: str, code: int = 0) -> list[str]:
        return [sys.executable, "-c", f"import sys; print({words!r}); sys.exit({code})"]

    loud = [Check("tests", command("said by tests"), is_loud=True)]
    quiet = [Check("tidy", command("never shown")), Check("untidy", command("what is wrong", 1))]
    outcomes = check.perform_all(loud, quiet, at_once=1)
    assert [(o.name, o.passed) for o in outcomes] == [("tests", True), ("tidy", True), ("untidy", False)]
    said = capfd.readouterr().out
    assert "never shown" not in said
    heads = [said.index(words) for words in ("── tests", "said by tests", "── tidy", "── untidy", "what is wrong")]
    assert heads == sorted(heads)


def test_env_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# a comment\n\nOPENAI_API_KEY=abc=def\nexport PARLEY_URL='https://chat.example.org'\nLOG_LEVEL= DEBUG \n"
    )
    assert env_file.read(file) == {
        "OPENAI_API_KEY": "abc=def",
        "PARLEY_URL": "https://chat.example.org",
        "LOG_LEVEL": "DEBUG",
    }


def test_a_wrong_line_of_the_env_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nno value here\n")
    with pytest.raises(SystemExit, match=r"\.env, line 2: write it as NAME=value"):
        env_file.read(file)


def test_every_command_reads_it(tmp_path: Path) -> None:
    """Otherwise `manage.py backup` would look elsewhere than the server that `make run` started."""
    file = tmp_path / "settings"
    file.write_text(f"PARLEY_DATA_DIR={tmp_path / 'elsewhere'}\nSECRET_KEY=of-the-file\n")
    code = "from chatplatform import settings; print(settings.DATA_DIR, settings.SECRET_KEY)"
    kept = {
        name: value for name, value in os.environ.items() if name not in {"DJANGO_SETTINGS_MODULE", "PARLEY_DATA_DIR"}
    }

    def say(**environment: str) -> str:
        words = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code]
        done = subprocess.run(
            words, cwd=places.ROOT, env={**kept, **environment}, capture_output=True, text=True, check=False
        )
        return done.stdout.strip() or done.stderr.strip()

    assert say(PARLEY_ENV_FILE=str(file)) == f"{tmp_path / 'elsewhere'} of-the-file"
    assert say(PARLEY_ENV_FILE=str(file), SECRET_KEY="of-the-environment").endswith("of-the-environment")
    assert "no-such-file cannot be read: No such file" in say(PARLEY_ENV_FILE=str(tmp_path / "no-such-file"))


def test_a_server_that_is_told_everything_reads_no_file() -> None:
    assert clean({"DATABASE_URL": "postgresql://a/b"})["PARLEY_ENV_FILE"] == ""


def test_errors_in_logs_are_found_with_their_tracebacks_and_only_the_new_ones(tmp_path: Path) -> None:
    (tmp_path / "empty.log").touch()
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "server.log").write_text(
        "2026-01-01 10:00:00,000 ERROR old words\n  Traceback (most recent call last):\n"
        "2026-01-01 10:00:01,500 INFO all is well\n"
        "2026-01-01 10:00:02,000 ERROR new words turn=1\n  Traceback (most recent call last):\n  ValueError\n"
        "2026-01-01 10:00:03,000 WARNING nothing\n"
    )
    since = datetime(2026, 1, 1, 10, 0, 1, tzinfo=UTC).timestamp()
    assert logs.errors(tmp_path, since) == (
        "web/server.log: 2026-01-01 10:00:02,000 ERROR new words turn=1\n"
        "  Traceback (most recent call last):\n  ValueError"
    )
