"""What a lost PostgreSQL looks like to the rest: unavailable, and whole again with the first call after it is back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import RequestFactory

from chatplatform import pages
from tools import services

ROOT = Path(__file__).resolve().parents[2]
# In a process of its own: the settings name the database when they are read.
ASK = """
import asyncio, contextlib, sys, uuid
import django; django.setup()
from django.db import connection, transaction, DatabaseError, OperationalError
from chatplatform.kernel.db import DatabaseAway, in_db, close, losses
from chatplatform.kernel.errors import Unavailable

def one():
    with connection.cursor() as cursor:
        cursor.execute("select pg_sleep(0.05)")

def wrong():
    with connection.cursor() as cursor:
        cursor.execute("set statement_timeout = 50; select pg_sleep(5)")

def full():
    with connection.cursor() as cursor:
        cursor.execute("do $$ begin raise exception 'no space left' using errcode = 'disk_full'; end $$")

def end(which):
    # End connections of this database, from another one.
    import psycopg
    from django.conf import settings
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                      " AND datname = current_database()" + which)

def read():
    from django.contrib.sessions.models import Session
    return Session.objects.filter(session_key="none").count()

times = []
def read_and_be_cut_off():
    read()
    times.append(1)
    if len(times) == 1:
        end("")
    return read()

def write_and_be_cut_off():
    times.append(1)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE gone (a int)")
    end("")
    read()

def be_cut_off_in_a_transaction(then):
    # Django has a new, whole connection by the time the error arrives.
    with transaction.atomic():
        read()
        end("")
        with transaction.atomic():
            then()

def defer():
    from messaging.runs.dispatch import jobs
    jobs.defer([uuid.uuid4()])

def swallow():
    # What went wrong is not seen here, but the transaction cannot go on.
    with transaction.atomic():
        with contextlib.suppress(DatabaseError), transaction.atomic():
            end("")
            read()
        read()

async def is_away(work, *words):
    try:
        await in_db(work, *words)
    except DatabaseAway:
        return True
    return False

async def broken_in_every_way():
    assert await asyncio.gather(*(in_db(read) for _ in range(8))) == [0] * 8
    end("")  # all lie idle
    assert await asyncio.gather(*(in_db(read) for _ in range(8))) == [0] * 8
    assert await in_db(read_and_be_cut_off) == 0 and len(times) == 2, "what only reads is begun again"
    times.clear()
    assert await is_away(write_and_be_cut_off) and len(times) == 1, "what writes never"
    def write():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0)")
    assert await is_away(be_cut_off_in_a_transaction, write)
    assert await is_away(be_cut_off_in_a_transaction, defer)
    assert await is_away(swallow)
    assert await in_db(read) == 0

async def look_around():
    # What people and the queue meet meanwhile is no defect, and the log is not full of it.
    import logging
    from django.conf import settings
    from django.test import AsyncClient
    settings.ALLOWED_HOSTS.append("testserver")
    browser = AsyncClient(raise_request_exception=False)
    browser.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    answer = await browser.get("/api/v1/projects")
    assert answer.status_code == 503, answer.status_code
    try:
        await asyncio.to_thread(defer)
    except Exception as error:
        assert type(error).__module__.startswith("procrastinate"), type(error)
        for _ in range(3):
            logging.getLogger("procrastinate.worker.a").error("Side task failed, stopping worker", exc_info=error)
    else:
        raise AssertionError

async def many():
    return await asyncio.gather(*(in_db(one) for _ in range(8)), return_exceptions=True)

async def main():
    assert await many() == [None] * 8
    try:
        await in_db(wrong)
    except OperationalError as error:
        assert not isinstance(error, Unavailable), "the server is there; the query was at fault"
    else:
        raise AssertionError
    try:
        await in_db(full)
    except DatabaseAway:
        pass
    else:
        raise AssertionError
    assert losses() == 0, "the server was there all the time"
    print("ready", flush=True); sys.stdin.readline()
    lost = await many()
    assert all(error is None or isinstance(error, DatabaseAway) for error in lost), lost
    assert any(isinstance(error, DatabaseAway) for error in lost)
    await look_around()
    print("lost", flush=True); sys.stdin.readline()
    assert await many() == [None] * 8
    print("back", flush=True); sys.stdin.readline()
    first = await many()
    assert sum(error is not None for error in first) <= 8, first  # those that were in a thread with an old connection
    assert await many() == [None] * 8
    from django.core.management import call_command
    await asyncio.to_thread(call_command, "migrate", verbosity=0)
    await broken_in_every_way()
    close(); connection.close_pool()
    print("whole", flush=True)

asyncio.run(main())
"""


@pytest.mark.needs("postgres")
def test_a_lost_database_is_unavailable_and_comes_back(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    server = services.Postgres(tmp_path / "postgres", is_safe=False).start()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "CQL_", "REDIS_"))},
        "DJANGO_SETTINGS_MODULE": "chatplatform.settings",
        "DATABASE_URL": server.url(),
        "PARLEY_DATA_DIR": str(tmp_path / "data"),
    }
    asking = subprocess.Popen(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert asking.stdin and asking.stdout and asking.stderr

    def says(word: str) -> bool:
        assert asking.stdin and asking.stdout
        heard = asking.stdout.readline().strip()
        return heard == word

    def go_on() -> None:
        assert asking.stdin
        asking.stdin.write("\n")
        asking.stdin.flush()

    try:
        assert says("ready"), asking.stderr.read()
        server.kill()
        go_on()
        assert says("lost"), asking.stderr.read()
        server.start()
        go_on()
        assert says("back"), asking.stderr.read()
        server.kill()
        server.start()  # nobody asked meanwhile: every connection is an old one
        go_on()
        assert says("whole"), asking.stderr.read()
    finally:
        asking.kill()
        _, log = asking.communicate()
        services.kill_all(tmp_path)
    lines = log.splitlines()
    assert not [line for line in lines if " ERROR " in line or "Traceback" in line], log
    for logger in ("django.request", "procrastinate.worker.a"):
        assert [line for line in lines if f" WARNING {logger} " in line], log


def test_what_django_meets_outside_a_view_is_unavailable_too(rf: RequestFactory) -> None:
    """A sign-up that got no connection, for one: allauth's views run in threads of their own."""
    try:
        raise OperationalError("couldn't get a connection after 5.00 sec")
    except OperationalError:
        answer = pages.broken(rf.get("/api/v1/me"))
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    try:
        raise ValueError
    except ValueError:
        assert pages.broken(rf.get("/api/v1/me")).status_code == 500
