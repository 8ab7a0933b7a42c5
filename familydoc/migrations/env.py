"""Runs migrations on the app's database; nothing is migrated offline."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection

extension = current_app.extensions["migrate"]
engine = extension.db.engine


def _no_empty_revision(_context, _revision, directives) -> None:
    if context.config.cmd_opts and getattr(context.config.cmd_opts, "autogenerate", False):
        if directives[0].upgrade_ops.is_empty():
            directives[:] = []


def _foreign_keys(connection: Connection, on: bool) -> None:
    # Rebuilding a parent table with foreign keys on deletes its children, or fails. The switch
    # works outside a transaction only, hence the driver's own connection.
    if connection.dialect.name == "sqlite":
        driver = connection.connection.dbapi_connection
        driver.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")


def _check(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"the migration broke {len(broken)} references; nothing was changed")


with engine.connect() as connection:
    _foreign_keys(connection, False)
    try:
        context.configure(
            connection=connection,
            target_metadata=extension.db.metadata,
            process_revision_directives=_no_empty_revision,
            **extension.configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
            _check(connection)
    finally:
        if connection.in_transaction():
            connection.rollback()
        _foreign_keys(connection, True)
