"""Every operation of the HTTP API × every role: who is let in, and what the others are told.

The operations come from the OpenAPI document, the expectations from the table below. A new operation without a row
fails here, so none can be added without deciding who may use it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync

from chatplatform.api import api
from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import now
from messaging.models import ProviderAccount, Run, Turn
from messaging.providers import offers
from messaging.stores.base import MessageStore
from messaging.types import Author, Message
from projects.invites import create_invite
from projects.models import Membership, Project, Role, User
from projects.services import delete_project
from tests.conftest import Browser
from threads.models import Branch, Participant, Thread
from threads.services import create_thread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("one_loop")]

OWNER, ADMIN, MEMBER, VIEWER, OUTSIDER, ANONYMOUS = "owner", "admin", "member", "viewer", "outsider", "anonymous"
STAFF = "staff"  # looks after the server and is in no project
ROLES = [OWNER, ADMIN, MEMBER, VIEWER, OUTSIDER, STAFF, ANONYMOUS]

READERS = {OWNER, ADMIN, MEMBER, VIEWER}
WRITERS = {OWNER, ADMIN, MEMBER}
MANAGERS = {OWNER, ADMIN}
SIGNED_IN = set(ROLES) - {ANONYMOUS}
EVERYBODY = set(ROLES)
NOT_STAFF = dict.fromkeys([OWNER, ADMIN, MEMBER, VIEWER, OUTSIDER], 403)  # that there are providers is no secret


class World:
    """A project with somebody of each role, an open thread that the owner started, and what else a path can name."""

    def __init__(self, is_private: bool = False) -> None:
        mark = uuid4().hex[:8]
        self.users: dict[str, User] = {
            role: User.objects.create_user(f"{role}-{mark}@example.org", name=role.capitalize(), is_staff=role == STAFF)
            for role in ROLES
            if role != ANONYMOUS
        }
        owner = self.users[OWNER]
        self.project = Project.objects.create(name="Ferryline", created_by=owner)
        for role in (OWNER, ADMIN, MEMBER, VIEWER):
            Membership.objects.create(project=self.project, user=self.users[role], role=Role(role))
        self.bystander = User.objects.create_user(f"bystander-{mark}@example.org", name="Bystander")
        Membership.objects.create(project=self.project, user=self.bystander, role=Role.MEMBER)
        self.thread = create_thread(owner.id, self.project.id, title="Timetable", line_up=[])
        assert self.thread.main_branch is not None
        self.main = self.thread.main_branch
        Branch.objects.filter(pk=self.main.pk).update(head_seq=3)
        self.branch = Branch.objects.create(thread=self.thread, name="other", created_by=owner, path=[])
        self.invite, self.code = create_invite(owner.id, self.project.id, "viewer")
        self.provider = ProviderAccount.objects.create(
            slug=f"box-{mark}", name=f"Box {mark}", base_url="http://[::1]:9"
        )
        self._speak()
        if is_private:
            Thread.objects.filter(pk=self.thread.pk).update(is_private=True)
            Participant.objects.create(thread=self.thread, user=self.users[MEMBER])

    def _speak(self) -> None:
        """The member asked at place 1; a model answered at place 2."""
        member, thread, main = self.users[MEMBER], self.thread, self.main
        author = Author("person", str(member.id), member.name)
        self.message = Message(uuid4(), thread.id, main.id, 1, 0, author, "Hello", "complete", now())
        self.run = Run.objects.create(
            thread=thread, branch=main, kind="reply", state="done", prompt_seq=1, asked_by=member,
            prompt_message_id=self.message.id, asked_by_name=member.name, ended_at=now(),
            spec={
                "models": [{"id": self.model_id, "name": "Model", "slot": 1}],
                "rounds": 1, "visibility": "isolated", "limit_turns": 1, "nonce": "n",
            },
        )  # fmt: skip
        self.turn = Turn.objects.create(
            run=self.run, key="a", thread=thread, branch=main, seq=2, variant=0, model_id=self.model_id,
            model_name="Model", state="failed", attempt=1, ended_at=now(),
        )  # fmt: skip
        answer = Message(
            self.turn.message_id, thread.id, main.id, 2, 0, Author("model", self.model_id, "Model"), "Hel", "failed", now(),
            run_id=self.run.id, turn_id=self.turn.id,
        )  # fmt: skip
        store: MessageStore = backend("message_store")
        async_to_sync(store.put)([self.message, answer])

    @property
    def model_id(self) -> str:
        return offers.offered(self.project.id)[0][0].id

    def ids(self) -> dict[str, UUID]:
        return {
            "project_id": self.project.id,
            "thread_id": self.thread.id,
            "branch_id": self.branch.id,
            "invite_id": self.invite.id,
            "user_id": self.bystander.id,
            "message_id": self.message.id,
            "turn_id": self.turn.id,
            "run_id": self.run.id,
            "provider_id": self.provider.id,
        }


def _deleted(world: World) -> None:
    delete_project(world.users[OWNER].id, world.project.id, world.project.name)


@dataclass(frozen=True)
class Rule:
    """Who may, with what body. Whoever may not: a member 403, others 404, nobody signed in 401."""

    may: set[str]
    body: Callable[[World], dict[str, Any]] | None = None
    before: Callable[[World], None] | None = None
    query: str = ""
    refusals: dict[str, int] | None = None  # where the rule above does not hold
    outcome: int | None = None  # who is let in is answered this; null: any success

    def refusal(self, role: str) -> int:
        if self.refusals and role in self.refusals:
            return self.refusals[role]
        if role == ANONYMOUS:
            return 401
        return 403 if role in READERS else 404


def row(may: set[str], body: Callable[[World], dict[str, Any]] | None = None, **more: Any) -> Rule:
    return Rule(may, body, **more)


TABLE: dict[str, Rule] = {
    # -- people and projects
    "GET /server": row(EVERYBODY),
    "GET /me": row(SIGNED_IN),
    "PATCH /me": row(SIGNED_IN, lambda w: {"name": "New"}),
    "GET /projects": row(SIGNED_IN),
    "POST /projects": row(SIGNED_IN, lambda w: {"name": "New"}),
    "PATCH /projects/{project_id}": row(MANAGERS, lambda w: {"about": "New"}),
    "DELETE /projects/{project_id}": row({OWNER}, lambda w: {"name": "Ferryline"}),
    "POST /projects/{project_id}/restore": row(
        {OWNER}, before=_deleted, refusals={ADMIN: 404, MEMBER: 404, VIEWER: 404}
    ),
    "GET /projects/{project_id}/members": row(READERS),
    "PATCH /projects/{project_id}/members/{user_id}": row(MANAGERS, lambda w: {"role": "viewer"}),
    "DELETE /projects/{project_id}/members/{user_id}": row(MANAGERS),
    "POST /projects/{project_id}/owner": row({OWNER}, lambda w: {"user_id": str(w.bystander.id)}),
    "GET /projects/{project_id}/audit": row(MANAGERS),
    "GET /projects/{project_id}/invites": row(MANAGERS),
    "POST /projects/{project_id}/invites": row(MANAGERS, lambda w: {"role": "viewer", "days": 7, "max_uses": 1}),
    "DELETE /projects/{project_id}/invites/{invite_id}": row(MANAGERS),
    "POST /projects/{project_id}/invites/{invite_id}/restore": row(MANAGERS),
    "POST /invites/preview": row(EVERYBODY, lambda w: {"code": w.code}),
    "POST /invites/accept": row(SIGNED_IN, lambda w: {"code": w.code}),
    # -- threads
    "GET /projects/{project_id}/threads": row(READERS),
    "POST /projects/{project_id}/threads": row(WRITERS, lambda w: {"line_up": []}),
    "GET /threads/{thread_id}": row(READERS),
    "PATCH /threads/{thread_id}": row(MANAGERS, lambda w: {"title": "New"}),
    "PUT /threads/{thread_id}/line-up": row(WRITERS, lambda w: {"models": []}),
    "PUT /threads/{thread_id}/people": row(
        set(),
        lambda w: {"user_ids": []},
        refusals=dict.fromkeys(READERS, 409),  # the thread is open
    ),
    "PUT /threads/{thread_id}/read": row(READERS, lambda w: {"branch_id": str(w.main.id), "seq": 1}),
    "POST /threads/{thread_id}/branches": row(
        WRITERS, lambda w: {"name": "New", "from_branch_id": str(w.main.id), "seq": 2, "variant": 0}
    ),
    "PATCH /branches/{branch_id}": row(MANAGERS, lambda w: {"name": "New"}),
    "POST /threads/{thread_id}/choices": row(
        WRITERS, lambda w: {"branch_id": str(w.main.id), "seq": 2, "lane": 0, "variant": 0, "for": "room"}
    ),
    # -- messages and runs
    "GET /threads/{thread_id}/messages": row(READERS),
    "POST /threads/{thread_id}/messages": row(WRITERS, lambda w: {"body": "Hello", "mode": "talk"}),
    "GET /messages/{message_id}": row(READERS),
    "PATCH /messages/{message_id}": row({MEMBER}, lambda w: {"body": "New", "revision": 1}),  # whose words they are
    "DELETE /messages/{message_id}": row(WRITERS),
    "POST /messages/{message_id}/restore": row(WRITERS),
    "GET /messages/{message_id}/revisions": row(READERS),
    "POST /turns/{turn_id}/cancel": row(WRITERS),
    "POST /turns/{turn_id}/again": row(WRITERS, lambda w: {}),
    "POST /turns/{turn_id}/try-now": row(WRITERS),
    "GET /turns/{turn_id}/prompt": row(READERS, outcome=409),  # this one broke off before it was asked
    "POST /runs/{run_id}/cancel": row(WRITERS),
    # -- models
    "GET /projects/{project_id}/models": row(READERS),
    "PATCH /projects/{project_id}/models": row(MANAGERS, lambda w: {"model_id": w.model_id, "is_offered": True}),
    "GET /providers": row({STAFF}, refusals=NOT_STAFF),
    "POST /providers": row(
        {STAFF},
        lambda w: {"name": "New", "base_url": "http://[::1]:9/v1"},
        refusals=NOT_STAFF,
        outcome=422,  # it is asked, and does not answer
    ),
    "PATCH /providers/{provider_id}": row({STAFF}, lambda w: {"concurrency": 2}, refusals=NOT_STAFF),
    "DELETE /providers/{provider_id}": row({STAFF}, refusals=NOT_STAFF),
    "POST /providers/{provider_id}/refresh": row({STAFF}, refusals=NOT_STAFF, outcome=422),
}

# The same operation with another body is another decision.
MORE: list[tuple[str, Rule]] = [
    ("POST /threads/{thread_id}/choices", row(
        READERS, lambda w: {"branch_id": str(w.main.id), "seq": 2, "lane": 0, "variant": 0, "for": "me"}
    )),
    ("PATCH /threads/{thread_id}", row(WRITERS, lambda w: {"visibility": "shared"})),
    ("PATCH /threads/{thread_id}", row(MANAGERS, lambda w: {"is_archived": True})),
]  # fmt: skip


def operations() -> list[str]:
    paths = api.get_openapi_schema()["paths"]
    prefix = "/api/v1"
    return [f"{method.upper()} {path.removeprefix(prefix)}" for path, item in paths.items() for method in item]


def call(world: World, role: str, operation: str, rule: Rule, ids: dict[str, UUID] | None = None) -> Any:
    browser = Browser()
    if role != ANONYMOUS:
        browser.force_login(world.users[role])
    method, path = operation.split(" ", 1)
    body = rule.body(world) if rule.body else None
    return browser.call(method, path.format(**(ids or world.ids())) + rule.query, body)


def test_table_and_document_name_the_same_operations() -> None:
    assert sorted(TABLE) == sorted(operations())


def _prepared(rule: Rule) -> World:
    world = World()
    if rule.before:
        rule.before(world)
    return world


@pytest.mark.parametrize(("operation", "rule"), [*TABLE.items(), *MORE])
def test_operation_lets_in_whom_it_should(operation: str, rule: Rule) -> None:
    found: dict[str, object] = {}
    expected: dict[str, object] = {}
    world = _prepared(rule)
    for role in sorted(ROLES, key=lambda role: role in rule.may):  # the refused first: they change nothing
        if role in rule.may and not operation.startswith("GET"):
            world = _prepared(rule)
        answer = call(world, role, operation, rule)
        is_in = answer.status_code == rule.outcome if rule.outcome else answer.status_code < 300
        found[role] = "in" if is_in else answer.status_code
        expected[role] = "in" if role in rule.may else rule.refusal(role)
        if answer.status_code >= 300:
            assert answer["Content-Type"] == "application/problem+json"
    assert found == expected


@pytest.mark.parametrize("operation", [op for op in TABLE if "{" in op])
def test_outsider_is_told_what_nobody_knows(operation: str) -> None:
    """A foreign thing and no thing at all: the same status, the same words, the same headers."""
    rule = TABLE[operation]
    world = _prepared(rule)
    foreign = call(world, OUTSIDER, operation, rule)
    absent = call(world, OUTSIDER, operation, rule, {name: uuid4() for name in world.ids()})
    assert (foreign.status_code, foreign.content) == (absent.status_code, absent.content)
    assert dict(foreign.headers) == dict(absent.headers)


@pytest.mark.parametrize("operation", [op for op in TABLE if "{thread_id}" in op or "{branch_id}" in op])
def test_private_thread_is_nothing_to_anybody_else(operation: str) -> None:
    """Not to the project's owner either: only the person who was let in gets further than that."""
    others = [role for role in ROLES if role != MEMBER]
    world = World(is_private=True)
    found = {role: call(world, role, operation, TABLE[operation]).status_code for role in [*others, MEMBER]}
    assert found.pop(MEMBER) != 404
    assert found.pop(ANONYMOUS) == 401
    assert set(found.values()) == {404}


@pytest.mark.parametrize("operation", [op for op in TABLE if "{project_id}/" in op and op.count("{") == 2])
def test_part_of_another_project_is_nothing(operation: str) -> None:
    """The owner of one project, naming a member or an invitation of another."""
    mine, theirs = World(), World()
    ids = {**theirs.ids(), "project_id": mine.project.id}
    assert call(mine, OWNER, operation, TABLE[operation], ids).status_code == 404


def test_removed_member_has_no_key_left() -> None:
    """What worked a moment ago, in the same session, answers as if nothing had ever been there."""
    world = World()
    Membership.objects.filter(project=world.project, user=world.users[MEMBER]).delete()
    for operation, rule in TABLE.items():
        if MEMBER not in rule.may or "{" not in operation:
            continue
        assert call(world, MEMBER, operation, rule).status_code == 404, operation
