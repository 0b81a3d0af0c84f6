"""The live side of a server process: everything that runs on its loop starts and stops here, once."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from chatplatform.kernel.backends import backend
from messaging import access, history, hub, listeners, news, outbox, presence, revocation, rooms
from messaging.providers import catalog

log = logging.getLogger(__name__)

AWAY_MS = (500, 3000)  # when people come back after a restart: not all at once

_clock: asyncio.Task[None] | None = None


async def start() -> None:
    """Begin to serve: take over what a dead process left, then look after sockets and the outbox."""
    global _clock
    if _clock is not None:
        return
    backend("relay").when_missed(_missed)
    await backend("relay").start()
    loop = asyncio.get_running_loop()
    _clock = loop.create_task(_tick_for_ever(), name="live clock")
    listeners.start(loop)
    await catalog.start()
    await outbox.start()
    await backend("dispatcher").start()


async def say_goodbye() -> None:
    """Tell everybody that this process goes and when to come back, and close their sockets."""
    for socket in list(hub.hub().sockets):
        socket.close(1012, "restart", reconnect=True, after_ms=random.randint(*AWAY_MS))  # noqa: S311  no secret


async def stop() -> None:
    """Finish what must not be lost; what models are writing is saved and taken over by the next process."""
    global _clock
    if _clock is None:
        return
    await say_goodbye()
    await backend("dispatcher").stop()
    await outbox.stop()
    await catalog.close()
    listeners.stop()
    _clock.cancel()
    await asyncio.wait({_clock})
    _clock = None
    await backend("stream_log").stop()
    await backend("relay").stop()
    reset()


def reset() -> None:
    """Forget all that lived in memory."""
    for module in (news, presence, rooms, history, hub):
        module.reset()
    access.drop()


def _missed() -> None:
    hub.hub().missed()


async def _tick_for_ever() -> None:
    looked_at = asyncio.get_running_loop().time()
    while True:
        await asyncio.sleep(1)
        await _safely(hub.hub().tick)
        if asyncio.get_running_loop().time() - looked_at >= revocation.LOOK_EVERY_S:
            looked_at = asyncio.get_running_loop().time()
            await _safely(revocation.look)


async def _safely(work: Callable[[], Awaitable[None]]) -> None:
    """The clock goes on whatever one round of it meets."""
    try:
        await work()
    except Exception:
        log.exception("A round of the live clock failed.")
