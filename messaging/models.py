"""Runs, turns, the outbox, the ORM message store's tables, providers and a project's models.

The state of a run is these rows and nothing else: a process may die at any line.
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from chatplatform.kernel.ids import new_id
from projects.models import Project, User
from threads.models import Branch, Thread


class RunKind(models.TextChoices):
    REPLY = "reply"  # one model
    FAN_OUT = "fan_out"  # several at once, side by side
    IN_TURN = "in_turn"  # several one after the other, in rounds


class RunState(models.TextChoices):
    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


OPEN_RUNS = (RunState.RUNNING, RunState.STOPPING)


class Run(models.Model):
    """One request to models.

    `spec`: {"models": [{"id", "name", "slot"}…], "rounds", "visibility", "limit_turns", "nonce"}, and of
    a later answer to a turn also that turn's run's "roster" of models and its "shape" (kind).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="runs")
    branch = models.ForeignKey(Branch, models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=8, choices=RunKind)
    state = models.CharField(max_length=9, choices=RunState, default=RunState.RUNNING)
    spec = models.JSONField(default=dict)
    prompt_seq = models.BigIntegerField()
    prompt_message_id = models.UUIDField()
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    asked_by_name = models.CharField(max_length=80)
    stopped_by_name = models.CharField(max_length=80, blank=True)
    stop_reason = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["branch", "-started_at"], name="runs_of_branch"),
            models.Index(fields=["state"], name="runs_open", condition=models.Q(state__in=["running", "stopping"])),
        ]


class TurnState(models.TextChoices):
    PENDING = "pending"  # its place is taken; nobody runs it yet
    STREAMING = "streaming"  # claimed by `attempt`: queued at, asked of, or hearing the provider
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # its process died; the words are kept


OPEN_TURNS = (TurnState.PENDING, TurnState.STREAMING)


