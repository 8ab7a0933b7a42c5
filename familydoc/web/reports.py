"""How it is going: the numbers of a team, a centre or the county, and the lists behind them."""

from functools import partial

from flask import Blueprint, render_template, request

from familydoc import clock
from familydoc.actions.figures import refresh_figures
from familydoc.formats.bars import Bars, draw_bars
from familydoc.queries.chains import count_broken
from familydoc.queries.counts import Due
from familydoc.queries.report_lines import Report, count_report, read_report
from familydoc.queries.reports import completed_of
from familydoc.queries.rounds import Standing, Wanted, count_standing
from familydoc.queries.task_periods import PERIODS, STATES
from familydoc.rules.indicators import find_indicator, list_indicators
from familydoc.web.access import allowed, requires, viewer
from familydoc.web.forecast import find_warning
from familydoc.web.report_places import (
    Place,
    find_place,
    line_page,
    list_behind,
    tasks_of_line,
)

blueprint = Blueprint("reports", __name__)

#: Places whose numbers are stored; a team's and a member's are counted from their own rows.
STORED = ("county", "centre")
#: The columns of a table: the state of the list behind, and the indicator it is counted as.
COLUMNS = {"overdue": "overdue_open"} | {state: state for state in STATES if state != "overdue"}


@blueprint.get("/reports")
@requires("reports.see")
def index() -> str:
    period = request.args.get("period", "")
    period = period if period in PERIODS else PERIODS[0]
    place = find_place(viewer())
    report = _report(place, period)
    return render_template(
        "reports/index.html",
        place=place,
        period=period,
        report=report,
        heads={state: find_indicator(code) for state, code in COLUMNS.items()},
        behind=partial(list_behind, place, period=period),
        line_page=partial(line_page, period=period),
        line_list=partial(tasks_of_line, place, period=period),
        bars=_bars(report),
        rounds=_rounds(place),
        broken=_broken(place),
        too_slow=find_warning(place, clock.today()),
    )


@blueprint.get("/reports/indicators")
@requires("reports.see")
def indicators() -> str:
    return render_template("reports/indicators.html", indicators=list_indicators())


def _report(place: Place, period: str) -> Report:
    if place.scope.kind not in STORED:
        return count_report(place.scope, clock.today(), period, clock.now())
    refresh_figures(by=viewer())
    return read_report(place.scope, period)


def _broken(place: Place) -> int | None:
    """The chains that broke in a place, which the list behind counts alike."""
    if not allowed("referrals.see"):
        return None
    address = {key: place.address[key] for key in ("team", "centre") if key in place.address}
    return count_broken(viewer(), clock.today(), **address)


def _rounds(place: Place) -> Standing | None:
    """The rounds of a team, a centre or the county; somebody's own have no place of their own."""
    if place.scope.kind == "member" or not allowed("rounds.see"):
        return None
    return count_standing(
        viewer(),
        Wanted(
            on=clock.today(),
            team=place.address.get("team", ""),
            centre=place.address.get("centre", ""),
        ),
    )


def _bars(report: Report) -> Bars | None:
    """What fell due each month, from the bottom up: done on time, done late, not done."""
    return draw_bars(
        [(f"{first.month}月", _share(due), _parts(due)) for first, due in report.months]
    )


def _share(due: Due) -> str:
    number = completed_of(due, "month")
    return f"{number.text}{number.unit}"


def _parts(due: Due) -> list[tuple[str, int]]:
    rest = due.due - due.done
    return [("good", due.done_on_time), ("warn", due.done_late), ("rest", rest)]
