"""Threads in which something was said, and how they stand in the list, without a live side."""

from typing import Any

from projects.models import Project, User
from threads.models import Branch, Thread
from threads.progress import note_said
from threads.queries import thread_rows
from threads.types import ThreadRow


def main_of(thread: Thread) -> Branch:
    assert thread.main_branch_id is not None
    return Branch.objects.get(pk=thread.main_branch_id)


def say(thread: Thread, places: int = 1) -> None:
    """As if that many messages had been accepted."""
    branch = main_of(thread)
    branch.head_seq += places
    branch.save()
    note_said(Thread.objects.get(pk=thread.pk))


def rows(user: User, project: Project, **how: Any) -> list[ThreadRow]:
    return thread_rows(user.id, project.id, how.get("archived", False), None, 100)[0]
