"""What stands between this Parley and its people: one line for each finding, with what to do about it."""

import json
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Check every setting and every connection, and say what to do. Exit code 1 when something is broken."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
        parser.add_argument(
            "--providers", action="store_true", help="also ask every provider for its models, with its key"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        from chatplatform.doctor import examine

        levels: Counter[str] = Counter()
        listed = []
        for finding in examine(tries_providers=options["providers"]):
            levels[finding.level] += 1
            listed.append(finding._asdict())
            if not options["json"]:
                fix = f"  → {finding.fix}" if finding.fix else ""
                self.stdout.write(f"{finding.level:<8} {finding.name}: {finding.words.rstrip('.')}.{fix}")
                self.stdout.flush()
        is_whole = not levels["broken"]
        if options["json"]:
            self.stdout.write(json.dumps({"ok": is_whole, "findings": listed}, indent=1))
        else:
            self.stdout.write(f"{levels['ok']} ok, {levels['warning']} warnings, {levels['broken']} broken.")
        if not is_whole:
            raise SystemExit(1)
