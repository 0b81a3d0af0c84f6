"""The fault bench's short set, once each, against the full profile: `make faults` runs all of it, many times."""

import os
import random
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

import faults.cases  # noqa: F401  fills the table
from faults.table import CASES, ELSEWHERE, FAULTS, Case
from faults.world import World

ROOT = Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("PARLEY_KILL_SEED", "20261009"))
SHORT = [case for case in CASES if case.is_short]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("faults")
    for part in (folder, *folder.parents[:2]):
        part.chmod(0o755)  # PostgreSQL may run as another user
    world = World(folder)
    try:
        await world.begin()
        yield world
    finally:
        await world.end()


@pytest.mark.needs("postgres", "redis", "cassandra")
@pytest.mark.kill
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.timeout(300)  # the first one starts everything
@pytest.mark.parametrize("case", SHORT, ids=[case.name.replace(" ", "-") for case in SHORT])
async def test_no_harm_is_done_by(world: World, case: Case) -> None:
    try:
        await case.run(world, random.Random(f"{SEED} {case.name}"))
    finally:
        await world.forget()


def test_every_case_has_a_number_of_the_table() -> None:
    assert list(FAULTS) == list(range(1, 49))
    assert {case.number for case in CASES} <= set(FAULTS)
    assert len({case.name for case in CASES}) == len(CASES)


def test_what_is_tried_elsewhere_is_there() -> None:
    files = [Path(file) for words in ELSEWHERE.values() for file in re.findall(r"tests/[\w/]+\.py", words)]
    assert files and all((ROOT / file).exists() for file in files)
    assert set(FAULTS) == {case.number for case in CASES} | set(ELSEWHERE), "a fault that nothing covers"
