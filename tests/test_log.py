"""The log of a real server: JSON that carries ids, each error once, and nothing that people or models said."""

import json
import re
from pathlib import Path
from typing import Any

from tests.attacks import target
from tests.client import Client

CANARY = "canary-words-of-a-person"
TO_PEOPLE = ("Parley is at", "Preparing", "Parley has stopped", "This worker runs")  # who start it and look at it


async def used(alice: Client) -> tuple[dict[str, Any], str, str, str]:
    """Somebody asks a model and looks around: the answer to the question, the turn, its words, the thread."""
    project = (await alice.call("GET", "/projects"))[0]["id"]
    model = "scripted:script?tokens=30&rate=500"
    line_up = {"line_up": [model]}
    thread = (await alice.call("POST", f"/projects/{project}/threads", line_up))["thread"]["id"]
    await alice.connect()
    await alice.join(thread)
    sent = await alice.send(thread, CANARY, mode="ask")
    room = await alice.until_quiet(thread)
    (turn,) = room.place_of
    said = room.messages[room.place_of[turn]]["body"]
    await alice.request("GET", f"/threads/{thread}/messages?before=2")
    await alice.request("POST", "/invites/preview", {"code": "canary-code"})
    await alice.request("GET", "/me?token=canary-query")
    return sent, turn, said, thread


async def test_the_log_of_a_server_tells_ids_and_no_words(tmp_path: Path) -> None:
    server = target.start(tmp_path / "server", {"LOG_FORMAT": "json", "LOG_ACCESS": "1", "LOG_LEVEL": "DEBUG"})
    alice = await Client(server.url, "Alice").sign_up()
    try:
        sent, turn, said, thread = await used(alice)
    finally:
        await alice.close()
        server.stop()
    lines = [line for line in server.log_text().splitlines() if line and not line.startswith(TO_PEOPLE)]
    records = [json.loads(line) for line in lines]
    (ended,) = [r for r in records if r["message"].startswith("Turn ") and " ended " in r["message"]]
    assert (ended["turn"], ended["run"], ended["thread"], ended["attempt"]) == (turn, sent["run_id"], thread, "1")
    asked = [r for r in records if r["logger"] == "chatplatform.access"]
    assert re.fullmatch(
        r"GET /api/v1/threads/\S+/messages 200 in [\d.]+ ms",
        [r["message"] for r in asked if "messages" in r["message"]][-1],
    )
    assert len({r["request"] for r in asked}) == len(asked)
    text = "\n".join(lines)
    secret = (server.data_dir / "secret-key").read_text().strip()
    for canary in (CANARY, "canary-code", "canary-query", said[:60], alice.email, "a calm harbour", secret):
        assert canary not in text, canary


async def test_a_defect_is_in_the_log_once_with_the_requests_id(tmp_path: Path) -> None:
    server = target.start(tmp_path / "server", {"LOG_FORMAT": "json"})
    alice = await Client(server.url, "Alice").sign_up()
    try:
        server.change_tables("ALTER TABLE projects_membership RENAME TO gone")
        answer = await alice.request("GET", "/projects")
        assert (answer.status_code, answer.json()["code"]) in {(500, "broken"), (503, "unavailable")}
    finally:
        await alice.close()
        server.stop()
    records = [json.loads(line) for line in server.log_text().splitlines() if line.startswith("{")]
    told = [r for r in records if "projects_membership" in r.get("error", "") and "request" in r]
    assert len(told) == 1
    assert told[0]["level"] == "ERROR" and len(told[0]["request"]) == 12
