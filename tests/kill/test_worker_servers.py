"""PostgreSQL and Redis restart, or are away, while workers let models write."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.kill.crew import LONG, Crew
from tests.kill.test_workers import answers_of, asked, speaking
from tools.services import Postgres, Redis, kill_all

pytestmark = [
    pytest.mark.kill,
    pytest.mark.needs("postgres", "redis"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(120),
]


class Own(Crew):
    """With servers of its own, which may be killed."""

    def __init__(self, folder: Path, postgres: Postgres, redis: Redis) -> None:
        super().__init__(folder, postgres.url(), redis.url())
        self.postgres, self.redis = postgres, redis


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def own(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Own]:
    folder = tmp_path_factory.mktemp("own")
    postgres, redis = Postgres(folder / "postgres").start(), Redis(folder / "redis").start()
    own = Own(folder, postgres, redis)
    await own.begin()
    yield own
    await own.end()
    kill_all(folder)


@pytest.mark.parametrize("away_s", [0.0, 3.0, 6.0])  # the last: longer than a hold may stand still
async def test_postgres_restarts_and_no_answer_is_begun_again(own: Own, away_s: float) -> None:
    """Nobody could renew a hold meanwhile, so nobody is taken for dead; who looks may not even have noticed."""
    await own.only("one", "two")
    async with asked(own, mode="ask", models=[f"openai:{LONG}", *own.models[:1]]) as thread_id:
        await speaking(own, thread_id, 2)
        await asyncio.to_thread(own.postgres.kill)
        await asyncio.sleep(away_s)
        await asyncio.to_thread(own.postgres.start)
        await own.quiet(thread_id)
    answers = answers_of(await own.check(thread_id))
    assert [(a["state"], a["meta"]["attempt"]) for a in answers] == [("complete", 1)] * 2


async def test_without_redis_turns_come_through_postgres(own: Own) -> None:
    await own.only("one", "two")
    thread_id = await own.new_thread()
    await asyncio.to_thread(own.redis.kill)
    try:
        assert own.alice is not None
        for number in range(2):
            asked_at = len(own.provider.streams)
            body = {"body": f"Who hears me? {number}", "models": own.models[:1], "mode": "ask"}
            await own.alice.call("POST", f"/threads/{thread_id}/messages", body)
            async with asyncio.timeout(10):
                while len(own.provider.streams) == asked_at:
                    await asyncio.sleep(0.01)
            async with asyncio.timeout(10):
                while own.rows("SELECT 1 FROM messaging_turn WHERE state IN ('pending', 'streaming')"):
                    await asyncio.sleep(0.05)
        assert own.rows("SELECT state, attempt FROM messaging_turn ORDER BY created_at DESC LIMIT 2") == [
            ("done", 1),
            ("done", 1),
        ]
    finally:
        await asyncio.to_thread(own.redis.start)
