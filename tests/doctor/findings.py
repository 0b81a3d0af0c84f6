"""What the doctor found, in a form that tests compare; and the command as an administrator runs it."""

import json
import subprocess
from pathlib import Path
from typing import Any

from chatplatform.doctor.finding import Finding
from tests.commands import manage


def levels(findings: Any) -> dict[str, list[str]]:
    """From each name to how it stands, in the order of the findings; everything not well says what to do."""
    found: dict[str, list[str]] = {}
    for finding in findings:
        found.setdefault(finding.name, []).append(finding.level)
        assert (
            finding.level == "ok"
            or finding.fix.endswith((".", "migrate", "migrate_cql", "worker", "FILE.", "txt"))
            or "chmod" in finding.fix
            or "mkdir" in finding.fix
        ), finding
    return found


def words(findings: Any) -> str:
    return "\n".join(f"{f.level} {f.name}: {f.words} {f.fix}" for f in findings)


def run(data_dir: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return manage(data_dir, "doctor", *words, PARLEY_LOCAL_MODEL="0", **environment)


def found_by(data_dir: Path, **environment: str) -> dict[str, list[str]]:
    done = run(data_dir, "--json", **environment)
    told = json.loads(done.stdout)
    assert done.returncode == (0 if told["ok"] else 1), done.stderr
    return levels(Finding(**finding) for finding in told["findings"])
