"""Keeping a copy of everything, and putting it back."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import Table, bindparam, delete, func, insert, inspect, select, text, update
from sqlalchemy.orm import Session

from familydoc.actions.audit import record
from familydoc.extensions import db, keys
from familydoc.formats.backup import BackupBroken, read_backup, write_backup
from familydoc.models.accounts import Account
from familydoc.queries.backup import read_frames, stored_tables
from familydoc.rules.errors import RuleError
from familydoc.transaction import transaction


def back_up(*, by: None, path: Path) -> int:
    """Write an encrypted copy of one moment; the file appears whole or not at all."""
    part = path.with_name(path.name + ".part")
    handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            frames = write_backup(file, keys.vault, read_frames())
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    with transaction():
        record(by=by, verb="back_up", entity="database", frames=frames)
    return frames


def restore(*, by: None, path: Path, replace: bool = False) -> int:
    """Put a backup into an empty database, or over this one; give the number of rows.

    RuleError `backup_broken` before anything is touched, `database_filled` without `replace`.
    """
    revision = _check(path)
    filled = inspect(db.engine).has_table("accounts")
    if filled and _count_accounts() and not replace:
        raise RuleError(
            "database_filled",
            "这个数据库里已经有数据，没有恢复。确实要用备份盖掉它，请加上 --replace。",
        )
    upgrade() if filled else upgrade(revision=revision)
    with transaction() as session:
        rows = _put_back(session, path)
        record(by=by, verb="restore", entity="database", rows=rows)
    upgrade()
    return rows


def _check(path: Path) -> str:
    """Read the file to its end before anything is touched; give the revision in it."""
    revision = ""
    for frame in _frames(path):
        revision = frame.get("revision") or revision
    return revision


def _frames(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            yield from read_backup(file, keys.vault)
    except BackupBroken as broken:
        raise RuleError(
            "backup_broken",
            "这个文件不是完整的备份，或者是用另一把钥匙加密的，没有恢复任何东西。"
            "请用备份时的 FAMILYDOC_DATA_KEY 再试，或换一个备份。",
        ) from broken


def _count_accounts() -> int:
    return db.session.execute(select(func.count()).select_from(Account)).scalar_one()


def _put_back(session: Session, path: Path) -> int:
    tables = {table.name: table for table in stored_tables()}
    for table in reversed(db.metadata.sorted_tables):
        session.execute(_unlinked(table))
        session.execute(delete(table))
    total = 0
    for frame in _frames(path):
        if "table" not in frame:
            continue
        rows = [dict(zip(frame["columns"], row, strict=True)) for row in frame["rows"]]
        _insert(session, tables[frame["table"]], rows)
        total += len(rows)
    _move_sequences(session, list(tables.values()))
    return total


def _self_links(name: str) -> list[str]:
    """Name the columns in which a table points at itself."""
    table = db.metadata.tables[name]
    return [key.parent.name for key in table.foreign_keys if key.column.table is table]


def _unlinked(table: Table) -> Any:
    links = _self_links(table.name)
    return update(table).values(dict.fromkeys(links)) if links else text("SELECT 1")


def _insert(session: Session, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows; a link to a row of the same table is put in when all of them are there."""
    links = _self_links(table.name)
    blank = dict.fromkeys(links)
    session.execute(insert(table), [row | blank for row in rows])
    if not links:
        return
    key = next(iter(db.metadata.tables[table.name].primary_key.columns)).name
    linked = [row for row in rows if any(row[link] is not None for link in links)]
    if linked:
        statement = (
            update(table)
            .where(table.c[key] == bindparam("the_key"))
            .values({link: bindparam(f"to_{link}") for link in links})
        )
        values = [{"the_key": r[key]} | {f"to_{link}": r[link] for link in links} for r in linked]
        session.connection().execute(statement, values)


def _move_sequences(session: Session, tables: list[Table]) -> None:
    """PostgreSQL counts keys apart from the rows: let it go on after the highest."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in tables:
        if "id" in table.c and db.metadata.tables[table.name].c.id.primary_key:
            highest = select(func.coalesce(func.max(table.c.id), 0) + 1).scalar_subquery()
            sequence = func.pg_get_serial_sequence(table.name, "id")
            session.execute(select(func.setval(sequence, highest, False)))
