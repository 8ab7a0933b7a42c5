"""How the night shift is doing, for the administrator."""

from flask import Blueprint, render_template

from familydoc import clock
from familydoc.queries.jobs import get_night_state, list_last_runs
from familydoc.web.access import requires

blueprint = Blueprint("jobs", __name__)


@blueprint.get("/jobs")
@requires("jobs.see")
def index() -> str:
    night = get_night_state(clock.now(), clock.today())
    return render_template("jobs/index.html", night=night, runs=list_last_runs())
