"""What is asked all the time finds its rows by an index in PostgreSQL, however many there are."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import hot_queries
from tests.server import ROOT
from tests.servers import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

Plans = dict[str, list[str]]
SORTED = ("a page of threads", "a page of archived threads", "a page of messages", "the newest messages")


@pytest.fixture(scope="module")
def plans(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plans]:
    database = postgres.create_database()
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database,
        "PARLEY_DATA_DIR": str(tmp_path_factory.mktemp("hot")),
        "LOG_LEVEL": "WARNING",
    }
    program = [sys.executable, "-m", hot_queries.__name__]
    done = subprocess.run(program, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    postgres.drop_database(database)
    assert done.returncode == 0, done.stderr[-3000:]
    yield json.loads(done.stdout)


def test_every_question_was_asked(plans: Plans) -> None:
    assert len(plans) == 16
    assert all(plans.values())


def test_no_large_table_is_read_whole(plans: Plans) -> None:
    wrong = [
        f"{name}:\n{plan}"
        for name, found in plans.items()
        for plan in found
        for table in hot_queries.LARGE
        if f"Seq Scan on {table}" in plan
    ]
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("name", SORTED)
def test_pages_are_read_in_their_order(plans: Plans, name: str) -> None:
    """Sorting a page would mean reading the whole list first."""
    paged = [plan for plan in plans[name] if "LIMIT" in plan]
    assert paged
    assert not [plan for plan in paged if "Sort" in plan], "\n\n".join(paged)


def test_the_check_can_fail(plans: Plans) -> None:
    assert Path(hot_queries.__file__).is_file()
    assert any("Index" in plan for found in plans.values() for plan in found)
