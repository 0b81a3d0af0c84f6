"""Fills a data folder before its server starts: people who are signed in, threads, and messages in bulk.

Run as a process of its own with PARLEY_DATA_DIR set; takes one JSON object, prints one:
`people` (1), `threads` (1), `messages` (0, all in the first thread, put straight into the store's table).
"""

import json
import os
import secrets
import sys
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatplatform.settings")
django.setup()

from django.conf import settings  # noqa: E402  after setup
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from chatplatform.kernel.clock import now  # noqa: E402
from chatplatform.kernel.ids import new_id  # noqa: E402
from messaging.models import StoredMessage  # noqa: E402
from projects.models import Membership, Project, Role, User  # noqa: E402
from threads.models import Branch, Thread  # noqa: E402
from threads.services import create_thread  # noqa: E402

BODY = "The ferry leaves at twenty to eight and calls at four piers before it turns round. " * 12  # about 1 KB
CHUNK = 10_000


def seed_people(project: Project, count: int) -> list[dict[str, str]]:
    people = []
    for number in range(count):
        user = User(email=f"person{number}@example.org", name=f"Person {number}")
        user.set_unusable_password()
        user.save()
        Membership.objects.create(project=project, user=user, role=Role.MEMBER if number else Role.OWNER)
        people.append(sign_in(user))
    return people


def sign_in(user: User) -> dict[str, str]:
    """A session of that person, as signing in would have made it."""
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.create()
    csrf = secrets.token_hex(16)
    cookie = f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={csrf}"
    return {"id": str(user.pk), "cookie": cookie, "csrf": csrf}


def seed_messages(thread: Thread, branch: Branch, author: User, count: int) -> None:
    """Fill places 1 to `count` of a branch, a second apart; a million take half a minute."""
    began = now() - timedelta(seconds=count)
    same: dict[str, str | int | bytes] = {
        "thread_id": thread.id.hex,
        "branch_id": branch.id.hex,
        "variant": 0,
        "lane": 0,
        "author_kind": "person",
        "author_id": str(author.pk),
        "author_name": author.name,
        "author_slot": 0,
        "state": "complete",
        "revision": 1,
        "meta": b"{}",
    }
    columns = [*same, "message_id", "seq", "body", "created_at"]
    table = StoredMessage._meta.db_table
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"
    with transaction.atomic(), connection.cursor() as cursor:
        for first in range(1, count + 1, CHUNK):
            places = range(first, min(first + CHUNK, count + 1))
            times = {seq: str((began + timedelta(seconds=seq)).replace(tzinfo=None)) for seq in places}
            cursor.executemany(
                insert, [[*same.values(), new_id().hex, seq, f"{seq}. {BODY}", times[seq]] for seq in places]
            )
        Branch.objects.filter(pk=branch.pk).update(head_seq=count)


def main(wanted: dict[str, Any]) -> dict[str, Any]:
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        project = Project.objects.create(name="Harbour")
        people = seed_people(project, wanted.get("people", 1))
        owner = User.objects.get(pk=people[0]["id"])
        count = wanted.get("threads", 1)
        threads = [create_thread(owner.pk, project.pk, title=f"Thread {n}", line_up=[]) for n in range(count)]
    if count := wanted.get("messages", 0):
        branch = threads[0].main_branch
        assert branch is not None
        seed_messages(threads[0], branch, owner, count)
    places = [{"thread_id": str(thread.id), "branch_id": str(thread.main_branch_id)} for thread in threads]
    connection.close()  # the last one to close writes the log back into the database
    os.sync()  # a disk that is still busy with the seed would be measured too
    return {"project_id": str(project.id), "people": people, "places": places}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
