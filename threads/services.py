"""Changes to threads and branches. Each function is one transaction; news goes out after its commit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from chatplatform.kernel import text
from chatplatform.kernel.clock import now
from chatplatform.kernel.errors import Conflict, Invalid
from projects import access as projects
from projects.roles import Permission
from projects.signals import after_commit
from threads import hooks, participants, signals
from threads.access import ThreadAccess, access_branch, access_thread, branch_of, check_manages
from threads.models import Branch, Choice, Thread, Visibility
from threads.queries import branch_path
from threads.types import ChoiceView, PathRange

MAX_TITLE = 120
MAX_LANE = MAX_VARIANT = 999


@dataclass(frozen=True, slots=True)
class Origin:
    """The message that a thread is started from, by its address."""

    branch_id: UUID
    seq: int
    variant: int
    message_id: UUID | None = None


# -- making -----------------------------------------------------------------------------------


@transaction.atomic
def create_thread(
    user_id: UUID,
    project_id: UUID,
    *,
    title: str = "",
    is_private: bool = False,
    people: Iterable[UUID] = (),
    line_up: Sequence[str] | None = None,
    origin: Origin | None = None,
) -> Thread:
    """Start a thread; with an origin its history is that message's branch up to there, and no message is copied.

    `people` are let into a private thread, besides whoever starts it. `line_up` None: the project's usual models.
    """
    access = projects.access_project(user_id, project_id, Permission.WRITE)
    thread = Thread(
        project=access.project,
        title=text.short(title, MAX_TITLE, "title"),
        created_by=access.user,
        is_private=is_private,
    )
    main = Branch(thread=thread, name="main", created_by=access.user)
    own_from = 1
    inherited: list[PathRange] = []
    if origin is not None:
        source = _origin_of(user_id, thread, origin)
        inherited, own_from = cut_path(branch_path(source), origin.seq), origin.seq + 1
        main.parent_id, main.fork_seq, main.fork_variant = inherited[-1].branch_id, origin.seq, origin.variant
        main.head_seq = origin.seq
    models = hooks.default_line_up(project_id) if line_up is None else line_up
    main.path = _stored([*inherited, PathRange(main.id, own_from, None)])
    thread.save(force_insert=True)
    main.save(force_insert=True)
    thread.main_branch = main
    thread.save(update_fields=["main_branch"])
    if is_private:
        participants.let_in(thread, [user_id, *people])
    participants.write_line_up(thread, participants.checked_line_up(thread, models))
    after_commit(signals.thread_created, thread_id=thread.id)
    return thread


def _origin_of(user_id: UUID, thread: Thread, origin: Origin) -> Branch:
    """The branch of the origin, once its reader may make such a thread of it; fills in the thread's parent."""
    source, branch = access_branch(user_id, origin.branch_id, Permission.READ)
    if source.project_id != thread.project_id:
        raise projects.nothing()
    if source.thread.is_private and not thread.is_private:
        raise Invalid("That thread is private, so one started from it is private too.", "origin_is_private")
    _check_place(branch, origin.seq, origin.variant)
    thread.parent = source.thread
    thread.parent_message_id = origin.message_id
    return branch


@transaction.atomic
def fork(user_id: UUID, thread_id: UUID, name: str, from_branch_id: UUID, seq: int, variant: int) -> Branch:
    """Branch off after place `seq`, with `variant` standing there. Writes one row, whatever the length.

    The parent is the branch that owns the place, so forks of forks stay flat where they can. A path grows by one
    range per nested fork; one of more than 32 still reads right, with more partition reads a page.
    """
    access = access_thread(user_id, thread_id, Permission.WRITE)
    source = branch_of(access.thread, from_branch_id)
    _check_place(source, seq, variant)
    inherited = cut_path(branch_path(source), seq)
    branch = Branch(
        thread=access.thread,
        name=text.name(name, 60),
        parent_id=inherited[-1].branch_id,
        fork_seq=seq,
        fork_variant=variant,
        head_seq=seq,
        created_by=access.user,
    )
    branch.path = _stored([*inherited, PathRange(branch.id, seq + 1, None)])
    _save_named(branch, is_new=True)
    after_commit(signals.branch_created, branch_id=branch.id)
    return branch


def cut_path(path: Sequence[PathRange], seq: int) -> list[PathRange]:
    """The path up to place `seq` included, closed; ranges that would be empty are left out."""
    return [
        PathRange(owner, first, seq if last is None else min(last, seq)) for owner, first, last in path if first <= seq
    ]


