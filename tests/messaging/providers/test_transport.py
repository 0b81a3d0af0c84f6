"""The HTTP client to one provider: which connections are used again, whom it asks, TLS."""

import asyncio
import ipaddress
import ssl
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chatplatform.kernel.clock import now
from messaging.providers import transport
from messaging.providers.addresses import Origin, read_url
from tests.messaging.providers.peers import ANSWER, CHUNKED, peer, saying


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


async def test_words_between_two_answers_end_the_connection() -> None:
    """Whoever is asked next must not be given what nobody asked for."""
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await asyncio.sleep(0.02)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad")
        await reader.read()

    async with peer(serve) as port, client(port) as asking:
        for expected in (1, 2):
            assert (await asking.get("models")).text == "ok"
            assert count == expected
            await asyncio.sleep(0.05)


async def test_an_answer_that_is_not_read_to_its_end_ends_the_connection() -> None:
    async with peer(saying(CHUNKED + b"3\r\none\r\n", ends=False)) as port, client(port) as asking:
        for _ in range(2):
            async with asking.stream("GET", "models") as answer:
                async for part in answer.aiter_raw():
                    assert part == b"one"
                    break


async def test_a_connection_that_was_to_be_closed_is_closed() -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)  # without a word about closing
        with suppress(ConnectionError):
            await reader.read()
        ended.set()

    async with peer(serve) as port, client(port) as asking:
        assert (await asking.get("models", headers={"Connection": "close"})).text == "ok"
        async with asyncio.timeout(5):
            await ended.wait()


async def test_another_address_is_not_asked() -> None:
    async with peer(answer) as port, client(port) as asking:
        for other in (f"http://127.0.0.1:{port}/v1/models", "http://localhost:1/", f"https://localhost:{port}/"):
            with pytest.raises(httpx.UnsupportedProtocol):
                await asking.get(other)


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
