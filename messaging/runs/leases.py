"""Who holds a turn: the one process that runs it, which renews the hold in the row once a second.

A hold ends when it is let go, or when it stands still under the eyes of somebody who watches. No clock is asked: a
watcher compares what it saw with what it sees over its own monotonic time, so clocks that jump or differ kill nobody.
"""

import os
import secrets
import socket
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models.functions import Now

from messaging.models import OPEN_TURNS, Turn, TurnState

# This process: a new name with every start, so that nobody inherits what a dead one held.
HOLDER = f"{socket.gethostname()[:48]}:{os.getpid()}:{secrets.token_hex(4)}"
# Standing still for so long means dead. Holds are renewed every second, so a stalled loop, a slow database and
# a busy machine have some seconds before a false alarm, which costs an answer cut in two.
STALE_S = 5.0
LATE_S = 4.0


class Hold(NamedTuple):
    """An open turn as its row stood at one look. Equal to an earlier one: nobody has touched it since."""

    turn_id: UUID
    state: str
    attempt: int
    held_by: str
    renewed_at: datetime | None

    @property
    def is_let_go(self) -> bool:
        """Its process stopped in an orderly way; a turn that was never claimed is not let go but waits."""
        return self.state == TurnState.STREAMING and not self.held_by


def open_holds() -> list[Hold]:
    """All open turns, the one waiting longest first."""
    rows = Turn.objects.filter(state__in=OPEN_TURNS).order_by("created_at", "lane")
    return [Hold(*row) for row in rows.values_list("id", "state", "attempt", "held_by", "renewed_at")]


def waiting(turn_ids: Sequence[UUID]) -> list[UUID]:
    """Which of these nobody has claimed yet."""
    return list(Turn.objects.filter(pk__in=turn_ids, state=TurnState.PENDING).values_list("id", flat=True))


def renew(turn_ids: Sequence[UUID]) -> None:
    """Say that this process still runs these. Those that somebody took over are left alone."""
    mine = Turn.objects.filter(pk__in=turn_ids, held_by=HOLDER, state=TurnState.STREAMING)
    mine.update(renewed_at=Now())


def let_go() -> list[UUID]:
    """Give up all turns of this process, so that others take them over at once; which they were."""
    mine = Turn.objects.filter(held_by=HOLDER, state=TurnState.STREAMING)
    found = list(mine.values_list("id", flat=True))
    mine.update(held_by="")
    return found


class Watch:
    """One watcher's memory of the holds it saw. Pure: it is told what there is and what time it is.

    A look that comes late begins anew: if this process stood still, or the database was away, then
    nobody could renew or nobody could see it, and silence that everybody shared proves nobody dead.
    """

    def __init__(self) -> None:
        self._since: dict[Hold, float] = {}
        self._looked_at = 0.0

    def abandoned(self, holds: Iterable[Hold], at: float) -> list[Hold]:
        """Those let go, and those that nobody touched for `STALE_S`, in the order given. `at`: monotonic seconds."""
        if at - self._looked_at > LATE_S:
            self.forget()
        self._looked_at = at
        self._since = {hold: self._since.get(hold, at) for hold in holds}
        return [hold for hold, since in self._since.items() if hold.is_let_go or at - since >= STALE_S]

    def forget(self) -> None:
        """Begin anew, after a look that failed."""
        self._since = {}
