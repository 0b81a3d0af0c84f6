"""TLS to the CQL servers, with real certificates before a real node: who is believed, and what is said of the others."""

import ipaddress
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chatplatform.kernel.errors import Unavailable
from chatplatform.kernel.ids import new_id
from faults.proxy import Proxy
from messaging.stores.cql import connection, schema
from messaging.stores.cql.connection import Servers
from messaging.stores.cql.store import CqlMessageStore
from tests.messaging.stores.made import message
from tests.servers import CassandraServer

pytestmark = [pytest.mark.needs("cassandra"), pytest.mark.slow]


class Authority:
    """Signs certificates; `file` is what clients trust."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self._sign(self.name, self.key, x509.BasicConstraints(ca=True, path_length=0)))

    def server(self, address: str) -> ssl.SSLContext:
        """What a server at that address shows."""
        key = ec.generate_private_key(ec.SECP256R1())
        named = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        file = self.folder / f"{address}.pem"
        plain = serialization.NoEncryption()
        file.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
            + self._sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")]), key, named)
        )
        shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        shown.load_cert_chain(file)
        return shown

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType) -> bytes:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(self.name, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        )
        return made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest.fixture
def node(cassandra: CassandraServer, authority: Authority) -> Iterator[Callable[[str], Servers]]:
    """From the address in its certificate to a node that speaks TLS alone."""
    host, _, port = cassandra.hosts.partition(",")[0].rpartition(":")
    proxies: list[Proxy] = []

    def start(address: str) -> Servers:
        proxies.append(Proxy((host, int(port)), tls=authority.server(address)).start())
        return Servers((f"127.0.0.1:{proxies[-1].port}",), cassandra.new_keyspace())

    yield start
    connection.close_all()
    for proxy in proxies:
        proxy.close()


def opens(servers: Servers, sslmode: str, ca_file: Path | None = None) -> str:
    """What is said of it; empty when it works."""
    try:
        cluster = connection.open_cluster(replace(servers, sslmode=sslmode, ca_file=str(ca_file or "")))
    except Unavailable as error:
        return error.message
    cluster.shutdown()
    return ""


@pytest.mark.django_db(transaction=True)  # PostgreSQL says whose turn it is to make tables
async def test_messages_go_through_it(node: Callable[[str], Servers], authority: Authority) -> None:
    servers = replace(node("127.0.0.1"), sslmode="verify-full", ca_file=str(authority.file))
    store = CqlMessageStore(servers)
    one = message(new_id(), 1)
    try:
        await store.put([one])
        assert await store.get(one.id) == one
    finally:
        await store.close()
        schema.drop(servers)


def test_who_is_not_believed_is_refused_with_words(
    node: Callable[[str], Servers], authority: Authority, tmp_path: Path
) -> None:
    servers = node("127.0.0.1")
    others = Authority(tmp_path, "others").file
    assert opens(servers, "verify-full", authority.file) == ""
    for sslmode in ("verify-full", "verify-ca"):
        assert "its certificate is not accepted" in opens(servers, sslmode, others)
        assert "CQL_CA_FILE" in opens(servers, sslmode)  # the system's authorities do not know it
    assert opens(servers, "require") == ""
    assert "No CQL server answers" in opens(servers, "disable")


def test_a_certificate_for_another_address(node: Callable[[str], Servers], authority: Authority) -> None:
    servers = node("192.0.2.7")
    assert "IP address mismatch" in opens(servers, "verify-full", authority.file)
    assert opens(servers, "verify-ca", authority.file) == ""
