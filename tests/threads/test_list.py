"""The list of threads: its pages, and what it costs."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chatplatform.kernel.clock import now
from projects.models import Project, User
from tests.plans import detours
from tests.threads.said import rows
from threads.models import Thread
from threads.queries import thread_rows
from threads.services import create_thread

pytestmark = pytest.mark.django_db


def test_list_pages_through_every_thread_once(alice: User, project: Project) -> None:
    moment = now()
    for n in range(7):
        thread = create_thread(alice.id, project.id, title=f"Thread {n}", line_up=["a:1"])
        Thread.objects.filter(pk=thread.pk).update(active_at=moment - timedelta(seconds=n // 3))
    seen: list[UUID] = []
    after = None
    while True:
        page, after = thread_rows(alice.id, project.id, False, after, 2)
        seen += [row.thread.id for row in page]
        if after is None:
            break
    expected = Thread.objects.order_by("-active_at", "-id").values_list("id", flat=True)
    assert seen == list(expected)


def test_list_takes_as_many_queries_for_many_as_for_one(alice: User, project: Project) -> None:
    counts = []
    for _ in range(2):
        for _ in range(4):
            create_thread(alice.id, project.id, line_up=["a:1", "b:2"])
        with CaptureQueriesContext(connection) as queries:
            rows(alice, project)
        counts.append(len(queries))
    assert counts == [5, 5]


def test_list_is_read_in_the_order_of_its_index(alice: User, project: Project, thread: Thread) -> None:
    with CaptureQueriesContext(connection) as queries:
        thread_rows(alice.id, project.id, False, (now(), UUID(int=1)), 50)
    page = next(q["sql"] for q in queries if "ORDER BY" in q["sql"] and "threads_thread" in q["sql"])
    assert detours(page) == []
