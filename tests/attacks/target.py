"""What is attacked, and whose log is read: one server, embedded or on PostgreSQL, or with PARLEY_TEST_PROFILE=redis or full two
web processes and a worker on real servers.

Attackers sit at another web process than the people they attack, so that whatever protects these must reach there.
"""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from tests import servers
from tests.server import NO_SERVERS, Server
from tools.full import Deployment
from tools.services import found


class Target:
    """`url` is where the people are, `other_url` where attackers sit; `log_text` is of all processes."""

    url: str
    other_url: str
    pid: int
    data_dir: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/ws"

    def log_text(self) -> str:
        raise NotImplementedError

    def at_rest(self) -> bytes:
        """All that is kept: of files, of the database, of Redis."""
        raise NotImplementedError

    def change_tables(self, statement: str) -> None:
        """What nobody but a careless administrator does."""
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError


class Embedded(Target):
    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._server = Server(folder, **{**NO_SERVERS, **settings}).start()
        self.url = self.other_url = self._server.url
        self.pid, self.data_dir = self._server.pid, folder

    def log_text(self) -> str:
        return self._server.log.read_text()

    def at_rest(self) -> bytes:
        return _files(self.data_dir)

    def change_tables(self, statement: str) -> None:
        with closing(sqlite3.connect(self.data_dir / "parley.sqlite3")) as database:
            database.execute(statement)

    def stop(self) -> None:
        self._server.stop()


class OnPostgres(Embedded):
    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._database = servers.postgres().create_database()
        super().__init__(folder, {**settings, "DATABASE_URL": self._database})

    def at_rest(self) -> bytes:
        return _files(self.data_dir) + _dumped(self._database)

    def change_tables(self, statement: str) -> None:
        _change(self._database, statement)

    def stop(self) -> None:
        super().stop()
        servers.postgres().drop_database(self._database)


class Full(Target):
    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        given = servers.environment(servers.PROFILE)
        self._database = servers.postgres().create_database()
        given["DATABASE_URL"] = self._database
        addresses = {name: given.pop(name) for name in list(given) if name.startswith("CQL_") and name != "CQL_HOSTS"}
        self._redis = given["REDIS_URL"]
        own = {"DJANGO_SETTINGS_MODULE": "chatplatform.settings", "PARLEY_LOCAL_MODEL": "0", "PARLEY_TEST_MODELS": "1"}
        self._deployment = Deployment(
            folder, webs=2, workers=1, nodes=0, given=given, settings={**own, **addresses, **settings}
        )
        try:
            self._deployment.start()
        except BaseException:
            self.stop()
            raise
        web, other = self._deployment.webs
        self.url, self.other_url = web.url, other.url
        assert web.pid is not None
        self.pid, self.data_dir = web.pid, folder / "parley"

    def log_text(self) -> str:
        return "\n".join(process.log.read_text() for process in self._deployment.processes)

    def at_rest(self) -> bytes:
        from redis import Redis

        with Redis.from_url(self._redis) as client:
            keys = b"".join(key + (client.dump(key) or b"") for key in client.scan_iter())
        return _files(self.data_dir) + _dumped(self._database) + keys

    def change_tables(self, statement: str) -> None:
        _change(self._database, statement)

    def stop(self) -> None:
        self._deployment.stop()
        servers.postgres().drop_database(self._database)


TARGETS: dict[str, type[Embedded | Full]] = {"embedded": Embedded, "postgres": OnPostgres, "redis": Full, "full": Full}


def start(folder: Path, settings: dict[str, str]) -> Target:
    return TARGETS[servers.PROFILE](folder, settings)


def _files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


def _dumped(database: str) -> bytes:
    return subprocess.run([found.postgres_folder() / "pg_dump", database], capture_output=True, check=True).stdout


def _change(database: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(statement.encode())
