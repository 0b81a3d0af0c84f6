"""A backup taken while people write, brought back into another folder: whole, consistent, and no further than it says."""

import asyncio
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.evil import EvilProvider
from tests.client import Client
from tests.commands import manage
from tests.server import Server

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_servers")]


def messages_in(data_dir: Path) -> list[tuple[int, str]]:
    """(place, words) of what people said, stored or on its way, in order."""
    with closing(sqlite3.connect(data_dir / "parley.sqlite3")) as database:
        stored = dict(database.execute("SELECT seq, body FROM messaging_storedmessage WHERE author_kind = 'person'"))
        waiting = database.execute("SELECT seq FROM messaging_outbox WHERE stored_at IS NULL AND author_key != 'turn'")
        return sorted({**{seq: "" for (seq,) in waiting}, **stored}.items())


class Writers:
    """People who write without pause; what was acknowledged before a moment is known."""

    def __init__(self, client: Client, thread: str) -> None:
        self.client, self.thread = client, thread
        self.acknowledged: list[int] = []
        self._is_over = False

    async def write(self) -> None:
        number = 0
        while not self._is_over:
            number += 1
            answer = await self.client.send(self.thread, f"message {number}", mode="talk")
            if answer.get("code") == "too_many":
                await asyncio.sleep(answer["retry_after_s"])
                continue
            assert answer["type"] == "ack", answer
            self.acknowledged.append(answer["seq"])

    def stop(self) -> None:
        self._is_over = True


async def test_a_backup_of_a_server_that_is_written_to(tmp_path: Path) -> None:
    here, there, file = tmp_path / "here", tmp_path / "there", tmp_path / "backup.tar"
    server = Server(here, PARLEY_SEND_RATE="100000/minute").start()
    alice = await Client(server.url, "Alice").sign_up()
    key = "sk-" + "stored0123456789" * 2
    with EvilProvider() as provider:
        await alice.call("POST", "/providers", {"name": "Box", "base_url": provider.url, "key": key})
    project = (await alice.call("GET", "/projects"))[0]["id"]
    thread = (await alice.call("POST", f"/projects/{project}/threads", {"line_up": []}))["thread"]["id"]
    await alice.connect()
    await alice.join(thread)
    writers = Writers(alice, thread)
    writing = asyncio.create_task(writers.write())
    await alice.until(lambda: len(writers.acknowledged) > 30)
    before = len(writers.acknowledged)
    done = await asyncio.to_thread(manage, here, "backup", file)
    assert done.returncode == 0, done.stderr
    assert "checked" in done.stdout
    after = len(writers.acknowledged)
    await alice.until(lambda: len(writers.acknowledged) > after + 10)
    writers.stop()
    await writing
    cookies = {c.name: c.value or "" for c in alice.http.cookies.jar}
    await alice.close()
    server.stop()
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(messages_in(here)) == len(writers.acknowledged)

    assert manage(there, "restore", file).returncode == 0
    kept = messages_in(there)
    assert [seq for seq, _ in kept] == list(range(1, len(kept) + 1))  # one instant: no hole
    assert before <= len(kept) <= after + 1
    assert not [f for f in there.iterdir() if f.name.startswith(".restore-")]

    restored = Server(there, PARLEY_SEND_RATE="100000/minute").start()
    back = Client(restored.url, "Alice")
    back.email = alice.email
    for name, value in cookies.items():
        back.http.cookies.set(name, value, domain="127.0.0.1")
    assert (await back.request("GET", "/me")).status_code == 401  # sessions do not come back
    back.http.cookies.clear()
    await back.sign_in()
    (box,) = [p for p in await back.call("GET", "/providers") if p["name"] == "Box"]
    assert box["has_key"] and "cannot be read" not in str(box)
    await back.connect()
    await back.join(thread)
    assert (await back.send(thread, "and on it goes", mode="talk"))["seq"] == len(kept) + 1
    await back.close()
    restored.stop()


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a server that nobody came to yet, and that is not running."""
    folder = tmp_path_factory.mktemp("kept")
    assert manage(folder / "data", "migrate").returncode == 0
    done = manage(folder / "data", "backup", folder / "backup.tar")
    assert done.returncode == 0, done.stderr
    return folder / "backup.tar"


def said(done: Any) -> str:
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return str(done.stderr)


def test_nothing_is_replaced_unasked(backup: Path, tmp_path: Path) -> None:
    assert "is there already" in said(manage(backup.parent / "data", "backup", backup))
    assert manage(tmp_path, "migrate").returncode == 0
    first = (tmp_path / "parley.sqlite3").read_bytes()
    assert "holds a Parley already" in said(manage(tmp_path, "restore", backup))
    assert (tmp_path / "parley.sqlite3").read_bytes() == first
    done = manage(tmp_path, "restore", backup, "--replace")
    assert done.returncode == 0, done.stderr
    (aside,) = tmp_path.glob("replaced-*")
    assert str(aside) in done.stdout and (aside / "parley.sqlite3").read_bytes() == first
    assert aside.stat().st_mode & 0o077 == 0


def test_a_log_that_was_left_alone_is_not_played_into_what_comes_back(backup: Path, tmp_path: Path) -> None:
    """Somebody has removed a database and not what lies beside it; SQLite would take that for the new one's own."""
    assert manage(tmp_path, "migrate").returncode == 0
    with closing(sqlite3.connect(tmp_path / "parley.sqlite3")) as database:
        database.execute("CREATE TABLE left_over (words)")
        database.commit()
        log = (tmp_path / "parley.sqlite3-wal").read_bytes()
    (tmp_path / "parley.sqlite3").unlink(missing_ok=True)
    (tmp_path / "parley.sqlite3-wal").write_bytes(log)
    done = manage(tmp_path, "restore", backup)
    assert done.returncode == 0, done.stderr
    (aside,) = tmp_path.glob("replaced-*")
    assert (aside / "parley.sqlite3-wal").read_bytes() == log
    with closing(sqlite3.connect(tmp_path / "parley.sqlite3")) as database:
        assert database.execute("SELECT 1 FROM sqlite_master WHERE name = 'left_over'").fetchone() is None


