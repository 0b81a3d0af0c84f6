"""Writes what others read of the wire: the TypeScript twin of its types, and the examples in docs/protocol.md."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chatplatform.typescript import declarations

TYPES = settings.BASE_DIR / "frontend" / "src" / "lib" / "protocol.gen.ts"
PROTOCOL = settings.BASE_DIR / "docs" / "protocol.md"
SAMPLES = settings.BASE_DIR / "tests" / "protocol_samples"
BEGIN, END = "<!-- samples: made by `python manage.py export_schema` -->\n", "<!-- end of the samples -->\n"
GROUPS = {"command": "Commands", "frame": "Frames", "event": "Events", "news": "News"}


class Command(BaseCommand):
    help = "Write frontend/src/lib/protocol.gen.ts and the examples in docs/protocol.md."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Only say whether both are up to date.")

    def handle(self, *args: Any, **options: Any) -> None:
        for file, text in wanted():
            if file.exists() and file.read_text() == text:
                continue
            if options["check"]:
                raise CommandError(f"{file.name} is out of date. Run: python manage.py export_schema")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            self.stdout.write(f"Wrote {file.relative_to(settings.BASE_DIR)}.")


def wanted() -> Iterator[tuple[Path, str]]:
    """Each file with the text it should have."""
    yield TYPES, declarations()
    before, _, rest = PROTOCOL.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    yield PROTOCOL, f"{before}{BEGIN}{examples()}{END}{after}"


def examples() -> str:
    """One example of each command, frame, event and news item, from the samples that both test suites read."""
    parts = []
    for group, title in GROUPS.items():
        parts.append(f"\n### {title}\n")
        for file in sorted(SAMPLES.glob(f"{group}.*.json")):
            sample = json.dumps(json.loads(file.read_text()), ensure_ascii=False)
            parts.append(f"\n```json\n{sample}\n```\n")
    return "".join(parts)
