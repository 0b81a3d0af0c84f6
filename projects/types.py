"""What people and projects look like from outside: the frozen values of the HTTP API and the wire."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class PersonView(Struct, frozen=True):
    id: UUID
    name: str


class MeView(Struct, frozen=True):
    """The signed-in person, for themself only."""

    id: UUID
    name: str
    email: str
    is_staff: bool
    preferences: dict[str, bool | int | str]


class ServerView(Struct, frozen=True):
    """What a stranger may know before signing in; `me` is who asks, if they are signed in."""

    name: str
    version: str
    has_people: bool  # false: the next sign-up makes the first account, which looks after the server
    is_sign_up_open: bool
    me: MeView | None = None


class ProjectView(Struct, frozen=True):
    """A project as one person sees it. `permissions` are the names of `projects/roles.py` that hold."""

    id: UUID
    name: str
    about: str
    role: str
    permissions: list[str]
    created_at: datetime
    archived_at: datetime | None = None
    deleted_at: datetime | None = None  # can be brought back for thirty days
    has_news: bool = False  # an unread thread


class MemberView(Struct, frozen=True):
    user_id: UUID
    name: str
    role: str
    joined_at: datetime


class InviteView(Struct, frozen=True):
    """`state`: open, expired, used_up or revoked. `link` only in the answer that made it."""

    id: UUID
    role: str
    note: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    max_uses: int
    used_count: int
    state: str
    link: str | None = None


class InvitePreview(Struct, frozen=True):
    """What the holder of a link is told before joining; `reason` says why an ended one ended."""

    state: str
    reason: str
    project_name: str
    project_about: str
    invited_by: str
    role: str
    expires_at: datetime
    member_count: int
    is_member: bool
    project_id: UUID | None = None  # only when the asker is a member already


class AuditView(Struct, frozen=True):
    """Who did what to what. `action` is noun.happened, as events are."""

    at: datetime
    actor: str
    action: str
    subject: str
    data: dict[str, bool | int | str]


class AuditPage(Struct, frozen=True):
    items: list[AuditView]
    next_cursor: str | None
