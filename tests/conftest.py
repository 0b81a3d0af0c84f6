"""The cast: alice owns, carol is an admin, bob a member, dave a viewer; mallory is outside. One project, one thread."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from chatplatform.kernel import backends, db
from messaging import lifecycle
from projects.models import Membership, Project, Role, User
from threads.models import Thread


def make_user(name: str, **fields: Any) -> User:
    return User.objects.create_user(f"{name}@example.org", "correct horse battery", name=name.capitalize(), **fields)


@pytest.fixture
def alice(db: None) -> User:
    return make_user("alice")


@pytest.fixture
def carol(db: None) -> User:
    return make_user("carol")


@pytest.fixture
def bob(db: None) -> User:
    return make_user("bob")


@pytest.fixture
def dave(db: None) -> User:
    return make_user("dave")


@pytest.fixture
def mallory(db: None) -> User:
    return make_user("mallory")


@pytest.fixture
def project(alice: User, bob: User, carol: User, dave: User) -> Project:
    project = Project.objects.create(name="Ferryline", about="Ferries and their timetables", created_by=alice)
    for user, role in [(alice, Role.OWNER), (carol, Role.ADMIN), (bob, Role.MEMBER), (dave, Role.VIEWER)]:
        Membership.objects.create(project=project, user=user, role=role)
    return project


@pytest.fixture
def thread(project: Project, alice: User) -> Thread:
    from threads.services import create_thread

    return create_thread(alice.id, project.id, title="Timetable", line_up=[])


class Browser(Client):
    """Django's test client speaking JSON, as the page does."""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer of `/api/v1{path}`; its JSON in `.body` (None when empty)."""
        text = "" if body is None else json.dumps(body)
        answer: Any = self.generic(method, f"/api/v1{path}", text, content_type="application/json", headers=headers)
        answer.body = json.loads(answer.content) if answer.content else None
        return answer


@pytest.fixture
def browser_of(db: None) -> Callable[[User | None], Browser]:
    """A browser in which that person is signed in; None: nobody is."""

    def make(user: User | None) -> Browser:
        browser = Browser()
        if user is not None:
            browser.force_login(user)
        return browser

    return make


@pytest.fixture(autouse=True)
def _fresh_backends() -> Iterator[None]:
    yield
    backends.reset()
    lifecycle.reset()


@pytest.fixture(autouse=True, scope="session")
def _database_threads_end() -> Iterator[None]:
    yield
    db.close()
