"""Rows as they were planned -> the database, many at a time on either engine."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.orm import Session

from familydoc.actions.bulk import insert_rows, qualified
from familydoc.extensions import Base

Row = Mapping[str, Any]


def store(session: Session, table: str, rows: Sequence[Row]) -> int:
    """Insert rows of one shape by the driver's fastest way; give how many there were."""
    if not rows:
        return 0
    target, columns = Base.metadata.tables[table], list(rows[0])
    quoted = [f'"{name}"' for name in columns]
    insert_rows(session, target, quoted, _as_stored(session, target, columns, rows))
    _move_sequence(session, target)
    return len(rows)


def _as_stored(
    session: Session, table: Table, columns: list[str], rows: Iterable[Row]
) -> Iterable[tuple[Any, ...]]:
    """Give values as the driver takes them: the columns' own types seal, date and serialise."""
    dialect = session.get_bind().dialect
    binds: list[Callable[[Any], Any]] = [
        table.c[name].type.dialect_impl(dialect).bind_processor(dialect) or _plain
        for name in columns
    ]
    for row in rows:
        yield tuple(bind(row[name]) for bind, name in zip(binds, columns, strict=True))


def _plain(value: Any) -> Any:
    return value


def _move_sequence(session: Session, table: Table) -> None:
    """Let PostgreSQL's sequence go on after the ids that the plan gave."""
    if session.get_bind().dialect.name != "postgresql" or "id" not in table.c:
        return
    name = qualified(session, table)
    session.execute(
        text(f"SELECT setval(pg_get_serial_sequence(:name, 'id'), max(id)) FROM {name}"),
        {"name": name},
    )
