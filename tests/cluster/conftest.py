"""Two servers and a worker on one PostgreSQL and a Redis of their own, seen from outside: for tests that break things."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bench.provider import PacedProvider
from tests import servers
from tests.cluster.cast import LONG, MODELS, Cluster
from tests.servers import PostgresServer
from tools.full import Deployment


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def cluster(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    provider = PacedProvider([*MODELS, LONG])
    await provider.start()
    database = servers.postgres().create_database()
    deployment = Deployment(
        tmp_path_factory.mktemp("cluster"),
        webs=2,
        workers=1,
        nodes=0,
        given={"DATABASE_URL": database},
        settings={
            "DJANGO_SETTINGS_MODULE": "chatplatform.settings",  # not the tests' own
            "SECRET_KEY": "a key for tests, known to everybody",
            "OPENAI_BASE_URL": provider.url,
            "OPENAI_API_KEY": "test",
            "PARLEY_LOCAL_MODEL": "0",
            "PARLEY_SCRIPTED_MODELS": "0",
            "PARLEY_SEND_RATE": "100000/minute",
        },
    )
    cluster = Cluster(deployment)
    try:
        await cluster.begin()
        yield cluster
    finally:
        await cluster.end()
        postgres.drop_database(database)
        await provider.stop()
