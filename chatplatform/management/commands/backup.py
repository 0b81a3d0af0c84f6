"""All of an embedded Parley in one file, while it serves."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chatplatform import backups
from chatplatform.kernel.errors import AppError


class Command(BaseCommand):
    help = "Write everything this server keeps (SQLite profile), keys included, into one file. The server may go on serving."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="where to; it must not be there yet")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            manifest = backups.take(file)
        except (AppError, OSError) as error:
            raise CommandError(str(getattr(error, "message", error))) from error
        size = file.stat().st_size / 1024**2
        self.stdout.write(f"{file} holds {manifest.messages} messages and everything else, {size:.1f} MiB, checked.")
        if backups.SECRET not in manifest.sha256:
            self.stdout.write("SECRET_KEY comes from the environment and is not in it: keep it elsewhere, too.")
