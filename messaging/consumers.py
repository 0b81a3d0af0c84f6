"""One socket per tab: who it is, what it asks, and the answers. Events never pass here; the hub writes them.

In: the ASGI scope and commands of `AnyCommand`, a closed table. Every command is counted, authorised by
itself and answered by one call to a service. Channels' consumer is not used: it takes a thread hop per message.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast
from uuid import UUID

import msgspec
from django.conf import settings

from chatplatform.kernel import logs
from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.errors import AppError, Invalid, TooMany
from messaging import access, actions, changing, handshake, joining, services
from messaging.hub import BEAT_S, hub
from messaging.packets import pack
from messaging.presence import presence
from messaging.protocol import MAX_BODY_BYTES, MAX_FRAME_BYTES, PROTOCOL_VERSION
from messaging.protocol.commands import (
    AnyCommand,
    Cancel,
    Command,
    Edit,
    Heartbeat,
    Join,
    Leave,
    Send,
    Typing,
    Unwatch,
    Watch,
    decode_command,
)
from messaging.protocol.frames import Ack, ErrorFrame, Frame, Hello, Limits
from messaging.sockets import Socket
from projects.models import User
from projects.roles import Permission
from projects.types import PersonView

log = logging.getLogger(__name__)

MAX_TOPICS = 100
COMMANDS_PER_S, BURST = 20.0, 40.0
FLOOD = 200  # refusals in a row for haste, after which the line is cut

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
SendMessage = Callable[[dict[str, Any]], Awaitable[None]]


async def socket_application(scope: Scope, receive: Receive, send: SendMessage) -> None:
    """The ASGI application behind `/ws`."""
    await receive()  # websocket.connect
    admitted = await handshake.admit(scope, send)
    if admitted is not None:
        user, session_key = admitted
        await Connection(scope, receive, send, user, session_key).run()


class _Pace:
    """How fast commands may come: a bucket that fills at 20 a second and holds 40."""

    def __init__(self) -> None:
        self._left = BURST
        self._at = monotonic()
        self.refused_in_a_row = 0

    def wait_s(self) -> float:
        """0 if the command may pass, else when the next one may."""
        at = monotonic()
        self._left = min(BURST, self._left + (at - self._at) * COMMANDS_PER_S)
        self._at = at
        if self._left >= 1:
            self._left -= 1
            self.refused_in_a_row = 0
            return 0.0
        self.refused_in_a_row += 1
        return (1 - self._left) / COMMANDS_PER_S


class Connection:
    """One accepted socket from `hello` to its end."""

    def __init__(self, scope: Scope, receive: Receive, send: SendMessage, user: User, session_key: str) -> None:
        self.user_id: UUID = user.pk
        self.person = PersonView(user.pk, user.name)
        self._receive = receive
        self._pace = _Pace()
        wire = (scope.get("extensions") or {}).get("parley.wire")
        self.socket = Socket(self.person, session_key, user.get_session_auth_hash(), send, wire, hub().catch_up)

    async def run(self) -> None:
        socket = self.socket
        logs.bind(connection=socket.id, person=self.user_id)
        hub().open(socket)
        hub().watch(socket, f"user.{self.user_id}")
        listening = asyncio.get_running_loop().create_task(self._listen())
        ended = asyncio.get_running_loop().create_task(socket.ended.wait())
        try:
            socket.push(pack(self._hello()))
            done, _ = await asyncio.wait({listening, ended}, return_when=asyncio.FIRST_COMPLETED)
            if listening in done and (error := listening.exception()) is not None:
                log.error("Socket %s of %s failed.", socket.id, self.user_id, exc_info=error)
        finally:
            for seat in hub().close(socket):
                presence().went(seat.thread_id, self.user_id, socket.id)
            socket.dispose()
            listening.cancel()
            ended.cancel()
            await asyncio.gather(listening, ended, return_exceptions=True)

    def _hello(self) -> Hello:
        limit = Limits(MAX_FRAME_BYTES, MAX_BODY_BYTES, settings.MAX_MODELS, settings.MAX_ROUNDS)
        return Hello(self.socket.id, PROTOCOL_VERSION, BEAT_S, self.person, settings.VERSION, limit)

    # -- commands -------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while (message := await self._receive())["type"] == "websocket.receive":
            text = message.get("text")
            if text is None:
                self._answer(ErrorFrame(None, "invalid", "Frames are JSON in text messages."))
            elif len(text) > MAX_FRAME_BYTES:
                self.socket.close(4413, "too_large", reconnect=False)
            else:
                await self._hear(text)
            if self.socket.ended.is_set():
                return
            await self.socket.settle()

    async def _hear(self, text: str) -> None:
        try:
            command = decode_command(text)
        except (msgspec.DecodeError, RecursionError) as error:
            if not self._refuse_haste(None):
                self._answer(ErrorFrame(None, "invalid", f"Not a command: {error}"))
            return
        re = getattr(command, "id", None)
        if self._refuse_haste(re):
            return
        try:
            answer = await HANDLERS[type(command)](self, command)
        except AppError as error:
            wait_s = error.data.get("retry_after_s")
            answer = ErrorFrame(re, error.code, error.message, error.retryable, wait_s)
        except Exception:
            log.exception("Command %s of %s failed.", type(command).__name__, self.user_id)
            answer = ErrorFrame(re, "error", "Something in this server broke. It is in the log.", retryable=True)
        if answer is not None:
            self._answer(answer)

    def _refuse_haste(self, re: str | None) -> bool:
        wait_s = self._pace.wait_s()
        if not wait_s:
            return False
        if self._pace.refused_in_a_row > FLOOD:
            self.socket.close(4429, "flood", reconnect=True, after_ms=30_000)
        else:
            words = "That was a lot at once. Try again in a moment."
            self._answer(ErrorFrame(re, "too_many", words, retryable=True, retry_after_s=round(wait_s, 3)))
        return True

    def _answer(self, frame: Frame) -> None:
        self.socket.push(pack(frame))

    async def join(self, command: Join) -> None:
        await joining.join(self.socket, command)

    async def leave(self, command: Leave) -> None:
        joining.leave(self.socket, command.thread_id)

    async def watch(self, command: Watch) -> Ack:
        if len(self.socket.topics) >= MAX_TOPICS:
            raise TooMany(f"You watch {MAX_TOPICS} projects here. Leave one first.", retry_after_s=60)
        await access.project(self.user_id, command.project_id, Permission.READ)
        hub().watch(self.socket, f"project.{command.project_id}")
        return Ack(command.id)

    async def unwatch(self, command: Unwatch) -> None:
        hub().unwatch(self.socket, f"project.{command.project_id}")

    async def send(self, command: Send) -> Ack:
        sent = await services.send(self.user_id, command)
        return Ack(command.id, sent.seq, sent.message_id, sent.run_id, sent.is_duplicate)

    async def edit(self, command: Edit) -> Ack:
        message = await changing.edit(self.user_id, command.message_id, command.body, command.revision)
        return Ack(command.id, message.seq, message.id)

    async def cancel(self, command: Cancel) -> Ack:
        if (command.turn_id is None) == (command.run_id is None):
            raise Invalid("Say which to stop: one turn, or one run.")
        if command.turn_id is not None:
            await actions.cancel_turn(self.user_id, command.turn_id)
        elif command.run_id is not None:
            await actions.cancel_run(self.user_id, command.run_id)
        return Ack(command.id)

    async def typing(self, command: Typing) -> None:
        await access.thread(self.user_id, command.thread_id, Permission.WRITE)
        await presence().typing(command.thread_id, self.person)

    async def heartbeat(self, command: Heartbeat) -> None:
        """Known alive; the server's own pings decide about the line."""


Handler = Callable[[Connection, Any], Awaitable[Frame | None]]

# The closed table: a frame's `type` chooses among these and nothing else.
HANDLERS: dict[type[Command], Handler] = {
    Join: Connection.join,
    Leave: Connection.leave,
    Watch: Connection.watch,
    Unwatch: Connection.unwatch,
    Send: Connection.send,
    Edit: Connection.edit,
    Cancel: Connection.cancel,
    Typing: Connection.typing,
    Heartbeat: Connection.heartbeat,
}
_every: set[type[Command]] = set(cast(Any, AnyCommand).__args__)
assert set(HANDLERS) == _every, "Every command has its handler."
