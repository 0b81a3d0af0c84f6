"""How far a move has come: a row in the database, so that it goes on from there after whatever ended it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from chatplatform.kernel.clock import monotonic, now
from messaging.models import Edit, Move, Outbox, PurgedBranch

SAVE_EVERY_S = 1.0
# Hosts' clocks differ, and a message is stored a little before its outbox row says so.
MARGIN = timedelta(minutes=5)
# The outbox remembers seven days. What was copied longer ago is copied anew.
REMEMBERED = timedelta(days=6)


@dataclass
class Progress:
    """Branches are copied in the order of their ids, some at a time; saved is the lowest that is not done."""

    target: str
    row: Move
    is_resumed: bool
    going_on: dict[UUID, int] = field(default_factory=dict)  # from a branch to the last place copied of it
    copied: int = 0  # by this run
    _saved_at: float = 0.0

    def starts_at(self, branch_id: UUID) -> int | None:
        """After which place to copy a branch; None: it is done."""
        last = self.row.branch_id
        if last is None or branch_id > last:
            return -1
        return self.row.seq if branch_id == last else None

    def take(self, branch_id: UUID, seq: int) -> None:
        self.going_on[branch_id] = seq

    def note(self, branch_id: UUID, seq: int, messages: int) -> None:
        self.going_on[branch_id] = seq
        self.copied += messages

    def done(self, branch_id: UUID) -> None:
        del self.going_on[branch_id]

    @property
    def is_due(self) -> bool:
        return monotonic() - self._saved_at >= SAVE_EVERY_S

    def place(self) -> tuple[UUID, int, int] | None:
        """What to save now."""
        self._saved_at = monotonic()
        if not self.going_on:
            return None
        lowest = min(self.going_on)
        return lowest, self.going_on[lowest], self.row.messages + self.copied


def begin(target: str) -> Progress:
    """The move towards that store, begun or gone on with."""
    at = now()
    row, is_new = Move.objects.get_or_create(target=target, defaults={"started_at": at, "caught_up_to": at - MARGIN})
    if not is_new and row.caught_up_to < at - REMEMBERED:
        row.delete()
        return begin(target)
    return Progress(target, row, is_resumed=not is_new)


def save(target: str, branch_id: UUID, seq: int, messages: int) -> None:
    Move.objects.filter(target=target).update(branch_id=branch_id, seq=seq, messages=messages)


def save_copied(target: str, messages: int) -> None:
    """Every branch was copied once."""
    Move.objects.filter(target=target).update(copied_at=now(), messages=messages)


def save_caught_up(target: str, to: datetime) -> None:
    Move.objects.filter(target=target).update(caught_up_to=to)


def save_compared(target: str) -> None:
    """Both stores were found to hold the same."""
    Move.objects.filter(target=target).update(compared_at=now())


def stored_since(moment: datetime) -> list[UUID]:
    """Messages that were stored or changed since then, whichever store took them: the outbox and the edits remember."""
    said = Outbox.objects.filter(stored_at__gte=moment).values_list("message_id", flat=True)
    changed = Edit.objects.filter(stored_at__gte=moment).values_list("message_id", flat=True)
    return sorted({*said, *changed})


def purged_since(moment: datetime | None = None) -> set[UUID]:
    """Branches that were purged from whichever store was in use; None: ever."""
    since = Q() if moment is None else Q(purged_at__gte=moment)
    return set(PurgedBranch.objects.filter(since).values_list("branch_id", flat=True))
