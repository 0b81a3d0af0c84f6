"""Work that only one process may do at a time, on however many hosts: changes of a schema, above all."""

import fcntl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Hold the only right to do `name`; waits for whoever has it. It ends with the process, however that ends.

    Several hosts share PostgreSQL, which keeps the lock for as long as this connection lives; processes that share a
    SQLite file share the folder it lies in. Blocks: never on a loop.
    """
    if connection.vendor == "postgresql":
        key = zlib.crc32(f"parley {name}".encode())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [key])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
        return
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.DATA_DIR / f"{name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
