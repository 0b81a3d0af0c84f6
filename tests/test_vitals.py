"""What machines ask of a process: alive, ready, counted; and that a server which does not answer holds nobody up."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import LazySettings
from django.test import Client

from chatplatform import vitals
from chatplatform.kernel import metrics
from chatplatform.kernel.errors import Unavailable
from messaging import health as looks
from messaging.health import Health
from projects.models import User
from tests import servers
from tests.messaging.conftest import Live, live  # noqa: F401
from tests.server import Server, free_port
from threads.models import Thread
from tools import services
from tools.full import Deployment

PARTS = {"database", "stream_log", "message_store", "relay", "dispatcher"}


async def until(is_so: Any, within_s: float = 15.0) -> None:
    async with asyncio.timeout(within_s):
        while not await is_so():
            await asyncio.sleep(0.05)


@pytest.mark.django_db(transaction=True)
async def test_a_server_says_that_it_lives_and_is_ready(live: Live) -> None:  # noqa: F811
    async with httpx.AsyncClient(base_url=live.url) as browser:
        assert (await browser.get("/livez")).text == "ok"

        async def is_ready() -> bool:
            return (await browser.get("/readyz")).status_code == 200

        await until(is_ready)
        told = (await browser.get("/readyz")).json()
        assert told["status"] == "ready" and told["down"] == []
        assert set(told["parts"]) == PARTS
        assert {part["status"] for part in told["parts"].values()} == {"up"}
        # Whoever looks after processes asks by number, whatever names this server goes by.
        assert (await browser.get("/readyz", headers={"Host": "10.1.2.3:8000"})).status_code == 200
        assert (await browser.get("/api/v1/server", headers={"Host": "10.1.2.3:8000"})).status_code == 400


@pytest.mark.django_db(transaction=True)
async def test_what_happened_is_counted_without_names_or_words(live: Live, thread: Thread, alice: User) -> None:  # noqa: F811
    person = await live.tab(alice)
    await person.join(str(thread.id))
    await person.send(str(thread.id), "canary words", mode="ask", models=["scripted:ada"])
    await person.until_quiet(str(thread.id))
    refused = "scripted:script?tokens=5&fault=401"
    await person.send(str(thread.id), "canary words", mode="talk")
    async with httpx.AsyncClient(base_url=live.url) as browser:

        async def is_counted() -> bool:  # the rows are counted now and then, so the last look may be older than the end
            text = (await browser.get("/metrics")).text
            return "parley_outbox_messages 0.0" in text and 'parley_turns{state="streaming"} 0.0' in text

        await until(is_counted)
        answer = await browser.get("/metrics")
    assert answer.headers["Content-Type"] == metrics.CONTENT_TYPE
    text = answer.text
    for line in (
        'parley_turns_ended_total{provider="scripted",state="complete"} ',
        'parley_first_token_seconds_count{provider="scripted"} ',
        "parley_frame_lag_seconds_count ",
        "parley_broadcast_seconds_count ",
        'parley_call_seconds_count{call="append",part="stream_log"} ',
        'parley_call_seconds_count{call="put",part="message_store"} ',
        'parley_call_seconds_count{call="now",part="database"} ',
        "parley_sockets 1.0",
        "parley_sockets_behind 0.0",
        "parley_rooms 1.0",
        "parley_outbox_oldest_seconds 0.0",
        "parley_set_aside 0.0",
        'parley_turns{state="streaming"} 0.0',
        'parley_up{part="database"} 1.0',
        "process_resident_memory_bytes ",
    ):
        assert line in text, line
    assert re.search(r"parley_loop_lag_seconds_count [\d.]+", text)
    for canary in ("canary", alice.email, str(alice.id), str(thread.id), refused):
        assert canary not in text


def test_labels_stay_few_however_many_providers_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_providers", set())
    labels = {metrics.provider(f"box-{number}") for number in range(1000)}
    assert len(labels) == metrics.MAX_PROVIDERS + 1 and "other" in labels
    assert metrics.provider("box-0") == "box-0"


# -- who may read the figures ---------------------------------------------------------------------------


def test_figures_are_for_this_machine_alone(settings: LazySettings) -> None:
    assert Client().get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="192.0.2.7").get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404
    assert Client().get("/metrics", headers={"Host": "rebound.example"}).status_code == 400
    settings.IS_BEHIND_PROXY = True  # then everybody comes from here
    assert Client().get("/metrics").status_code == 404
    settings.IS_BEHIND_PROXY, settings.PUBLIC_URL = False, "https://chat.example.org"
    assert Client().get("/metrics").status_code == 404


def test_a_token_opens_them_from_anywhere_and_nothing_else_does(settings: LazySettings) -> None:
    settings.METRICS_TOKEN, settings.IS_BEHIND_PROXY = "let me count", True
    for given in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "let me count"},
        {"Authorization": "Bearer é"},
    ):
        assert Client().get("/metrics", headers=given).status_code == 404
    shown = {"Authorization": "Bearer let me count"}
    assert Client(REMOTE_ADDR="192.0.2.7").get("/metrics", headers=shown).status_code == 200


def test_not_being_ready_is_no_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert Client().get("/readyz").status_code == 503  # nobody looks in this test
    assert not caplog.records


async def test_what_waits_is_counted_once_however_long_the_database_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[asyncio.Future[None]] = []

    async def silent(function: Callable[[], object]) -> None:
        asked.append(asyncio.get_running_loop().create_future())
        await asked[-1]

    monkeypatch.setattr("messaging.health.in_db_later", silent)
    monkeypatch.setattr("messaging.health.ANSWER_WITHIN_S", 0.01)
    look = Health()
    for _ in range(3):
        await look._count()
    assert len(asked) == 1
    asked[0].set_result(None)
    await look._count()
    await look._count()
    assert len(asked) == 2
    asked[1].cancel()


async def test_a_process_without_pages_answers_the_same_at_a_port_of_its_own(settings: LazySettings) -> None:
    server = await vitals.serve("127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as browser:
        assert (await browser.get("/livez")).text == "ok"
        assert (await browser.get("/readyz")).status_code == 503  # nobody looks in this test
        assert "parley_sockets" in (await browser.get("/metrics?x=1")).text
        assert (await browser.post("/metrics")).status_code == 404
        assert (await browser.get("/api/v1/server")).status_code == 404
        settings.METRICS_TOKEN = "x"
        assert (await browser.get("/metrics")).status_code == 404
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\xff\xfe nonsense\r\n\r\n")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    server.close()


# -- what is down -----------------------------------------------------------------------------------


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Iterator[Health]:
    monkeypatch.setattr(looks, "ANSWER_WITHIN_S", 0.05)
    look = Health()

    async def up() -> None:
        pass

    look._probes = dict.fromkeys(PARTS, up)
    yield look


async def test_what_does_not_answer_is_down_since_then_and_is_asked_once(look: Health) -> None:
    asked, answer = 0, asyncio.Event()

    async def silent() -> None:
        nonlocal asked
        asked += 1
        await answer.wait()

    await look.look()
    assert look.now()["message_store"].is_up
    look._probes["message_store"] = silent
    await look.look()
    first = look.now()["message_store"]
    assert not first.is_up
    assert not look.is_ready
    await look.look()
    assert look.now()["message_store"].since == first.since
    assert asked == 1  # the first question still waits
    answer.set()
    await look.look()
    assert look.now()["message_store"].is_up
    assert look.now()["message_store"].since > first.since


async def test_what_refuses_is_down_and_the_reason_is_for_the_log_alone(
    look: Health, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses() -> None:
        raise Unavailable("The password hunter2 is wrong.")

    look._probes["database"] = refuses
    await look.look()
    monkeypatch.setattr(looks, "_health", look)
    answer = vitals.ready()
    assert answer.status == 503
    told = json.loads(answer.body)
    assert told["down"] == ["database"] and told["parts"]["database"]["since"]
    assert b"hunter2" not in answer.body
    assert "hunter2" in caplog.text


async def test_workers_that_start_later_are_waited_for_before_the_log_misses_them(
    look: Health, caplog: pytest.LogCaptureFixture
) -> None:
    is_there = False

    async def ask() -> None:
        if not is_there:
            raise Unavailable("No worker is alive.")

    look._probes["dispatcher"] = ask
    caplog.set_level("INFO")
    await look.look()
    assert not look.now()["dispatcher"].is_up, "whoever asks is told at once"
    assert "dispatcher" not in caplog.text
    is_there = True
    await look.look()
    assert "dispatcher" not in caplog.text
    is_there = False
    await look.look()
    assert "dispatcher is down: Unavailable: No worker is alive." in caplog.text, "one that was there is missed at once"
    is_there = True
    await look.look()
    assert "dispatcher is up again" in caplog.text


async def test_workers_that_never_come_are_missed_in_the_log_once(
    look: Health, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask() -> None:
        raise Unavailable("No worker is alive.")

    look._probes["dispatcher"] = ask
    await look.look()
    assert "dispatcher" not in caplog.text
    monkeypatch.setattr(looks, "PATIENCE_S", 0.0)
    await look.look()
    await look.look()
    assert caplog.text.count("dispatcher is down") == 1


async def test_a_look_that_has_stopped_is_no_good_news(look: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    await look.look()
    monkeypatch.setattr(looks, "OLD_S", -1.0)
    assert not look.is_ready


# -- real servers that are paused ---------------------------------------------------------------------


def ready(server: Server) -> tuple[int, dict[str, Any], float]:
    """Status, words, and how long the answer took."""
    began = time.monotonic()
    answer = httpx.get(server.url + "/readyz", timeout=10)
    return answer.status_code, answer.json(), time.monotonic() - began


def until_down(server: Server, *names: str, within_s: float = 30.0) -> dict[str, Any]:
    deadline = time.monotonic() + within_s
    while True:
        status, told, took_s = ready(server)
        assert took_s < 2.0, "asking waits for nobody"
        if set(names) <= set(told["down"]) and (status == 503) == bool(names):
            return told
        assert time.monotonic() < deadline, told
        time.sleep(0.1)


@pytest.mark.needs("postgres")
def test_a_paused_postgres_is_named_at_once_and_forgotten_when_it_is_back(tmp_path: Path, no_servers: None) -> None:
    tmp_path.chmod(0o755)
    postgres = services.Postgres(tmp_path / "postgres", is_safe=False).start()
    server = Server(tmp_path / "server", DATABASE_URL=postgres.url()).start()
    try:
        until_down(server)
        postgres.pause()
        told = until_down(server, "database", "message_store")
        assert told["parts"]["stream_log"]["status"] == "up"
        assert httpx.get(server.url + "/livez", timeout=5).text == "ok"
        assert 'parley_up{part="database"} 0.0' in httpx.get(server.url + "/metrics", timeout=5).text
        postgres.resume()
        until_down(server)
    finally:
        postgres.resume()
        server.stop()
        services.kill_all(tmp_path)


@pytest.mark.needs("postgres", "redis")
def test_a_paused_redis_is_named_and_so_is_that_no_worker_lives(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    postgres = services.Postgres(tmp_path / "postgres", is_safe=False).start()
    redis = services.Redis(tmp_path / "redis").start()
    server = Server(tmp_path / "server", DATABASE_URL=postgres.url(), REDIS_URL=redis.url()).start()
    try:
        told = until_down(server, "dispatcher")
        assert told["down"] == ["dispatcher"]
        redis.pause()
        told = until_down(server, "relay", "stream_log")
        assert told["parts"]["database"]["status"] == "up"
        redis.resume()
        deadline = time.monotonic() + 30
        while ready(server)[1]["down"] != ["dispatcher"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        redis.resume()
        server.stop()
        services.kill_all(tmp_path)


@pytest.mark.needs("postgres", "redis")
def test_with_a_worker_everything_is_ready_and_the_worker_answers_too(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    port = free_port()
    settings = {
        "DJANGO_SETTINGS_MODULE": "chatplatform.settings",
        "PARLEY_LOCAL_MODEL": "0",
        "PARLEY_WORKER_PORT": str(port),
    }
    given = servers.environment("redis")
    given["DATABASE_URL"] = servers.postgres().create_database()
    deployment = Deployment(tmp_path, webs=1, workers=1, nodes=0, given=given, settings=settings)
    try:
        deployment.start()
        for url in (deployment.webs[0].url, f"http://127.0.0.1:{port}"):
            deadline = time.monotonic() + 30
            while (answer := httpx.get(url + "/readyz", timeout=5)).status_code != 200:
                assert time.monotonic() < deadline, answer.text
                time.sleep(0.1)
            assert set(answer.json()["parts"]) == PARTS
            figures = httpx.get(url + "/metrics", timeout=5).text
            assert 'parley_up{part="dispatcher"} 1.0' in figures
            spared = re.search(r"^parley_spared_objects (\S+)$", figures, re.MULTILINE)
            assert spared and float(spared[1]) > 50_000, "what stays is not walked through again and again"
        deployment.workers[0].kill()
        deadline = time.monotonic() + 45
        while httpx.get(deployment.webs[0].url + "/readyz", timeout=5).json()["down"] != ["dispatcher"]:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    finally:
        deployment.kill()
        servers.postgres().drop_database(given["DATABASE_URL"])
