"""The cast: alice owns, carol is an admin, bob a member, dave a viewer; mallory is outside. One project, one thread."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from asgiref.sync import SyncToAsync
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper as PostgresConnection
from django.test import Client

from chatplatform.kernel import backends, db
from messaging import lifecycle
from messaging.providers import local
from messaging.stores.cql import connection as cql
from messaging.stores.cql import schema
from messaging.stores.cql.connection import Servers
from projects.models import Membership, Project, Role, User
from tests import logs, servers
from threads.models import Thread

CASSANDRA_S = (
    240  # for a test that needs it: the first one waits for its start, which takes a slow machine over a minute
)
# How long one example takes is no finding: the machine does something else meanwhile.
hypothesis.settings.register_profile(
    "parley", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("parley")
LEFT_OUT = pytest.StashKey[dict[str, int]]()


def make_user(name: str, **fields: Any) -> User:
    return User.objects.create_user(f"{name}@example.org", "correct horse battery", name=name.capitalize(), **fields)


@pytest.fixture
def alice(db: None) -> User:
    return make_user("alice")


@pytest.fixture
def carol(db: None) -> User:
    return make_user("carol")


@pytest.fixture
def bob(db: None) -> User:
    return make_user("bob")


@pytest.fixture
def dave(db: None) -> User:
    return make_user("dave")


@pytest.fixture
def mallory(db: None) -> User:
    return make_user("mallory")


@pytest.fixture
def project(alice: User, bob: User, carol: User, dave: User) -> Project:
    project = Project.objects.create(name="Ferryline", about="Ferries and their timetables", created_by=alice)
    for user, role in [(alice, Role.OWNER), (carol, Role.ADMIN), (bob, Role.MEMBER), (dave, Role.VIEWER)]:
        Membership.objects.create(project=project, user=user, role=role)
    return project


@pytest.fixture
def thread(project: Project, alice: User) -> Thread:
    from threads.services import create_thread

    return create_thread(alice.id, project.id, title="Timetable", line_up=[])


class Browser(Client):
    """Django's test client speaking JSON, as the page does."""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer of `/api/v1{path}`; its JSON in `.body` (None when empty)."""
        text = "" if body is None else json.dumps(body)
        answer: Any = self.generic(method, f"/api/v1{path}", text, content_type="application/json", headers=headers)
        answer.body = json.loads(answer.content) if answer.content else None
        return answer


@pytest.fixture
def browser_of(db: None) -> Callable[[User | None], Browser]:
    """A browser in which that person is signed in; None: nobody is."""

    def make(user: User | None) -> Browser:
        browser = Browser()
        if user is not None:
            browser.force_login(user)
        return browser

    return make


@pytest.fixture(autouse=True)
def _fresh_backends() -> Iterator[None]:
    if settings.IS_SHARED:
        servers.redis().empty(settings.REDIS_URL)  # of offers, rooms and people of an earlier test
    yield
    backends.reset()
    lifecycle.reset()


@pytest.fixture(autouse=True)
def _connections_let_go(request: pytest.FixtureRequest, _fresh_backends: None) -> None:
    """In the full profile, what a test left connected lets go on the test's own loop."""
    if settings.IS_SHARED and iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("_let_go")


@pytest.fixture
async def _let_go(_fresh_backends: None) -> AsyncIterator[None]:
    yield
    await _hang_up()


async def _hang_up() -> None:
    for role in ("stream_log", "relay"):
        if (made := backends.made().get(role)) is not None:
            await made.stop()


@pytest.fixture
def one_loop(_fresh_backends: None) -> Iterator[None]:
    """For a test that is not on a loop: all that its browsers ask is answered on one, as by a server, not on one for each call."""
    runs: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        is_over = asyncio.Event()
        runs.set_result((asyncio.get_running_loop(), is_over))
        await is_over.wait()
        await _hang_up()

    with ThreadPoolExecutor(1, "one loop") as thread:
        ended = thread.submit(asyncio.run, run())
        loop, is_over = runs.result()
        here = (
            SyncToAsync.threadlocal
        )  # async_to_sync, which Django's test client calls, looks here for the loop to use
        here.main_event_loop, here.main_event_loop_pid = loop, os.getpid()
        yield
        here.main_event_loop = here.main_event_loop_pid = None
        loop.call_soon_threadsafe(is_over.set)
        ended.result()


@pytest.fixture(scope="module")
def no_servers() -> Iterator[None]:
    """Processes that these tests start are embedded, whatever the tests run on themselves, but for what they are given."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATABASE_URL", "REDIS_URL", "CQL_HOSTS", "CQL_KEYSPACE", "CQL_REPLICATION"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(autouse=True, scope="session")
def _database_threads_end() -> Iterator[None]:
    yield
    db.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Let go of every connection before PostgreSQL is asked to drop the database."""
    yield
    db.close()
    for connection in connections.all():
        if isinstance(connection, PostgresConnection):
            connection.close()
            connection.close_pool()
            # One that a thread took which ended before it gave it back is nobody's to close, and would stop the dropping.
            servers.postgres().end_sessions(connection.settings_dict["NAME"])


