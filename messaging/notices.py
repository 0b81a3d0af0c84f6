"""What every process must know at once when one of them has changed it: who may hear no more, and what models there are.

A notice is acted on here when it is sent and, soon after, in every other process. It says that something is not so any
more, never that something is; one that is lost is made good by the regular look at the rows (`revocation.look`,
`Catalog.reload`), which `when_missed` asks for at once.
"""

import asyncio
import contextvars
import logging
import secrets
import threading
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from django.conf import settings
from django.utils.module_loading import import_string
from msgspec import Struct

from chatplatform.kernel.backends import backend
from messaging.providers.health import State
from messaging.relays.base import Relay

log = logging.getLogger(__name__)

GROUP = "notices"


class Notice(Struct, frozen=True, tag=True):
    pass


class AccessChanged(Notice, frozen=True):
    """Somebody may do more or less than before: no answer about access that was kept is to be believed."""


class AccessLost(Notice, frozen=True):
    """`thread_id` null: of the whole project."""

    user_id: UUID
    project_id: UUID
    thread_id: UUID | None


class SessionEnded(Notice, frozen=True):
    """`session_key` null: every session of that person."""

    user_id: UUID
    session_key: str | None


class SessionMoved(Notice, frozen=True):
    user_id: UUID
    old_key: str
    new_key: str


class ModelsChanged(Notice, frozen=True):
    """`project_id` null: of every project; the providers themselves may be others."""

    project_id: UUID | None


class ProviderStood(Notice, frozen=True):
    """How a provider does, and for how many seconds from now a limit holds."""

    slug: str
    state: State
    for_s: float


AnyNotice = AccessChanged | AccessLost | SessionEnded | SessionMoved | ModelsChanged | ProviderStood
N = TypeVar("N", bound=Notice)


class _Packet(Struct, frozen=True, array_like=True):
    process: str
    notice: AnyNotice


_decode = msgspec.json.Decoder(_Packet).decode
_me = secrets.token_hex(8)
_actions: dict[type[Notice], Callable[[Any], None]] = {}
_loop: asyncio.AbstractEventLoop | None = None


def act(kind: type[N], action: Callable[[N], None]) -> None:
    """From now on `action` is what this process does on such a notice, on the loop."""
    _actions[kind] = action


def start(loop: asyncio.AbstractEventLoop) -> None:
    """Act on the notices of other processes, and on our own on this loop."""
    global _loop
    _loop = loop
    relay: Relay = backend("relay")
    relay.listen(GROUP, _hear)


def stop() -> None:
    global _loop
    if _loop is not None:
        _loop = None
        relay: Relay = backend("relay")
        relay.mute(GROUP, _hear)


def send(notice: AnyNotice) -> None:
    """Act on it here, at once, and let the others know. On the loop; never fails."""
    _act(notice)
    relay: Relay = backend("relay")
    relay.send(GROUP, msgspec.json.encode(_Packet(_me, notice)))


def send_from_thread(notice: AnyNotice) -> None:
    """As `send`, from a database's thread, or from a command that has no loop. Never fails."""
    if _loop is not None and not _loop.is_closed():
        _loop.call_soon_threadsafe(send, notice, context=contextvars.Context())
        return
    relay: Relay = import_string(
        settings.BACKENDS["relay"]
    )()  # of its own: the process's may belong to a loop that ended
    if not relay.is_alone:
        # In a thread of its own: whoever calls may have a loop of theirs running here.
        telling = threading.Thread(target=asyncio.run, args=(_send_alone(relay, notice),), name="notice")
        telling.start()
        telling.join()


async def _send_alone(relay: Relay, notice: AnyNotice) -> None:
    try:
        await relay.start()
        relay.send(GROUP, msgspec.json.encode(_Packet(_me, notice)))
        await relay.stop()
    except Exception:  # whoever changed the rows has changed them; the regular look finds it
        log.exception("The servers could not be told of a change at once: %r", type(notice).__name__)


def _hear(group: str, data: bytes) -> None:
    try:
        packet = _decode(data)
    except msgspec.DecodeError as error:  # from another version of the product, while it is being replaced
        log.warning("A notice of another process is not understood: %s", error)
        return
    if packet.process != _me:
        _act(packet.notice)


def _act(notice: Notice) -> None:
    action = _actions.get(type(notice))
    if action is None:
        return
    try:
        action(notice)
    except Exception:
        log.exception("A notice was not acted on: %r", type(notice).__name__)
