"""The relay of a server that is one process: who listens is called directly."""

import logging

from messaging.relays.base import Hear, Missed

log = logging.getLogger(__name__)


class LocalRelay:
    """Loses nothing: whoever listens has heard a packet when `send` returns."""

    is_alone = True

    def __init__(self) -> None:
        self._hearers: dict[str, list[Hear]] = {}

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        self._hearers.clear()

    def listen(self, group: str, hear: Hear) -> None:
        hearers = self._hearers.setdefault(group, [])
        if hear not in hearers:
            hearers.append(hear)

    async def ready(self, group: str) -> None:
        pass

    def mute(self, group: str, hear: Hear) -> None:
        hearers = self._hearers.get(group, [])
        if hear in hearers:
            hearers.remove(hear)
        if not hearers:
            self._hearers.pop(group, None)

    def send(self, group: str, data: bytes) -> None:
        for hear in tuple(self._hearers.get(group, ())):
            try:
                hear(group, data)
            except Exception:
                log.exception("A packet to %s was not taken.", group)

    async def sent(self) -> None:
        pass

    def when_missed(self, missed: Missed) -> None:
        """Never: nothing is lost here."""
