"""The one place that commits."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from familydoc.extensions import db, write_lock, writing

log = logging.getLogger(__name__)
SLOW_SECONDS = 2.0


@contextmanager
def transaction() -> Iterator[Session]:
    """Run one write, all or nothing; inside another one it joins it.

    What was read before is forgotten (expired) and read again under the write lock, so that a
    decision never rests on an old row. Add new rows inside, not before.
    """
    session: Session = db.session()
    if writing.get():
        yield session
        return
    session.rollback()
    session.expire_all()  # a rollback forgets nothing when no read has begun a transaction
    with _turn():
        token = writing.set(True)
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            writing.reset(token)


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for the turn to write; on PostgreSQL there is no queue."""
    if db.engine.dialect.name != "sqlite":
        yield
        return
    asked = time.monotonic()
    with write_lock:
        waited = time.monotonic() - asked
        if waited > SLOW_SECONDS:
            log.warning("a write waited %.1f s for its turn", waited)
        yield
