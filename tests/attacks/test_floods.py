"""Attack A26: a client that does not play by the rules, and whom it must not harm."""

import asyncio
import base64
import contextlib
import json
import os
import struct
from urllib.parse import urlsplit

import pytest
import websockets

from chatplatform import patience
from tests.attacks.conftest import Cast, World
from tests.attacks.frames import cookie_of
from tests.messaging.conftest import Live


class Raw:
    """A socket spoken by hand, so that frames can be wrong."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, world: World, name: str, extensions: str = "") -> "Raw":
        at = urlsplit(world.url)
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET /ws HTTP/1.1\r\nHost: {at.netloc}\r\nOrigin: {world.url}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{extensions}"
            f"Cookie: {cookie_of(world, name)}\r\n\r\n"
        )
        writer.write(head.encode())
        assert b"101" in await reader.readline()
        while await reader.readline() != b"\r\n":
            pass
        return cls(reader, writer)

    async def put(self, payload: bytes, opcode: int = 1, first: int = 0x80) -> None:
        """One masked frame; `first` holds FIN and the reserved bits."""
        mask = b"\x01\x02\x03\x04"
        size = len(payload)
        length = (
            bytes([0x80 | size])
            if size < 126
            else bytes([0x80 | 126]) + struct.pack("!H", size)
            if size < 65536
            else bytes([0x80 | 127]) + struct.pack("!Q", size)
        )
        repeated = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")
        self.writer.write(bytes([first | opcode]) + length + mask + masked)
        await self.writer.drain()

    async def until_closed(self, within_s: float = 10.0) -> None:
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(within_s):
                while await self.reader.read(65536):
                    pass

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


async def serves_others(cast: Cast) -> None:
    """Somebody else is answered as if nothing were."""
    bob = await cast.online("bob")
    async with asyncio.timeout(5):
        assert (await bob.send(cast.world.thread, "still served", mode="talk"))["type"] == "ack"
    await bob.disconnect()


@pytest.mark.attack(26)
@pytest.mark.parametrize("what", ["nested", "a million items", "a million keys", "a number of a million digits"])
async def test_json_that_costs_more_to_read_than_to_send(world: World, cast: Cast, what: str) -> None:
    text = {
        "nested": '{"type":"join","id":' + "[" * 400_000,
        "a million items": '{"type":"send","id":"1","models":[' + "1," * 490_000 + "1]}",
        "a million keys": "{" + ",".join(f'"{n:x}":0' for n in range(90_000)) + "}",
        "a number of a million digits": '{"type":"join","id":' + "9" * 1_000_000 + "}",
    }[what]
    mallory = await cast.online("mallory")
    assert mallory.socket is not None
    for _ in range(5):
        await mallory.socket.send(text)
    await mallory.until(lambda: sum(f.get("code") == "invalid" for f in mallory.frames) == 5)
    await serves_others(cast)


@pytest.mark.attack(26)
async def test_a_message_in_endless_fragments(world: World, cast: Cast) -> None:
    raw = await Raw.open(world, "mallory")
    with contextlib.suppress(ConnectionError):
        await raw.put(b"x" * 1024, opcode=1, first=0)
        for _ in range(3000):  # three mebibytes: more than any command, in pieces that are each allowed
            await raw.put(b"x" * 1024, opcode=0, first=0)
    await raw.until_closed()
    await raw.close()
    await serves_others(cast)


@pytest.mark.attack(26)
async def test_a_compressed_bomb(world: World, cast: Cast) -> None:
    """Compression is never agreed on, so a frame that claims it is a breach of the protocol."""
    raw = await Raw.open(world, "mallory", "Sec-WebSocket-Extensions: permessage-deflate\r\n")
    await raw.put(b"\x00" * 1000, first=0x80 | 0x40)
    await raw.until_closed()
    await raw.close()
    await serves_others(cast)


@pytest.mark.attack(26)
async def test_pings_without_end_from_somebody_who_does_not_read(world: World, cast: Cast) -> None:
    """Every ping is owed an answer: the server must not keep the answers of who does not take them."""
    raw = await Raw.open(world, "mallory")
    before = resident(world)
    one = b"\x89\xfd\x01\x02\x03\x04" + b"\x00" * 125
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(8):
            for _ in range(600):
                raw.writer.write(one * 1000)
                await raw.writer.drain()
    await serves_others(cast)
    assert resident(world) - before < 32 * 1024 * 1024
    raw.writer.transport.abort()


def resident(world: World) -> int:
    """Bytes that the server's process holds in memory."""
    with open(f"/proc/{world.server.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.attack(26)
async def test_more_sockets_than_one_person_can_use(world: World, cast: Cast) -> None:
    guest = await cast.newcomer()
    held = []
    codes = []
    for _ in range(25):
        raw = await websockets.connect(
            world.server.ws_url,
            origin=websockets.Origin(world.url),
            additional_headers={"Cookie": "; ".join(f"{c.name}={c.value}" for c in guest.http.cookies.jar)},
            compression=None,
        )
        held.append(raw)
        first = json.loads(await raw.recv())
        codes.append(first.get("code", first["type"]))
    assert codes == ["hello"] * 20 + ["too_many_sockets"] * 5
    await serves_others(cast)
    for raw in held:
        await raw.close()


@pytest.mark.attack(26)
async def test_connections_that_say_nothing_or_never_end_their_first_lines(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held open for nothing, they would use up what the process may open; they are let go."""
    monkeypatch.setattr(patience, "HEAD_S", 0.5)
    lines = [await asyncio.open_connection("127.0.0.1", live.server.port) for _ in range(100)]
    for number, (_, writer) in enumerate(lines):
        writer.write(b"" if number % 2 else b"GET /ws HTTP/1.1\r\nHost: x\r\nX-A: ")
    async with asyncio.timeout(10):
        for reader, writer in lines:
            with contextlib.suppress(ConnectionError):
                await reader.read()
            writer.close()


@pytest.mark.attack(26)
async def test_headers_without_end(world: World, cast: Cast) -> None:
    at = urlsplit(world.url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    sent = 0
    with contextlib.suppress(ConnectionError):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        for number in range(1000):
            writer.write(f"X-{number}: ".encode() + b"x" * 16_000 + b"\r\n")
            await writer.drain()
            sent += 16_000
    assert sent < 15_000_000
    with contextlib.suppress(ConnectionError):
        assert (await reader.read()).startswith(b"HTTP/1.1 4")
    writer.close()
    await serves_others(cast)
