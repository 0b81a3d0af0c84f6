"""Threads, their branches, who takes part, who is named, what has been read and which answers were chosen.

A branch owns only what was written after its fork. `Branch.path` lists the ranges that make up
its history, oldest first; `Branch.head_seq`, raised under the branch's row lock, is the only
source of order.
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from chatplatform.kernel.ids import new_id
from projects.models import Project, User


class Visibility(models.TextChoices):
    """What an earlier answer is to the next question's models."""

    ISOLATED = "isolated"  # each model reads its own answers, and the chosen one where it gave none
    SELECTED = "selected"  # all read the chosen answer of each place
    SHARED = "shared"  # all read all answers, attributed


class Thread(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="threads")
    title = models.CharField(max_length=120, blank=True)  # empty until the first question gives one
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    active_at = models.DateTimeField(default=timezone.now)  # the last accepted message
    archived_at = models.DateTimeField(null=True, blank=True)
    is_private = models.BooleanField(default=False)
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.ISOLATED)
    main_branch = models.ForeignKey("Branch", models.SET_NULL, null=True, related_name="+")
    # Set when the thread was started from a message of another thread.
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="children")
    parent_message_id = models.UUIDField(null=True)

    class Meta:
        # PostgreSQL reads in an index's order only what stands for one value, and NULL is none: hence one for each list.
        indexes: ClassVar = [
            models.Index(
                fields=["project", "-active_at", "-id"],
                name="thread_list_open",
                condition=models.Q(archived_at__isnull=True),
            ),
            models.Index(
                fields=["project", "-active_at", "-id"],
                name="thread_list_archived",
                condition=models.Q(archived_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title or "New thread"


class Branch(models.Model):
    """One row of message places.

    `path`: `[[branch id, from_seq, to_seq | null], …]`, oldest first, disjoint and increasing;
    the last entry is the branch itself with `to_seq` null. `fork_seq` is the last inherited place.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="branches")
    name = models.CharField(max_length=60)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="children")
    fork_seq = models.BigIntegerField(default=0)
    fork_variant = models.SmallIntegerField(default=0)
    path = models.JSONField(default=list)
    head_seq = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["thread", "name"], name="branch_name_once")]


class Participant(models.Model):
    """Who takes part in a thread: a model of its line-up, or a person let into a private thread."""

    thread = models.ForeignKey(Thread, models.CASCADE, related_name="participants")
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    model_id = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)  # models: the order of the lanes
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["thread", "user"], name="person_once", condition=models.Q(user__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["thread", "model_id"], name="model_once", condition=models.Q(user__isnull=True)
            ),
        ]


class ReadMark(models.Model):
    """How far a person has read a thread. Known to that person only."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="read_marks")
    branch = models.ForeignKey(Branch, models.CASCADE, related_name="+")
    seq = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "thread", "branch"], name="mark_once")]


class Mention(models.Model):
    """Somebody is named in a message that was not read yet. Known to that person only; goes when they have read it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="mentions")
    branch = models.ForeignKey(Branch, models.CASCADE, related_name="+")  # the one that owns the message
    seq = models.BigIntegerField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # The message is deleted: nobody is named while it is. With a default in the database, for servers of the version before.
    is_withdrawn = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "thread", "branch", "seq"], name="named_once"),
        ]


class Choice(models.Model):
    """Which variant stands for a lane, or (lane -1) for the whole place.

    `user` null is the room's choice, for everybody; otherwise that person's own. Without a row the
    newest finished variant stands for its lane and the first lane for its place.
    """

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="choices")
    seq = models.BigIntegerField()
    lane = models.SmallIntegerField(default=-1)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    variant = models.SmallIntegerField()
    chosen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["branch", "seq", "lane"], name="room_choice_once", condition=models.Q(user__isnull=True)
            ),
            models.UniqueConstraint(
                fields=["branch", "seq", "lane", "user"], name="own_choice_once", condition=models.Q(user__isnull=False)
            ),
        ]
