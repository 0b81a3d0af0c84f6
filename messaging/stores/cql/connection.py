"""The way to the CQL servers: which hosts, how they are asked, and one connection for the whole process.

Everything here blocks and is called off the loop. The driver has a thread of its own for input and output, so it goes
with any event loop; it reconnects by itself, every second, for as long as the process lives.
"""

import logging
import os
import re
import threading
from dataclasses import dataclass
from typing import Any

from cassandra import ConsistencyLevel, DriverException, InvalidRequest, UnresolvableContactPoints
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, Session
from cassandra.policies import (
    ConstantReconnectionPolicy,
    ConstantSpeculativeExecutionPolicy,
    DCAwareRoundRobinPolicy,
    FallthroughRetryPolicy,
    HostStateListener,
    RoundRobinPolicy,
    TokenAwarePolicy,
)
from cassandra.query import PreparedStatement, tuple_factory
from django.conf import settings

from chatplatform.kernel.errors import Unavailable
from messaging.stores.cql import statements, tls

log = logging.getLogger(__name__)

PORT = 9042
CONNECT_S = 5.0
ANSWER_S = 3.0
SECOND_HOST_S = 0.2  # a host that is silent for so long is not waited for alone
RECONNECT_S = 1.0
SCHEMA_S = 30.0
_REFUSED = re.compile(r"certificate verify failed: (.*?)\.? \(_ssl")  # all that the driver passes on of such an error


@dataclass(frozen=True)
class Servers:
    """Where the messages are, and who we are there. `datacenter` empty: the one of the first host that answers.

    `sslmode` and `ca_file` are for `tls.context`.
    """

    hosts: tuple[str, ...]
    keyspace: str
    datacenter: str = ""
    username: str = ""
    password: str = ""
    sslmode: str = "disable"
    ca_file: str = ""

    def addresses(self) -> list[tuple[str, int]]:
        return [_address(host) for host in self.hosts]


def servers_of_settings() -> Servers:
    return Servers(
        tuple(settings.CQL_HOSTS),
        settings.CQL_KEYSPACE,
        settings.CQL_DATACENTER,
        settings.CQL_USERNAME,
        settings.CQL_PASSWORD,
        settings.CQL_SSLMODE,
        settings.CQL_CA_FILE,
    )


def _address(host: str) -> tuple[str, int]:
    """ "host", "host:port", "[v6]:port" or a bare IPv6 address."""
    if host.startswith("["):
        name, _, port = host[1:].partition("]")
        return name, int(port.lstrip(":") or PORT)
    name, colon, port = host.rpartition(":")
    return (name, int(port)) if colon and ":" not in name else (host, PORT)


class NoSchema(Exception):
    """The keyspace or one of its tables is not there yet."""


@dataclass(frozen=True)
class Connected:
    """A session in the keyspace with every statement prepared."""

    session: Session
    prepared: dict[str, PreparedStatement]


_connected: dict[Servers, Connected] = {}
_lock = threading.Lock()


def connected(servers: Servers) -> Connected:
    """The process's connection to these servers, made at the first call. Raises Unavailable, NoSchema."""
    with _lock:
        found = _connected.get(servers)
        if found is None or found.session.is_shutdown:
            cluster = open_cluster(servers)
            try:
                found = _connected[servers] = _prepare(cluster, servers)
            except BaseException:
                cluster.shutdown()
                raise
        return found


def close_all() -> None:
    """Hang up everywhere; the next call connects anew."""
    with _lock:
        while _connected:
            _, found = _connected.popitem()
            found.session.cluster.shutdown()


def open_cluster(servers: Servers) -> Cluster:
    """A connected cluster that nobody else uses; whoever opens it shuts it down. Raises Unavailable."""
    try:
        cluster = _cluster(servers, servers.datacenter)
    except UnresolvableContactPoints as error:
        raise Unavailable(f"No name in CQL_HOSTS is known here: {', '.join(servers.hosts)}", "store") from error
    except OSError as error:
        words = f"The file {servers.ca_file} (CQL_CA_FILE) cannot be used: {_words(error)}"
        raise Unavailable(words, "store") from error
    try:
        cluster.connect()
    except (NoHostAvailable, DriverException, OSError) as error:
        cluster.shutdown()
        raise Unavailable(_why_not(servers, error), "store") from error
    return cluster


