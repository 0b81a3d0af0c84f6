"""Who takes part in a thread: the models of its line-up, and the people who were let into a private one."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from chatplatform.kernel.errors import Conflict, Invalid
from projects.models import Membership
from projects.roles import Permission
from projects.signals import access_lost, after_commit
from threads import hooks, signals
from threads.access import ThreadAccess, access_thread, check_manages, members_of
from threads.models import Participant, Thread

MAX_PEOPLE = 200


@transaction.atomic
def set_line_up(user_id: UUID, thread_id: UUID, model_ids: Sequence[str]) -> ThreadAccess:
    """These models answer from now on, in this order. None at all is allowed: people talk."""
    access = access_thread(user_id, thread_id, Permission.WRITE)
    # Before the thread is held: a model's first use holds the project, and whoever sends holds that before the thread.
    models = checked_line_up(access.thread, model_ids)
    Thread.objects.select_for_update(no_key=True).get(pk=thread_id)
    write_line_up(access.thread, models)
    after_commit(signals.thread_changed, thread_id=thread_id)
    return access


def checked_line_up(thread: Thread, model_ids: Sequence[str]) -> list[str]:
    """The models, each once, if they can be the thread's. Raises Invalid."""
    models = list(dict.fromkeys(model_ids))
    if len(models) > settings.MAX_MODELS:
        raise Invalid(f"{settings.MAX_MODELS} models at once are the most.", "too_many_models")
    if any(not m or len(m) > 200 for m in models):
        raise Invalid("A model has an id of 1 to 200 characters.", "unknown_model")
    here = set(_line_up(thread).values_list("model_id", flat=True))
    # One whose provider has gone meanwhile may stay; it does not stand in the way of changing the others.
    hooks.check_line_up(thread.project_id, [model for model in models if model not in here])
    return models


def write_line_up(thread: Thread, models: Sequence[str]) -> None:
    _line_up(thread).delete()
    Participant.objects.bulk_create(
        Participant(thread=thread, model_id=model, position=at) for at, model in enumerate(models)
    )


def _line_up(thread: Thread) -> QuerySet[Participant]:
    return Participant.objects.filter(thread=thread, user=None)


@transaction.atomic
def set_people(user_id: UUID, thread_id: UUID, user_ids: Sequence[UUID]) -> ThreadAccess | None:
    """Exactly these people, and whoever started it, see the private thread.

    Anybody but the last one may take themself out; they are answered None, for they see it no more.
    """
    access = access_thread(user_id, thread_id, Permission.READ)
    thread = access.thread
    if not thread.is_private:
        raise Conflict("Everybody in the project sees this thread.", "thread_is_open")
    Thread.objects.select_for_update(no_key=True).get(pk=thread_id)
    here = set(Participant.objects.filter(thread=thread, user__isnull=False).values_list("user_id", flat=True))
    wanted = {*user_ids} | ({thread.created_by_id} if thread.created_by_id in here else set())
    if wanted != here - {user_id}:
        check_manages(access)
    let_in(thread, wanted - here)
    gone = here - wanted
    Participant.objects.filter(thread=thread, user__in=gone).delete()
    if not members_of(thread):  # nobody could ever open it again, not even an admin
        raise Conflict("You are the last one here. Let somebody in first, or archive the thread.", "last_one_stays")
    for lost in gone:
        after_commit(access_lost, user_id=lost, project_id=thread.project_id, thread_id=thread.id)
    after_commit(signals.thread_changed, thread_id=thread.id)
    return None if user_id in gone else access


def let_in(thread: Thread, user_ids: Iterable[UUID]) -> None:
    people = list(dict.fromkeys(user_ids))
    if len(people) > MAX_PEOPLE:
        raise Invalid(f"{MAX_PEOPLE} people are the most.", "too_many_people")
    known = Membership.objects.filter(project_id=thread.project_id, user__in=people, user__is_active=True).count()
    if known != len(people):
        raise Invalid("Only members of the project can be let in.", "not_a_member")
    Participant.objects.bulk_create(Participant(thread=thread, user_id=person) for person in people)
