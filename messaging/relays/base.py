"""The promise of the relay: small packets from one process of this server to all that listen to a group.

What must arrive is no packet's business: rows and streams are the truth, a packet says that it is time to look,
or carries what may be lost. A subject of its own takes a group of its own, like "room.<id>", "user.<id>" or "access".
"""

from collections.abc import Callable
from typing import Protocol

# Given the group and the packet, on the server's loop. It must be quick and never raise.
Hear = Callable[[str, bytes], None]
Missed = Callable[[], None]


class Relay(Protocol):
    """At most once, ordered as each process sent them, the sender itself included when it listens.

    Everything here is called on the server's loop. Before `start` and after `stop` nothing is carried between processes.
    """

    is_alone: bool
    """There are no other processes: what one finds undone, nobody else is doing."""

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Send what waits to be sent, and let go. What was listened to is forgotten."""

    def listen(self, group: str, hear: Hear) -> None:
        """Give the group's packets to `hear` too, from soon on. The same twice is once."""

    async def ready(self, group: str) -> None:
        """Wait until all that is sent to the group, which is listened to, is heard. Raises Unavailable."""

    def mute(self, group: str, hear: Hear) -> None:
        """No more of the group to `hear`, at once."""

    def send(self, group: str, data: bytes) -> None:
        """To everybody who listens, soon. Never fails and never waits; when it cannot be carried it is lost."""

    async def sent(self) -> None:
        """Wait until all that was sent from here is on its way to whoever listens, before anything that others send from now on;
        or is lost. While it cannot be carried, this waits."""

    def when_missed(self, missed: Missed) -> None:
        """From now on call `missed` whenever packets of any group may have been lost: look at what is true."""
