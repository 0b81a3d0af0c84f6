"""The full profile on one machine: PostgreSQL, Redis, Cassandra, two web processes, two workers. `make full` and the fault bench."""

from tools.full.deployment import Deployment
from tools.full.processes import Web, Worker

__all__ = ["Deployment", "Web", "Worker"]
