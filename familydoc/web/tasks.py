"""The today list, the lists behind the reports, and what came of a call."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions.referrals import close_referral
from familydoc.labels import LABELS
from familydoc.models.organisations import Division
from familydoc.models.tasks import RANK_DANGER
from familydoc.queries import today as queries
from familydoc.queries.chains import count_broken
from familydoc.queries.counts import Scope
from familydoc.queries.jobs import get_last_run
from familydoc.queries.referrals import find_open_referral, list_urgent
from familydoc.queries.reports import completed_quarter
from familydoc.queries.task_periods import PERIODS, SHOWN
from familydoc.rules.errors import RuleError
from familydoc.web.access import requires, viewer
from familydoc.web.forms.tasks import ReferralForm
from familydoc.web.htmx import page_or_fragment
from familydoc.web.privacy import read_code
from familydoc.web.report_places import find_own_place
from familydoc.web.task_contacts import contact, find_task, record
from familydoc.web.task_reports import report, reported

blueprint = Blueprint("tasks", __name__)
TOTALS = (
    ("overdue", "逾期", "danger"),
    ("today", "今日到期", "warn"),
    ("soon", "14天内", ""),
    ("done", "本周已完成", "good"),
)
Counted = list[tuple[Division, dict[str, int]]]
KEPT = (
    *("list", "whose", "village", "member", "programme", "team", "centre"),
    *("period", "state", "group"),
)


@blueprint.get("/tasks")
@requires("tasks.see")
def index() -> str:
    wanted = read_wanted()
    if wanted.period:
        return show_period(wanted)
    page = queries.list_people(viewer(), wanted, request.args.get("after", ""))
    counted = queries.count_open(viewer(), wanted)
    return page_or_fragment(
        "tasks/index.html",
        "tasks/_people.html",
        wanted=wanted,
        found=page,
        groups=in_groups(page.rows, wanted.group),
        total=count_list(wanted, counted),
        totals=[
            {"which": which, "name": name, "tone": tone, "number": count_list(one, counted)}
            for which, name, tone in TOTALS
            for one in (replace(wanted, which=which, group=""),)
        ],
        villages=[(v.code, v.short_name, numbers["all"]) for v, numbers in counted],
        next_address=next_address(page.after),
        here=here,
        night=get_last_run(),
        quarter=completed_quarter(quarter_scope(wanted), wanted.on),
        letters=urgent_letters(page.rows),
        broken=count_broken(viewer(), wanted.on),
    )


def urgent_letters(cards: Sequence[queries.Card]) -> dict[int, str]:
    """Give the urgent letter of those in the danger chain; asked for only when there are any."""
    chain = [card.resident.id for card in cards if card.first.rank == RANK_DANGER]
    return list_urgent(chain)


def show_period(wanted: queries.Wanted) -> str:
    """The list behind a number of the leader's page: one row a task."""
    page = queries.list_tasks(viewer(), wanted, request.args.get("after", ""))
    return render_template(
        "tasks/period.html",
        wanted=wanted,
        found=page,
        total=queries.count_tasks(viewer(), wanted),
        next_address=next_address(page.after),
        here=here,
    )


def read_wanted() -> queries.Wanted:
    """Read what is asked for from the address; what makes no sense is left out."""
    args = request.args
    period = args.get("period", "") if args.get("period") in PERIODS else ""
    member, programme = args.get("member", ""), read_code(args.get("programme", ""))
    return queries.Wanted(
        on=clock.today(),
        which=args["list"] if args.get("list") in queries.LISTS else "all",
        mine=whose() == "mine",
        member=int(member) if member.isascii() and member.isdigit() and len(member) < 10 else None,
        village=args.get("village", "")[:12],
        programme=programme if programme in LABELS["programme"] else "",
        team=args.get("team", "")[:36],
        centre=args.get("centre", "")[:20],
        period=period,
        state=args["state"] if args.get("state") in SHOWN else "due",
        group=args.get("group", "") if args.get("group") in queries.GROUPS else "",
    )


def whose() -> str:
    """A leader starts with the team, others with their own; a narrowed list is everybody's."""
    asked = request.args.get("whose")
    if asked in ("mine", "team"):
        return asked
    narrowed = any(request.args.get(key) for key in ("member", "team", "centre", "period"))
    return "mine" if viewer().role == "member" and not narrowed else "team"


def here(**changed: Any) -> str:
    """Give this list's address with some conditions changed; None takes one out."""
    kept = {key: request.args[key] for key in KEPT if request.args.get(key)}
    wanted = {key: value for key, value in {**kept, **changed}.items() if value}
    return f"{request.path}?{urlencode(wanted)}" if wanted else request.path


def next_address(after: str) -> str:
    return here(after=after) if after else ""


def count_list(wanted: queries.Wanted, counted: Counted) -> int:
    """Count a list's people; the open ones are counted by village already."""
    if wanted.which not in queries.OPEN_LISTS:
        return queries.count_people(viewer(), wanted)
    here = (numbers for v, numbers in counted if wanted.village in ("", v.code))
    return sum(numbers[wanted.which] for numbers in here)


def quarter_scope(wanted: queries.Wanted) -> Scope:
    """Whose quarter stands beside the list: one's own, or that of the place one leads."""
    if wanted.mine and viewer().staff_id is not None:
        return Scope("member", viewer().staff_id or 0)
    return find_own_place(viewer()).scope


def in_groups(cards: Any, group: str) -> list[tuple[str, list[queries.Card]]]:
    """Put cards under the village, or the village and address of the household."""
    found: dict[str, list[queries.Card]] = {}
    for card in cards:
        found.setdefault(_heading(card.resident, group), []).append(card)
    return list(found.items())


def _heading(resident: Any, group: str) -> str:
    if group == "village":
        return str(resident.village.short_name)
    if group == "household":
        home = resident.household.address if resident.household else ""
        return f"{resident.village.short_name} · {home or resident.address or '住址未填'}"
    return ""


blueprint.get("/tasks/<int:number>/contact")(contact)
blueprint.post("/tasks/<int:number>/contact")(record)
blueprint.get("/tasks/<int:number>/report")(report)
blueprint.post("/tasks/<int:number>/report")(reported)


@blueprint.get("/tasks/<int:number>/referral")
@requires("visits.record")
def referral(number: int) -> str:
    task = find_task(number)
    opened = find_open_referral(task.resident_id, task.programme) or abort(404)
    return render_template("tasks/referral.html", task=task, referral=opened, form=ReferralForm())


@blueprint.post("/tasks/<int:number>/referral")
@requires("visits.record")
def check(number: int) -> Response | tuple[str, int]:
    task, form = find_task(number), ReferralForm()
    opened = find_open_referral(task.resident_id, task.programme) or abort(404)
    if form.validate():
        try:
            close_referral(
                by=viewer(),
                referral=opened,
                outcome=form.outcome.data,
                result=form.result.data or "",
                on=clock.today(),
            )
        except RuleError as refused:
            form.outcome.errors = [refused.message]
        else:
            flash("转诊结果已登记，这项待办完成。")
            return redirect(url_for("tasks.index"), 303)
    return render_template("tasks/referral.html", task=task, referral=opened, form=form), 422
