"""Whether the house stands: for monitors, without a name in it."""

import shutil

from flask import Blueprint, Response, abort, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError

from familydoc import clock
from familydoc.actions.night import check_writing
from familydoc.extensions import db
from familydoc.queries.jobs import NightState, get_night_state
from familydoc.web.access import public

blueprint = Blueprint("health", __name__)
#: Bytes below which a save may fail at any moment.
LEAST_SPACE = 50 * 1024 * 1024


@blueprint.get("/healthz")
@public
def show() -> tuple[Response, int]:
    """200 when a row can be written and the disk has room; a select alone says nothing."""
    trouble = find_trouble()
    night = _night() if trouble is None else None
    finished = night.finished_at.isoformat() if night and night.finished_at else None
    answer = {
        "status": "ok" if trouble is None else trouble,
        "database": db.engine.dialect.name,
        "last_good_run": finished,
        "stale": night.stale if night else None,
    }
    return jsonify(answer), 200 if trouble is None else 503


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    if not current_app.config["METRICS"]:
        abort(404)
    night = _night()
    seconds = night.finished_at.timestamp() if night.finished_at else 0
    lines = (
        "# TYPE familydoc_last_good_run_timestamp_seconds gauge",
        f"familydoc_last_good_run_timestamp_seconds {seconds}",
        "# TYPE familydoc_last_run_created gauge",
        f"familydoc_last_run_created {night.created}",
        "# TYPE familydoc_night_stale gauge",
        f"familydoc_night_stale {int(night.stale)}",
    )
    return Response("\n".join(lines) + "\n", mimetype="text/plain; version=0.0.4")


def find_trouble() -> str | None:
    """Give the sentence of what stops saving, None when nothing does."""
    if shutil.disk_usage(current_app.config["INSTANCE"]).free < LEAST_SPACE:
        return "磁盘快满了"
    try:
        check_writing(by=None)
    except SQLAlchemyError:
        return "数据库不能写入"
    return None


def _night() -> NightState:
    return get_night_state(clock.now(), clock.today())