def _cluster(servers: Servers, datacenter: str) -> Cluster:
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy(datacenter)),
        retry_policy=FallthroughRetryPolicy(),  # bridge.py repeats: there every failure passes
        consistency_level=ConsistencyLevel.LOCAL_QUORUM,
        request_timeout=ANSWER_S,
        row_factory=tuple_factory,
        speculative_execution_policy=ConstantSpeculativeExecutionPolicy(SECOND_HOST_S, 1),
    )
    addresses = servers.addresses()
    return Cluster(
        addresses,
        port=addresses[0][1],
        protocol_version=4,  # the newest that both servers speak
        auth_provider=PlainTextAuthProvider(servers.username, servers.password) if servers.username else None,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        reconnection_policy=ConstantReconnectionPolicy(RECONNECT_S, max_attempts=None),
        ssl_context=tls.context(servers.sslmode, servers.ca_file),
        connect_timeout=CONNECT_S,
        control_connection_timeout=CONNECT_S,
        idle_heartbeat_interval=10,
        idle_heartbeat_timeout=10,
        max_schema_agreement_wait=SCHEMA_S,
    )


class _Watch(HostStateListener):
    """Says which hosts come and go; the driver's own account of it is long and repeats itself."""

    def on_up(self, host: Any) -> None:
        log.info("CQL host %s is up.", host.endpoint)

    def on_down(self, host: Any) -> None:
        log.warning("CQL host %s is down.", host.endpoint)

    def on_add(self, host: Any) -> None:
        pass

    def on_remove(self, host: Any) -> None:
        log.warning("CQL host %s has left the ring.", host.endpoint)


def _prepare(cluster: Cluster, servers: Servers) -> Connected:
    if servers.keyspace not in cluster.metadata.keyspaces:
        raise NoSchema(f"There is no keyspace {servers.keyspace}.")
    try:
        session = cluster.connect(servers.keyspace)
        prepared = {text: _prepared(session, text) for text in statements.ALL}
    except InvalidRequest as error:
        raise NoSchema(str(error)) from error
    except (NoHostAvailable, DriverException) as error:
        raise Unavailable(_why_not(servers, error), "store") from error
    cluster.register_listener(_Watch())
    return Connected(session, prepared)


def _prepared(session: Session, text: str) -> PreparedStatement:
    statement = session.prepare(text)
    statement.is_idempotent = True
    return statement


# -- what is wrong ----------------------------------------------------------------------------------------


def _why_not(servers: Servers, error: Exception) -> str:
    """One sentence for whoever runs the server."""
    named = ", ".join(servers.hosts)
    if servers.datacenter and (others := _datacenters(servers)) and servers.datacenter not in others:
        there = ", ".join(sorted(others))
        return f'The CQL servers at {named} have no data centre "{servers.datacenter}" (CQL_DATACENTER); there is: {there}.'
    return f"No CQL server answers at {named} (CQL_HOSTS): {reason_of(error)}"


def reason_of(error: Exception) -> str:
    """What the hosts said, each once."""
    errors: Any = getattr(error, "errors", None)
    if isinstance(errors, dict) and errors:
        return "; ".join(sorted({f"{host}: {_words(what)}" for host, what in errors.items()}))
    return _words(error)


def _words(error: Any) -> str:
    said = str(error) or type(error).__name__
    if refused := _REFUSED.search(said):
        return f"its certificate is not accepted ({refused[1]}): see CQL_CA_FILE and CQL_SSLMODE"
    if "[SSL" in said:
        return f"TLS fails ({said}): see CQL_SSLMODE"
    return os.strerror(error.errno) if getattr(error, "errno", None) else said


def _datacenters(servers: Servers) -> set[str]:
    """The data centres that the servers know; nothing when none answers."""
    profile = ExecutionProfile(load_balancing_policy=RoundRobinPolicy())
    cluster = _cluster(servers, "")
    cluster.profile_manager.profiles[EXEC_PROFILE_DEFAULT] = profile
    try:
        cluster.connect()
        return {host.datacenter for host in cluster.metadata.all_hosts()}
    except (NoHostAvailable, DriverException, OSError):
        return set()
    finally:
        cluster.shutdown()
