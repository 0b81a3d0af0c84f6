"""The CQL servers: which answer, whether all have the tables, how many copies they keep, how far their clocks are."""

from collections.abc import Iterator

from django.conf import settings

from chatplatform.doctor.finding import Finding, broken, clock, ok, warning
from chatplatform.kernel.errors import AppError
from messaging.stores.cql import examining

NAME = "cql"


def look() -> Iterator[Finding]:
    try:
        found = examining.examine()
    except AppError as error:
        fix = "Start them, and check CQL_HOSTS, CQL_DATACENTER, CQL_USERNAME, CQL_PASSWORD and CQL_SSLMODE. What is said meanwhile is kept."
        yield broken(NAME, error.message, fix)
        return
    for host in found.hosts:
        if host.difference_s is None:
            yield warning(
                NAME, f"{host.address} is down", "Start it again; the others go on while most copies are there."
            )
        else:
            yield ok(NAME, f"{host.address} answers, {host.version}")
            yield clock(f"{NAME} {host.address}", host.difference_s)
    if found.copies is None:
        yield broken(NAME, f"there is no keyspace {settings.CQL_KEYSPACE}", "Run: manage.py migrate_cql")
        return
    if found.missing:
        yield broken(NAME, f"tables are not up to date: {', '.join(found.missing)}", "Run: manage.py migrate_cql")
    else:
        yield ok(NAME, f"tables of {settings.CQL_KEYSPACE} are up to date")
    yield _copies(found.copies, len(found.hosts), sum(host.difference_s is not None for host in found.hosts))


def _copies(copies: int, nodes: int, up: int) -> Finding:
    words = (
        f"{copies} {'copy' if copies == 1 else 'copies'} of everything on {nodes} {'node' if nodes == 1 else 'nodes'}"
    )
    if copies > nodes or up < copies // 2 + 1:
        fix = "Bring nodes back or add some: most copies must answer for a message to be kept or read."
        return broken(NAME, f"{words}, {up} of them up", fix)
    if nodes >= 3 and copies < 3:
        fix = "ALTER KEYSPACE … WITH replication for 3 copies, then `nodetool repair` on each node."
        return warning(NAME, words, fix)
    return ok(NAME, words)
