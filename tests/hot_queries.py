"""Run as a program on an empty PostgreSQL (DATABASE_URL): seeds it, asks what is asked all the time, prints the plans.

For `test_hot_queries.py`, which reads them. A program of its own, because a process has one database.
"""

import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

MANY, PROJECTS = 6000, 40
SPEC: dict[str, Any] = {
    "models": [{"id": "x:y", "name": "Y", "slot": 1}],
    "rounds": 1,
    "visibility": "isolated",
    "nonce": "",
}
LARGE = ("threads_thread", "threads_branch", "threads_readmark", "threads_mention", "messaging_turn", "messaging_run", "messaging_outbox",
         "messaging_storedmessage", "django_session", "usersessions_usersession")  # fmt: skip


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "chatplatform.settings"
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0, interactive=False)
    asked = questions(**seed())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    json.dump({name: _plans(question) for name, question in asked.items()}, sys.stdout)


def seed() -> dict[str, Any]:
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from chatplatform.kernel.ids import new_id
    from messaging.models import Outbox, Run, StoredMessage, Turn
    from projects.models import Membership, Project, Role, User
    from projects.session_store import SessionStore
    from threads.models import Branch, Mention, ReadMark, Thread

    at = timezone.now()
    users = [User(email=f"{n}@example.org", name=f"{n}") for n in range(PROJECTS)]
    User.objects.bulk_create(users)
    projects = [Project(name=user.name, created_by=user) for user in users]
    Project.objects.bulk_create(projects)
    long_ago = at - timedelta(days=400)
    Membership.objects.bulk_create(
        Membership(project=project, user=user, role=Role.OWNER, joined_at=long_ago)
        for project, user in zip(projects, users, strict=True)
    )
    threads = [
        Thread(
            project=projects[n % PROJECTS],
            title=f"{n}",
            created_by=users[n % PROJECTS],
            active_at=at - timedelta(minutes=n),
        )
        for n in range(MANY)
    ]
    for n in range(0, MANY, 3):
        threads[n].archived_at = at
    Thread.objects.bulk_create(threads)
    branches = [Branch(thread=t, name="main", head_seq=9, created_by=t.created_by) for t in threads]
    for branch in branches:
        branch.path = [[str(branch.id), 1, None]]
    Branch.objects.bulk_create(branches)
    for thread, branch in zip(threads, branches, strict=True):
        thread.main_branch = branch
    Thread.objects.bulk_update(threads, ["main_branch"])
    pairs = list(zip(threads, branches, strict=True))
    ReadMark.objects.bulk_create(ReadMark(user=t.created_by, thread=t, branch=b, seq=9) for t, b in pairs[: MANY // 2])
    Mention.objects.bulk_create(
        Mention(user=users[n % PROJECTS], thread=t, branch=b, seq=9) for n, (t, b) in enumerate(pairs)
    )
    runs = [
        Run(thread=t, branch=b, kind="reply", state="done", spec=SPEC, prompt_seq=1, prompt_message_id=new_id(),
            asked_by=t.created_by, asked_by_name="Alice", started_at=at)
        for t, b in pairs
    ]  # fmt: skip
    runs[0].state = "running"
    Run.objects.bulk_create(runs)
    turns = [
        Turn(run=run, key="a", thread_id=run.thread_id, branch_id=run.branch_id, seq=2, variant=0, model_id="x:y",
             model_name="Y", state="done")
        for run in runs
    ]  # fmt: skip
    turns[0].state = "streaming"
    Turn.objects.bulk_create(turns)
    sent = [
        Outbox(message_id=new_id(), author_key=str(t.created_by_id), client_id=new_id(), thread_id=t.pk, branch_id=b.pk, seq=1,
               created_at=at - timedelta(hours=1), stored_at=at, published_at=at)
        for t, b in pairs
    ]  # fmt: skip
    sent[0].stored_at = sent[0].published_at = None
    Outbox.objects.bulk_create(sent)
    one = branches[PROJECTS]  # of the first project
    StoredMessage.objects.bulk_create(
        StoredMessage(message_id=new_id(), thread_id=b.thread_id, branch_id=b.pk, seq=seq, variant=0, author_kind="person",
                      author_name="Alice", state="complete", body="x", meta=b"{}", created_at=at)
        for b, most in [(one, MANY), *((b, 1) for b in branches if b is not one)]
        for seq in range(1, most + 1)
    )  # fmt: skip
    empty = SessionStore().encode({})
    Session.objects.bulk_create(
        Session(session_key=f"{n:032d}", session_data=empty, expire_date=at + timedelta(days=9)) for n in range(MANY)
    )
    return {"user": users[0], "project": projects[0], "thread": threads[PROJECTS], "branch": one}


def questions(user: Any, project: Any, thread: Any, branch: Any) -> dict[str, Callable[[], object]]:
    from django.utils import timezone

    from chatplatform.kernel.ids import new_id
    from messaging import history, news, outbox, revocation
    from messaging.runs import claims, leases
    from messaging.stores import orm
    from messaging.types import Range
    from projects.roles import Permission
    from projects.sessions import open_session
    from threads.access import access_thread
    from threads.mentions import forget_read, named_in
    from threads.queries import branch_path, projects_with_news, thread_rows

    path = [Range(branch.pk, 1)]
    after = (timezone.now() - timedelta(hours=9), new_id())
    return {
        "a page of threads": lambda: thread_rows(user.pk, project.pk, False, after, 20),
        "a page of archived threads": lambda: thread_rows(user.pk, project.pk, True, after, 20),
        "what is unread": lambda: projects_with_news(user.pk),
        "who was named": lambda: named_in(user.pk, [thread.pk]),
        "what was read names nobody": lambda: forget_read(user.pk, thread.pk, branch_path(branch), 9),
        "who may": lambda: access_thread(user.pk, thread.pk, Permission.WRITE),
        "a page of messages": lambda: orm._page(path, 2990, None, 50),
        "the newest messages": lambda: orm._page(path, None, None, 50),
        "messages on their way": lambda: outbox.overlay(path),
        "what nobody delivered": lambda: outbox._take(5.0, is_alone=False),
        "a room's open turns and runs": lambda: history._rows(thread.pk, branch.pk),
        "all open turns": leases.open_holds,
        "idle runs": lambda: claims.idle_runs(5.0),
        "a list's news": lambda: news._active(thread.pk),
        "a session": lambda: dict(open_session(f"{7:032d}").items()),
        "the regular look": lambda: revocation._standing(
            {f"{n:032d}" for n in range(9)}, {user.pk}, {project.pk}, {thread.pk}
        ),
    }


def _plans(question: Callable[[], object]) -> list[str]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        question()
    plans = []
    for query in captured.captured_queries:
        sql = query["sql"]
        if sql.split(" ", 1)[0] in {"SELECT", "UPDATE", "DELETE"}:
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN " + sql)
                plans.append("\n".join([sql, *(row[0] for row in cursor.fetchall())]))
    return plans


if __name__ == "__main__":
    main()
