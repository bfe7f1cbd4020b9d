"""The few queries that every request asks: the ORM writes their SQL once a process, not once a request.

What the database is asked, and what comes back, is what the ORM would ask and give; only the writing is saved, which
costs many times as much as the asking.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models.expressions import Expression, RawSQL
from django.db.models.query import get_related_populators
from django.db.transaction import TransactionManagementError


class Given(Expression):
    """A place in a prepared query; the value comes with each asking, as the driver takes it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:  # noqa: ARG002
        return "%s", [self]


class _KeptCursor(ServerBindingCursor):
    """Tells Django's log of queries the text of a kept one too, which the driver does not keep by itself."""

    def _send_query_prepared(self, name: bytes, pgq: Any, *, binary: bool | None = None) -> None:
        self._query = pgq
        super()._send_query_prepared(name, pgq, binary=binary)  # type: ignore[misc]


def _cursor() -> Any:
    """A cursor that leaves the values to the server, which so keeps the plan of a query that comes again and again
    (`prepare_threshold` of the settings). Counted, logged and refused as any other cursor of Django."""
    database: Any = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()
    database.ensure_connection()
    return database._prepare_cursor(_KeptCursor(database.connection))  # type: ignore[call-arg]


def fetch(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a query that is asked often. `sql`: always the same text; the values are typed by themselves."""
    with _cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def execute(sql: str, values: Sequence[Any]) -> None:
    """The same for a statement without rows."""
    with _cursor() as cursor:
        cursor.execute(sql, values)


def given(name: str) -> Any:
    """Stands for a value of any type in a filter of a prepared query."""
    return Given(name)


def given_among(name: str) -> RawSQL:
    """Stands for many numbers in a filter `…__in`, as `kit.arrays.among`."""
    return RawSQL("SELECT unnest(%s::bigint[])", [Given(name)])  # nosec B611 - constant


M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, slots=True)
class _Written:
    """A query as written: its SQL, its parameters in order, and how a row becomes an instance."""

    sql: str
    params: tuple[Any, ...]
    locks: bool
    model: type[Any]
    first: int
    end: int
    names: list[str]
    populators: list[Any]
    converters: list[tuple[int, list[Any], Any]]
    annotations: list[tuple[str, int]]

    def instance(self, row: Sequence[Any], database: Any) -> Any:
        values = list(row)
        for position, functions, expression in self.converters:
            for function in functions:
                values[position] = function(values[position], expression, database)
        made = self.model.from_db(DEFAULT_DB_ALIAS, self.names, values[self.first : self.end])
        for populator in self.populators:
            populator.populate(values, made)
        for name, position in self.annotations:
            setattr(made, name, values[position])
        return made


class Prepared(Generic[M]):
    """A queryset with `given` values. It is made when first asked; nothing of it may depend on anything but these."""

    def __init__(self, make: "Callable[[], models.QuerySet[M]]") -> None:
        self._make = make
        self._written: _Written | None = None

    def __call__(self, **values: Any) -> list[M]:
        """The rows as the queryset would give them. One query."""
        written = self._written
        if written is None:
            written = self._written = _write(self._make())
        database = connections[DEFAULT_DB_ALIAS]
        if written.locks and database.get_autocommit():
            raise TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        params = [values[one.name] if isinstance(one, Given) else one for one in written.params]
        return [written.instance(row, database) for row in fetch(written.sql, params)]


def _write(rows: "models.QuerySet[Any]") -> _Written:
    compiler: Any = rows.query.get_compiler(using=connection.alias)
    sql, params = compiler.as_sql()
    held: dict[str, Any] = compiler.klass_info
    first, end = held["select_fields"][0], held["select_fields"][-1] + 1
    converters = compiler.get_converters([column[0] for column in compiler.select])
    return _Written(
        sql=sql,
        params=tuple(params),
        locks=bool(rows.query.select_for_update),
        model=held["model"],
        first=first,
        end=end,
        names=[column[0].target.attname for column in compiler.select[first:end]],
        populators=get_related_populators(held, compiler.select, connection.alias),  # type: ignore[call-arg]
        converters=[(position, functions, expression) for position, (functions, expression) in converters.items()],
        annotations=list(compiler.annotation_col_map.items()),
    )


def insert(row: models.Model) -> None:
    """Write a new row that carries its key already, as `bulk_create` of one would. One query."""
    model = type(row)
    fields = model._meta.concrete_fields
    database = connections[DEFAULT_DB_ALIAS]
    execute(_insert_sql(model), [field.get_db_prep_save(field.pre_save(row, True), database) for field in fields])
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@lru_cache(maxsize=64)
def _insert_sql(model: type[models.Model]) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in model._meta.concrete_fields)
    places = ", ".join("%s" for _ in model._meta.concrete_fields)
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608  # nosec B608
