"""How a socket comes into a room and leaves it. Seat first, then access, then the read, then live: in this order nothing that
happens falls in between, and nobody whose access ends meanwhile slips through.
"""

from contextlib import suppress
from uuid import UUID

from chatplatform.kernel.errors import NotFound, TooMany, Unavailable
from messaging import history, rooms
from messaging.hub import hub
from messaging.packets import merge, pack, pack_events
from messaging.peer_packets import Place
from messaging.presence import presence
from messaging.protocol.commands import Join
from messaging.protocol.frames import Joined
from messaging.sockets import Seat, Socket
from messaging.types import Cursor

MAX_ROOMS = 50  # of one socket
_TRIES = 5  # while access keeps changing


async def join(socket: Socket, command: Join) -> None:
    """Let the socket in and answer with `joined`, then the events after the command's cursor, or with a snapshot.

    Raises NotFound, TooMany, Unavailable; the socket has no seat there then.
    """
    thread_id = command.thread_id
    if len(socket.seats) >= MAX_ROOMS and thread_id not in socket.seats:
        raise TooMany(f"You have {MAX_ROOMS} threads open here. Close one first.", retry_after_s=60)
    try:
        for _ in range(_TRIES):
            if await _be_seated(hub().take_seat(socket, thread_id), command):
                return
    except BaseException:
        leave(socket, thread_id)
        raise
    leave(socket, thread_id)
    raise NotFound("There is nothing here for you.")


def leave(socket: Socket, thread_id: UUID) -> None:
    """Give the seat up, if there is one."""
    hub().leave(socket, thread_id)
    presence().went(thread_id, socket.person.id, socket.id)


async def _be_seated(seat: Seat, command: Join) -> bool:
    """False: the seat was taken away meanwhile; access has to be asked anew."""
    socket, person = seat.socket, seat.socket.person
    branch, project_id = await history.let_in(person.id, seat.thread_id, command.branch_id)
    if not hub().is_seated(seat):
        return False
    seat.project_id = project_id
    with suppress(Unavailable):  # then its words come from when they can; reading and sending go on
        await hub().follow(seat)
    if not hub().is_seated(seat):
        return False
    await presence().came(Place(project_id, seat.thread_id, person), socket.id)
    if command.cursor is not None and await _recover(seat, command, command.cursor):
        return True
    if not hub().is_seated(seat):
        return False
    cursor, snapshot = await history.snapshot(person.id, branch)
    if not hub().is_seated(seat):
        return False
    joined = Joined(command.id, seat.thread_id, cursor.epoch, cursor.offset, recovered=False, snapshot=snapshot)
    socket.push(pack(joined, seat.thread_id))
    hub().go_live(seat, cursor)
    return True


async def _recover(seat: Seat, command: Join, cursor: Cursor) -> bool:
    try:
        missed = await rooms.read_after(seat.thread_id, cursor)
    except Unavailable:
        return False
    if missed is None or not hub().is_seated(seat):
        return False
    socket, last = seat.socket, cursor.offset + len(missed.events)
    socket.push(pack(Joined(command.id, seat.thread_id, missed.epoch, last, recovered=True), seat.thread_id))
    if missed.events:
        socket.push(pack_events(seat.thread_id, missed.epoch, missed.first, last, merge(missed.events)))
    hub().go_live(seat, Cursor(missed.epoch, last))
    return True
