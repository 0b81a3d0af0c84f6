"""A backup brought back into the data folder, after its every part was checked."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from chatplatform import backups
from chatplatform.kernel.errors import AppError
from chatplatform.management.commands.serve import hold_alone


class Command(BaseCommand):
    help = "Put a backup into PARLEY_DATA_DIR. Stop the server first; everybody signs in again afterwards."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="what `manage.py backup` wrote")
        parser.add_argument("--replace", action="store_true", help="move what lies there now into a folder beside it")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DATABASE_URL or settings.CQL_HOSTS:
            raise CommandError("This is for a server without PostgreSQL and CQL. See docs/operations.md, “Backup”.")
        with hold_alone(settings.DATA_DIR):
            try:
                manifest, aside = backups.restore(options["file"], replaces=options["replace"])
            except (AppError, OSError) as error:
                raise CommandError(str(getattr(error, "message", error))) from error
            call_command("migrate", interactive=False, verbosity=0)
        made = f"{manifest.made_at:%d %B %Y, %H:%M} UTC"
        self.stdout.write(f"Restored {manifest.messages} messages and everything else as of {made}.")
        if aside is not None:
            self.stdout.write(f"What was here before is in {aside}.")
        if backups.SECRET not in manifest.sha256 and manifest.secret_mark != backups.secret_mark(settings.SECRET_KEY):
            self.stdout.write(
                "SECRET_KEY is another one than the backup's: set the old one, or put the providers' keys in again."
            )
