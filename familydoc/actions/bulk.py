"""Many rows at once by the driver's own fastest way: executemany on SQLite, COPY on PostgreSQL.

For imports of a whole county; the caller has the transaction and gives values as the database
keeps them (dates as ISO text).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Table, func, select, text
from sqlalchemy.orm import Session

from familydoc import clock


def insert_rows(
    session: Session, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows of `columns`; they may come from a generator."""
    connection = session.connection()
    cursor: Any = connection.connection.cursor()
    target = f"{qualified(session, table)} ({', '.join(columns)})"
    try:
        if connection.dialect.name == "sqlite":
            marks = ", ".join("?" for _ in columns)
            cursor.executemany(f"INSERT INTO {target} VALUES ({marks})", rows)
        else:
            with cursor.copy(f"COPY {target} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
    finally:
        cursor.close()


def reserve_ids(session: Session, table: Table, count: int) -> Sequence[int]:
    """Give ids nobody else will take: SQLite's writer is alone, PostgreSQL has its sequence."""
    if session.connection().dialect.name == "sqlite":
        last = session.execute(select(func.max(table.c.id))).scalar_one() or 0
        return range(last + 1, last + 1 + count)
    ids = text(
        "SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)"
    )
    name = qualified(session, table)
    return list(session.scalars(ids, {"name": name, "count": count}))


def qualified(session: Session, table: Table) -> str:
    """Give a table's name with the schema of its county, where there is one."""
    schemas = session.connection().get_execution_options().get("schema_translate_map") or {}
    schema = schemas.get(table.schema)
    return f'"{schema}".{table.name}' if schema else table.name


def table(model: Any) -> Table:
    """Give a model's table."""
    return model.__table__  # type: ignore[no-any-return]


def now_text(session: Session) -> str:
    """Give this instant as the database keeps it."""
    text = clock.now().strftime("%Y-%m-%d %H:%M:%S.%f")
    return text if session.connection().dialect.name == "sqlite" else f"{text}+00"
