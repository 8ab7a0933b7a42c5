"""The forecast (预测): will the quarter be done, for a place and each line under it."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from flask import Blueprint, render_template, url_for

from familydoc import clock
from familydoc.formats.holidays import holiday_name
from familydoc.formats.strip import Share, draw_strip
from familydoc.queries.calendar import get_calendar, list_county_days
from familydoc.queries.forecast import Line, count_lines
from familydoc.rules.forecast import (
    WARN_FROM_WEEK,
    Counts,
    Forecast,
    Span,
    forecast,
    look_ahead,
    week_of_quarter,
)
from familydoc.rules.workdays import Calendar
from familydoc.web.access import requires, viewer
from familydoc.web.report_places import Place, find_place

blueprint = Blueprint("forecast", __name__)

#: Lines that have a page of their own.
OPENING = ("team", "centre")


@dataclass(frozen=True)
class Row:
    """One line of the page: whose, what becomes of it, its bar, the page behind it."""

    line: Line
    forecast: Forecast
    bar: tuple[Share, ...]
    address: str


@dataclass(frozen=True)
class Outlook:
    """A place's forecast with its lines; the whole is the sum of the lines."""

    span: Span
    whole: Forecast
    rows: tuple[Row, ...]


@blueprint.get("/forecast")
@requires("reports.see")
def index() -> str:
    place, calendar, today = find_place(viewer()), get_calendar(), clock.today()
    outlook = look_at(place, calendar, today)
    return render_template(
        "forecast/index.html",
        place=place,
        outlook=outlook,
        exceptions=list_exceptions(calendar, outlook.span),
    )


def look_at(place: Place, calendar: Calendar, on: date) -> Outlook:
    """Give what becomes of the quarter of a place at the pace of the last four weeks."""
    span = look_ahead(on, calendar)
    lines = count_lines(place.scope, on)
    most = max((line.counts.done + line.counts.left for line in lines), default=0)
    rows = [_row(line, forecast(line.counts, span, calendar), most) for line in lines]
    whole = sum((line.counts for line in lines), Counts())
    return Outlook(span, forecast(whole, span, calendar), tuple(rows))


def find_warning(place: Place, on: date) -> Outlook | None:
    """Give the outlook of a team or a member whose pace is too low, from week six of the quarter.

    A centre and the county read stored figures; their forecast is one press away.
    """
    if place.scope.kind not in ("team", "member") or week_of_quarter(on) < WARN_FROM_WEEK:
        return None
    outlook = look_at(place, get_calendar(), on)
    return outlook if outlook.whole.warn else None


def _row(line: Line, found: Forecast, most: int) -> Row:
    parts = (("good", line.counts.done), ("rest", found.reach), ("warn", found.missing))
    base = url_for("forecast.index")
    address = f"{base}?{urlencode({line.kind: line.key})}" if line.kind in OPENING else ""
    return Row(line, found, draw_strip(parts, most), address)


def list_exceptions(calendar: Calendar, span: Span) -> list[tuple[date, bool, str]]:
    """Give the days of the rest of the quarter that are not what their weekday says: the day,
    whether it is worked, and why."""
    notes = {one.day: one.note for one in list_county_days(span.on)}
    days = calendar.list_exceptions(span.on, span.last)
    return [(day, calendar.works(day), notes.get(day) or holiday_name(day)) for day in days]
