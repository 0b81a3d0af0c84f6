"""`manage.py serve` from outside: it says where it is, is alone on its data, and leaves politely."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client import Client
from tests.commands import manage
from tests.server import Server

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_servers")]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path).start()
    yield server
    server.kill()


def serve(data_dir: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A server that is expected to give up by itself."""
    return manage(data_dir, "serve", *options, PARLEY_LOCAL_MODEL="0", **environment)


def test_it_prints_its_address_plainly(server: Server) -> None:
    assert f"Parley is at {server.url}\n" in server.log.read_text()


def test_a_second_server_on_the_same_data_is_refused_with_a_sentence(server: Server, tmp_path: Path) -> None:
    second = serve(tmp_path, "--port", "0")
    assert second.returncode == 1
    assert f"Another Parley (process {server.pid})" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_killed_server_leaves_no_lock(server: Server) -> None:
    server.kill()
    server.start()


def test_a_taken_port_is_said_before_anything_else(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = serve(tmp_path, "--port", str(port))
    assert refused.returncode == 1
    assert re.search(
        rf"cannot listen on 127.0.0.1:{port}: .*choose another port: make run PORT={port + 1}", refused.stderr
    )
    assert "Traceback" not in refused.stderr


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for secret in ("", "a secret of the environment, long enough"):
        refused = serve(tmp_path / "file" / "data", "--port", "0", SECRET_KEY=secret)
        assert refused.returncode == 1
        assert f"{tmp_path}/file/data cannot be used for data: Not a directory. Give it" in refused.stderr
        assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("port", ["http", "65536", "²"])
def test_a_bad_port_is_said(tmp_path: Path, port: str) -> None:
    refused = serve(tmp_path, PARLEY_PORT=port)
    assert refused.returncode == 1
    assert f"PARLEY_PORT is '{port}'; use a port number" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_port_that_is_none_is_not_taken_for_another(tmp_path: Path) -> None:
    refused = serve(tmp_path, "--port", "99999")
    assert refused.returncode == 1
    assert "--port is 99999; use a port number" in refused.stderr


def test_ctrl_c_ends_it_with_a_sentence(server: Server) -> None:
    os.killpg(server.pid, signal.SIGINT)  # a terminal tells the whole group
    assert server.process and server.process.wait(10) == 0
    said = server.log.read_text()
    assert said.endswith("Parley has stopped.\n")
    assert "Traceback" not in said


async def test_leaving_it_says_goodbye_to_everybody(server: Server) -> None:
    client = await (await Client(server.url).sign_up()).connect()
    began = time.monotonic()
    os.kill(server.pid, signal.SIGTERM)
    assert client.socket is not None
    async with asyncio.timeout(5):
        await client.socket.wait_closed()
    goodbye = client.frames[-1]
    assert (goodbye["type"], goodbye["code"], goodbye["reconnect"]) == ("goodbye", "restart", True)
    assert 500 <= goodbye["after_ms"] <= 3000
    assert client.socket.close_code == 1012
    assert await asyncio.to_thread(server.process.wait, 10) in {0, -signal.SIGTERM}  # type: ignore[union-attr]
    assert time.monotonic() - began < 8
    assert "Traceback" not in server.log.read_text()
    await client.close()


async def test_what_was_acknowledged_survives_a_kill(server: Server) -> None:
    client = await (await Client(server.url).sign_up()).connect()
    (project,) = await client.call("GET", "/projects")
    thread = await client.call("POST", f"/projects/{project['id']}/threads", {"title": "Seats", "line_up": []})
    thread_id = thread["thread"]["id"]
    await client.join(thread_id)
    for n in range(20):
        await client.send(thread_id, f"word {n}", mode="talk")
    server.kill()
    await asyncio.to_thread(server.start)
    page = await client.call("GET", f"/threads/{thread_id}/messages")
    assert [m["body"] for m in page["messages"]] == [f"word {n}" for n in range(20)]
    await client.disconnect()
    await client.connect()
    await client.join(thread_id)
    assert client.frames[-1]["recovered"] is False
    assert len(client.rooms[thread_id].messages) == 20
    await client.close()
