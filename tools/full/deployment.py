"""All processes of the full profile in one folder, and what each is told about the others."""

import os
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools import places
from tools.full.processes import Parley, Web, Worker, clean
from tools.services import Cassandra, Postgres, Redis, Ring, Service, StartError

# What of our own environment says where servers are: a deployment says it itself.
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "CQL_HOSTS")


class Deployment:
    """Servers, web processes and workers. Nothing runs before `start`; `stop` ends in the other order.

    `given` holds addresses of servers that somebody else runs (DATABASE_URL, REDIS_URL, CQL_HOSTS): they are used, not started.
    """

    def __init__(
        self,
        folder: Path,
        *,
        webs: int = 2,
        workers: int = 2,
        nodes: int = 1,
        first_port: int = 0,
        given: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.given = dict(given or {})
        self.postgres = None if "DATABASE_URL" in self.given else Postgres(folder / "postgres")
        self.redis = None if "REDIS_URL" in self.given else Redis(folder / "redis")
        self.nodes: list[Cassandra] = []
        if "CQL_HOSTS" not in self.given and nodes:
            self.nodes = Ring(folder / "cassandra").nodes[:nodes]
        self.settings = {**self.addresses(), "PARLEY_DATA_DIR": str(folder / "parley"), **(settings or {})}
        self.webs = [
            Web(f"web-{n + 1}", folder, self.settings, first_port + n if first_port else 0) for n in range(webs)
        ]
        self.workers = [Worker(f"worker-{n + 1}", folder, self.settings) for n in range(workers)]

    @property
    def servers(self) -> list[Service]:
        return [server for server in (self.postgres, self.redis, *self.nodes) if server is not None]

    @property
    def processes(self) -> list[Parley]:
        return [*self.webs, *self.workers]

    def addresses(self) -> dict[str, str]:
        """Where the servers are, as the settings name them."""
        found = dict(self.given)
        if self.postgres:
            found["DATABASE_URL"] = self.postgres.url()
        if self.redis:
            found["REDIS_URL"] = self.redis.url()
        if self.nodes:
            found["CQL_HOSTS"] = ",".join(node.host for node in self.nodes)
            found["CQL_REPLICATION"] = str(len(self.nodes))
        return found

    def start(
        self, say: Callable[[str], object] = lambda words: None, goes_on: Callable[[], bool] = lambda: True
    ) -> None:
        """Servers first, then the tables, then workers, so that the web processes find some. Raises StartError, MissingError.

        Before each step `goes_on` is asked; when it says no, nothing more is started.
        """
        for server in self.servers:
            if not goes_on():
                return
            server.start()
            say(f"{server.name} answers on {server.address}:{server.port}.")
        if not goes_on():
            return
        say("Bringing the databases up to date.")
        self.manage("migrate", "--verbosity", "0", "--no-input")
        if "CQL_HOSTS" in self.settings:
            self.manage("migrate_cql")
        for group in (self.workers, self.webs):
            if not goes_on():
                return
            with ThreadPoolExecutor(len(group) or 1) as pool:
                for process in pool.map(lambda process: process.start(), group):
                    say(f"{process.name} is ready.")

    def manage(self, *words: str) -> str:
        """One `manage.py` command in the deployment's environment; what it printed. Raises StartError."""
        (self.folder / "parley").mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [places.PYTHON, "manage.py", *words],
            check=False,
            cwd=places.ROOT,
            env=clean({**os.environ, **self.settings}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise StartError(f"manage.py {words[0]} failed:\n{done.stdout[-3000:]}")
        return done.stdout

    def stop(self, say: Callable[[str], object] = lambda words: None) -> None:
        """Web processes say goodbye, workers finish or hand over, servers go last."""
        for group in (self.webs, self.workers, self.servers):
            running = [process for process in group if process.is_running]
            with ThreadPoolExecutor(len(running) or 1) as pool:
                for process, _ in zip(running, pool.map(lambda process: process.stop(), running), strict=True):
                    say(f"{process.name} has stopped.")

    def kill(self) -> None:
        """SIGKILL to everything, as when the power fails."""
        for process in [*self.processes, *self.servers]:
            process.kill()
