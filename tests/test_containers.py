"""Dockerfile, docker-compose.yml and the proxy's file agree with the code, as far as that can be seen without an engine."""

import fnmatch
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.management import get_commands
from django.urls import resolve

from chatplatform.server import GRACE_S
from chatplatform.vitals import PATHS
from tests.compose import read
from tests.test_docs import SETTINGS
from tools import environment, page, places
from tools.services import found
from tools.services.process import wait_until

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = read(ROOT / "docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PARLEYS = {name: service for name, service in SERVICES.items() if service.get("image") == "parley"}
PROXY_FILE = (ROOT / "deploy" / "Caddyfile").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
# What compose itself reads and Parley does not, described in docs/operations.md.
OF_COMPOSE = {"POSTGRES_PASSWORD", "PORT", "PROXY_BIND", "PROXY_HTTPS_PORT", "PROXY_SITE"}


def steps(word: str) -> list[str]:
    return re.findall(rf"^{word} +(.*)$", DOCKERFILE, re.MULTILINE)


# -- the image ------------------------------------------------------------------------------------


def test_what_is_copied_is_there_and_not_left_out() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().split() if line]
    copied = [source for step in steps("COPY") if "--from" not in step for source in step.split()[:-1]]
    assert {"manage.py", "chatplatform", "projects", "threads", "messaging"} <= set(copied)
    for source in copied:
        assert (ROOT / source).exists(), source
        assert not any(fnmatch.fnmatch(source, pattern) for pattern in ignored), f".dockerignore leaves out {source}"


def test_the_image_holds_every_area() -> None:
    areas = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests", "bench", "faults", "tools"}
    assert areas == {source for step in steps("COPY") for source in step.split()[:-1]} & areas


def test_it_is_built_as_the_set_up_does_it() -> None:
    """tools.prepare installs the same files in the same way."""
    runs = " ; ".join(steps("RUN"))
    for file in ("run", "web", "local", "weights"):
        assert re.search(rf"--require-hashes [^;]*-r requirements/{file}\.txt", runs), file
        assert (places.REQUIREMENTS / f"{file}.txt").exists()
    assert " ".join(["npm", *page.NPM_CI]) in runs
    assert " ".join(environment.WHEELS_ONLY) in runs
    assert "npm run build" in runs
    copied = " ".join(steps("COPY"))
    needed = ["frontend/package.json", "frontend/package-lock.json", "frontend/.npmrc", "/app/frontend/dist"]
    assert all(name in copied for name in needed)


def test_it_runs_as_nobody_special_on_the_ports_it_says() -> None:
    assert steps("USER") == ["parley"]
    assert steps("EXPOSE") == ["8000"]
    assert steps("VOLUME") == ["/data"]
    command = shlex.split(steps("CMD")[-1].strip("[]").replace(",", " "))
    assert command[:3] == ["python", "manage.py", "serve"] and command[-1] == "8000"
    path = re.search(r"127\.0\.0\.1:8000(/\w+)", steps("HEALTHCHECK")[0])
    assert path and resolve(path[1])


def test_its_data_folder_is_the_volume_and_its_users_own() -> None:
    (folder,) = re.findall(r"PARLEY_DATA_DIR=(\S+)", DOCKERFILE)
    assert steps("VOLUME") == [folder]
    assert re.search(rf"install -d -o parley -g parley {folder}$", DOCKERFILE, re.MULTILINE)


def test_its_python_is_one_we_support() -> None:
    versions = set(re.findall(r"^FROM python:(3\.\d+)-slim", DOCKERFILE, re.MULTILINE))
    assert len(versions) == 1
    assert tuple(int(n) for n in versions.pop().split(".")) >= (3, 11)


# -- the services ---------------------------------------------------------------------------------


