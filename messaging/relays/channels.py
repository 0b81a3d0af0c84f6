"""The relay over Redis: Channels' pub/sub layer, with one channel for each process.

The layer resubscribes by itself after a lost connection and says nothing; what was sent meanwhile is gone. So every new
connection is noticed as it is made, and once a second a packet to ourselves must come back. When it does after a
doubt, everybody is told that packets may have been missed; when it does not for long, the layer is made anew.
"""

import asyncio
import logging
from collections import deque
from contextlib import suppress
from time import monotonic

from chatplatform.kernel.errors import Unavailable
from chatplatform.kernel.ids import new_id
from messaging.relays.base import Hear, Missed
from messaging.relays.envelope import PACKET
from messaging.relays.layer import COMMAND_S, Layer, Message

log = logging.getLogger(__name__)

PING_EVERY_S = 1.0
PING_S = 1.0  # a ping that takes longer is a doubt
MOST_DOUBTS = 3  # pings in a row that did not come back, then the layer is made anew
AGAIN_S = 0.1
LINGER_S = 5.0  # who leaves a group is often back soon
MOST_WAITING = 10_000  # packets to be sent
_PROBE_AGAIN_S = 0.01

PROBE = "relay.probe"  # comes back to its sender: the group is heard
LOST = "relay.lost"  # somebody had more to send than could wait
_EVERYBODY = "relay"


