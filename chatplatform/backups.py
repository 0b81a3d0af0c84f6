"""A whole embedded Parley in one file, taken while it serves; and back again into an empty folder.

The file is a tar: `parley.sqlite3` as it stood at one instant, `secret-key` if it lies with the data, and `manifest.json`
with the version, the changes of the tables and the hash of each. Whoever holds the file holds everything.
"""

import hashlib
import io
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec
from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from chatplatform.kernel.clock import now
from chatplatform.kernel.errors import Conflict, Invalid

DATABASE, SECRET, MANIFEST = "parley.sqlite3", "secret-key", "manifest.json"
FORMAT = 1
_MEMBERS = {DATABASE, SECRET, MANIFEST}


class Manifest(msgspec.Struct, frozen=True):
    """`secret_mark` tells secret keys apart without telling them; `sha256` is of each file, by its name."""

    format: int
    version: str
    made_at: datetime
    migrations: list[str]
    messages: int
    secret_mark: str
    sha256: dict[str, str]


def secret_mark(secret: str) -> str:
    return hashlib.sha256(b"parley backup " + secret.encode()).hexdigest()[:16]


# -- taking one -----------------------------------------------------------------------------------


def take(file: Path) -> Manifest:
    """Write a backup of what this server has at this instant; it may go on serving. Raises AppError.

    The file is there whole or not at all, and for its owner alone.
    """
    source = settings.DATA_DIR / DATABASE
    if settings.DATABASE_URL or settings.CQL_HOSTS:
        raise Conflict("This is for a server without PostgreSQL and CQL. See docs/operations.md, “Backup”, for these.")
    if not source.exists():
        raise Invalid(f"There is no {source}: nothing has been kept here yet.")
    if file.exists():
        raise Conflict(f"{file} is there already. Give another name, such as one with today's date.")
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.parent) as folder:
        copy = Path(folder) / DATABASE
        _copy(source, copy)
        manifest = _describe(copy)
        whole = Path(folder) / "whole.tar"
        with _private(whole) as out, tarfile.open(fileobj=out, mode="w") as tar:
            _add(tar, MANIFEST, msgspec.json.encode(manifest))
            tar.add(copy, DATABASE)
            if SECRET in manifest.sha256:
                _add(tar, SECRET, (settings.DATA_DIR / SECRET).read_bytes())
            out.flush()
        os.link(whole, file)  # refuses to replace one that appeared meanwhile
    return manifest


def _copy(source: Path, copy: Path) -> None:
    """One read transaction: writers go on beside it, and what they write meanwhile is not in the copy."""
    opened = sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=20)
    with closing(opened) as here, closing(sqlite3.connect(copy)) as there:
        here.backup(there, pages=-1)
        there.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    copy.chmod(0o600)
    _check_whole(copy)


def _describe(copy: Path) -> Manifest:
    sums = {DATABASE: _sha256(copy)}
    key = settings.DATA_DIR / SECRET
    if key.exists():
        sums[SECRET] = _sha256(key)
    with closing(sqlite3.connect(copy)) as database:
        migrations = [
            f"{app}.{name}" for app, name in database.execute("SELECT app, name FROM django_migrations ORDER BY id")
        ]
        (messages,) = database.execute("SELECT count(*) FROM messaging_storedmessage").fetchone()
    return Manifest(FORMAT, settings.VERSION, now(), migrations, messages, secret_mark(settings.SECRET_KEY), sums)


@contextmanager
def _private(file: Path) -> Iterator[IO[bytes]]:
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    with os.fdopen(descriptor, "w+b") as out:
        yield out
        out.flush()
        os.fsync(out.fileno())


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o600
    tar.addfile(member, io.BytesIO(data))


# -- bringing it back -------------------------------------------------------------------------------


def restore(file: Path, *, replaces: bool = False) -> tuple[Manifest, Path | None]:
    """Put a backup into PARLEY_DATA_DIR. No server may run on it. Raises AppError and changes nothing then.

    What lay there before is moved into a folder beside it, which is returned; without `replaces` it is a refusal.
    Everybody signs in again: a session that was ended since the backup must not live again.
    """
    folder = settings.DATA_DIR
    folder.mkdir(parents=True, exist_ok=True)
    # A log that was left alone counts too: SQLite would play it into whatever database comes to lie beside it.
    data = [folder / name for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm") if (folder / name).exists()]
    if (folder / DATABASE).exists() and not replaces:
        raise Conflict(f"{folder} holds a Parley already. Name an empty folder in PARLEY_DATA_DIR, or say --replace.")
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=folder) as name:
        fresh = Path(name)
        manifest = _unpack(file, fresh)
        _end_sessions(fresh / DATABASE)
        connections.close_all()
        aside = _set_aside(folder, [*data, folder / SECRET]) if data else None
        for part in (SECRET, DATABASE):
            if (fresh / part).exists():
                (fresh / part).replace(folder / part)
    return manifest, aside


def _unpack(file: Path, fresh: Path) -> Manifest:
    """Every file whole and as it was hashed, made by a version that this one understands. Raises Invalid."""
    try:
        with tarfile.open(file) as tar:
            for member in tar:
                if member.name not in _MEMBERS or not member.isfile():
                    raise Invalid(f"{file} is no backup of Parley: it holds {member.name!r}.")
                inside = tar.extractfile(member)
                assert inside is not None
                with _private(fresh / member.name) as out:
                    while piece := inside.read(1024 * 1024):
                        out.write(piece)
        manifest = msgspec.json.decode((fresh / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise Invalid(f"There is no whole backup in {file}.") from error
    except (tarfile.TarError, msgspec.DecodeError, OSError) as error:
        raise Invalid(f"{file} cannot be read as a backup: {error}") from error
    for name, digest in manifest.sha256.items():
        if name not in _MEMBERS or not (fresh / name).exists() or _sha256(fresh / name) != digest:
            raise Invalid(f"{file} is damaged: {name} is not what was written. Take an older backup.")
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    if manifest.format != FORMAT or (unknown := sorted(set(manifest.migrations) - known)):
        unknown = unknown if manifest.format == FORMAT else []
        raise Invalid(
            f"{file} was made by Parley {manifest.version}, newer than this one. Install that first. {' '.join(unknown[:3])}"
        )
    _check_whole(fresh / DATABASE)
    return manifest


def _end_sessions(database: Path) -> None:
    with closing(sqlite3.connect(database)) as opened, opened:
        for table in ("usersessions_usersession", "django_session"):
            if opened.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchone():
                opened.execute(f"DELETE FROM {table}")  # noqa: S608  one of the two names above


def _set_aside(folder: Path, taken: list[Path]) -> Path:
    aside = folder / f"replaced-{now():%Y%m%d-%H%M%S}"
    aside.mkdir(mode=0o700)
    for part in taken:
        with suppress(FileNotFoundError):
            part.replace(aside / part.name)
    return aside


def _check_whole(database: Path) -> None:
    try:
        with closing(sqlite3.connect(database)) as opened:
            (said,) = opened.execute("PRAGMA integrity_check(1)").fetchone()
            orphan = opened.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise Invalid(f"{database.name} is damaged: {error}") from error
    if said != "ok" or orphan is not None:
        raise Invalid(f"{database.name} is damaged: {said if said != 'ok' else 'rows that belong to nothing'}")


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
