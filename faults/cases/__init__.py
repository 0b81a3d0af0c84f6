"""One module for each thing that breaks; importing this package fills `faults.table.CASES`."""

from faults.cases import cql, machine, people, postgres, providers, redis, upkeep, webs, workers

__all__ = ["cql", "machine", "people", "postgres", "providers", "redis", "upkeep", "webs", "workers"]
