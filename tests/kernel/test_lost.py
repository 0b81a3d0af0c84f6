"""What an error says of the server it came from, whatever it was wrapped in on its way. Needs no server."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# In a process of its own, whose settings name PostgreSQL: what is asked depends on the driver.
VERDICTS = """
import django; django.setup()
import psycopg, psycopg_pool
from django import db
from procrastinate.exceptions import ConnectorException
from psycopg import errors
from chatplatform.kernel import lost

def caused(kind, cause):
    error = kind("words")
    error.__cause__ = cause
    return error

gone = caused(db.OperationalError, psycopg.OperationalError("consuming input failed"))
gone.__cause__.__cause__ = gone  # procrastinate raises the cause while it handles the error
cut = [
    gone,
    caused(db.DatabaseError, psycopg.DatabaseError("server closed the connection unexpectedly")),  # has no code
    caused(db.OperationalError, errors.AdminShutdown("terminating connection")),
    caused(db.OperationalError, errors.CannotConnectNow("the database system is starting up")),
    caused(db.OperationalError, psycopg_pool.PoolTimeout("couldn't get a connection")),
    caused(ConnectorException, gone.__cause__),
    caused(db.transaction.TransactionManagementError, gone),
]
full = [caused(db.OperationalError, errors.DiskFull("No space left on device"))]
ours = [
    caused(db.OperationalError, errors.QueryCanceled("statement timeout")),
    caused(db.OperationalError, errors.DeadlockDetected("deadlock detected")),
    caused(db.IntegrityError, errors.UniqueViolation("duplicate key")),
    caused(db.InternalError, errors.InFailedSqlTransaction("current transaction is aborted")),
    db.DatabaseError("Forced update did not affect any rows."),
    KeyError("anything"),
]
for group, expected in ((cut, (True, True)), (full, (True, False))):
    for error in group:
        assert (lost.is_away(error), lost.is_cut(error)) == expected, repr(error.__cause__)
for error in ours:
    assert not lost.is_away(error), repr(error)
"""


def test_a_lost_server_is_told_from_a_mistake_of_ours(tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "CQL_", "REDIS_"))},
        "DJANGO_SETTINGS_MODULE": "chatplatform.settings",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "PARLEY_DATA_DIR": str(tmp_path),
        "PARLEY_ENV_FILE": "",
    }
    asked = subprocess.run(
        [sys.executable, "-c", VERDICTS], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert asked.returncode == 0, asked.stderr