class ChannelRelay:
    """A packet is lost, or comes twice, only while a connection breaks."""

    is_alone = False

    def __init__(self) -> None:
        self.id = str(new_id())
        self._own = f"relay.{self.id}"
        self._hearers: dict[str, list[Hear]] = {}
        self._missed: list[Missed] = []
        self._quiet_since: dict[str, float] = {}  # groups joined still that nobody here listens to
        self._waiting: deque[tuple[str, Message]] = deque()
        self._has_lost = False  # of these: everybody has to be told
        self._probed: dict[str, asyncio.Event] = {}
        self._ready: set[str] = set()  # groups that were heard since the last doubt
        self._layer: Layer | None = None
        self._has_doubt = False
        self._doubts = 0
        self._is_away = False  # Redis, as far as the last ping knows
        self._pinged_at = 0.0
        self._has_joined = asyncio.Event()  # replaced whenever it is set
        self._to_look, self._to_send, self._all_sent = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._all_sent.set()
        self._tasks: list[asyncio.Task[None]] = []

    # -- the interface --------------------------------------------------------------------------

    async def start(self) -> None:
        if not self._tasks:
            loop = asyncio.get_running_loop()
            self._tasks = [loop.create_task(self._keep_for_ever()), loop.create_task(self._send_for_ever())]
            self._to_look.set()

    async def stop(self) -> None:
        if self._tasks and not self._has_doubt:
            await _until(self._all_sent, COMMAND_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self._drop_layer()
        for kept in (self._hearers, self._missed, self._quiet_since, self._waiting):
            kept.clear()
        self._all_sent.set()

    def listen(self, group: str, hear: Hear) -> None:
        hearers = self._hearers.setdefault(group, [])
        if hear not in hearers:
            hearers.append(hear)
        self._quiet_since.pop(group, None)
        if self._layer is None or group not in self._layer.groups:
            self._to_look.set()

    async def ready(self, group: str) -> None:
        if group in self._ready:
            return
        try:
            async with asyncio.timeout(0 if self._is_away else COMMAND_S):
                while self._layer is None or group not in self._layer.groups:
                    await self._has_joined.wait()
                await self._probe(group)
                self._ready.add(group)
        except TimeoutError:
            raise Unavailable("What happens here is not heard live for now. It will be again in a moment.") from None

    def mute(self, group: str, hear: Hear) -> None:
        hearers = self._hearers.get(group, [])
        if hear in hearers:
            hearers.remove(hear)
        if not hearers and self._hearers.pop(group, None) is not None:
            self._quiet_since[group] = monotonic()

    def send(self, group: str, data: bytes) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._has_lost = True
        self._put(group, {"type": PACKET, "group": group, "data": data})

    async def sent(self) -> None:
        await self._all_sent.wait()

    def when_missed(self, missed: Missed) -> None:
        self._missed.append(missed)

    # -- sending --------------------------------------------------------------------------------

    def _put(self, group: str, message: Message) -> None:
        self._waiting.append((group, message))
        self._all_sent.clear()
        self._to_send.set()

    async def _send_for_ever(self) -> None:
        while True:
            while not self._waiting:
                self._to_send.clear()
                self._all_sent.set()
                await self._to_send.wait()
            group, message = self._waiting.popleft()
            if await self._send(group, message):
                if self._has_lost:
                    self._has_lost = not await self._send(_EVERYBODY, {"type": LOST})
            else:
                if message["type"] == PACKET:
                    self._waiting.appendleft((group, message))
                await asyncio.sleep(AGAIN_S)

    async def _send(self, group: str, message: Message) -> bool:
        if self._layer is None:
            return False
        try:
            await self._layer.send(group, message)
        except Exception as error:  # noqa: BLE001  whatever the client meets: Redis is not there
            self._suspect("send", error)
            return False
        return True

    async def _probe(self, group: str) -> None:
        """Send to ourselves until it comes back: a subscription and a packet take ways of their own to Redis."""
        heard = self._probed.setdefault(group, asyncio.Event())
        again_s = _PROBE_AGAIN_S
        while not heard.is_set():
            self._put(group, {"type": PROBE, "group": group, "by": self.id})
            await _until(heard, again_s)
            again_s *= 2

    # -- hearing --------------------------------------------------------------------------------

    def _hear(self, message: Message) -> None:
        kind = message.get("type")
        if kind == PACKET:
            group = message["group"]
            for hear in tuple(self._hearers.get(group, ())):
                try:
                    hear(group, message["data"])
                except Exception:
                    log.exception("A packet to %s was not taken.", group)
        elif kind == PROBE and message["by"] == self.id:
            if (heard := self._probed.pop(message["group"], None)) is not None:
                heard.set()
        elif kind == LOST:
            self._tell_missed()

    def _tell_missed(self) -> None:
        for missed in tuple(self._missed):
            try:
                missed()
            except Exception:
                log.exception("What may have been missed was not looked for.")

    # -- keeping the layer ------------------------------------------------------------------------

    async def _keep_for_ever(self) -> None:
        while True:
            await _until(self._to_look, PING_EVERY_S)
            self._to_look.clear()
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001  as above
                self._suspect("listen", error)
                await self._count_doubt()
                await asyncio.sleep(AGAIN_S)

    async def _look(self) -> None:
        if self._layer is None:
            await self._make_layer()
        else:
            await self._join(self._layer)
        if self._has_doubt or monotonic() - self._pinged_at >= PING_EVERY_S:
            await self._ping()
        await self._part()

    async def _make_layer(self) -> None:
        layer = Layer(self._doubt)
        try:
            await layer.open(self._hear)
            await self._join(layer)
            for group in (_EVERYBODY, self._own):  # ours is the last: when it is heard, all are
                await layer.join(group)
        except BaseException:
            await layer.close()
            raise
        self._layer = layer
        self._say_joined()
        self._doubt()

    async def _drop_layer(self) -> None:
        layer, self._layer = self._layer, None
        self._ready.clear()
        if layer is not None:
            await layer.close()

    async def _join(self, layer: Layer) -> None:
        """Subscribe to all that is listened to."""
        missing = [group for group in self._hearers if group not in layer.groups]
        for group in missing:
            await layer.join(group)
        if missing and layer is self._layer:
            self._say_joined()

    def _say_joined(self) -> None:
        self._has_joined.set()
        self._has_joined = asyncio.Event()

    async def _part(self) -> None:
        """Unsubscribe from what nobody has listened to for some seconds."""
        long_ago = monotonic() - LINGER_S
        for group in [g for g, since in self._quiet_since.items() if since <= long_ago]:
            del self._quiet_since[group]
            self._probed.pop(group, None)
            self._ready.discard(group)
            if self._layer is not None and group in self._layer.groups:
                await self._layer.part(group)

    # -- doubt ------------------------------------------------------------------------------------

    def _doubt(self) -> None:
        self._has_doubt = True
        self._ready.clear()
        self._to_look.set()

    def _suspect(self, what: str, error: Exception) -> None:
        log.warning("The relay could not %s: %s", what, str(error) or type(error).__name__)
        self._doubt()

    async def _ping(self) -> None:
        had_doubt, self._has_doubt = self._has_doubt, False
        self._pinged_at = monotonic()
        try:
            async with asyncio.timeout(PING_S):
                await self._probe(self._own)
        except TimeoutError:
            self._doubt()
            await self._count_doubt()
            return
        self._doubts, self._is_away = 0, False
        if had_doubt and not self._has_doubt:
            self._tell_missed()

    async def _count_doubt(self) -> None:
        self._doubts += 1
        self._is_away = True
        if self._doubts >= MOST_DOUBTS and self._layer is not None:
            log.warning("The relay hears nothing; it begins anew.")
            self._doubts = 0
            await self._drop_layer()


async def _until(event: asyncio.Event, most_s: float) -> None:
    """Not `wait_for`, which loses a cancellation that comes together with the event."""
    with suppress(TimeoutError):
        async with asyncio.timeout(most_s):
            await event.wait()
