"""Just enough HTTP/1.1 for a server on loopback: one request read within bounds, answers plain or in chunks.

Written for our own client alone; what it does not understand it closes.
"""

import asyncio
import socket
import struct

import msgspec
from msgspec import Struct

MAX_HEAD = 32 * 1024
MAX_BODY = 8 * 1024 * 1024
_REASONS = {
    200: "OK",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    429: "Too Many Requests",
}


class Request(Struct, frozen=True):
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read one request; None when the other side is done or says what is no HTTP."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head[:-4].split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", 0))
        if not 0 <= size <= MAX_BODY:
            return None
        body = await reader.readexactly(size)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, ConnectionError):
        return None
    return Request(method, path, headers, body)


def write_head(writer: asyncio.StreamWriter, status: int, headers: dict[str, str]) -> int:
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}", *(f"{k}: {v}" for k, v in headers.items())]
    data = ("\r\n".join(lines) + "\r\n\r\n").encode()
    writer.write(data)
    return len(data)


async def write_json(writer: asyncio.StreamWriter, status: int, value: object, **headers: str) -> None:
    body = msgspec.json.encode(value)
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    write_head(writer, status, {"Content-Type": "application/json", "Content-Length": str(len(body)), **named})
    writer.write(body)
    await writer.drain()


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body (RFC 9112 7.1); of nothing: the last one."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with a RST instead of a FIN."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
