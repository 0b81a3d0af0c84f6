"""The connection to a provider: answers whole and in order, bounds kept, ends and failures told, bad answers refused."""

import asyncio
import socket
import struct

import httpx
import pytest

from messaging.providers.connecting import MOST_BARE, MOST_UNREAD, Connection, connect, encode
from tests.messaging.providers.peers import ANSWER, ASKED, CHUNKED, peer, saying


async def read_all(connection: Connection) -> bytes:
    found = b""
    while part := await connection.read():
        found += part
    return found


async def heard(port: int) -> tuple[int, bytes, bool]:
    """Status and body of the answer, and whether the connection may be asked again."""
    connection = await connect("127.0.0.1", port)
    try:
        await connection.ask(ASKED)
        return connection.status, await read_all(connection), connection.rest()
    finally:
        connection.abort()


@pytest.mark.parametrize(
    ("parts", "body", "keeps"),
    [
        ((ANSWER,), b"ok", True),
        (tuple(bytes((byte,)) for byte in ANSWER), b"ok", True),
        ((CHUNKED + b"3\r\none\r\n", b"4;x=y\r\n two\r\n0\r\n\r\n"), b"one two", True),
        ((CHUNKED + b"1\r\na\r\n0\r\nA-Trailer: b\r\n", b"\r\n"), b"a", True),
        ((b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n", ANSWER), b"ok", True),
        ((b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",), b"ok", False),
        ((b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",), b"ok", False),
        ((b"HTTP/1.1 200 OK\r\n\r\nto the ", b"end"), b"to the end", False),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), b"", True),
        ((ANSWER + ANSWER,), b"ok", False),  # who says more than was asked is not asked again
        ((ANSWER, b"HTTP/1.1 200 OK\r\nContent-Le"), b"ok", False),
    ],
)
async def test_an_answer_is_read_however_it_is_framed_and_cut(
    parts: tuple[bytes, ...], body: bytes, keeps: bool
) -> None:
    async with peer(saying(*parts, ends=not keeps)) as port:
        status, found, can_be_asked = await heard(port)
        assert (status in {200, 204}, found) == (True, body)
        if parts[1:] and parts[0] == ANSWER:
            return  # what comes after a whole answer may come after it was let go: the next test
        assert can_be_asked == keeps


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"not HTTP at all\r\n\r\n",
        b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 1\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nBad Name: x\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\nok",
        CHUNKED + b"2\r\nok\r\n",
        CHUNKED + b"g\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"-2\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"2\r\nokay\r\n0\r\n\r\n",
        CHUNKED + b"2 \r\nok\r\n0\r\n\r\n",
        CHUNKED + b"fffffffffffffffff\r\nok",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\nhello",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + ANSWER,
    ],
)
async def test_an_answer_that_is_none_is_refused(said: bytes) -> None:
    async with peer(saying(said)) as port:
        with pytest.raises(httpx.RemoteProtocolError):
            await heard(port)


@pytest.mark.parametrize(
    ("head", "more"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 1024),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 128),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 40),
        (CHUNKED + b"2;", b"x" * 1024),
        (CHUNKED + b"2\r\nok\r\n0\r\nX: ", b"x" * 1024),
        (CHUNKED + b"2\r\nok\r\n0\r\n", b"X: y\r\n" * 128),
    ],
)
async def test_what_holds_no_words_must_end(head: bytes, more: bytes) -> None:
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while True:
            writer.write(more)
            await writer.drain()
            sent += len(more)
            await asyncio.sleep(0)

    async with peer(serve) as port:
        with pytest.raises(httpx.RemoteProtocolError, match="does not end"):
            await heard(port)
        assert sent >= MOST_BARE - 2 * len(more) - len(head)


async def test_all_that_comes_is_read_in_order_up_to_the_end() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED)
        for number in range(1000):
            text = b"%d " % number
            writer.write(b"%x\r\n%b\r\n" % (len(text), text))
            if number % 100 == 0:
                await writer.drain()
                await asyncio.sleep(0)
        writer.write(b"0\r\n\r\n")

    async with peer(serve) as port:
        connection = await connect("127.0.0.1", port)
        await connection.ask(ASKED)
        assert await read_all(connection) == b"".join(b"%d " % number for number in range(1000))
        assert await connection.read() == b"", "the end stays the end"
        connection.abort()


async def test_who_does_not_read_makes_the_other_side_wait() -> None:
    total, written = 32 * 1024 * 1024, 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % total)
        while written < total:
            writer.write(bytes(65536))
            await writer.drain()
            written += 65536

    async with peer(serve) as port:
        connection = await connect("127.0.0.1", port)
        await connection.ask(ASKED)
        seen = -1
        while written != seen:  # until the kernel's buffers are full, too
            seen = written
            await asyncio.sleep(0.1)
        assert written < total
        assert connection._unread_bytes < MOST_UNREAD + 1024 * 1024
        assert len(await read_all(connection)) == total
        connection.abort()


async def test_a_connection_that_breaks_is_a_read_error_after_what_came() -> None:
    broken = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED + b"6\r\nso far\r\n")
        await writer.drain()
        await broken.wait()
        line = writer.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, no goodbye
        writer.transport.abort()

    async with peer(serve) as port:
        connection = await connect("127.0.0.1", port)
        await connection.ask(ASKED)
        assert await connection.read() == b"so far"
        broken.set()
        with pytest.raises(httpx.ReadError):
            await connection.read()
        assert not connection.rest()
        with pytest.raises(httpx.WriteError):
            await connection.ask(ASKED)


async def test_a_read_that_is_given_up_loses_nothing() -> None:
    go = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED)
        await go.wait()
        writer.write(b"4\r\nlate\r\n")

    async with peer(serve) as port:
        connection = await connect("127.0.0.1", port)
        await connection.ask(ASKED)
        reading = asyncio.create_task(connection.read())
        await asyncio.sleep(0)
        reading.cancel()
        go.set()
        assert await connection.read() == b"late"
        connection.abort()


async def test_nobody_there_is_a_connect_error() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(httpx.ConnectError):
        await connect("127.0.0.1", port)


@pytest.mark.parametrize(
    ("method", "target", "header"),
    [
        ("GET", b"/v1", (b"Authorization", b"Bearer a\r\nX: y")),
        ("GET", b"/v1", (b"Authorization", b"Bearer a\nb")),
        ("GET", b"/v1", (b"Authorization", b"a\x00b")),
        ("GET", b"/v1", (b"A b", b"c")),
        ("GET", b"/v1", (b"", b"c")),
        ("GET", b"/v1 HTTP/1.1\r\nX: y", (b"A", b"b")),
        ("GET", b"//\xc3", (b"A", b"b")),
        ("HEAD", b"/v1", (b"A", b"b")),  # its answer says a length and has none: nobody here asks so
    ],
)
def test_a_request_that_says_more_than_it_should_is_not_written(
    method: str, target: bytes, header: tuple[bytes, bytes]
) -> None:
    with pytest.raises(httpx.LocalProtocolError):
        encode(method, target, [header], b"")
