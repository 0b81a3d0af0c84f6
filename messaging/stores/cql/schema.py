"""The keyspace and the tables: ordered `.cql` files, each applied once and noted down.

Safe to repeat and safe when several hosts begin at once: one at a time, every statement says IF NOT EXISTS, and the next
begins when all hosts agree on the last. So no file is ever changed after its release; a new one is added.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cassandra import ConsistencyLevel, DriverException, RequestValidationException
from cassandra.cluster import Cluster, NoHostAvailable, Session
from cassandra.query import SimpleStatement
from django.conf import settings

from chatplatform.kernel.alone import alone
from chatplatform.kernel.clock import now
from chatplatform.kernel.errors import Invalid, Unavailable
from messaging.stores.cql import connection
from messaging.stores.cql.connection import SCHEMA_S, Servers

FOLDER = Path(__file__).resolve().parent.parent / "schema"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_NOTED = """
    CREATE TABLE IF NOT EXISTS applied_schema (
        only_row int, file text, sha256 text, applied_us bigint, PRIMARY KEY (only_row, file)
    )
"""

Say = Callable[[str], None]


def apply(
    servers: Servers | None = None,
    copies: int | None = None,
    say: Say = lambda words: None,
    *,
    says_nothing_new: bool = False,
) -> list[str]:
    """Make the keyspace with `copies` of everything if it is missing, and apply what is new; the names of those files.

    Blocks. Raises Unavailable when no server answers or one refuses, Invalid when an applied file was changed.
    """
    servers = servers or connection.servers_of_settings()
    if not _NAME.fullmatch(servers.keyspace):
        raise Invalid(
            f'CQL_KEYSPACE is "{servers.keyspace}": use small letters, digits and _, beginning with a letter.'
        )
    with alone("cql-schema"):
        cluster = connection.open_cluster(servers)
        try:
            fresh = _apply(cluster, servers.keyspace, copies or settings.CQL_REPLICATION, say)
        except (NoHostAvailable, DriverException, RequestValidationException) as error:
            raise Unavailable(
                f"The CQL servers refuse a change of the tables: {connection.reason_of(error)}"
            ) from error
        finally:
            cluster.shutdown()
    if fresh or says_nothing_new:
        say(f"The tables in keyspace {servers.keyspace} are up to date.")
    return fresh


def _apply(cluster: Cluster, keyspace: str, copies: int, say: Say) -> list[str]:
    if keyspace not in cluster.metadata.keyspaces:
        _make_keyspace(cluster, keyspace, copies, say)
    session = cluster.connect(keyspace)
    _change(session, _NOTED)
    noted = dict(session.execute("SELECT file, sha256 FROM applied_schema WHERE only_row = 0"))
    fresh = []
    for file in sorted(FOLDER.glob("*.cql")):
        text = file.read_text()
        digest = hashlib.sha256(text.encode()).hexdigest()
        if file.name not in noted:
            say(f"Applying {file.name}.")
            for statement in statements_of(text):
                _change(session, statement)
            session.execute(
                "INSERT INTO applied_schema (only_row, file, sha256, applied_us) VALUES (0, %s, %s, %s)",
                (file.name, digest, int(now().timestamp() * 1_000_000)),
            )
            fresh.append(file.name)
        elif noted[file.name] != digest:
            raise Invalid(
                f"{file.name} was changed after it was applied to {keyspace}. Put it back and add a new file."
            )
    return fresh


def _make_keyspace(cluster: Cluster, keyspace: str, copies: int, say: Say) -> None:
    session = cluster.connect()
    datacenter = session.execute("SELECT data_center FROM system.local").one()[0]
    nodes = sum(host.datacenter == datacenter for host in cluster.metadata.all_hosts())
    if nodes < copies:
        say(
            f"{copies} copies are wanted (CQL_REPLICATION), but the nodes in {datacenter} are {nodes}: keeping {nodes}."
            f" With more nodes, ALTER KEYSPACE {keyspace} and run `nodetool repair`; see docs/operations.md."
        )
    say(f"Making keyspace {keyspace} in {datacenter} with {min(nodes, copies)} of everything.")
    _change(
        session,
        f"CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication ="
        f" {{'class': 'NetworkTopologyStrategy', '{datacenter}': {min(nodes, copies)}}}",
    )


def _change(session: Session, text: str) -> None:
    """One change of the schema, and all hosts agreed on it."""
    statement = SimpleStatement(text, consistency_level=ConsistencyLevel.LOCAL_QUORUM)
    sent = session.execute_async(statement, timeout=2 * SCHEMA_S)
    sent.result()
    if not sent.is_schema_agreed:
        raise Unavailable(f"The CQL servers do not agree on the tables after {SCHEMA_S:.0f} s. Try again.", "store")


def statements_of(text: str) -> list[str]:
    """The statements of a file without its comments, which begin with two dashes."""
    bare = re.sub(r"--[^\n]*", "", text)
    return [statement.strip() for statement in bare.split(";") if statement.strip()]


def drop(servers: Servers) -> None:
    """Remove the keyspace with all that is in it. For tests and measurements."""
    cluster = connection.open_cluster(replace(servers, keyspace=""))
    try:
        _change(cluster.connect(), f"DROP KEYSPACE IF EXISTS {servers.keyspace}")
    finally:
        cluster.shutdown()
