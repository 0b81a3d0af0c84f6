"""The one door to a thread, built on the project's: a private thread is seen by its people alone."""

from dataclasses import dataclass
from uuid import UUID

from chatplatform.kernel.errors import Forbidden
from chatplatform.kernel.prepared import ID, PreparedQuery, given
from projects.access import forbidden, nothing, one, refused
from projects.models import Membership, Role, User
from projects.roles import Permission, may
from threads.models import Branch, Participant, Thread

_thread = PreparedQuery(lambda: Thread.objects.select_related("project", "main_branch").filter(pk=given("id", ID)))
_member = PreparedQuery(
    lambda: Membership.objects.select_related("user").filter(
        user_id=given("user_id", ID), project_id=given("project_id", ID)
    )
)
_let_in = PreparedQuery(
    lambda: Participant.objects.filter(thread_id=given("thread_id", ID), user_id=given("user_id", ID)).values_list("pk")
)


@dataclass(frozen=True, slots=True)
class ThreadAccess:
    """A thread together with who was let in, and as what."""

    thread: Thread
    project_id: UUID
    role: Role
    user: User

    @property
    def can_manage(self) -> bool:
        """Rename, archive and open or close it: whoever started it and may still write, and admins."""
        starter = self.thread.created_by_id == self.user.id and may(self.role, Permission.WRITE)
        return starter or may(self.role, Permission.MANAGE_THREADS)

    @property
    def can_write(self) -> bool:
        project = self.thread.project
        return self.thread.archived_at is None and project.archived_at is None and may(self.role, Permission.WRITE)


def access_thread(user_id: UUID, thread_id: UUID, permission: Permission) -> ThreadAccess:
    """Let `user_id` into the thread, or raise NotFound (may not see it) or Forbidden (may not do this).

    Two queries, of a private thread three, each by a unique key. `thread.project` and `thread.main_branch` are
    loaded. Every command comes through here, so the conditions that need no index are judged in Python: that takes
    half the time of building them into the query.
    """
    thread = _thread.one(id=thread_id)
    if thread is None or thread.project.deleted_at is not None:
        raise nothing()
    membership = _member.one(user_id=user_id, project_id=thread.project_id)
    if membership is None or not membership.user.is_active:
        raise nothing()
    if thread.is_private and _let_in.one(thread_id=thread_id, user_id=user_id) is None:
        raise nothing()
    membership.project = thread.project
    if refusal := refused(membership, permission):
        raise refusal
    if thread.archived_at is not None and permission == Permission.WRITE:
        raise Forbidden("This thread is archived. Bring it back to write in it.", "archived")
    return ThreadAccess(thread, thread.project_id, Role(membership.role), membership.user)


def check_manages(access: ThreadAccess) -> None:
    """Raise Forbidden unless this person may rename, archive, open or close the thread now."""
    if not access.can_manage:
        raise forbidden(access.project_id, Permission.MANAGE_THREADS)
    if access.thread.project.archived_at is not None:
        raise Forbidden("This project is archived. An admin can bring it back.", "archived")


def access_branch(user_id: UUID, branch_id: UUID, permission: Permission) -> tuple[ThreadAccess, Branch]:
    """As `access_thread`, for the thread that the branch belongs to."""
    branch = one(Branch.objects.filter(pk=branch_id))
    if branch is None:
        raise nothing()
    return access_thread(user_id, branch.thread_id, permission), branch


def branch_of(thread: Thread, branch_id: UUID | None) -> Branch:
    """The thread's branch of that id, or its main branch. A branch of another thread is NotFound."""
    if branch_id is None or branch_id == thread.main_branch_id:
        assert thread.main_branch is not None  # set in the transaction that creates the thread
        return thread.main_branch
    branch = one(Branch.objects.filter(pk=branch_id, thread_id=thread.pk))
    if branch is None:
        raise nothing()
    return branch


def members_of(thread: Thread) -> list[UUID]:
    """Who may see the thread: of a private one its people who are still members, else all members."""
    members = Membership.objects.filter(project_id=thread.project_id, user__is_active=True)
    if thread.is_private:
        members = members.filter(user__in=Participant.objects.filter(thread=thread).values("user_id"))
    return list(members.values_list("user_id", flat=True))