def test_there_is_what_the_full_profile_needs() -> None:
    assert {"proxy", "web", "worker", "migrate", "postgres", "redis", "scylla"} == set(SERVICES)
    assert SERVICES["web"]["deploy"]["replicas"] == SERVICES["worker"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize("name", sorted(PARLEYS))
def test_every_variable_is_a_setting(name: str) -> None:
    given = set(PARLEYS[name]["environment"])
    assert given <= SETTINGS, given - SETTINGS
    assert {"DATABASE_URL", "REDIS_URL", "CQL_HOSTS", "PARLEY_DATA_DIR", "PARLEY_BEHIND_PROXY"} <= given


def test_every_placeholder_is_known_and_described() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert used == OF_COMPOSE
    page = (ROOT / "docs" / "operations.md").read_text()
    assert not [name for name in used if f"`{name}`" not in page]


@pytest.mark.parametrize("name", sorted(PARLEYS))
def test_every_command_exists(name: str) -> None:
    words = " ".join(PARLEYS[name]["command"])
    goals = re.findall(r"manage\.py (\w+)", words)
    assert goals
    assert not [goal for goal in goals if goal not in get_commands()]


def test_addresses_lead_to_services() -> None:
    environment = SERVICES["web"]["environment"]
    assert re.search(r"@postgres/", environment["DATABASE_URL"])
    assert re.match(r"redis://redis:6379/\d+$", environment["REDIS_URL"])
    assert environment["CQL_HOSTS"] == "scylla:9042"
    of_postgres = SERVICES["postgres"]["environment"]
    assert environment["DATABASE_URL"].startswith(f"postgresql://{of_postgres['POSTGRES_USER']}:")
    assert environment["DATABASE_URL"].endswith(f"@postgres/{of_postgres['POSTGRES_DB']}")
    assert all(service["environment"] == environment for service in PARLEYS.values())


def test_tables_come_first() -> None:
    for name in ("web", "worker"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    waits = SERVICES["migrate"]["depends_on"]
    assert set(waits) == {"postgres", "redis", "scylla"}
    assert {wait["condition"] for wait in waits.values()} == {"service_healthy"}
    assert SERVICES["migrate"]["restart"] == "no"
    assert all(service["restart"] == "unless-stopped" for name, service in SERVICES.items() if name != "migrate")


def test_every_server_is_watched_and_bounded() -> None:
    for name, service in SERVICES.items():
        assert "mem_limit" in service, name
        # The image's own check asks the web server; a worker and the migration have none.
        assert "healthcheck" in service or name == "web", name


def test_postgres_is_asked_where_parley_asks() -> None:
    """Its image first starts a server that listens at a local socket alone, and stops it again."""
    check = SERVICES["postgres"]["healthcheck"]["test"]
    assert check[check.index("--host") + 1] == "127.0.0.1"
    environment = SERVICES["postgres"]["environment"]
    assert check[check.index("--username") + 1] == environment["POSTGRES_USER"]
    assert check[check.index("--dbname") + 1] == environment["POSTGRES_DB"]


def test_only_what_is_published_is_offered() -> None:
    is_udp = any(port.endswith("/udp") for port in SERVICES["proxy"]["ports"])
    assert is_udp == ("protocols h1 h2" not in PROXY_FILE)


def test_a_worker_is_asked_where_it_answers() -> None:
    asked = re.search(r"127\.0\.0\.1:(\d+)(/\w+)", SERVICES["worker"]["healthcheck"]["test"][-1])
    assert asked and asked[1] == SERVICES["worker"]["environment"]["PARLEY_WORKER_PORT"]
    assert resolve(asked[2]) and asked[2] in PATHS


def seconds(words: str) -> int:
    assert words.endswith("s")
    return int(words[:-1])


def test_nobody_is_killed_who_still_finishes() -> None:
    assert seconds(SERVICES["worker"]["stop_grace_period"]) > settings.WORKER_DRAIN_S + 10
    assert seconds(SERVICES["web"]["stop_grace_period"]) > GRACE_S + 5


def test_the_proxy_begins_when_the_pages_are_there() -> None:
    assert SERVICES["proxy"]["depends_on"] == {"web": {"condition": "service_healthy"}}
    assert "healthcheck" not in SERVICES["web"] and steps("HEALTHCHECK")


def test_data_lie_where_each_image_keeps_them() -> None:
    kept = {
        "proxy": ["./deploy/Caddyfile:/etc/caddy/Caddyfile:ro", "proxy-data:/data"],
        "postgres": ["postgres-data:/var/lib/postgresql/data"],
        "redis": ["redis-data:/data"],
        "scylla": ["scylla-data:/var/lib/scylla"],
    }
    assert {name: SERVICES[name]["volumes"] for name in kept} == kept
    assert [port.rsplit(":", 1)[1] for port in SERVICES["proxy"]["ports"]] == ["80", "443"]


def test_the_stores_are_safe_and_large_enough() -> None:
    words = SERVICES["scylla"]["command"]
    assert words[words.index("--commitlog-sync") + 1] == "batch"  # one node: docs/operations.md
    (most,) = re.findall(r"max_connections=(\d+)", " ".join(SERVICES["postgres"]["command"]))
    webs, workers = (SERVICES[name]["deploy"]["replicas"] for name in ("web", "worker"))
    assert int(most) >= 2 * (webs * 12 + workers * 17)  # old and new ones beside each other: docs/operations.md


@pytest.mark.needs("redis")
def test_redis_takes_its_options_and_throws_nothing_away(tmp_path: Path) -> None:
    program, *options = SERVICES["redis"]["command"]
    assert program == "redis-server"
    socket = tmp_path / "s"
    words = [found.redis_server(), *options, "--port", "0", "--unixsocket", str(socket), "--dir", str(tmp_path)]
    with (
        subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server,
        redis.Redis(unix_socket_path=str(socket)) as asked,
    ):
        try:
            assert wait_until(lambda: socket.exists() or server.poll() is not None, 20)
            assert server.poll() is None, server.stdout and server.stdout.read()
            told: Any = asked.info()
        finally:
            server.kill()
    assert (told["maxmemory_policy"], told["aof_enabled"]) == ("noeviction", 1)
    assert told["maxmemory"] < seconds(SERVICES["redis"]["mem_limit"].replace("m", "s")) * 1024**2


def test_everything_named_is_declared() -> None:
    volumes = {v.split(":")[0] for service in SERVICES.values() for v in service.get("volumes", [])}
    named = {volume for volume in volumes if not volume.startswith(".")}
    assert named == set(COMPOSE["volumes"])
    assert all((ROOT / volume).exists() for volume in volumes - named)
    assert {n for service in SERVICES.values() for n in service["networks"]} == set(COMPOSE["networks"])
    for service in PARLEYS.values():
        assert "parley-data:/data" in service["volumes"] and service["environment"]["PARLEY_DATA_DIR"] == "/data"


def test_only_the_proxy_can_be_reached_and_the_stores_reach_nobody() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert all(SERVICES[name]["networks"] == ["inside"] for name in ("postgres", "redis", "scylla"))
    assert all(set(service["networks"]) == {"inside", "outside"} for service in PARLEYS.values())
    assert SERVICES["proxy"]["networks"] == ["outside"]
    assert all(service["cap_drop"] == ["ALL"] and service["init"] is True for service in PARLEYS.values())


def test_the_proxy_passes_on_to_the_web_processes() -> None:
    command = SERVICES["web"]["command"]
    port = command[command.index("--port") + 1]
    assert re.search(r"name web$", PROXY_FILE, re.MULTILINE)
    assert re.search(rf"port {port}$", PROXY_FILE, re.MULTILINE)
    assert SERVICES["web"]["expose"] == [port]
    assert set(re.findall(r"\{\$([A-Z_]+)", PROXY_FILE)) == set(SERVICES["proxy"]["environment"])
    assert PROXY_FILE.count("{") == PROXY_FILE.count("}")
    (most,) = re.findall(r"max_size (\d+)MB", PROXY_FILE)
    assert int(most) * 1_000_000 > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert re.search(r"^\s*flush_interval -1$", PROXY_FILE, re.MULTILINE)
