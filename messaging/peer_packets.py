"""What processes say to each other of who is with them; `peers` says when, and what becomes of it."""

from uuid import UUID

import msgspec
from msgspec import Struct

from projects.types import PersonView


class Place(Struct, frozen=True, array_like=True):
    """Somebody in a room of one process, however many tabs they have there."""

    project_id: UUID
    thread_id: UUID
    person: PersonView


class Packet(Struct, frozen=True, tag=True):
    """`number` counts the sender's changes; a packet that is no change carries the last one's."""

    process: str
    number: int


class Came(Packet, frozen=True):
    place: Place


class Went(Packet, frozen=True):
    """`is_told`: the sender knew of nobody else who has this person, so it told the room that they left."""

    place: Place
    is_told: bool


class Whole(Packet, frozen=True):
    places: list[Place]


class Beat(Packet, frozen=True):
    pass


class Ask(Packet, frozen=True):
    """For the whole of one process, or (null) of all."""

    of: str | None


class Bye(Packet, frozen=True):
    """The sender ends; its people come back to others in a moment."""


decode = msgspec.json.Decoder(Came | Went | Whole | Beat | Ask | Bye).decode
