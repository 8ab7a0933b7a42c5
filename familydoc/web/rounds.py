"""Team rounds: what is to be done this week, month and quarter, who came, and the county's look."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions import rounds as actions
from familydoc.models.rounds import Round
from familydoc.queries import rounds as queries
from familydoc.queries.rounds import UNCHECKED, Tally, Wanted
from familydoc.rules.errors import RuleError
from familydoc.rules.rounds import RoundRefused, last_day, load_kinds
from familydoc.rules.values import parse_iso_date
from familydoc.web.access import allowed, requires, viewer
from familydoc.web.forms.rounds import ReasonForm, ReportForm, people_of, read_people

blueprint = Blueprint("rounds", __name__)
Answer = Response | str | tuple[str, int]
KEPT = ("list", "kind", "day", "team", "centre")
WORDS = {"week": "本周", "month": "本月", "quarter": "本季度"}


@blueprint.get("/rounds")
@requires("rounds.see")
def index() -> str:
    wanted = read_wanted()
    found = queries.list_rounds(viewer(), wanted, read_after(request.args.get("after", "")))
    shown = found[: queries.PAGE]
    more = len(found) > len(shown)
    return render_template(
        "rounds/index.html",
        wanted=wanted,
        kinds=load_kinds(),
        rounds=shown,
        total=queries.count_rounds(viewer(), wanted),
        overdue=count(wanted, "overdue"),
        unchecked=count(wanted, UNCHECKED) if allowed("rounds.check") else None,
        tallies=queries.count_by_kind(viewer(), wanted),
        word_of=word_of,
        around=around(wanted),
        next_address=here(after=f"{shown[-1].due_on}.{shown[-1].id}") if more else "",
        here=here,
    )


def read_wanted() -> Wanted:
    """Read what is asked for from the address; what makes no sense is left out."""
    args = request.args
    day = parse_iso_date(args.get("day"))
    lists = (*queries.LISTS, UNCHECKED) if allowed("rounds.check") else queries.LISTS
    return Wanted(
        on=clock.today(),
        which=args["list"] if args.get("list") in lists else "open",
        kind=args["kind"] if args.get("kind") in load_kinds() else "",
        day=day if day and 2000 <= day.year <= 2200 else None,
        team=args.get("team", "")[:36],
        centre=args.get("centre", "")[:20],
    )


def read_after(text: str) -> tuple[date, int] | None:
    """Read the key of the last round of the page before: 2026-11-20.123."""
    day, _, number = text.partition(".")
    found = parse_iso_date(day)
    if found is None or not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    return found, int(number)


def count(wanted: Wanted, which: str) -> int:
    """Count another list of the same place."""
    return queries.count_rounds(
        viewer(), Wanted(wanted.on, which, "", None, wanted.team, wanted.centre)
    )


def here(**changed: Any) -> str:
    """Give this list's address with some conditions changed; None takes one out."""
    kept = {key: request.args[key] for key in KEPT if request.args.get(key)}
    wanted = {key: value for key, value in {**kept, **changed}.items() if value}
    return f"{request.path}?{urlencode(wanted)}" if wanted else request.path


def word_of(tally: Tally) -> str:
    """Give what people call the period: 本周, or its first and last day."""
    if tally.first <= clock.today() <= tally.last:
        return WORDS[tally.kind.period]
    return f"{tally.first.month}月{tally.first.day}日至{tally.last.month}月{tally.last.day}日"


def around(wanted: Wanted) -> tuple[str, str] | None:
    """Give the addresses of the period before and, unless it lies ahead, the one after."""
    if wanted.which not in ("period", "done", "missed") or not wanted.kind:
        return None
    first, last = wanted.periods[0][1]
    after = last + timedelta(days=1)
    later = here(day=after.isoformat()) if after <= wanted.on else ""
    return here(day=(first - timedelta(days=1)).isoformat()), later


def find_round(number: int) -> Round:
    """Give a round in scope, or 404; numbers beyond the database's are not there."""
    found = queries.get_round(viewer(), number) if number < 2**31 else None
    return found or abort(404)


@blueprint.get("/rounds/<int:number>")
@requires("rounds.see")
def detail(number: int) -> str:
    round_ = find_round(number)
    form = ReportForm(
        formdata=None,
        done_on=clock.today().isoformat() if round_.state == "open" else "",
        patients=round_.patients,
        prescriptions=round_.prescriptions,
        guests=round_.guests,
        note=round_.note,
    )
    return page(round_, form)


def page(
    round_: Round,
    form: ReportForm,
    errors: dict[str, str] | None = None,
    reason: ReasonForm | None = None,
) -> str:
    """Show a round with its report, and everything that was typed."""
    expected = queries.list_expected(round_)
    others = queries.list_others(round_, expected)
    people = read_people(expected, others) if request.method == "POST" else people_of(round_)
    return render_template(
        "rounds/detail.html",
        round=round_,
        kind=load_kinds()[round_.kind],
        form=form,
        reason=reason or ReasonForm(formdata=None),
        asked=reason is not None,
        errors=errors or {},
        expected=expected,
        others=others,
        said={person.uid: person for person in people},
        last=last_day(round_.state, round_.due_on, clock.today()),
        history=queries.list_history(round_),
    )


@blueprint.post("/rounds/<int:number>/report")
@requires("rounds.record")
def report(number: int) -> Answer:
    round_, form = find_round(number), ReportForm()
    expected = queries.list_expected(round_)
    people = read_people(expected, queries.list_others(round_, expected))
    try:
        actions.report_round(by=viewer(), round_=round_, typed=form.typed, people=people)
    except RoundRefused as refused:
        form.show(refused.errors)
        return page(round_, form, refused.errors), 422
    except RuleError as refused:
        return page(round_, form, {"round": refused.message}), 409
    flash(f"{round_.place}的{load_kinds()[round_.kind].name}已记录。")
    return redirect(url_for("rounds.index"), 303)


@blueprint.post("/rounds/<int:number>/cancel")
@requires("rounds.cancel")
def cancel(number: int) -> Answer:
    return change(number, actions.cancel_round, "已经取消。")


@blueprint.post("/rounds/<int:number>/reopen")
@requires("rounds.cancel")
def reopen(number: int) -> Answer:
    return change(number, actions.reopen_round, "已经重新打开，原来填的内容还在。")


def change(number: int, act: Any, said: str) -> Answer:
    """Do what needs a reason; without one the page says so and keeps what was typed."""
    round_, form = find_round(number), ReasonForm()
    try:
        act(by=viewer(), round_=round_, reason=form.reason.data or "")
    except RuleError as refused:
        form.reason.errors = [refused.message]
        return page(round_, ReportForm(formdata=None), reason=form), 422
    flash(said)
    return redirect(url_for("rounds.detail", number=number), 303)


@blueprint.post("/rounds/<int:number>/check")
@requires("rounds.check")
def check(number: int) -> Answer:
    round_ = find_round(number)
    try:
        actions.check_round(by=viewer(), round_=round_)
    except RuleError as refused:
        return page(round_, ReportForm(formdata=None), {"round": refused.message}), 409
    flash("到岗已核对。")
    return redirect(url_for("rounds.index", list=UNCHECKED), 303)
