"""Redis in a folder."""

import socket
from collections.abc import Sequence
from pathlib import Path

from tools.services import found
from tools.services.process import Service


class Redis(Service):
    """One server. It keeps nothing on disk: what a room heard last can be lost, and Parley must live with that."""

    name = "Redis"

    def __init__(self, folder: Path, port: int = 0, *, maxmemory: str = "256mb", policy: str = "noeviction") -> None:
        super().__init__(folder, port)
        self.maxmemory, self.policy = maxmemory, policy

    def url(self, database: int = 0) -> str:
        """The address of one of its 256 databases; a test takes one of its own."""
        return f"redis://{self.address}:{self.port}/{database}"

    def command(self) -> Sequence[str | Path]:
        settings = {
            "port": str(self.port),
            "bind": self.address,
            "dir": str(self.folder),
            "save": "",
            "appendonly": "no",
            "databases": "256",
            "maxmemory": self.maxmemory,
            "maxmemory-policy": self.policy,
        }
        return [found.redis_server(), *(word for name, value in settings.items() for word in (f"--{name}", value))]

    def answers(self) -> bool:
        return self.run("PING") == "+PONG"

    def run(self, *words: str) -> str:
        """One command whose answer is one line; empty when nobody answers."""
        said = f"*{len(words)}\r\n" + "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
        try:
            with socket.create_connection((self.address, self.port), timeout=2) as line:
                line.sendall(said.encode())
                return line.recv(65536).decode().rstrip("\r\n")
        except OSError:
            return ""
