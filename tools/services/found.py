"""Where the servers' programs are on this machine; what is missing, and the command that brings it."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

PACKAGES = {  # what is missing → its Debian packages, its Homebrew packages
    "PostgreSQL": ("postgresql", "postgresql@16"),
    "Redis": ("redis-server", "redis"),
    "a Java 17": ("openjdk-17-jre-headless", "openjdk@17"),
    "Maven": ("maven", "maven"),
}
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/pgsql/bin")
JAVAS = ("/usr/lib/jvm/*17*/bin/java", "/opt/homebrew/opt/openjdk@17/bin/java")


class MissingError(Exception):
    """A server cannot be started here; the sentence says what is missing and how to get it."""


def missing() -> dict[str, str]:
    """From each server that this machine cannot run (postgres, redis, cassandra) to the sentence that says why."""
    found: dict[str, str] = {}
    for name, check in (("postgres", postgres_folder), ("redis", redis_server), ("cassandra", _cassandra)):
        try:
            check()
        except MissingError as error:
            found[name] = str(error)
    return found


def _cassandra() -> None:
    java()
    if not (jars_folder() / ".complete").exists():
        maven()


def _lacking(what: str, why: str) -> MissingError:
    debian, brew = PACKAGES[what]
    if shutil.which("brew"):
        return MissingError(f"{what} is missing, so {why} cannot be started: brew install {brew}")
    sudo = "" if os.geteuid() == 0 else "sudo "
    return MissingError(f"{what} is missing, so {why} cannot be started: {sudo}apt-get install {debian}")


def jars_folder() -> Path:
    """Where Cassandra's jars lie, fetched or not."""
    return Path(__file__).resolve().parents[2] / ".cache" / "cassandra"


@cache
def postgres_folder() -> Path:
    """The folder of initdb, postgres and createdb: the newest version that is installed. Raises MissingError."""
    folders = [folder for pattern in PLACES for folder in Path("/").glob(pattern[1:])]
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).resolve().parent)
    whole = [f for f in folders if all((f / name).exists() for name in ("initdb", "postgres", "psql"))]
    if not whole:
        raise _lacking("PostgreSQL", "it")
    return max(whole, key=lambda folder: [int(number) for number in re.findall(r"\d+", str(folder))])


def redis_server() -> str:
    """The program redis-server, or Valkey's. Raises MissingError."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if not found:
        raise _lacking("Redis", "it")
    return found


@cache
def java() -> str:
    """A Java 17, the newest that Cassandra 5.0 runs on. Raises MissingError."""
    home = os.environ.get("JAVA_HOME")
    candidates = [f"{home}/bin/java"] if home else []
    candidates += [path for path in (shutil.which("java"),) if path]
    candidates += [str(path) for pattern in JAVAS for path in sorted(Path("/").glob(pattern[1:]))]
    for candidate in candidates:
        if os.access(candidate, os.X_OK) and _java_version(candidate) == 17:
            return candidate
    raise _lacking("a Java 17", "Cassandra")


def _java_version(program: str) -> int:
    said = subprocess.run([program, "-version"], check=False, capture_output=True, text=True).stderr
    version = re.search(r'version "(\d+)', said)
    return int(version[1]) if version else 0


def maven() -> str:
    """Maven, which fetches Cassandra's jars once. Raises MissingError."""
    found = shutil.which("mvn")
    if not found:
        raise _lacking("Maven", "Cassandra")
    return found