def _stored(path: Sequence[PathRange]) -> list[list[str | int | None]]:
    return [[str(owner), first, last] for owner, first, last in path]


def _check_place(branch: Branch, seq: int, variant: int, lane: int = -1) -> None:
    if not 1 <= seq <= branch.head_seq or not 0 <= variant <= MAX_VARIANT:
        raise Invalid("There is no message at that place.", "no_such_place", seq=seq)
    owner = next(part.branch_id for part in reversed(branch_path(branch)) if part.from_seq <= seq)
    if not hooks.has_variant(owner, seq, variant, lane):
        raise Invalid("There is no such answer at that place.", "no_such_variant", seq=seq, variant=variant)


def _save_named(branch: Branch, *, is_new: bool = False) -> None:
    """Of one that is there only what its people set: its head rises meanwhile, and must not fall back."""
    try:
        with transaction.atomic():
            branch.save(force_insert=is_new, update_fields=None if is_new else ["name", "archived_at"])
    except IntegrityError as error:
        if "name" not in str(error):
            raise
        raise Conflict(f"This thread has a branch “{branch.name}” already.", "name_taken", field="name") from error


# -- changing ---------------------------------------------------------------------------------


@transaction.atomic
def change_thread(
    user_id: UUID,
    thread_id: UUID,
    *,
    title: str | None = None,
    visibility: str | None = None,
    is_archived: bool | None = None,
) -> ThreadAccess:
    """Rename, archive or bring back (whoever started it, and admins); set what models see (whoever may write)."""
    access = access_thread(user_id, thread_id, Permission.READ if visibility is None else Permission.WRITE)
    thread = access.thread
    changed = []  # and nothing else is written: somebody may change the rest meanwhile
    if title is not None or is_archived is not None:
        check_manages(access)
    if title is not None:
        thread.title = text.name(title, MAX_TITLE, "title")
        changed.append("title")
    if visibility is not None:
        if visibility not in Visibility.values:
            raise Invalid("Models see each its own, the chosen or all answers.", field="visibility")
        thread.visibility = visibility
        changed.append("visibility")
    if is_archived is not None and is_archived != (thread.archived_at is not None):
        thread.archived_at = now() if is_archived else None
        changed.append("archived_at")
    thread.save(update_fields=changed)
    after_commit(signals.thread_changed, thread_id=thread.id)
    return access


@transaction.atomic
def change_branch(
    user_id: UUID, branch_id: UUID, *, name: str | None = None, is_archived: bool | None = None
) -> Branch:
    """Rename or archive a branch: whoever made it, whoever started the thread, and admins."""
    access, branch = access_branch(user_id, branch_id, Permission.WRITE)
    if branch.created_by_id != user_id:
        check_manages(access)
    if name is not None:
        branch.name = text.name(name, 60)
    if is_archived is not None:
        if is_archived and branch.id == access.thread.main_branch_id:
            raise Invalid("The main branch stays. Archive the thread instead.", "main_branch_stays")
        branch.archived_at = (branch.archived_at or now()) if is_archived else None
    _save_named(branch)
    after_commit(signals.branch_changed, branch_id=branch.id)
    return branch


# -- choosing ----------------------------------------------------------------------------------


@transaction.atomic
def choose(
    user_id: UUID, thread_id: UUID, branch_id: UUID, seq: int, lane: int, variant: int, for_room: bool
) -> ChoiceView:
    """Let `variant` stand for its lane (or, lane -1, its place): for everybody, or in this person's view alone."""
    access = access_thread(user_id, thread_id, Permission.WRITE if for_room else Permission.READ)
    branch = branch_of(access.thread, branch_id)
    if not -1 <= lane <= MAX_LANE:
        raise Invalid("There is no such lane.", "no_such_place", lane=lane)
    _check_place(branch, seq, variant, lane)
    Choice.objects.update_or_create(
        branch=branch,
        seq=seq,
        lane=lane,
        user=None if for_room else access.user,
        defaults={"variant": variant, "chosen_at": now()},
    )
    view = ChoiceView(branch_id=branch.id, seq=seq, lane=lane, variant=variant, is_own=not for_room)
    if for_room:
        after_commit(signals.choice_changed, thread_id=thread_id, choice=view, by=access.user.name)
    return view
