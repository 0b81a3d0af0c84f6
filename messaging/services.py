"""Saying something: what happens, in what order.

A message is accepted in one transaction: who may, its place, its outbox row, its run with the turns. Then its models
begin, the room hears of it, and it is stored. Whatever fails after the commit is repeated by the
outbox and the dispatcher, so what was acknowledged is never lost and never twice.
"""

import logging
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from chatplatform.kernel import limits
from chatplatform.kernel.clock import now
from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import AppError, Forbidden, Invalid
from chatplatform.kernel.finishing import to_the_end
from chatplatform.kernel.ids import new_id
from messaging import asking, failpoints, news, outbox
from messaging.protocol import MAX_BODY_BYTES
from messaging.protocol.commands import Send
from messaging.runs import services as runs
from messaging.runs.types import NewRun
from messaging.types import Author, Message, Meta, Sent
from projects.access import nothing
from projects.roles import Permission
from threads.access import ThreadAccess, access_thread, members_of
from threads.mentions import note_named
from threads.models import Branch
from threads.progress import note_read, note_said, raise_head

log = logging.getLogger(__name__)

KINDS = {"ask": "fan_out", "debate": "in_turn"}


# -- saying -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Accepted:
    sent: Sent
    message: Message | None = None  # null: it was sent before
    run: NewRun | None = None
    named: tuple[UUID, ...] = ()
    project_id: UUID | None = None


@to_the_end
async def send(user_id: UUID, command: Send) -> Sent:
    """Say something and ask models. When this returns, the message is durable and has its place for ever.

    The same `client_id` again is answered as the first time. Raises Invalid, NotFound, Forbidden, TooMany.
    """
    check_body(command.body)
    accepted = await in_db(_accept, user_id, command)
    message = accepted.message
    if message is None:
        return accepted.sent
    failpoints.reach("after_accept")
    try:
        if accepted.run is not None:
            runs.begin(accepted.run)
        await outbox.deliver(message)
        if accepted.run is not None:
            await runs.started(accepted.run)
        news.changed(message.thread_id)
        for person in accepted.named:
            news.named(person, message, accepted.project_id)
    except Exception:
        # It is accepted: the outbox and the dispatcher take it from here, and the sender must know.
        log.exception("Message %s was accepted but not told at once.", message.id)
    return accepted.sent


def check_body(body: str) -> None:
    """A message says something, fits, and can be kept by every store."""
    if not body.strip():
        raise Invalid("Write something first.", "empty")
    try:
        size = len(body.encode())
    except UnicodeEncodeError as error:
        raise Invalid("The message holds half a character. Write it again.", "bad_text") from error
    if "\x00" in body:
        raise Invalid("The message holds a character that cannot be kept (NUL).", "bad_text")
    if size > MAX_BODY_BYTES:
        raise Invalid(f"The message has {size // 1024 + 1} KiB; {MAX_BODY_BYTES // 1024} KiB are the most.", "too_long")


def _accept(user_id: UUID, command: Send) -> _Accepted:
    """One unit of work. Whether it was sent before is asked only when it cannot be accepted: the outbox's
    constraint decides, also between two at once, and who may not write any more is still told what they sent."""
    limits.hit("send", user_id, settings.SEND_RATE)
    try:
        with transaction.atomic():
            return _write(user_id, command)
    except (AppError, IntegrityError):
        before = outbox.sent_before(str(user_id), command.client_id)
        if before is None:
            raise
        return _Accepted(Sent(before.seq, before.message_id, before.run_id, is_duplicate=True))


def _write(user_id: UUID, command: Send) -> _Accepted:
    let_in = access_thread(user_id, command.thread_id, Permission.WRITE)
    branch = _locked_branch(let_in, command.branch_id)
    if command.reply_to is not None and not 1 <= command.reply_to <= branch.head_seq:
        raise Invalid("The message to reply to is not in this branch.", "no_such_place")
    asked = asking.speakers(command, let_in.thread)
    run_id = new_id() if asked else None
    visibility = command.visibility or let_in.thread.visibility
    message = Message(
        id=new_id(),
        thread_id=let_in.thread.id,
        branch_id=branch.id,
        seq=branch.head_seq + 1,
        variant=0,
        author=Author("person", str(user_id), let_in.user.name),
        body=command.body,
        state="complete",
        created_at=now(),
        client_id=command.client_id,
        reply_to=command.reply_to,
        run_id=run_id,
        meta=_question(command, [speaker.model_id for speaker in asked], visibility),
    )
    new_run = None
    if asked:
        kind = KINDS[command.mode]
        branch.head_seq = message.seq  # written with the answers' place, which comes next
        new_run = runs.create_run(
            let_in.thread, branch, message, asked, kind, command.rounds, visibility, let_in.user, run_id=run_id
        )
    else:
        raise_head(branch, message.seq)
    outbox.add(message, str(user_id), command.client_id, run_id)
    note_said(let_in.thread, command.body)
    note_read(user_id, branch, message.seq)
    sent = Sent(message.seq, message.id, run_id)
    named = _named(command, let_in)
    note_named(named, branch, message.seq, user_id)
    return _Accepted(sent, message, new_run, named, let_in.project_id)


def _locked_branch(let_in: ThreadAccess, branch_id: UUID | None) -> Branch:
    """The branch with its row held: from here on nobody else gives out its places."""
    main = let_in.thread.main_branch
    if main is not None and branch_id in {None, main.pk} and not connection.features.has_select_for_update:
        return main  # SQLite: this transaction has held the whole database since before it was read
    wanted = branch_id or let_in.thread.main_branch_id
    branch = Branch.objects.select_for_update(no_key=True).filter(thread=let_in.thread, pk__in=[wanted]).first()
    if branch is None:
        raise nothing()
    if branch.archived_at is not None:
        raise Forbidden("This branch is archived. Bring it back to write in it.", "archived")
    return branch


def _question(command: Send, asked: list[str], visibility: str) -> Meta:
    if not asked:
        return Meta()
    kind = "reply" if command.mode == "ask" and len(asked) == 1 else KINDS[command.mode]
    return Meta(run_kind=kind, asked=tuple(asked), visibility="shared" if kind == "in_turn" else visibility)


def _named(command: Send, let_in: ThreadAccess) -> tuple[UUID, ...]:
    people = asking.people_named(command.body, let_in.thread, let_in.user.id)
    if people and let_in.thread.is_private:
        may_see = set(members_of(let_in.thread))
        people = [person for person in people if person in may_see]
    return tuple(people)
