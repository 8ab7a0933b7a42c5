"""Several people at the same moment: what each of them got, or the code of the refusal."""

import threading
from collections.abc import Callable

from flask import Flask

from familydoc.extensions import db
from familydoc.rules.errors import RuleError


def together(app: Flask, *acts: Callable[[], object]) -> list[object]:
    """Run acts at once, each in a session of its own; give results or refusal codes in order."""
    results: list[object] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def one(number: int, act: Callable[[], object]) -> None:
        with app.app_context():
            start.wait()
            try:
                results[number] = act()
            except RuleError as refused:
                results[number] = refused.code
            finally:
                db.session.remove()

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    db.session.rollback()
    db.session.expire_all()
    return results
