"""The closing words of `make test` are honest, and .env means what it says."""

from pathlib import Path

import pytest

from tools.check import Outcome, report
from tools.run import read_env_file

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


def test_env_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# a comment\n\nOPENAI_API_KEY=abc=def\nexport PARLEY_URL='https://chat.example.org'\nLOG_LEVEL= DEBUG \n"
    )
    assert read_env_file(file) == {
        "OPENAI_API_KEY": "abc=def",
        "PARLEY_URL": "https://chat.example.org",
        "LOG_LEVEL": "DEBUG",
    }


def test_a_wrong_line_of_the_env_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nno value here\n")
    with pytest.raises(SystemExit, match=r"\.env, line 2: write it as NAME=value"):
        read_env_file(file)
