"""The checks behind `make lint` and `make test`: runs them all, whatever fails, and reports honestly.

Quiet checks show their output only when they fail; test runners speak for themselves. The last line
says what failed and what was not run at all.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools import prepare, services

ROOT = prepare.ROOT
PYTHON = str(prepare.PYTHON)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SERVERS_NAMED_BY = {  # tests/servers.py uses them if they are set
    "postgres": "PARLEY_TEST_DATABASE_URL",
    "redis": "PARLEY_TEST_REDIS_URL",
    "cassandra": "PARLEY_TEST_CQL_HOSTS",
}
_printing = threading.Lock()
TYPES = [PYTHON, "manage.py", "export_schema"]


@dataclass(frozen=True)
class Check:
    """One command. `is_loud` ones print as they go; the others only when they fail."""

    name: str
    command: Sequence[str]
    cwd: Path = ROOT
    is_loud: bool = False
    profile: str = ""  # of the tests: see tests/servers.py


@dataclass(frozen=True)
class Outcome:
    name: str
    passed: bool
    seconds: float


def npm(name: str, script: str, *words: str, is_loud: bool = False) -> Check:
    return Check(
        name, [str(prepare.VENV / "bin" / "npm"), "run", "--silent", script, *words], prepare.FRONTEND, is_loud
    )


LINT = (
    npm("ESLint", "lint"),  # the slowest first: two run at a time
    Check("ruff", [PYTHON, "-m", "ruff", "check", "--quiet", "."]),
    Check("ruff format", [PYTHON, "-m", "ruff", "format", "--quiet", "--diff", "."]),
    Check("mypy", [PYTHON, "-m", "mypy", "."]),
    npm("tsc", "types"),
)
GENERATED = Check("generated types", [*TYPES, "--check"])
BUILD = Check("build", [PYTHON, "-m", "tools.prepare", "frontend"], is_loud=True)
SIZE = npm("size limits", "size", is_loud=True)
FRONTEND_TESTS = npm("frontend tests", "test", is_loud=True)
STORYBOOK = npm("storybook", "storybook", is_loud=True)
FIX = npm("ESLint", "lint", "--", "--fix")


# Apart from each other: Playwright keeps a loop running in its thread, beside which no test can run its own.
# Two at a time: most of them wait for a server, a clock or a disk. How they are shared out: tests/conftest.py.
SHARED = ["-n", "2", "--dist", "loadgroup"]
PYTHON_TESTS = Check("Python tests", [PYTHON, "-m", "pytest", *SHARED, "--ignore=tests/browser"], is_loud=True)
# What depends most on the database, once more on PostgreSQL itself; the fault bench's short set runs on all three servers.
POSTGRES_TESTS = Check(
    "Python tests on PostgreSQL",
    [PYTHON, "-m", "pytest", "-m", "not services", "tests/threads", "tests/contracts", "tests/projects/test_invites.py"]
    + [
        f"tests/messaging/{name}.py" for name in ("runs/test_leases", "runs/test_stopping", "test_outbox", "test_edits")
    ],
    is_loud=True,
    profile="postgres",
)
BROWSER_TESTS = Check("browser tests", [PYTHON, "-m", "pytest", "tests/browser"], is_loud=True)


def find_browser() -> str | None:
    """A Chromium that Playwright can drive: CHROMIUM, or one on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def perform(check: Check) -> Outcome:
    """Run one check and print what it has to say."""
    if check.is_loud:
        _head(check)
    began = time.monotonic()
    done = subprocess.run(
        check.command,
        check=False,
        cwd=check.cwd,
        env=prepare.node_env() | ({"PARLEY_TEST_PROFILE": check.profile} if check.profile else {}),
        stdin=subprocess.DEVNULL,
        stdout=None if check.is_loud else subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    outcome = Outcome(check.name, done.returncode == 0, time.monotonic() - began)
    with _printing:  # quiet ones run side by side and speak one after the other
        if not check.is_loud:
            _head(check)
            if not outcome.passed:
                sys.stdout.write(done.stdout.decode(errors="replace"))
        print(f"   {'passed' if outcome.passed else 'FAILED'} in {outcome.seconds:.0f} s", flush=True)
    return outcome


def _head(check: Check) -> None:
    print(f"\n── {check.name} " + "─" * max(0, 90 - len(check.name)), flush=True)


def perform_all(checks: Sequence[Check]) -> list[Outcome]:
    """The quiet ones two at a time, then the loud ones one by one."""
    quiet = [check for check in checks if not check.is_loud]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(perform, quiet))
    return outcomes + [perform(check) for check in checks if check.is_loud]


def report(outcomes: Sequence[Outcome], not_run: Sequence[str]) -> int:
    """Print the table and the closing line; the exit code."""
    print("\n" + "\n".join(f"   {'passed' if o.passed else 'FAILED'}  {o.seconds:6.0f} s  {o.name}" for o in outcomes))
    for words in not_run:
        print(f"  NOT RUN             {words}")
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    closing = (
        f"\nFailed: {', '.join(failed)}."
        if failed
        else "\nAll that was run passed."
        if not_run
        else "\nEverything was run and passed."
    )
    if not_run:
        closing += f" Not run: {'; '.join(not_run)}."
    print(closing)
    must_be_whole = bool(os.environ.get("CI"))
    return 1 if failed or (not_run and must_be_whole) else 0


def lint() -> int:
    return report(perform_all(LINT), [])


def test() -> int:
    browser = find_browser()
    not_run: list[str] = []
    if browser is None:
        command = "apt-get install chromium" if os.geteuid() == 0 else "sudo apt-get install chromium"
        not_run.append(f"the browser tests: there is no Chromium here ({command})")
        print(f"There is no Chromium here, so the browser tests will not run; `{command}` brings one.")
    else:
        os.environ["CHROMIUM"] = browser
    for name, words in services.missing().items():
        if not os.environ.get(SERVERS_NAMED_BY[name]):
            not_run.append(f"the tests on {name}: {words}")
            print(f"{words}. The tests that need it will not run.")
    checks = [*LINT, GENERATED, FRONTEND_TESTS, BUILD, SIZE, PYTHON_TESTS]
    if not any("PostgreSQL" in words for words in not_run):
        checks.append(POSTGRES_TESTS)
    if browser is not None:
        checks.append(BROWSER_TESTS)
    return report(perform_all(checks), not_run)


def main(goal: str) -> int:
    if goal == "lint":
        return lint()
    if goal == "test":
        return test()
    only = {"fix": FIX, "storybook": STORYBOOK, "types": Check("types", TYPES, is_loud=True)}[goal]
    return 0 if perform(only).passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