class Turn(models.Model):
    """One model's share of a run; it writes one message, at (branch, seq, variant).

    `attempt` is the fencing token: claiming raises it, and a write by an older one matches no row.
    `partial` is saved about once a second while streaming, so that a crash keeps the words.
    `held_by` names the process that runs it, empty when it let go; see runs/leases.py.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="turns")
    key = models.CharField(max_length=40)  # deterministic within the run: "a", "r2.t1", "a.v2"
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="+")
    branch = models.ForeignKey(Branch, models.CASCADE, related_name="turns")
    seq = models.BigIntegerField()
    variant = models.SmallIntegerField()
    lane = models.SmallIntegerField(default=0)
    round = models.SmallIntegerField(default=0)
    message_id = models.UUIDField(default=new_id, unique=True)
    model_id = models.CharField(max_length=200)
    model_name = models.CharField(max_length=120)
    slot = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=11, choices=TurnState, default=TurnState.PENDING)
    attempt = models.PositiveSmallIntegerField(default=0)
    # With defaults in the database: servers of the version before go on writing turns while this one is rolled out.
    held_by = models.CharField(max_length=80, blank=True, default="", db_default="")
    renewed_at = models.DateTimeField(null=True)  # by the database's clock; moves once a second while it runs
    cancel_requested = models.BooleanField(default=False)
    stopped_by_name = models.CharField(max_length=80, blank=True)
    partial = models.TextField(blank=True)
    reasoning = models.TextField(blank=True)
    earlier_attempts = models.JSONField(default=list)  # types.Attempt as JSON
    prompt = models.JSONField(default=dict)  # what the model saw, by reference: see runs/context.py
    meta = models.JSONField(default=dict)  # types.Meta as JSON, once final
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "key"], name="turn_once"),
            models.UniqueConstraint(fields=["branch", "seq", "variant"], name="turn_place_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state"], name="turns_open", condition=models.Q(state__in=["pending", "streaming"])),
        ]


class Worker(models.Model):
    """A process that runs turns for others, as it last said of itself. One that stops in good order is gone from here."""

    name = models.CharField(primary_key=True, max_length=80)  # `runs.leases.HOLDER`, as in its turns
    host = models.CharField(max_length=80)
    version = models.CharField(max_length=40)
    most = models.PositiveIntegerField()  # turns at once
    running = models.PositiveIntegerField(default=0)
    is_leaving = models.BooleanField(default=False)  # told to stop; it finishes what it runs
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # both by the database's clock


class Outbox(models.Model):
    """An accepted message on its way to the store and to the room.

    Written in the transaction that accepts the message, so that acknowledged means durable. `body`
    is the whole `types.Message` as JSON until the store has it. Kept seven days as the memory of
    which `client_id` was already sent.
    """

    message_id = models.UUIDField(primary_key=True)
    author_key = models.CharField(max_length=40)  # user id, or "turn" for answers
    client_id = models.UUIDField()  # for answers: the turn's id
    thread_id = models.UUIDField()
    branch_id = models.UUIDField()
    seq = models.BigIntegerField()
    variant = models.SmallIntegerField(default=0)
    run_id = models.UUIDField(null=True)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    stored_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    taken_until = models.DateTimeField(null=True)  # a sweeper of some process delivers it; until then others do not
    set_aside_at = models.DateTimeField(null=True)  # its body cannot be read: see `messaging/set_aside.py`

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["author_key", "client_id"], name="one_intent_one_message")
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="outbox_open", condition=models.Q(published_at__isnull=True)),
            models.Index(
                fields=["branch_id", "seq"], name="outbox_overlay", condition=models.Q(stored_at__isnull=True)
            ),
        ]


class Edit(models.Model):
    """A change of a message that its author was promised, on its way to the store.

    Its constraint decides which of two changes of one revision counts, whichever processes make them. `body` is
    the whole changed `types.Message` as JSON until the store has it. Kept as long as the outbox.
    """

    id = models.BigAutoField(primary_key=True)
    message_id = models.UUIDField()
    revision = models.PositiveIntegerField()  # that the message has with this change
    editor_name = models.CharField(max_length=120)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    stored_at = models.DateTimeField(null=True)
    set_aside_at = models.DateTimeField(null=True)  # as of an accepted message

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message_id", "revision"], name="one_edit_of_a_revision")
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="edits_open", condition=models.Q(stored_at__isnull=True)),
        ]


class Move(models.Model):
    """How far `move_messages` has come towards one store, so that it goes on where a crash left it."""

    target = models.CharField(primary_key=True, max_length=3)  # "cql" or "orm"
    started_at = models.DateTimeField()
    branch_id = models.UUIDField(null=True)  # branches are copied in the order of their ids: this one last
    seq = models.BigIntegerField(default=0)  # and of it the places up to here
    messages = models.BigIntegerField(default=0)
    copied_at = models.DateTimeField(null=True)  # when every branch had been copied once
    compared_at = models.DateTimeField(null=True)  # when both stores were found to hold the same
    caught_up_to = models.DateTimeField()  # whatever was stored before this moment has been copied


class PurgedBranch(models.Model):
    """A branch that was purged from the store in use: a move takes it from the other store, too, and never back."""

    branch_id = models.UUIDField(primary_key=True)
    purged_at = models.DateTimeField(default=timezone.now)


class StoredMessage(models.Model):
    """The ORM message store's row: one variant of one place of one branch."""

    id = models.BigAutoField(primary_key=True)
    message_id = models.UUIDField(unique=True)
    thread_id = models.UUIDField()
    branch_id = models.UUIDField()
    seq = models.BigIntegerField()
    variant = models.SmallIntegerField()
    lane = models.SmallIntegerField(default=0)
    author_kind = models.CharField(max_length=6)
    author_id = models.CharField(max_length=200, blank=True)
    author_name = models.CharField(max_length=120)
    author_slot = models.SmallIntegerField(default=0)
    client_id = models.UUIDField(null=True)
    state = models.CharField(max_length=11)
    revision = models.PositiveIntegerField(default=1)
    body = models.TextField(blank=True)
    reply_to = models.BigIntegerField(null=True)
    run_id = models.UUIDField(null=True)
    turn_id = models.UUIDField(null=True)
    meta = models.BinaryField(default=bytes)  # types.Meta as JSON
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["branch_id", "seq", "variant"], name="place_once")]


class StoredRevision(models.Model):
    message_id = models.UUIDField()
    revision = models.PositiveIntegerField()
    body = models.TextField(blank=True)
    state = models.CharField(max_length=11)
    editor_name = models.CharField(max_length=120)
    edited_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["message_id", "revision"], name="revision_once")]


class ProviderAccount(models.Model):
    """A provider that an administrator added in the browser. The key is encrypted and write-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=40, unique=True)  # the left part of its models' ids
    name = models.CharField(max_length=80)
    base_url = models.URLField(max_length=300)
    key_encrypted = models.BinaryField(null=True)
    concurrency = models.PositiveSmallIntegerField(default=4)
    models_listed = models.JSONField(default=list)  # what the provider offered when last asked
    key_set_by = models.CharField(max_length=80, blank=True)
    key_set_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)  # the provider turned the key down
    created_at = models.DateTimeField(default=timezone.now)


class ProjectModel(models.Model):
    """A model as one project knows it: the slot (hue and glyph) it keeps, and whether it is offered."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="models")
    model_id = models.CharField(max_length=200)
    slot = models.PositiveSmallIntegerField()  # 1 to 8, by first use; 9 for the ninth and later; 0 until then
    is_offered = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["project", "model_id"], name="project_model_once")]
