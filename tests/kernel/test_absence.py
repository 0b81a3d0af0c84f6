"""A server that is away is a warning in the log, now and then; a mistake of ours is an error, each time, with all that is known."""

import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.utils.module_loading import import_string
from redis.exceptions import ConnectionError as RedisAway

from chatplatform.kernel import absence
from chatplatform.kernel.errors import Unavailable
from chatplatform.kernel.logs import LineFormatter
from projects import queries
from projects.models import User
from tests.conftest import Browser


@pytest.fixture
def log() -> Iterator[Callable[[], list[str]]]:
    """What the handler of the settings lets through, as lines."""
    out = StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LineFormatter())
    logging_settings: Any = settings.LOGGING
    for name in logging_settings["handlers"]["out"]["filters"]:
        handler.addFilter(import_string(logging_settings["filters"][name]["()"])())
    root = logging.getLogger()
    others = root.handlers
    root.handlers = [handler]
    yield lambda: out.getvalue().splitlines()
    root.handlers = others


def caused_by(cause: BaseException) -> BaseException:
    try:
        raise RuntimeError("It did not work.") from cause
    except RuntimeError as error:
        return error


@pytest.mark.parametrize("error", [Unavailable("It is away."), caused_by(Unavailable("away")), RedisAway("refused")])
def test_what_a_server_that_is_away_costs_is_one_line(log: Callable[[], list[str]], error: BaseException) -> None:
    for _ in range(5):
        logging.getLogger("procrastinate.worker.a").error("The job %s failed", 7, exc_info=error)
    (line,) = log()
    assert f" WARNING procrastinate.worker.a The job 7 failed: {error}" in line


def test_after_a_while_it_is_said_again_and_how_often_it_was_not(
    log: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = 100.0
    monkeypatch.setattr(absence, "monotonic", lambda: at)
    for seconds in (0, 1, 9, 11, 12):
        at = 100.0 + seconds
        logging.getLogger("a").error("Gone", exc_info=Unavailable("away"))
    assert [line.partition(" a ")[2] for line in log()] == [
        "Gone: away",
        "Gone: away (and 2 times since it was last said)",
    ]


@pytest.mark.parametrize("error", [ValueError("wrong"), OperationalError("no such table: gone")])
def test_a_mistake_of_ours_is_an_error_each_time(log: Callable[[], list[str]], error: Exception) -> None:
    for _ in range(2):
        logging.getLogger("a").error("It broke", exc_info=caused_by(error))
    text = "\n".join(log())
    assert text.count(" ERROR a It broke") == 2 and text.count("Traceback") >= 2


def test_an_answer_503_is_a_warning_without_a_traceback(
    browser_of: Callable[[User | None], Browser],
    alice: User,
    log: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser = browser_of(alice)

    def away(*_: Any, **__: Any) -> Any:
        raise Unavailable("The database does not answer.")

    monkeypatch.setattr(queries, "my_projects", away)
    for _ in range(3):
        assert browser.call("GET", "/projects").status_code == 503
    (line,) = log()
    assert " WARNING django.request Service Unavailable: /api/v1/projects" in line


def test_the_pool_of_connections_tells_of_each_try_and_is_heard_now_and_then(log: Callable[[], list[str]]) -> None:
    logging.getLogger("psycopg.pool").setLevel(logging.WARNING)
    for n in range(20):
        logging.getLogger("psycopg.pool").warning("error connecting in %r: %s", "pool-1", f"refused {n}")
    (line,) = log()
    assert " WARNING psycopg.pool error connecting in 'pool-1': refused 0" in line


def test_of_many_different_words_only_so_many_are_remembered() -> None:
    kept = absence.AbsenceIsNoDefect()
    for n in range(absence._MOST + 50):
        assert kept._left_out(("a", str(n))) == 0
    assert len(kept._said) <= absence._MOST
