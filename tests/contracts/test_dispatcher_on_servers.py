"""The dispatcher's promise once more, over servers and workers: their settings are another process's."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from tests.server import ROOT
from tests.servers import PostgresServer, RedisServer

if not settings.IS_SHARED:  # else tests/contracts/test_dispatcher.py itself runs over them

    @pytest.mark.slow
    @pytest.mark.timeout(240)
    def test_the_dispatchers_promise_holds_over_workers(postgres: PostgresServer, redis: RedisServer) -> None:
        environment = {
            **os.environ,
            "PARLEY_TEST_PROFILE": "redis",
            "PARLEY_TEST_DATABASE_URL": postgres.url,
            "PARLEY_TEST_REDIS_URL": redis.url,
        }
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contracts/test_dispatcher.py"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
        assert " passed" in done.stdout
