"""The checks behind `make lint`, `make test` and `make test-full`: runs them all, whatever fails, and reports honestly.

Quiet checks show their output only when they fail; test runners speak for themselves. The tests mostly wait, for servers
and clocks, so the quiet ones run beside them in what time is left. The last line says what failed and what was not run.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from tools import places, services

ROOT = places.ROOT
PYTHON = str(places.PYTHON)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SERVERS_NAMED_BY = {  # tests/servers.py uses them if they are set
    "postgres": "PARLEY_TEST_DATABASE_URL",
    "redis": "PARLEY_TEST_REDIS_URL",
    "cassandra": "PARLEY_TEST_CQL_HOSTS",
}
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
    output: str = ""  # of a quiet check


def npm(name: str, script: str, *words: str, is_loud: bool = False) -> Check:
    return Check(name, [str(places.VENV / "bin" / "npm"), "run", "--silent", script, *words], places.FRONTEND, is_loud)


ESLINT = npm("ESLint", "lint")
# Only files that have changed since. Rules that look at types of other files may miss what `make test` finds, which looks at all.
CACHED = ["--cache", "--cache-strategy", "content", "--cache-location", str(places.CACHE / "eslint") + "/"]
ESLINT_AGAIN = npm("ESLint", "lint", "--", *CACHED)
LINT = (
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
# Several at a time: most of them wait for a server, a clock or a disk. How they are shared out: tests/conftest.py.
SHARED = ["--dist", "loadgroup", "--no-loadscope-reorder", "-n"]
PYTHON_TESTS = Check("Python tests", [PYTHON, "-m", "pytest", *SHARED, "3", "--ignore=tests/browser"], is_loud=True)
# What depends most on the database, once more on PostgreSQL itself; the fault bench's short set runs on all three servers.
POSTGRES_TESTS = Check(
    "Python tests on PostgreSQL",
    [PYTHON, "-m", "pytest", *SHARED, "2", "-m", "not services", "tests/threads", "tests/contracts"]
    + ["tests/projects/test_invites.py"]
    + [
        f"tests/messaging/{name}.py" for name in ("runs/test_leases", "runs/test_stopping", "test_outbox", "test_edits")
    ],
    is_loud=True,
    profile="postgres",
)
BROWSER_TESTS = Check("browser tests", [PYTHON, "-m", "pytest", *SHARED, "2", "tests/browser"], is_loud=True)
FULL_TESTS = [
    replace(one, name=f"{one.name} on the full profile", profile="full") for one in (PYTHON_TESTS, BROWSER_TESTS)
]


def find_browser() -> str | None:
    """A Chromium that Playwright can drive: CHROMIUM, or one on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def run(check: Check, *, is_patient: bool = False) -> Outcome:
    """Run one check to its end; a patient one takes only the processor time that nobody else wants."""
    began = time.monotonic()
    done = subprocess.run(
        ["nice", "-n", "19", *check.command] if is_patient else check.command,
        check=False,
        cwd=check.cwd,
        env=places.node_env() | ({"PARLEY_TEST_PROFILE": check.profile} if check.profile else {}),
        stdin=subprocess.DEVNULL,
        stdout=None if check.is_loud else subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = (done.stdout or b"").decode(errors="replace")
    return Outcome(check.name, done.returncode == 0, time.monotonic() - began, output)


def perform(check: Check) -> Outcome:
    """Run one check that speaks for itself, between its name and what came of it."""
    _head(check.name)
    outcome = run(check)
    _tell_end(outcome)
    return outcome


def perform_all(loud: Sequence[Check], quiet: Sequence[Check], at_once: int) -> list[Outcome]:
    """The loud ones one after the other; beside them the quiet ones, which are told of whenever nobody speaks."""
    outcomes: list[Outcome] = []
    pool = ThreadPoolExecutor(at_once)
    try:
        going = [pool.submit(run, check, is_patient=bool(loud)) for check in quiet]
        for check in loud:
            outcomes.append(perform(check))
            ended = [future for future in going if future.done()]
            outcomes += map(_tell, ended)
            going = [future for future in going if future not in ended]
        outcomes += map(_tell, as_completed(going))
    finally:  # at Ctrl-C nothing more is begun
        pool.shutdown(cancel_futures=True)
    return outcomes


def _tell(ended: "Future[Outcome]") -> Outcome:
    outcome = ended.result()
    _head(outcome.name)
    if not outcome.passed:
        sys.stdout.write(outcome.output)
    _tell_end(outcome)
    return outcome


def _head(name: str) -> None:
    print(f"\n── {name} " + "─" * max(0, 90 - len(name)), flush=True)


def _tell_end(outcome: Outcome) -> None:
    print(f"   {'passed' if outcome.passed else 'FAILED'} in {outcome.seconds:.0f} s", flush=True)


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
    return report(perform_all([], [ESLINT_AGAIN, *LINT], at_once=2), [])  # the slowest first: two run at a time


def test() -> int:
    browser = find_browser()
    not_run: list[str] = []
    if browser is None:
        command = "apt-get install chromium" if os.geteuid() == 0 else "sudo apt-get install chromium"
        not_run.append(f"the browser tests: there is no Chromium here ({command})")
        print(f"There is no Chromium here, so the browser tests will not run; `{command}` brings one.")
    else:
        os.environ["CHROMIUM"] = browser
    for name, words in _lacking_servers().items():
        not_run.append(f"the tests on {name}: {words}")
        print(f"{words}. The tests that need it will not run.")
    loud = [FRONTEND_TESTS, BUILD, SIZE, PYTHON_TESTS]
    if not any("PostgreSQL" in words for words in not_run):
        loud.append(POSTGRES_TESTS)
    if browser is not None:
        loud.append(BROWSER_TESTS)
    return report(perform_all(loud, [ESLINT, *LINT, GENERATED], at_once=1), not_run)


def test_full() -> int:
    """Every Python test, those in the browser too, on PostgreSQL, Redis and Cassandra; without these, none."""
    lacking = [f"{words}." for words in _lacking_servers().values()]
    if (browser := find_browser()) is None:
        lacking.append("There is no Chromium here: apt-get install chromium.")
    if lacking or browser is None:
        print("\n".join(lacking))
        return 1
    os.environ["CHROMIUM"] = browser
    return report(perform_all([BUILD, *FULL_TESTS], [], at_once=1), [])


def _lacking_servers() -> dict[str, str]:
    """Those that are neither named nor can be started here, each with the sentence that says how to get it."""
    return {name: words for name, words in services.missing().items() if not os.environ.get(SERVERS_NAMED_BY[name])}


def main(goal: str) -> int:
    if goal in (goals := {"lint": lint, "test": test, "test-full": test_full}):
        return goals[goal]()
    only = {"fix": FIX, "storybook": STORYBOOK, "types": Check("types", TYPES, is_loud=True)}[goal]
    return 0 if perform(only).passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
