"""All messages from Django's database into CQL, or back, while Parley runs; and whether both hold the same."""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Set
from typing import Any
from uuid import UUID

import uvloop
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db.models import F, Sum
from django.utils.module_loading import import_string

from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.db import close, in_db
from chatplatform.kernel.errors import AppError
from messaging.moving import progress
from messaging.moving.comparing import Comparison, compare, first_difference
from messaging.moving.copying import catch_up, copy_all
from messaging.moving.progress import Progress
from messaging.stores.base import MovableStore
from threads.models import Branch

STORES = {"orm": "messaging.stores.orm.OrmMessageStore", "cql": "messaging.stores.cql.store.CqlMessageStore"}
NAMES = {"orm": "the database", "cql": "CQL"}
SAY_EVERY_S = 2.0
MOST_SHOWN = 20

_HELP = """\
Copy all messages with their older texts between Django's database (orm) and ScyllaDB or Apache Cassandra (cql; CQL_HOSTS
must be set for this command), compare both by hash, and say what to do next. Nothing is removed from where it was.

Run it while Parley runs on the old store; it may be stopped and killed anywhere and goes on from there when run again.
Then stop every process of Parley, run it once more for what was said meanwhile, set CQL_HOSTS (to cql) or take it out
(to orm), and start Parley again. Only between the last two steps nothing may be said.
"""


class Command(BaseCommand):
    help = _HELP
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", choices=sorted(STORES), required=True, help="the store to fill")
        parser.add_argument("--verify", action="store_true", help="copy nothing, only compare the two")
        parser.add_argument("--no-verify", action="store_true", help="copy only, and compare another time")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.CQL_HOSTS:
            raise CommandError("Set CQL_HOSTS for this command: it names the servers to move to, or from.")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("migrate_cql", at_start=True, stdout=self.stdout)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                is_same = runner.run(self._run(options["to"], options["verify"], options["no_verify"]))
        except* AppError as errors:
            words = _first(errors)
            raise CommandError(f"{words} Run this again: it goes on from where it was.") from errors
        finally:
            close()
        if not is_same:
            sys.exit(1)

    async def _run(self, to: str, is_comparing: bool, is_copying: bool) -> bool:
        source: MovableStore = import_string(STORES["orm" if to == "cql" else "cql"])()
        target: MovableStore = import_string(STORES[to])()
        self._names = (NAMES["orm" if to == "cql" else "cql"], NAMES[to])
        if is_comparing:
            return await self._compare_all(source, target)
        at = await in_db(progress.begin, to)
        changed = await self._copy(source, target, at)
        if is_copying:
            return True
        if at.row.compared_at is not None:
            is_same = await self._compare_some(source, target, changed, at)
        elif is_same := await self._compare_all(source, target, at):
            await in_db(progress.save_compared, to)
        if is_same:
            self._say_what_next(to)
        return is_same

    # -- copying --------------------------------------------------------------------------------------------

    async def _copy(self, source: MovableStore, target: MovableStore, at: Progress) -> set[UUID]:
        """Copy all that is not copied yet; the branches that changed meanwhile."""
        if at.row.copied_at is None:
            counter = Counter(self, await in_db(_about), at.row.messages)
            self._say(f"{'Going on with' if at.is_resumed else 'Beginning'} the move from {' to '.join(self._names)}.")
            branches = [branch async for branch in source.branches()]
            await copy_all(source, target, branches, at, lambda: counter.at(at.row.messages + at.copied))
            counter.at(at.row.messages + at.copied, is_last=True)
        count, changed = await catch_up(source, target, at)
        self._say(f"Caught up: {count:,} messages were said or changed meanwhile, or shortly before.")
        return changed

    # -- comparing ------------------------------------------------------------------------------------------

    async def _compare_all(self, source: MovableStore, target: MovableStore, at: Progress | None = None) -> bool:
        self._say("Comparing both.")
        branches = {branch async for branch in source.branches()} | {branch async for branch in target.branches()}
        counter = Counter(self, await in_db(_about), 0)
        found = await compare(source, target, sorted(branches), counter.add)
        if found.different:  # what was said or stored while we read: look at those branches once more
            if at is not None:
                await catch_up(source, target, at)
            found.different = (await compare(source, target, sorted(found.different), _nothing)).different
        if found.different and at is not None and (busy := await _written(source, at) & found.different.keys()):
            return await self._say_busy(source, target, found, busy)
        if found.different:
            return await self._say_differences(source, target, found)
        self._say(
            f"Both hold the same: {found.messages:,} messages and {found.revisions:,} older texts"
            f" in {found.branches:,} branches; sha256 {found.sha256}."
        )
        return True

    async def _compare_some(self, source: MovableStore, target: MovableStore, changed: set[UUID], at: Progress) -> bool:
        found = await compare(source, target, sorted(changed), _nothing)
        if found.different:
            return await self._say_differences(source, target, found)
        self._say(
            f"The {found.branches:,} branches that changed are the same in both: {found.messages:,} messages. All others"
            f" were compared at {at.row.compared_at:%Y-%m-%d %H:%M} (UTC); --verify compares everything again."
        )
        return True

    def _say_what_next(self, to: str) -> None:
        how = "with CQL_HOSTS set" if to == "cql" else "without CQL_HOSTS"
        self._say(
            "If Parley was stopped for this run, everything is moved: start it"
            f" {how}. If not, stop all of it now, run this once more for what was said meanwhile, and start it {how}."
        )

    async def _say_busy(self, source: MovableStore, target: MovableStore, found: Comparison, busy: Set[UUID]) -> bool:
        """People go on writing in some branches: those cannot be the same twice in a row, which says nothing bad of them."""
        found.different = {key: digests for key, digests in found.different.items() if key not in busy}
        if found.different:
            await self._say_differences(source, target, found)
        self._say(
            f"{len(busy):,} branches were written to while they were compared, so they are compared in the last run."
            f"{'' if found.different else ' All others are the same.'} Stop all of Parley now and run this once more."
        )
        return False

    async def _say_differences(self, source: MovableStore, target: MovableStore, found: Comparison) -> bool:
        for branch_id, (here, there) in sorted(found.different.items())[:MOST_SHOWN]:
            where = await first_difference(source, target, branch_id)
            self._say(
                f"Branch {branch_id} differs: {here.messages} and {there.messages} messages, {here.revisions} and"
                f" {there.revisions} older texts; {where}."
            )
        self._say(
            f"{len(found.different):,} of {found.branches:,} branches differ between {' and '.join(self._names)}."
        )
        return False

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()


