"""The one database: does it answer, is it up to date, how old is it, how far is its clock, has it room for us?"""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from chatplatform.doctor.finding import Finding, broken, clock, ok, warning

ANSWER_S = 5
LEAST_POSTGRES = 14
NAME = "database"


def look() -> Iterator[Finding]:
    is_there = True
    for finding in _postgres() if settings.DATABASE_URL else _sqlite():
        is_there &= finding.level != "broken"
        yield finding
    if is_there:
        yield from _migrations()


def _postgres() -> Iterator[Finding]:
    """With a connection of our own, which gives up in time; Django's would wait."""
    try:
        connection = psycopg.connect(
            settings.DATABASE_URL, connect_timeout=ANSWER_S, options=f"-c statement_timeout={ANSWER_S * 1000}"
        )
    except psycopg.Error as error:
        fix = "Start it, and check DATABASE_URL: host, port, name, user and password."
        yield broken(NAME, f"PostgreSQL does not answer: {_first_line(error)}", fix)
        return
    with closing(connection):
        version = connection.info.server_version // 10000
        words = f"PostgreSQL {version} at {connection.info.host}:{connection.info.port}"
        if version < LEAST_POSTGRES:
            yield warning(NAME, words, f"Use PostgreSQL {LEAST_POSTGRES} or newer; the tests run against newer ones.")
        else:
            yield ok(NAME, words)
        before = time.time()
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
        assert row is not None
        yield clock(NAME, row[0] - (before + time.time()) / 2)
        yield _connections(connection)


def _connections(connection: "psycopg.Connection[tuple[object, ...]]") -> Finding:
    row = connection.execute(
        "SELECT current_setting('max_connections')::int, (SELECT count(*) FROM pg_stat_activity)::int"
    ).fetchone()
    assert row is not None
    most, used = int(str(row[0])), int(str(row[1]))
    each = settings.DB_THREADS + 4
    words = f"{used} of {most} connections are used; a process of Parley takes up to {each}"
    if most - used < each:
        return warning(NAME, words, "Raise max_connections, or lower PARLEY_DB_THREADS.")
    return ok(NAME, words)


def _sqlite() -> Iterator[Finding]:
    file = Path(str(settings.DATABASES[DEFAULT_DB_ALIAS]["NAME"]))
    if not file.exists():
        yield warning(NAME, f"{file} is not there yet", "Start the server once: it makes it.")
        return
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("PRAGMA quick_check(1)")
            (said,) = cursor.fetchone()
    except DatabaseError as error:
        yield broken(NAME, f"{file} cannot be read: {_first_line(error)}", "Restore a backup: manage.py restore FILE.")
        return
    if said != "ok":
        yield broken(
            NAME, f"{file} is damaged: {said}", "Stop the server and restore a backup: manage.py restore FILE."
        )
    else:
        yield ok(NAME, f"SQLite in {file}, whole, {file.stat().st_size / 1024**2:.0f} MiB")


def _migrations() -> Iterator[Finding]:
    try:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        known = set(executor.loader.disk_migrations)
        newer = [
            key
            for key in executor.loader.applied_migrations
            if key not in known and key[0] in {"projects", "threads", "messaging"}
        ]
    except DatabaseError as error:
        yield broken("tables", f"cannot be read: {_first_line(error)}", "See the line on the database.")
        return
    if newer:
        yield warning(
            "tables", "a newer Parley than this one was here", "Start the newer version, or restore a backup of before."
        )
    if missing:
        yield broken("tables", f"{len(missing)} changes are not made yet", "Run: manage.py migrate")
    else:
        yield ok("tables", "up to date")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
