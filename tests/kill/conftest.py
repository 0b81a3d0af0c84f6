"""The crew that the tests of one module share."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.kill.crew import Crew
from tests.servers import PostgresServer, RedisServer


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def crew(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, redis: RedisServer
) -> AsyncIterator[Crew]:
    database = postgres.create_database()
    crew = Crew(tmp_path_factory.mktemp("crew"), database, redis.empty_database())
    await crew.begin()
    yield crew
    await crew.end()
    postgres.drop_database(database)
