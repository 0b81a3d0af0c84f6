"""What is attacked: one embedded server, or with PARLEY_TEST_PROFILE two web processes and a worker on real servers.

Attackers sit at another web process than the people they attack, so that whatever protects these must reach there.
"""

import subprocess
from pathlib import Path

from tests import servers
from tests.server import Server
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

    def stop(self) -> None:
        raise NotImplementedError


class Embedded(Target):
    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._server = Server(folder, **settings).start()
        self.url = self.other_url = self._server.url
        self.pid, self.data_dir = self._server.pid, folder

    def log_text(self) -> str:
        return self._server.log.read_text()

    def at_rest(self) -> bytes:
        return b"".join(file.read_bytes() for file in self.data_dir.iterdir() if file.is_file())

    def stop(self) -> None:
        self._server.stop()


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

        files = b"".join(file.read_bytes() for file in self.data_dir.iterdir() if file.is_file())
        dumped = subprocess.run([found.postgres_folder() / "pg_dump", self._database], capture_output=True, check=True)
        with Redis.from_url(self._redis) as client:
            keys = b"".join(key + (client.dump(key) or b"") for key in client.scan_iter())
        return files + dumped.stdout + keys

    def stop(self) -> None:
        self._deployment.stop()
        servers.postgres().drop_database(self._database)


def start(folder: Path, settings: dict[str, str]) -> Target:
    if servers.PROFILE == "embedded":
        return Embedded(folder, settings)
    assert servers.PROFILE in {"redis", "full"}, "attacks are tried on one process, or on several that share Redis"
    return Full(folder, settings)
