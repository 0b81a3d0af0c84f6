"""After a backup was restored: do the database and the message store agree on which places are taken?"""

import sys
from argparse import ArgumentParser
from asyncio import Runner
from typing import Any

import uvloop
from django.core.management.base import BaseCommand, CommandError

from chatplatform.kernel.backends import backend
from chatplatform.kernel.db import close
from chatplatform.kernel.errors import AppError
from messaging.moving.reconciling import reconcile

MOST_SHOWN = 50


class Command(BaseCommand):
    help = (
        "Compare the newest place of every branch in the database with the newest in the message store. Run it with --mend,"
        " while Parley is stopped, after one of the two was restored from a backup. Ends with 1 when something differs."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = "let the database know of places that are taken, so that no new message is given one of them"
        parser.add_argument("--mend", action="store_true", help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with Runner(loop_factory=uvloop.new_event_loop) as runner:
                count, findings = runner.run(reconcile(backend("message_store"), mends=options["mend"]))
        except AppError as error:
            raise CommandError(error.message) from error
        finally:
            close()
        for found in findings[:MOST_SHOWN]:
            if found.is_store_ahead:
                what = "its head is raised" if options["mend"] else "--mend raises its head"
                self.stdout.write(
                    f"Branch {found.branch_id}: {found.head_seq} places are given out, but {found.stored_seq} are taken; {what}."
                )
            else:
                self.stdout.write(
                    f"Branch {found.branch_id}: messages of places {found.stored_seq + 1} to {found.head_seq} are not in the store."
                )
        self.stdout.write(
            f"{len(findings):,} of {count:,} branches differ." if findings else f"All {count:,} branches agree."
        )
        if any(not (options["mend"] and found.is_store_ahead) for found in findings):
            sys.exit(1)
