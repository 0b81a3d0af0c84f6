"""How the CQL servers stand, for whoever looks after them: every host by itself. Blocks; never on a loop."""

import time
from typing import Any, NamedTuple

from cassandra import ConsistencyLevel, DriverException, RequestValidationException
from cassandra.cluster import Cluster, NoHostAvailable, Session
from cassandra.query import SimpleStatement

from messaging.stores.cql import connection
from messaging.stores.cql.schema import FOLDER


class Host(NamedTuple):
    """`difference_s`: its clock less ours; None when it does not answer."""

    address: str
    version: str
    difference_s: float | None


class Examined(NamedTuple):
    """`copies` None: there is no keyspace. `missing`: files of the schema that were never applied."""

    hosts: list[Host]
    copies: int | None
    missing: list[str]


def examine() -> Examined:
    """Ask every host of the data centre that is ours. Raises Unavailable when none answers."""
    servers = connection.servers_of_settings()
    cluster = connection.open_cluster(servers)
    try:
        session = cluster.connect()
        hosts = [_host(session, host) for host in cluster.metadata.all_hosts()]
        keyspace = cluster.metadata.keyspaces.get(servers.keyspace)
        if keyspace is None:
            return Examined(hosts, None, [])
        return Examined(hosts, _copies(keyspace), _missing(cluster, servers.keyspace))
    finally:
        cluster.shutdown()


def _host(session: Session, host: Any) -> Host:
    address, version = str(host.endpoint), f"{host.release_version or 'unknown version'}"
    asked = SimpleStatement("SELECT toUnixTimestamp(now()) FROM system.local", consistency_level=ConsistencyLevel.ONE)
    before = time.time()
    try:
        row = session.execute(asked, host=host).one()
    except (NoHostAvailable, DriverException):
        return Host(address, version, None)
    return Host(address, version, row[0] / 1000 - (before + time.time()) / 2)


def _copies(keyspace: Any) -> int:
    strategy = keyspace.replication_strategy
    factors = getattr(strategy, "dc_replication_factors_info", None)
    if factors:
        return max(int(factor.all_replicas) for factor in factors.values())
    return int(getattr(strategy, "replication_factor", 1))


def _missing(cluster: Cluster, keyspace: str) -> list[str]:
    files = [file.name for file in sorted(FOLDER.glob("*.cql"))]
    try:
        rows = cluster.connect(keyspace).execute("SELECT file FROM applied_schema WHERE only_row = 0")
    except RequestValidationException:
        return files  # the table that notes them is missing, too
    noted = {row[0] for row in rows}
    return [name for name in files if name not in noted]
