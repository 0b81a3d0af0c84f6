"""The product's own settings with a data directory of the test run's own and a hash that costs nothing.

PARLEY_TEST_PROFILE chooses on what the tests run: embedded (nothing set), postgres, redis (with PostgreSQL), full.
"""

import atexit
import os
import shutil
import tempfile

from tests import servers

_directory = tempfile.mkdtemp(prefix="parley-tests-")
atexit.register(shutil.rmtree, _directory, ignore_errors=True)
os.environ["PARLEY_DATA_DIR"] = _directory
# What the machine happens to have in its environment is no part of a test.
for _name in [n for n in os.environ if n.startswith("PARLEY_") and n != "PARLEY_DATA_DIR"]:
    if _name not in {"PARLEY_TEST_CHROMIUM", "PARLEY_FRONTEND", "PARLEY_KILL_ROUNDS", "PARLEY_KILL_SEED"}:
        del os.environ[_name]
for _name in [n for n in os.environ if n in {"DATABASE_URL", "REDIS_URL"} or n.startswith("CQL_")]:
    del os.environ[_name]
os.environ["PARLEY_ENV_FILE"] = ""  # nor is what somebody's .env says
os.environ.update(servers.environment(servers.PROFILE))
os.environ.update(servers.for_other_processes(servers.PROFILE))  # they are begun after this was read

from chatplatform.profile import parts  # noqa: E402
from chatplatform.settings import *  # noqa: E402, F403

if "postgres" in servers.PROFILES[servers.PROFILE]:
    DATABASES["default"]["TEST"] = {"NAME": f"parley_test_{os.getpid()}"}  # noqa: F405  several runs may share a server

if "redis" in servers.PROFILES[servers.PROFILE]:  # the one process of a test serves and works
    BACKENDS = parts(has_redis=True, has_cql=bool(CQL_HOSTS), is_worker=True)  # noqa: F405
    WORKER_DRAIN_S = 0
PROVIDER_ENVIRONMENT = {}
IS_LOCAL_MODEL_ON = False  # the tests of it turn it on
SECRET_KEY = "a key for tests, known to everybody"
# It lists every static file when it is made, and each test client makes one. Real servers have it, see test_headers.py.
MIDDLEWARE = [name for name in MIDDLEWARE if "servestatic" not in name]  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
