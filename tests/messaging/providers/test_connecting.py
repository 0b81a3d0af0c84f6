"""The connection to a provider: bytes whole and in order, bounds kept, ends and failures told as httpcore tells them."""

import asyncio
import ipaddress
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpcore
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chatplatform.kernel.clock import now
from messaging.providers import transport
from messaging.providers.addresses import Origin, read_url
from messaging.providers.connecting import MOST_UNREAD, Connection, connect

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def peer(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server that treats each connection so and then closes it."""
    going: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        going.add(task)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for task in going:
        task.cancel()
    await asyncio.gather(*going, return_exceptions=True)


async def read_all(connection: Connection) -> bytes:
    found = b""
    while part := await connection.read(65536):
        assert len(part) <= 65536
        found += part
    return found


async def test_all_that_comes_is_read_in_order_up_to_the_end() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(1000):
            writer.write(b"%d " % number)
            if number % 100 == 0:
                await writer.drain()
                await asyncio.sleep(0)

    async with peer(serve) as port:
        connection = await connect("127.0.0.1", port)
        assert await read_all(connection) == b"".join(b"%d " % number for number in range(1000))
        assert await connection.read(10) == b"", "the end stays the end"
        assert connection.get_extra_info("is_readable")
        await connection.aclose()


async def test_who_does_not_read_makes_the_other_side_wait() -> None:
    total, written = 32 * 1024 * 1024, 0

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        while written < total:
            writer.write(bytes(65536))
            await writer.drain()
            written += 65536

    async with peer(serve) as port:
        connection = await connect("127.0.0.1", port)
        seen = -1
        while written != seen:  # until the kernel's buffers are full, too
            seen = written
            await asyncio.sleep(0.1)
        assert written < total
        assert len(connection._unread) < MOST_UNREAD + 1024 * 1024
        assert len(await read_all(connection)) == total
        await connection.aclose()


async def test_a_connection_that_breaks_is_a_read_error_after_what_came() -> None:
    broken = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"so far")
        await writer.drain()
        await broken.wait()
        line = writer.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, no goodbye
        writer.transport.abort()

    async with peer(serve) as port:
        connection = await connect("127.0.0.1", port)
        assert await connection.read(100) == b"so far"
        broken.set()
        with pytest.raises(httpcore.ReadError):
            await connection.read(100)
        with pytest.raises(httpcore.WriteError):
            await connection.write(b"hello?")


async def test_a_read_that_is_given_up_loses_nothing() -> None:
    go = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        writer.write(b"late")

    async with peer(serve) as port:
        connection = await connect("127.0.0.1", port)
        with pytest.raises(httpcore.ReadTimeout):
            await connection.read(100, timeout=0.01)
        reading = asyncio.create_task(connection.read(100))
        await asyncio.sleep(0)
        reading.cancel()
        go.set()
        assert await connection.read(100) == b"late"
        await connection.aclose()


async def test_nobody_there_is_a_connect_error() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(httpcore.ConnectError):
        await connect("127.0.0.1", port)


# -- under httpx -------------------------------------------------------------------------------------


def client(port: int, scheme: str = "http") -> httpx.AsyncClient:
    origin: Origin = read_url(f"{scheme}://localhost:{port}/v1")
    return transport.client(origin, {}, connect_s=5, is_private_allowed=True)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(ANSWER)


async def test_a_kept_connection_is_used_again_and_one_that_was_closed_is_not() -> None:
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)

    async with peer(serve) as port, client(port) as asking:
        for expected in (1, 1, 2, 2, 3):
            assert (await asking.get("models")).text == "ok"
            assert count == expected
            await asyncio.sleep(0.02)  # the end of a connection that has served twice gets here


def certificate(folder: Path) -> Path:
    """A certificate for localhost that is its own authority, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a harbour")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    clear = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, clear)
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


async def test_tls_is_spoken_and_the_name_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = certificate(tmp_path)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(file)
    trusting = ssl.create_default_context(cafile=str(file))
    async with peer(answer, ours) as port:
        async with client(port, "https") as stranger:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await stranger.get("models")
        monkeypatch.setattr(transport, "_tls", lambda: trusting)
        async with client(port, "https") as asking:
            for _ in range(2):
                assert (await asking.get("models")).text == "ok"


async def test_who_never_finishes_the_handshake_is_a_connect_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with peer(silent) as port:
        origin = read_url(f"https://localhost:{port}/v1")
        async with transport.client(origin, {}, connect_s=0.2, is_private_allowed=True) as asking:
            with pytest.raises(httpx.ConnectTimeout):
                await asking.get("models")
