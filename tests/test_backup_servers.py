"""Backup and restore of the servers of the full profile, as docs/operations.md tells it, tried word by word.

Everything goes into one file: messages from CQL into PostgreSQL's tables, then pg_dump. It comes back into new servers,
messages into a new keyspace.
"""

import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests import servers
from tests.client import Client
from tests.commands import manage
from tests.server import Server
from tools.services import found

pytestmark = pytest.mark.usefixtures("no_servers")


def did(data_dir: Path, *words: str, **environment: str) -> str:
    """What a command said that did what it was to."""
    done = manage(data_dir, *words, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tool(name: str, *words: str) -> None:
    done = subprocess.run([str(found.postgres_folder() / name), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


async def history(client: Client, thread: str) -> list[tuple[int, str, str, int]]:
    """(place, state, words, revision) of every message, oldest first, page by page."""
    pages: list[dict[str, Any]] = []
    before = ""
    while True:
        page = await client.call("GET", f"/threads/{thread}/messages?limit=20{before}")
        pages[:0] = page["messages"]
        if not page["has_more"]:
            return [(m["seq"], m["state"], m["body"], m.get("revision", 1)) for m in pages]
        before = f"&before={page['messages'][0]['seq']}"


@pytest.mark.timeout(180)
async def test_postgres_and_cql_go_into_one_file_and_come_back_into_new_servers(
    tmp_path: Path, postgres: servers.PostgresServer, cassandra: servers.CassandraServer
) -> None:
    secret = {"SECRET_KEY": "a secret of the whole installation", "PARLEY_SEND_RATE": "1000/minute"}
    old = {
        "DATABASE_URL": postgres.create_database(), "CQL_HOSTS": cassandra.hosts,
        "CQL_KEYSPACE": cassandra.new_keyspace(), "CQL_REPLICATION": "1", **secret,
    }  # fmt: skip
    new = {**old, "DATABASE_URL": postgres.create_database(), "CQL_KEYSPACE": cassandra.new_keyspace()}
    file = tmp_path / "parley.dump"

    server = Server(tmp_path / "old", **old).start(60)
    alice = await Client(server.url, "Alice").sign_up()
    project = (await alice.call("GET", "/projects"))[0]["id"]
    thread = (await alice.call("POST", f"/projects/{project}/threads", {"line_up": []}))["thread"]["id"]
    await alice.connect()
    await alice.join(thread)
    sent = [await alice.send(thread, f"message {number} ü🪑", mode="talk") for number in range(30)]
    await alice.say("edit", message_id=sent[3]["message_id"], body="put better", revision=1)
    await alice.call("DELETE", f"/messages/{sent[5]['message_id']}")
    before = await history(alice, thread)
    assert len(before) == 30

    # while it serves: messages beside everything else, then all of it
    did(tmp_path / "old", "move_messages", "--to", "orm", **old)
    tool("pg_dump", "--format=custom", f"--file={file}", old["DATABASE_URL"])
    late = await alice.send(thread, "after the backup", mode="talk")
    assert late["type"] == "ack"
    await alice.close()
    server.stop()

    tool("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={new['DATABASE_URL']}", str(file))
    said = did(tmp_path / "new", "move_messages", "--to", "cql", **new)
    assert urlsplit(new["DATABASE_URL"]).path != urlsplit(old["DATABASE_URL"]).path, said

    restored = Server(tmp_path / "new", **new).start(60)
    back = Client(restored.url, "Alice")
    back.email = alice.email
    await back.sign_in()
    assert await history(back, thread) == before
    revisions = await back.call("GET", f"/messages/{sent[3]['message_id']}/revisions")
    assert [r["body"] for r in revisions] == ["message 3 ü🪑"]
    await back.connect()
    await back.join(thread)
    assert (await back.send(thread, "and on it goes", mode="talk"))["seq"] == len(before) + 1
    await back.close()
    restored.stop()
    for address in (old, new):
        postgres.drop_database(address["DATABASE_URL"])
