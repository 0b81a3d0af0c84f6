"""A whole server inside the test's own loop: uvicorn on a free port, real sockets, the cast of people."""

import asyncio
import socket as sockets
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from django.conf import settings
from django.test import Client as DjangoClient

from chatplatform.kernel import limits
from chatplatform.kernel.db import in_db
from projects.models import User
from tests.client import Client
from tests.conftest import use_redis
from threads.models import Thread
from tools import services


@pytest.fixture
def db(transactional_db: None) -> None:
    """Everything live crosses threads, so no test here runs inside one transaction."""


class Live:
    """The running server and the people who came to it."""

    def __init__(self, server: Any, stack: AsyncExitStack) -> None:
        self.server = server
        self.url: str = server.address
        self._stack = stack

    async def browser(self, user: User) -> Client:
        """Somebody signed in, without a socket yet."""
        client = Client(self.url, user.name)
        client.http.cookies.set(settings.SESSION_COOKIE_NAME, await session_of(user))
        client.http.cookies.set(settings.CSRF_COOKIE_NAME, "c" * 32)
        self._stack.push_async_callback(client.close)
        return client

    async def tab(self, user: User) -> Client:
        """Somebody signed in with an open socket."""
        return await (await self.browser(user)).connect()

    async def tabs(self, thread: Thread, *users: User) -> list[Client]:
        """As many, all of them in the thread's room."""
        clients = [await self.tab(user) for user in users]
        for client in clients:
            await client.join(str(thread.id))
        return clients


async def session_of(user: User) -> str:
    def sign_in() -> str:
        browser = DjangoClient()
        browser.force_login(user)
        return browser.cookies[settings.SESSION_COOKIE_NAME].value

    return await in_db(sign_in)


@asynccontextmanager
async def serving(protocol: Any = None, send_buffer: int = 0) -> AsyncIterator[Live]:
    """A server of this process; `protocol` in place of its own way to write sockets.

    With a small `send_buffer` the kernel hides little of a reader who does not read.
    """
    from chatplatform.server import Server

    server = Server("127.0.0.1", 0)
    if send_buffer:
        server._socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, send_buffer)
    if protocol is not None:
        server.config.ws = protocol
    running = asyncio.create_task(uvicorn.Server._serve(server, [server._socket]))
    while not server.started:
        await asyncio.sleep(0.005)
        if running.done():
            await running
    async with AsyncExitStack() as stack:
        yield Live(server, stack)
    server.should_exit = True
    await running


@pytest.fixture
def own_redis(settings: Any, tmp_path: Path) -> Iterator[services.Redis]:
    """A Redis of the test's own, which it may hurt: it is the one in the settings."""
    server = services.Redis(tmp_path / "redis").start()
    use_redis(settings, server.url())
    yield server
    server.kill()


@pytest.fixture
async def live(transactional_db: None) -> AsyncIterator[Live]:
    limits.reset()
    async with serving() as server:
        yield server
