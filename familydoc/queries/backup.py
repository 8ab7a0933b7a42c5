"""Every row as it is stored, from one moment, while others go on writing."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, select, text
from sqlalchemy.types import TypeDecorator

from familydoc.extensions import db

ROWS_A_FRAME = 2_000
#: Logins end with a restore; nobody misses failures.
LEFT_OUT = ("login_sessions", "login_failures")


def stored_tables() -> list[Table]:
    """Give the tables, parents first, with columns as they are stored: sealed stays sealed."""
    bare = MetaData()
    return [
        Table(table.name, bare, *(Column(c.name, _stored(c.type)) for c in table.columns))
        for table in db.metadata.sorted_tables
        if table.name not in LEFT_OUT
    ]


def find_revision() -> str:
    """Give the revision of the schema."""
    return str(db.session.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def read_frames() -> Iterator[dict[str, Any]]:
    """Give the revision, then the rows of every table in one snapshot."""
    isolation = "REPEATABLE READ" if db.engine.dialect.name == "postgresql" else None
    options = {"isolation_level": isolation} if isolation else {}
    with db.engine.connect().execution_options(**options) as connection:
        yield {"revision": find_revision()}
        for table in stored_tables():
            yield from _rows_of(connection, table)


def _rows_of(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    found = connection.execution_options(yield_per=ROWS_A_FRAME).execute(select(table))
    names = [column.name for column in table.columns]
    for rows in found.partitions():
        yield {"table": table.name, "columns": names, "rows": [list(row) for row in rows]}


def _stored(kind: Any) -> Any:
    return kind.impl_instance if isinstance(kind, TypeDecorator) else kind