# -- real servers -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres() -> servers.PostgresServer:
    """A real PostgreSQL, started for the first test that asks."""
    return servers.postgres()


@pytest.fixture(scope="session")
def redis() -> servers.RedisServer:
    """A real Redis, started for the first test that asks."""
    return servers.redis()


@pytest.fixture
def shared(redis: servers.RedisServer, settings: Any) -> str:
    """What the settings of a server with several processes say of Redis: an empty database of it, at this address."""
    return use_redis(settings, redis.empty_database())


def use_redis(settings: Any, url: str) -> str:
    settings.REDIS_URL = url
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [url], "prefix": "parley"},
        }
    }
    return url


@pytest.fixture(scope="session")
def cassandra() -> servers.CassandraServer:
    """One real node of Apache Cassandra, started for the first test that asks."""
    return servers.cassandra()


@pytest.fixture(scope="session")
def cql_servers(cassandra: servers.CassandraServer, django_db_setup: None, django_db_blocker: Any) -> Iterator[Servers]:
    """A keyspace with its tables for the whole run: tests use branches of their own, so none sees another's messages."""
    here = Servers(tuple(cassandra.hosts.split(",")), cassandra.new_keyspace())

    def make_tables() -> None:
        schema.apply(here, copies=1)
        connections.close_all()

    # PostgreSQL says whose turn it is to make tables. Who asks first may be on a loop, where nobody waits for a database.
    with django_db_blocker.unblock(), ThreadPoolExecutor(1) as thread:
        thread.submit(make_tables).result()
    yield here
    cql.close_all()
    schema.drop(here)


def _lacking() -> dict[str, str]:
    """What is not here that tests may need, with the sentence that says how to get it."""
    model = local.missing()
    return servers.missing() | ({"local_model": model} if model else {})


def _needs_of(item: pytest.Item) -> set[str]:
    """What a test needs besides Python: its fixtures name the servers, or `needs` marks say it ahead of a choice."""
    marked = {name for mark in item.iter_markers("needs") for name in mark.args}
    return marked | (set(getattr(item, "fixturenames", ())) & set(servers.NAMED_BY))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs real servers; leave out, and count, what needs something that is not here.

    Where several processes share the tests (`-n 3 --dist loadgroup`), one takes a file as a whole, and one alone takes all
    that need Cassandra, the one server that is too heavy to run twice.
    """
    lacking = _lacking()
    left_out: dict[str, int] = {}
    kept: list[pytest.Item] = []
    for item in items:
        needs = _needs_of(item)
        if needs & set(servers.NAMED_BY):
            item.add_marker("services")
        if "cassandra" in needs and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(CASSANDRA_S))
        if config.pluginmanager.hasplugin("xdist"):
            item.add_marker(pytest.mark.xdist_group(_group_of(item)))
        if absent := needs & set(lacking):
            for name in absent:
                left_out[lacking[name]] = left_out.get(lacking[name], 0) + 1
        else:
            kept.append(item)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = _longest_first(kept) if hasattr(config, "workerinput") else kept
    config.stash[LEFT_OUT] = left_out


def _group_of(item: pytest.Item) -> str:
    return "cassandra" if "cassandra" in _needs_of(item) else item.nodeid.partition("::")[0]


def _longest_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """Group by group, those first that take long, so that at the end no process waits for another: tests that kill servers,
    slow ones, those with servers; among these the largest group."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        groups.setdefault(_group_of(item), []).append(item)

    def haste(group: list[pytest.Item]) -> tuple[int, int]:
        marks = {mark.name for item in group for mark in item.iter_markers()}
        return next((n for n, name in enumerate(("kill", "slow", "services")) if name in marks), 3), -len(group)

    return [item for group in sorted(groups.values(), key=haste) for item in group]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for words, count in config.stash.get(LEFT_OUT, {}).items():
        terminalreporter.write_line(f"NOT RUN: {count} tests. {words}", yellow=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure beside processes of our own shows what these had to say: on another machine nobody can look afterwards."""
    report = yield
    if report.failed:
        fixtures: dict[str, object] = getattr(item, "funcargs", {})
        for name, fixture in fixtures.items():
            if isinstance(folder := getattr(fixture, "folder", None), Path) and (
                said := logs.errors(folder, call.start)
            ):
                report.sections.append((f"errors in the logs of {name}", said))
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """One of several processes ends; each has left out the same."""
    if (output := getattr(node, "workeroutput", None)) is not None:
        node.config.stash[LEFT_OUT] = output["left_out"]


def pytest_sessionfinish(session: pytest.Session) -> None:
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["left_out"] = session.config.stash.get(LEFT_OUT, {})
    if session.config.stash.get(LEFT_OUT, {}) and os.environ.get("CI"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
