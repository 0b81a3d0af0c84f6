"""PostgreSQL, Redis and Apache Cassandra as plain processes on this machine, without containers.

For the tests, `make full`, the benches and the fault bench: each server listens on a spare loopback port, keeps its
data, log and process id in a folder of its own, and is stopped by that id. Standard library only.
`python -m tools.services` is the command; `missing` says what this machine lacks.
"""

from tools.services.cassandra import Cassandra, Ring
from tools.services.found import MissingError, missing
from tools.services.guard import end_with_us, kill_all
from tools.services.postgres import Postgres
from tools.services.process import Service, StartError
from tools.services.redis import Redis

__all__ = [
    "Cassandra",
    "MissingError",
    "Postgres",
    "Redis",
    "Ring",
    "Service",
    "StartError",
    "end_with_us",
    "kill_all",
    "missing",
]