class Counter:
    """Says now and then how far it is, how fast, and how much is left."""

    def __init__(self, command: Command, about: int, start: int) -> None:
        self._command = command
        self._about = about
        self._start = self._count = start
        self._began_at = self._said_at = monotonic()

    def add(self, count: int) -> None:
        self.at(self._count + count)

    def at(self, count: int, *, is_last: bool = False) -> None:
        self._count = count
        if not is_last and monotonic() - self._said_at < SAY_EVERY_S:
            return
        self._said_at = monotonic()
        rate = (count - self._start) / max(0.001, self._said_at - self._began_at)
        left = max(0, self._about - count) / max(1.0, rate)
        words = f"  {count:,} of about {self._about:,} messages, {rate:,.0f} a second"
        self._command._say(f"{words}." if is_last else f"{words}, about {_duration(left)} left.")


async def _written(source: MovableStore, at: Progress) -> set[UUID]:
    """Branches in which something was stored or changed since we last caught up."""
    recent = await in_db(progress.stored_since, at.row.caught_up_to + progress.MARGIN)
    found = await asyncio.gather(*(source.get(message_id) for message_id in recent))
    return {message.branch_id for message in found if message is not None}


def _first(errors: BaseExceptionGroup[AppError]) -> str:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error)


def _nothing(count: int) -> None:
    pass


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _about() -> int:
    """How many places were given out in all branches."""
    found = Branch.objects.aggregate(places=Sum(F("head_seq") - F("fork_seq")))
    return int(found["places"] or 0)
