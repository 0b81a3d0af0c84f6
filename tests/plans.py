"""What a query would make its database do, in the same words for SQLite and PostgreSQL."""

from django.db import connection, transaction


def detours(sql: str) -> list[str]:
    """Steps of the query's plan that read a whole table or sort: what an index should have saved.

    A small table is read whole by PostgreSQL whatever its indexes, so it is told to leave that if it can.
    """
    if connection.vendor == "sqlite":
        return [step for step in _lines("EXPLAIN QUERY PLAN " + sql) if "SCAN" in step or "TEMP B-TREE" in step]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        return [step for step in _lines("EXPLAIN " + sql) if "Seq Scan" in step or "Sort" in step]


def _lines(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [str(row[-1]) for row in cursor.fetchall()]


def dump() -> str:
    """All that the database's tables hold, as text."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            assert connection.connection is not None
            return "\n".join(connection.connection.iterdump())
        held = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            held += [str(row[0]) for row in cursor.fetchall()]
        return "\n".join(held)
