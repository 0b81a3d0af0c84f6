"""This machine: Python, packages, the built page, the data folder, how many files may be open."""

import os
import re
import resource
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata

from django.conf import settings

from chatplatform.doctor.finding import Finding, broken, ok, warning

LEAST_PYTHON = (3, 11)
SOCKETS = 1000  # of one web process: see docs/operations.md
FULL_BYTES, LOW_BYTES = 200 * 1024**2, 2 * 1024**3
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)\s*(;[^\\]*)?", re.MULTILINE)


def python() -> Iterator[Finding]:
    has = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < LEAST_PYTHON:
        yield broken(
            "python", f"this is Python {has}", "Install Python 3.11 or newer and set up the environment again."
        )
    else:
        yield ok("python", f"Python {has}, Parley {settings.VERSION}")


def packages() -> Iterator[Finding]:
    """Those of requirements/run.txt; lines for other machines alone are passed over."""
    file = settings.BASE_DIR / "requirements" / "run.txt"
    if not file.exists():
        yield ok("packages", "there is no requirements/run.txt here to compare with")
        return
    missing, other = [], []
    for name, wanted, condition in _PIN.findall(file.read_text()):
        if condition:
            continue
        try:
            has = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if has != wanted:
            other.append(f"{name} {has} instead of {wanted}")
    fix = "Run `make run`, or: pip install -r requirements/run.txt"
    if missing:
        yield broken("packages", f"missing: {', '.join(missing)}", fix)
    if other:
        yield warning("packages", f"not the tested versions: {', '.join(other[:5])}", fix)
    if not missing and not other:
        yield ok("packages", "as tested")


def page() -> Iterator[Finding]:
    if (settings.FRONTEND_DIST / "index.html").exists():
        yield ok("page", f"built, in {settings.FRONTEND_DIST}")
    else:
        fix = "Run `make build`, or name the folder of a built page in PARLEY_FRONTEND."
        yield broken("page", f"{settings.FRONTEND_DIST} has no index.html", fix)


def folder() -> Iterator[Finding]:
    """PARLEY_DATA_DIR: there, ours to write, with room left."""
    at = settings.DATA_DIR
    if settings.DATABASE_URL and os.environ.get("SECRET_KEY", "").strip() and not at.is_dir():
        yield ok("data", f"{at} is not there, and nothing needs it")
        return
    if not at.is_dir() or not os.access(at, os.W_OK):
        yield broken("data", f"{at} is no folder that may be written", f"Make it, for this user: mkdir -p {at}")
        return
    free = shutil.disk_usage(at).free
    words = f"{at} has {free / 1024**3:.1f} GiB left"
    if free < FULL_BYTES:
        yield broken("data", words, "Make room now: without it nothing more is accepted.")
    elif free < LOW_BYTES:
        yield warning("data", words, "Make room soon, or move PARLEY_DATA_DIR to a larger disk.")
    else:
        yield ok("data", words)
    key = at / "secret-key"
    if key.exists() and key.stat().st_mode & 0o077:
        yield warning("data", f"{key} can be read by others", f"chmod 600 {key}")


def files() -> Iterator[Finding]:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    words = f"{soft} files may be open"
    if soft != resource.RLIM_INFINITY and soft < SOCKETS + 200:
        fix = "Raise it for the service: `ulimit -n 65536`, or LimitNOFILE=65536 in its systemd unit."
        yield warning("files", f"{words}, and each open tab takes one", fix)
    else:
        yield ok("files", words)
