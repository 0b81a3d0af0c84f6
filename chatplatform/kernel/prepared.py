"""Statements of the ORM that are built once and then only sent: for what every message and every answer needs.

Putting a query together takes the ORM ten times as long as SQLite takes to answer it. So what is asked for each
message is written as usual, with `given` in place of the values, and kept as SQL; the values are filled in at each
call. The rows are what the queryset itself would give. Each statement is kept per kind of database.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.expressions import Expression
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    QuerySet,
    ValuesListIterable,
    get_related_populators,
)
from django.db.models.sql import UpdateQuery
from django.db.models.sql.compiler import SQLCompiler

R = TypeVar("R")
M = TypeVar("M", bound=models.Model)
Read = Callable[[Any], R]


class _Given(Expression):
    """A place for a value that is known at the call."""

    def __init__(self, name: str, field: "models.Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", [self]


def given(name: str, field: "models.Field[Any, Any] | None" = None) -> Any:
    """A value that each call gives under this name. `field` says how it is written; without one, as a number."""
    return _Given(name, field or models.BigIntegerField())


ID: "models.Field[Any, Any]" = models.UUIDField()
NO_END = 2**63 - 1  # a number that no place exceeds


@dataclass(frozen=True, slots=True)
class _Statement(Generic[R]):
    sql: str
    params: tuple[Any, ...]
    read: Read[R] | None = None

    def filled(self, values: dict[str, Any]) -> list[Any]:
        return [
            param.output_field.get_db_prep_save(values[param.name], connection) if isinstance(param, _Given) else param
            for param in self.params
        ]


class PreparedQuery(Generic[R]):
    """`build` makes a queryset of models (with select_related, if wanted) or of value lists."""

    def __init__(self, build: "Callable[[], QuerySet[Any, R]]") -> None:
        self._build = build
        self._known: dict[str, _Statement[R]] = {}

    def rows(self, **values: Any) -> list[R]:
        statement = self._known.get(connection.vendor)
        if statement is None:
            statement = self._known[connection.vendor] = _compiled(self._build())
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.filled(values))
            found = cursor.fetchall()
        assert statement.read is not None  # a query's
        return list(map(statement.read, found))

    def one(self, **values: Any) -> R | None:
        """The first row, or None."""
        found = self.rows(**values)
        return found[0] if found else None


class PreparedUpdate:
    """Sets `columns` of the rows that `build` names; their values come at the call under the columns' names. Those with an
    expression (`at=Now()`) the database works out."""

    def __init__(self, build: "Callable[[], QuerySet[Any, Any]]", *columns: str, **expressions: Expression) -> None:
        self._build = build
        self._columns = columns
        self._expressions = expressions
        self._known: dict[str, _Statement[Any]] = {}

    def run(self, **values: Any) -> int:
        """How many rows it changed."""
        statement = self._statement()
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.filled(values))
            return int(cursor.rowcount)

    def run_many(self, rows: Sequence[dict[str, Any]]) -> None:
        statement = self._statement()
        with connection.cursor() as cursor:
            cursor.executemany(statement.sql, [statement.filled(values) for values in rows])

    def _statement(self) -> _Statement[Any]:
        statement = self._known.get(connection.vendor)
        if statement is None:
            rows = self._build()
            query: Any = rows.query.chain(UpdateQuery)
            fields = rows.model._meta
            values = {name: _Given(name, fields.get_field(name)) for name in self._columns}
            query.add_update_values({**values, **self._expressions})
            sql, params = query.get_compiler(connection=connection).as_sql()
            statement = self._known[connection.vendor] = _Statement(sql, tuple(params))
        return statement


class PreparedInsert(Generic[M]):
    """Writes new rows of a model: all columns as the objects have them, but those with an expression (`at=Now()`),
    which the database works out. What it gives, a key of its own too, stays unknown here."""

    def __init__(self, model: type[M], **expressions: Expression) -> None:
        self._model = model
        self._expressions = expressions
        columns = [f for f in model._meta.concrete_fields if not isinstance(f, models.AutoField)]
        self._fields = [f for f in columns if f.name not in expressions]
        self._known: dict[str, str] = {}

    def run(self, *objects: M) -> None:
        """Raises IntegrityError as saving would. Default values are those of the objects; no signal is sent."""
        rows = [[f.get_db_prep_save(getattr(each, f.attname), connection) for f in self._fields] for each in objects]
        with connection.cursor() as cursor:
            if len(rows) == 1:
                cursor.execute(self._sql(), rows[0])
            else:
                cursor.executemany(self._sql(), rows)
        for each in objects:
            each._state.adding = False
            each._state.db = connection.alias

    def _sql(self) -> str:
        sql = self._known.get(connection.vendor)
        if sql is None:
            quote = connection.ops.quote_name
            meta = self._model._meta
            worked_out = [f for f in meta.concrete_fields if f.name in self._expressions]
            names = ", ".join(quote(str(f.column)) for f in (*self._fields, *worked_out))
            places = ", ".join([*("%s" for _ in self._fields), *(self._said(f.name) for f in worked_out)])
            sql = f"INSERT INTO {quote(meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608
            self._known[connection.vendor] = sql
        return sql

    def _said(self, name: str) -> str:
        query = self._model._base_manager.all().query
        sql, params = query.get_compiler(connection=connection).compile(self._expressions[name])
        if params:
            raise TypeError("An expression of a prepared insert has no values of its own.")
        return str(sql)


def _compiled(queryset: "QuerySet[Any, R]") -> _Statement[R]:
    compiler = queryset.query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    return _Statement(sql, tuple(params), _reader(queryset, compiler))


def _reader(queryset: "QuerySet[Any, R]", compiler: SQLCompiler) -> Read[R]:
    """From a row of the database to what the queryset gives for it."""
    convert = _converter(compiler)
    kind: Any = queryset._iterable_class
    if kind is FlatValuesListIterable:
        return lambda row: convert(row)[0]
    if kind is ValuesListIterable:
        return lambda row: tuple(convert(row))  # type: ignore[return-value]
    if kind is not ModelIterable:
        raise TypeError("Prepare models or lists of values.")
    info = compiler.klass_info
    assert info is not None and compiler.select is not None and not compiler.annotation_col_map  # compiled above
    model, first, last = info["model"], info["select_fields"][0], info["select_fields"][-1] + 1
    populators: Any = get_related_populators  # takes another argument from Django 6.1 on
    names = [column[0].target.attname for column in compiler.select[first:last]]
    related = populators(info, compiler.select, connection.alias)

    def read(raw: Any) -> R:
        row = convert(raw)
        made = model.from_db(connection.alias, names, row[first:last])
        for each in related:
            each.populate(row, made)
        return made  # type: ignore[no-any-return]

    return read


def _converter(compiler: SQLCompiler) -> Callable[[Any], Any]:
    assert compiler.select is not None  # compiled before
    found = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
    steps = [(place, converters, expression) for place, (converters, expression) in found.items()]

    def convert(raw: Any) -> Any:
        row = list(raw)
        for place, converters, expression in steps:
            value = row[place]
            for each in converters:
                value = each(value, expression, connection)
            row[place] = value
        return row

    return convert if steps else list
