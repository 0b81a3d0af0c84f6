"""What threads and branches look like from outside: the frozen values of the HTTP API and the wire."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from projects.types import PersonView


class BranchView(Struct, frozen=True):
    id: UUID
    thread_id: UUID
    name: str
    parent_id: UUID | None
    fork_seq: int
    fork_variant: int
    head_seq: int
    created_by: str
    created_at: datetime
    is_main: bool
    archived_at: datetime | None = None


class ThreadView(Struct, frozen=True):
    """One row of the thread list, the same for everybody who may see it."""

    id: UUID
    project_id: UUID
    title: str
    main_branch_id: UUID
    head_seq: int  # of the main branch
    is_private: bool
    visibility: str
    line_up: list[str]  # model ids, in the order of the lanes
    created_by: str
    created_at: datetime
    active_at: datetime
    archived_at: datetime | None = None
    parent_id: UUID | None = None
    parent_message_id: UUID | None = None


class NamedView(Struct, frozen=True):
    """You are named in messages of a thread that you have not read: how many, and the last one's writer and place."""

    count: int
    by: str
    branch_id: UUID
    seq: int


class ThreadRow(Struct, frozen=True):
    """A thread in one person's list: `unread` counts the main branch's places after the read mark, `named` is of all."""

    thread: ThreadView
    unread: int
    read_seq: int
    read_at: datetime | None
    named: NamedView | None


class ThreadPage(Struct, frozen=True):
    items: list[ThreadRow]
    next_cursor: str | None


class ThreadDetail(Struct, frozen=True):
    """A thread with what its room needs at opening. `people` only of a private thread."""

    thread: ThreadView
    branches: list[BranchView]
    people: list[PersonView]
    read_seq: int
    read_at: datetime | None
    can_write: bool
    can_manage: bool


class ChoiceView(Struct, frozen=True):
    """Which variant stands for a lane, or for the whole place."""

    branch_id: UUID
    seq: int
    lane: int  # -1: the whole place
    variant: int
    is_own: bool = False  # yours alone


class PathRange(NamedTuple):
    """One entry of a branch's path: places `from_seq` to `to_seq`, both included; null is open."""

    branch_id: UUID
    from_seq: int
    to_seq: int | None
