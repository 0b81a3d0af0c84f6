"""Reads: views of threads and branches, the thread list, paths and choices. Access is checked by the caller,
except where a function takes the asker's id."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from projects import access as projects
from projects.models import Membership
from projects.roles import Permission
from projects.types import PersonView
from threads.access import ThreadAccess
from threads.mentions import named_in, unread_mentions
from threads.models import Branch, Participant, ReadMark, Thread
from threads.types import BranchView, NamedView, PathRange, ThreadDetail, ThreadRow, ThreadView

MAX_PAGE = 200


def get_thread(thread_id: UUID) -> Thread | None:
    """The thread with all that its view needs, for whoever already knows that it may be seen."""
    return Thread.objects.select_related("project", "main_branch", "created_by").filter(pk=thread_id).first()


def thread_view(thread: Thread, line_up: Sequence[str] | None = None) -> ThreadView:
    main = thread.main_branch
    assert main is not None  # set in the transaction that creates the thread
    return ThreadView(
        id=thread.id,
        project_id=thread.project_id,
        title=thread.title,
        main_branch_id=main.id,
        head_seq=main.head_seq,
        is_private=thread.is_private,
        visibility=thread.visibility,
        line_up=list(line_up) if line_up is not None else line_ups([thread.id])[thread.id],
        created_by=thread.created_by.name if thread.created_by else "",
        created_at=thread.created_at,
        active_at=thread.active_at,
        archived_at=thread.archived_at,
        parent_id=thread.parent_id,
        parent_message_id=thread.parent_message_id,
    )


def branch_view(branch: Branch, main_branch_id: UUID | None = None) -> BranchView:
    main_id = main_branch_id if main_branch_id is not None else branch.thread.main_branch_id
    return BranchView(
        id=branch.id,
        thread_id=branch.thread_id,
        name=branch.name,
        parent_id=branch.parent_id,
        fork_seq=branch.fork_seq,
        fork_variant=branch.fork_variant,
        head_seq=branch.head_seq,
        created_by=branch.created_by.name if branch.created_by else "",
        created_at=branch.created_at,
        is_main=branch.id == main_id,
        archived_at=branch.archived_at,
    )


def branch_path(branch: Branch) -> list[PathRange]:
    """The ranges of places that make up the branch's history, oldest first; the last is its own and open."""
    return [PathRange(UUID(owner), first, last) for owner, first, last in branch.path]


def line_ups(thread_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """The model ids of each thread in the order of its lanes; an empty list where there are none."""
    rows = Participant.objects.filter(thread__in=list(thread_ids), user=None).order_by("thread_id", "position", "id")
    found: dict[UUID, list[str]] = defaultdict(list)
    for thread_id, model_id in rows.values_list("thread_id", "model_id"):
        found[thread_id].append(model_id)
    return found


def people_of(thread: Thread) -> list[PersonView]:
    """Who was let into a private thread and is still a member, in the order they came. Of an open one: nobody."""
    if not thread.is_private:
        return []
    members = Membership.objects.filter(project_id=thread.project_id).values("user_id")
    rows = Participant.objects.filter(thread=thread, user__in=members, user__is_active=True).order_by("id")
    return [PersonView(id=key, name=name) for key, name in rows.values_list("user_id", "user__name")]


def thread_detail(access: ThreadAccess) -> ThreadDetail:
    """What a room needs at opening, as its asker may see it."""
    thread = access.thread
    mark = projects.one(ReadMark.objects.filter(user=access.user, thread=thread, branch=thread.main_branch))
    branches = thread.branches.select_related("created_by").order_by("created_at", "id")
    return ThreadDetail(
        thread=thread_view(thread),
        branches=[branch_view(b, thread.main_branch_id) for b in branches],
        people=people_of(thread),
        read_seq=mark.seq if mark else 0,
        read_at=mark.read_at if mark else None,
        can_write=access.can_write,
        can_manage=access.can_manage,
    )


def visible_threads(user_id: UUID) -> QuerySet[Thread]:
    """Threads that are open to their project's members, or whose people `user_id` is one of."""
    let_in = Exists(Participant.objects.filter(thread=OuterRef("pk"), user_id=user_id))
    return Thread.objects.filter(Q(is_private=False) | let_in)


def thread_rows(
    user_id: UUID, project_id: UUID, is_archived: bool, after: tuple[datetime, UUID] | None, limit: int
) -> tuple[list[ThreadRow], tuple[datetime, UUID] | None]:
    """One page of the thread list, newest activity first, and the position to go on from (null: the end).

    Five queries, however long the page.
    """
    access = projects.access_project(user_id, project_id, Permission.READ)
    rows = visible_threads(user_id).filter(project_id=project_id, archived_at__isnull=not is_archived)
    if after is not None:
        active_at, thread_id = after
        rows = rows.filter(active_at__lte=active_at).filter(Q(active_at__lt=active_at) | Q(id__lt=thread_id))
    size = max(1, min(limit, MAX_PAGE))
    page = list(rows.select_related("main_branch", "created_by").order_by("-active_at", "-id")[: size + 1])
    page, has_more = page[:size], len(page) > size
    found, marks, named = line_ups(t.id for t in page), _marks(user_id, page), named_in(user_id, [t.id for t in page])
    joined = access.membership.joined_at
    views = [_row(t, found[t.id], marks.get(t.main_branch_id), named.get(t.id), joined) for t in page]
    return views, ((page[-1].active_at, page[-1].id) if has_more else None)


def projects_with_news(user_id: UUID) -> set[UUID]:
    """Which of the person's projects hold a thread that is unread or names them, by the rule of the list's rows."""
    read = ReadMark.objects.filter(user_id=user_id, branch=OuterRef("main_branch_id"))
    joined = Membership.objects.filter(
        user_id=user_id, project=OuterRef("project_id"), joined_at__lt=OuterRef("active_at")
    )
    listed = visible_threads(user_id).filter(
        project__memberships__user_id=user_id, project__deleted_at=None, archived_at=None
    )
    unread = (
        listed.filter(main_branch__head_seq__gt=0)
        .annotate(is_read=Exists(read.filter(seq__gte=OuterRef("main_branch__head_seq"))))
        .filter(is_read=False)
        .filter(Exists(read) | Exists(joined))
    )
    named = listed.filter(pk__in=unread_mentions(user_id).values("thread_id"))
    return {*unread.values_list("project_id", flat=True).distinct(), *named.values_list("project_id", flat=True)}


def _marks(user_id: UUID, threads: list[Thread]) -> dict[UUID | None, ReadMark]:
    mains = [t.main_branch_id for t in threads]
    return {mark.branch_id: mark for mark in ReadMark.objects.filter(user_id=user_id, branch__in=mains)}


def _row(
    thread: Thread, line_up: list[str], mark: ReadMark | None, named: NamedView | None, joined_at: datetime
) -> ThreadRow:
    view = thread_view(thread, line_up)
    # What was said before somebody came is history to them, not news.
    is_news = mark is not None or thread.active_at > joined_at
    return ThreadRow(
        thread=view,
        unread=max(0, view.head_seq - (mark.seq if mark else 0)) if is_news else 0,
        read_seq=mark.seq if mark else 0,
        read_at=mark.read_at if mark else None,
        named=named,
    )
