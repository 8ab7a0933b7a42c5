"""The county's own days off and working days, over the official holidays."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions.calendar import remove_county_day, set_county_day
from familydoc.formats.holidays import holiday_name
from familydoc.queries.calendar import get_calendar, list_county_days
from familydoc.rules.errors import RuleError
from familydoc.rules.values import parse_iso_date
from familydoc.rules.workdays import Calendar, read_county_day, read_note
from familydoc.web.access import requires, viewer
from familydoc.web.filters import day as day_words
from familydoc.web.forms.calendar import CountyDayForm

blueprint = Blueprint("calendar", __name__)


@blueprint.get("/calendar")
@requires("parameters.edit")
def index() -> str:
    return _page(CountyDayForm(formdata=None))


def _page(form: CountyDayForm) -> str:
    today = clock.today()
    new_year, last = today.replace(month=1, day=1), today.replace(month=12, day=31)
    official = Calendar(get_calendar().official, {})
    return render_template(
        "calendar/index.html",
        form=form,
        own=list_county_days(new_year),
        official=[
            (day, official.works(day), holiday_name(day))
            for day in official.list_exceptions(new_year, last)
        ],
        next_year_known=not official.is_provisional(*_next_year(today)),
    )


def _next_year(today: date) -> tuple[date, date]:
    year = today.year + 1
    return date(year, 1, 1), date(year, 12, 31)


@blueprint.post("/calendar")
@requires("parameters.edit")
def add() -> Response | tuple[str, int]:
    form = CountyDayForm()
    valid = form.validate()
    try:
        day = read_county_day(form.day.data, clock.today())
        note = read_note(form.note.data)
    except RuleError as refused:
        form[refused.field or "day"].errors = [refused.message]
        return _page(form), 422
    if not valid:
        return _page(form), 422
    works = form.works.data == "on"
    set_county_day(by=viewer(), day=day, works=works, note=note)
    flash(f"{day_words(day)}{'上班' if works else '放假'}，已记下。预测从现在起按它数工作日。")
    return redirect(url_for("calendar.index"), 303)


@blueprint.post("/calendar/remove")
@requires("parameters.edit")
def remove() -> Response:
    day = parse_iso_date(request.form.get("day"))
    if day is not None:
        remove_county_day(by=viewer(), day=day)
        flash(f"{day_words(day)}恢复按国家的安排。")
    return redirect(url_for("calendar.index"), 303)
