"""Writes the TypeScript twin of the server's wire types."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chatplatform.typescript import declarations

FILE = settings.BASE_DIR / "frontend" / "src" / "lib" / "protocol.gen.ts"


class Command(BaseCommand):
    help = "Write frontend/src/lib/protocol.gen.ts from the types of the socket and of the HTTP API."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Only say whether the file is up to date.")

    def handle(self, *args: Any, **options: Any) -> None:
        text = declarations()
        if FILE.exists() and FILE.read_text() == text:
            return
        if options["check"]:
            raise CommandError("protocol.gen.ts is out of date. Run: python manage.py export_schema")
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(text)
        self.stdout.write(f"Wrote {FILE.relative_to(settings.BASE_DIR)}.")
