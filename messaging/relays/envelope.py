"""How the channel layer wraps a packet, for whoever publishes from inside Redis and not through the layer.

A script there cannot ask the layer; it appends a packet's bytes to the opening that is made here.
"""

import msgspec
from django.conf import settings

PACKET = "relay.packet"


def channel_of(group: str) -> str:
    """The Redis channel on which the layer carries a group."""
    return f"{settings.CHANNEL_LAYERS['default']['CONFIG']['prefix']}__group__{group}"


def opening_of(group: str) -> bytes:
    """A packet's message in MessagePack up to its data, which follows as one binary value."""
    return msgspec.msgpack.encode({"type": PACKET, "group": group, "data": b""})[: -len(_NOTHING)]


_NOTHING = msgspec.msgpack.encode(b"")
