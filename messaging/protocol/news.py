"""Hints for lists of threads, projects and models, outside any order: whoever misses one loads the list again."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from threads.types import NamedView, ThreadView


class NewsItem(Struct, frozen=True, tag_field="type"):
    pass


class ThreadListed(NewsItem, frozen=True, tag="thread.listed"):
    """A thread is new or its row changed."""

    thread: ThreadView


class ThreadActive(NewsItem, frozen=True, tag="thread.active"):
    """Something was said, or models began or ceased to write: `live_slots` are those writing now."""

    thread_id: UUID
    head_seq: int
    active_at: datetime
    live_slots: list[int]


class ThreadGone(NewsItem, frozen=True, tag="thread.gone"):
    """You may no longer see this thread."""

    thread_id: UUID


class ThreadRead(NewsItem, frozen=True, tag="thread.read"):
    """How far you have read this branch, in this tab or another. `named`: what of the thread still names you; a message
    that did may have been deleted, or restored."""

    thread_id: UUID
    branch_id: UUID
    seq: int
    named: NamedView | None


class PersonNamed(NewsItem, frozen=True, tag="person.named"):
    """You were named in a message. `named`: how often now in what you have not read of the thread."""

    thread_id: UUID
    message_id: UUID
    by: str
    named: NamedView


class ProjectsChanged(NewsItem, frozen=True, tag="projects.changed"):
    """Your projects, or your role in one, changed; load them again."""

    project_id: UUID


class ModelsChanged(NewsItem, frozen=True, tag="models.changed"):
    """The project's models changed; load them again."""


AnyNews = ThreadListed | ThreadActive | ThreadGone | ThreadRead | PersonNamed | ProjectsChanged | ModelsChanged