def test_a_running_server_is_not_pulled_from_under_its_people(backup: Path, tmp_path: Path) -> None:
    server = Server(tmp_path / "data").start()
    assert "serves the data" in said(manage(tmp_path / "data", "restore", backup, "--replace"))
    server.stop()


def test_what_is_damaged_or_no_backup_changes_nothing(backup: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    whole = backup.read_bytes()
    broken = tmp_path / "broken.tar"
    middle = len(whole) // 2
    for content in (b"", b"no backup", whole[:middle], whole[:middle] + b"?" * 512 + whole[middle + 512 :]):
        broken.write_bytes(content)
        assert "CommandError" in said(manage(data, "restore", broken))
        assert not (data / "parley.sqlite3").exists()
    assert "There is no whole backup" in said(manage(data, "restore", tmp_path / "none.tar"))
    assert not [f for f in data.iterdir() if f.name.startswith(".restore-")]


@pytest.mark.parametrize("name", ["../../escaped", "/tmp/escaped", "parley.sqlite3/../../escaped", "extra"])
def test_a_file_that_would_lie_elsewhere_is_refused(backup: Path, tmp_path: Path, name: str) -> None:
    evil = tmp_path / "evil.tar"
    with tarfile.open(evil, "w") as tar:
        member = tarfile.TarInfo(name)
        tar.addfile(member)
    assert "no backup of Parley" in said(manage(tmp_path / "data", "restore", evil))
    link = tmp_path / "link.tar"
    with tarfile.open(link, "w") as tar:
        member = tarfile.TarInfo("secret-key")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(member)
    assert "no backup of Parley" in said(manage(tmp_path / "data", "restore", link))
    assert not (tmp_path / "escaped").exists()


def test_a_newer_versions_backup_says_what_to_install(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "newer.tar"
    assert manage(data, "migrate").returncode == 0
    with closing(sqlite3.connect(data / "parley.sqlite3")) as database, database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('messaging', '9999_later', '2030-01-01')"
        )
    assert manage(data, "backup", file).returncode == 0
    assert "newer than this one" in said(manage(tmp_path / "other", "restore", file))


def test_a_secret_that_lies_elsewhere_is_said_to_be_missing(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "backup.tar"
    data.mkdir()
    assert manage(data, "migrate", SECRET_KEY="x" * 40).returncode == 0
    assert "is not in it" in manage(data, "backup", file, SECRET_KEY="x" * 40).stdout
    assert "another one than the backup's" in manage(tmp_path / "a", "restore", file, SECRET_KEY="y" * 40).stdout
    assert "another one" not in manage(tmp_path / "b", "restore", file, SECRET_KEY="x" * 40).stdout


def test_with_servers_of_its_own_one_is_sent_to_their_tools(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    assert "docs/operations.md" in said(manage(tmp_path, "backup", tmp_path / "x.tar", DATABASE_URL=url))
    assert "docs/operations.md" in said(manage(tmp_path, "restore", tmp_path / "x.tar", DATABASE_URL=url))
