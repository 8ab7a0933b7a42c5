"""Scratch databases for benchmarks, on the engine of the configured database; all are dropped."""

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask, current_app
from flask.ctx import AppContext
from flask_migrate import upgrade
from sqlalchemy import Engine, create_engine, make_url, text

from familydoc.extensions import db


class Scratch:
    """Databases by name, copied as wholes; one of them is in use at a time."""

    def __init__(self, build: Callable[..., Flask], folder: Path, url: str) -> None:
        self.folder = folder
        self.url = make_url(url)
        self.engine = self.url.get_backend_name()
        self.prefix = f"fdbench_{uuid.uuid4().hex[:8]}_"
        self.names: set[str] = set()
        self._build = build
        self._context: AppContext | None = None

    def make(self, name: str) -> None:
        """Make a database with the migrated schema and use it."""
        self._create(name)
        self.use(name)
        upgrade()

    def use(self, name: str) -> None:
        """Bind the app to a database."""
        self.leave()
        app = self._build({"INSTANCE": self.folder, "SQLALCHEMY_DATABASE_URI": self._address(name)})
        self._context = app.app_context()
        self._context.push()

    def leave(self) -> None:
        """Close every connection, so that the database can be copied."""
        if self._context is None:
            return
        db.session.remove()
        if self.engine == "sqlite":
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
        self._context.pop()
        self._context = None

    def copy(self, source: str, target: str) -> str:
        """Copy a database over another one, which may be there already."""
        self.leave()
        if self.engine == "sqlite":
            shutil.copyfile(self._path(source), self._path(target))
        else:
            self._create(target, source)
        self.names.add(target)
        return target

    def analyze(self) -> None:
        """Give the planner its statistics; a server in use has them from its own housekeeping."""
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
            if self.engine == "postgresql":
                connection.exec_driver_sql("CHECKPOINT")

    def close(self) -> None:
        self.leave()
        for name in self.names:
            if self.engine == "postgresql":
                self._serve(f'DROP DATABASE IF EXISTS "{self.prefix}{name}" WITH (FORCE)')
        shutil.rmtree(self.folder, ignore_errors=True)

    def _create(self, name: str, template: str | None = None) -> None:
        self.names.add(name)
        if self.engine != "postgresql":
            return
        self._serve(f'DROP DATABASE IF EXISTS "{self.prefix}{name}" WITH (FORCE)')
        source = f' TEMPLATE "{self.prefix}{template}" STRATEGY file_copy' if template else ""
        self._serve(f'CREATE DATABASE "{self.prefix}{name}"{source}')

    def _serve(self, statement: str) -> None:
        server: Engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text(statement))
        server.dispose()

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.db"

    def _address(self, name: str) -> str:
        if self.engine == "sqlite":
            return f"sqlite:///{self._path(name)}"
        database = self.url.set(database=f"{self.prefix}{name}")
        return database.render_as_string(hide_password=False)


@contextmanager
def scratch() -> Iterator[Scratch]:
    """Give scratch databases beside the configured one; PostgreSQL's on the same server."""
    from familydoc import create_app

    url = current_app.config["SQLALCHEMY_DATABASE_URI"]
    here = Scratch(create_app, Path(tempfile.mkdtemp(prefix="familydoc-bench-")), url)
    try:
        yield here
    finally:
        here.close()
