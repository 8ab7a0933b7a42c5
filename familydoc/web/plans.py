"""The village day (下村计划): which village, which day, who is met, what to bring; and on paper."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions.plans import note_print
from familydoc.formats.qr import qr_svg
from familydoc.models.residents import Resident
from familydoc.queries import plans as queries
from familydoc.queries.calendar import get_calendar
from familydoc.rules.errors import RuleError
from familydoc.rules.plans import MOST_AHEAD, read_day
from familydoc.rules.programmes import load_programmes
from familydoc.web.access import requires, viewer

blueprint = Blueprint("plans", __name__)


@dataclass(frozen=True)
class Asked:
    """What the address asks for: the day, the villages to choose from, and the chosen one."""

    day: date
    error: str
    villages: list[queries.Village]
    chosen: queries.Village | None


@blueprint.get("/plans")
@requires("visits.record")
def index() -> str:
    asked = read_asked()
    return render_template(
        "plans/index.html", asked=asked, plan=_plan(asked), latest=clock.today() + MOST_AHEAD
    )


@blueprint.get("/plans/print")
@requires("visits.record")
def print_page() -> Response | str:
    asked = read_asked()
    if asked.chosen is None:
        return redirect(url_for("plans.index"), 303)
    note_print(by=viewer(), village=asked.chosen.village, day=asked.day, people=asked.chosen.people)
    return render_template("print/plan.html", plan=_plan(asked), code_of=code_of)


def read_asked() -> Asked:
    """Read village and day; a day that cannot be is said, a village without work falls back."""
    today = clock.today()
    error, day = "", next_workday(today)
    try:
        day = read_day(request.args.get("day"), today, day)
    except RuleError as refused:
        error = refused.message
    villages = queries.list_villages(viewer(), day)
    code = request.args.get("village", "")
    first = villages[0] if villages else None
    chosen = next((one for one in villages if one.village.code == code), first)
    return Asked(day, error, villages, chosen)


def next_workday(today: date) -> date:
    """Give the working day after today: a trip is planned the evening before."""
    tomorrow = today + timedelta(days=1)
    return get_calendar().nth(tomorrow, 1, today + MOST_AHEAD) or tomorrow


def _plan(asked: Asked) -> queries.Plan | None:
    if asked.chosen is None:
        return None
    return queries.make_plan(viewer(), asked.chosen.village, asked.day, load_programmes())


def code_of(resident: Resident) -> str:
    """Draw the code that opens the visit form: by the settings alone, never from a request."""
    path = url_for("visits.new", uid=resident.uid)
    return qr_svg(f"{current_app.config['PUBLIC_URL']}{path}", "随访表二维码")
