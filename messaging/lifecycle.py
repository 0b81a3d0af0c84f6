"""The live side of a server process: everything that runs on its loop starts and stops here, once."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from functools import partial

from chatplatform.kernel import metrics, same_key
from chatplatform.kernel.backends import backend
from chatplatform.kernel.db import in_db, in_db_later
from chatplatform.kernel.finishing import finished
from messaging import access, history, hub, listeners, news, outbox, purge, revocation, rooms
from messaging import presence as who
from messaging.health import health
from messaging.presence import presence
from messaging.providers import catalog
from messaging.runs import telling

log = logging.getLogger(__name__)

AWAY_MS = (500, 3000)  # when people come back after a restart: not all at once
FINISH_S = 5.0  # for what people asked for a moment ago

_clock: asyncio.Task[None] | None = None
_looking: set[asyncio.Task[None]] = set()


async def start() -> None:
    """Begin to serve: take over what a dead process left, then look after sockets and the outbox."""
    global _clock
    if _clock is not None:
        return
    await in_db(same_key.check)
    backend("relay").when_missed(_missed)
    await backend("relay").start()
    loop = asyncio.get_running_loop()
    _clock = loop.create_task(_tick_for_ever(), name="live clock")
    listeners.start(loop)
    presence().peers.start()
    await catalog.start()
    await outbox.start()
    await purge.start()
    await backend("dispatcher").start()
    await health().start()


async def say_goodbye() -> None:
    """Tell everybody that this process goes and when to come back, and close their sockets."""
    for socket in list(hub.hub().sockets):
        socket.close(1012, "restart", reconnect=True, after_ms=random.randint(*AWAY_MS))  # noqa: S311  no secret


async def stop() -> None:
    """Finish what must not be lost; what models are writing is saved and taken over by the next process."""
    global _clock
    if _clock is None:
        return
    await health().stop()
    await say_goodbye()
    await finished(FINISH_S)
    await backend("dispatcher").stop()
    await purge.stop()
    await telling.stop()
    await outbox.stop()
    await catalog.close()
    presence().peers.stop()
    await listeners.stop()
    _clock.cancel()
    await asyncio.wait({_clock})
    _clock = None
    await backend("stream_log").stop()
    await backend("relay").stop()
    reset()


def reset() -> None:
    """Forget all that lived in memory."""
    for module in (news, who, rooms, history, hub):
        module.reset()
    access.drop()


def _missed() -> None:
    """What another process said may have been lost: the rows know what is true, and the others who is with them."""
    access.drop()
    hub.hub().missed()
    presence().peers.catch_up()
    for work in (revocation.look, catalog.catalog().reload, partial(in_db_later, same_key.renew)):
        task = asyncio.get_running_loop().create_task(_safely(work))
        _looking.add(task)
        task.add_done_callback(_looking.discard)


async def _tick_for_ever() -> None:
    looked_at = renewed_at = asyncio.get_running_loop().time()
    while True:
        slept_at = asyncio.get_running_loop().time()
        await asyncio.sleep(1)
        metrics.LOOP_LAG.observe(max(0.0, asyncio.get_running_loop().time() - slept_at - 1))
        await _safely(hub.hub().tick)
        await _safely(presence().tick)
        at = asyncio.get_running_loop().time()
        if at - looked_at >= revocation.LOOK_EVERY_S:
            looked_at = at
            await _safely(revocation.look)
        if at - renewed_at >= same_key.RENEW_S:
            renewed_at = at
            await _safely(partial(in_db_later, same_key.renew))


async def _safely(work: Callable[[], Awaitable[None]]) -> None:
    """The clock goes on whatever one round of it meets."""
    try:
        await work()
    except Exception:
        log.exception("A round of the live clock failed.")
