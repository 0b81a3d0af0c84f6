"""The tables of ScyllaDB or Apache Cassandra, brought up to date as `migrate` does with Django's database."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chatplatform.kernel.errors import AppError, Unavailable
from messaging.stores.cql import schema


class Command(BaseCommand):
    help = (
        "Make the keyspace and the tables of the CQL message store (CQL_HOSTS), or bring them up to date. Safe to repeat and"
        " to run on several hosts at once; `serve` and `worker` do it at their start."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = "say only what is new, and go on when no server answers: the store makes its tables as soon as one does"
        parser.add_argument("--at-start", action="store_true", help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.CQL_HOSTS:
            raise CommandError("CQL_HOSTS is empty, so the messages are in Django's database: use `migrate`.")
        is_at_start = options["at_start"]
        try:
            schema.apply(say=self._say, says_nothing_new=not is_at_start)
        except Unavailable as error:
            if not is_at_start:
                raise CommandError(error.message) from error
            self._say(f"{error.message}. What is said now is kept and stored when they are back.")
        except AppError as error:
            raise CommandError(error.message) from error

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()
