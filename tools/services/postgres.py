"""PostgreSQL in a folder. It refuses to run as root, so root starts it as the user `postgres` (or `nobody`)."""

import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tools.services import found
from tools.services.process import ELSEWHERE, Service, StartError

USER = "parley"


class Postgres(Service):
    """One server with one superuser, `parley`, who needs no password from this machine."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": open connections are ended, not waited for

    def __init__(self, folder: Path, port: int = 0, *, is_safe: bool = True) -> None:
        """`is_safe=False` leaves out fsync: twice as fast, and right for data that nobody needs after a power cut."""
        super().__init__(folder, port)
        self.programs = found.postgres_folder()
        self.is_safe = is_safe
        self._user = _unprivileged() if os.geteuid() == 0 else None

    @property
    def data(self) -> Path:
        """Its own files. Where the other user may not enter our folder, they lie in the temporary one."""
        return (self.elsewhere() or self.folder) / "data"

    def elsewhere(self) -> Path | None:
        if self._user is None or _can_enter(self.folder, self._user):
            return None
        mark = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"{ELSEWHERE}{mark}"

    def url(self, database: str = "parley") -> str:
        return f"postgresql://{USER}@{self.address}:{self.port}/{database}"

    def user(self) -> int | None:
        return self._user.pw_uid if self._user else None

    def prepare(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)  # a first start that was cut off
        self.data.mkdir(parents=True, mode=0o700)
        if self._user:
            os.chown(self.data, self._user.pw_uid, self._user.pw_gid)
        made = subprocess.run(
            [self.programs / "initdb", "-D", self.data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "-N"],
            check=False,
            cwd=self.data,
            user=self.user(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if made.returncode:
            raise StartError(f"PostgreSQL could not make its files in {self.data}:\n{made.stdout[-2000:]}")

    def command(self) -> Sequence[str | Path]:
        settings = {
            "listen_addresses": self.address,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "64MB",
            "timezone": "UTC",
        }
        if not self.is_safe:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        words: list[str | Path] = [self.programs / "postgres", "-D", self.data]
        for name, value in settings.items():
            words += ["-c", f"{name}={value}"]
        return words

    def start(self) -> Self:
        for _ in range(20):
            with contextlib.suppress(StartError):
                return super().start()
            if "pre-existing shared memory block" not in self.log_end(600):  # a killed server's last process lives yet
                break
            time.sleep(0.25)
        return super().start()

    def answers(self) -> bool:
        return self._psql("postgres", "select 1").returncode == 0

    def settle(self) -> None:
        self.create_database("parley")

    def create_database(self, name: str = "", template: str = "template1") -> str:
        """A database of that name, unless it exists, or a new one; its address."""
        wanted = name or f"parley_{uuid.uuid4().hex[:12]}"
        made = self._psql("postgres", f'create database "{wanted}" template "{template}"')
        if made.returncode and "already exists" not in made.stderr:
            raise StartError(f"PostgreSQL made no database {wanted}: {made.stderr.strip()}")
        return self.url(wanted)

    def drop_database(self, name: str) -> None:
        """Drop it, and end whoever is connected to it. Dropping what is not there is fine."""
        self.run(f'drop database if exists "{name}" with (force)')

    def run(self, statement: str, database: str = "postgres") -> str:
        """One statement; its rows as text, one a line, columns parted by |."""
        done = self._psql(database, statement)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()

    def _psql(self, database: str, statement: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.programs / "psql", "-X", "-q", "-A", "-t", "-d", self.url(database), "-c", statement],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PGCONNECT_TIMEOUT": "5"},
        )


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise found.MissingError(
        "PostgreSQL does not run as root, and there is no user postgres or nobody here to run it as."
    )


def _can_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    asked = subprocess.run(["test", "-x", folder], check=False, cwd="/", user=user.pw_uid, extra_groups=[])
    return asked.returncode == 0
