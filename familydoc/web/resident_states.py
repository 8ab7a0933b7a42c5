"""Where a resident is: asking, confirming in words, turning down, taking back."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from familydoc import clock
from familydoc.actions import states as actions
from familydoc.labels import word
from familydoc.models.residents import Resident, ResidentState
from familydoc.queries import states as queries
from familydoc.queries.contacts import find_failed_visits
from familydoc.queries.enrolments import list_enrolments
from familydoc.queries.tasks import list_open_tasks
from familydoc.queries.whereabouts import facts_of
from familydoc.rules.errors import RuleError
from familydoc.rules.facts import Fact, read_fact
from familydoc.rules.states import choices, needs_confirmation
from familydoc.rules.values import parse_date
from familydoc.web.access import allowed, requires, viewer
from familydoc.web.find import find_resident
from familydoc.web.forms.residents import ConfirmForm, ReasonForm, RefuseForm, StateForm

pages = Blueprint("states", __name__)


@pages.get("/residents/<uid>/state")
@requires("residents.edit")
def ask(uid: str) -> Any:
    resident, form = find_resident(uid), StateForm()
    if queries.find_pending(resident.id) is not None:
        return redirect(url_for("residents.states.confirm", uid=uid), 303)
    form.on.data = clock.today().isoformat()
    asked = request.args.get("state")
    form.state.data = asked if asked in choices(resident.state) else None
    form.until.data = request.args.get("until", "")[:10]
    if asked == "lost":
        form.reason.data = _failed_words(resident)
    return _ask_page(resident, form)


@pages.post("/residents/<uid>/state")
@requires("residents.edit")
def ask_now(uid: str) -> Any:
    resident, form = find_resident(uid), StateForm()
    form.validate()
    try:
        change = actions.ask_state(
            by=viewer(),
            resident=resident,
            state=form.state.data or "",
            on=_day(form.on.data, "on", "从哪天起"),
            reason=form.reason.data or "",
            until=parse_date(form.until.data),
            fact=_fact(form) if form.state.data == "deceased" else None,
        )
    except RuleError as refused:
        field = form[refused.field if refused.field in form else "state"]
        field.errors = [*field.errors, refused.message]
        return _ask_page(resident, form), 422
    return _after_asking(resident, change)


def _fact(form: StateForm | ConfirmForm) -> Fact:
    return read_fact(form.fact.data or "", form.detail.data or "", viewer().name)


def _failed_words(resident: Resident) -> str:
    """Say why somebody is called lost, where three visits in a row have failed."""
    days = find_failed_visits(resident.id)
    return f"连续 {len(days)} 次上门没有见到，最后一次 {days[-1]}" if days else ""


def _ask_page(resident: Resident, form: StateForm) -> str:
    form.state.choices = [
        SelectChoice(
            state, "回来了，恢复在住" if state == "present" else word("resident_state", state)
        )
        for state in choices(resident.state)
    ]
    return render_template("residents/state.html", resident=resident, form=form)


def _day(text: Any, field: str, name: str) -> Any:
    day = parse_date(text)
    if day is None:
        raise RuleError("date_invalid", f"“{name}”请填存在的日期，例如 2026-03-05。", field)
    return day


def _after_asking(resident: Resident, change: ResidentState) -> Response:
    """Who may confirm is led to the second step; for others somebody else takes it."""
    here = url_for("residents.detail", uid=resident.uid)
    if not needs_confirmation(change.state):
        flash(f"{resident.name}现在是“{word('resident_state', change.state)}”。")
    elif allowed("residents.confirm"):
        here = url_for("residents.states.confirm", uid=resident.uid)
    else:
        flash("已经登记，等团队长或主任确认后生效。")
    return redirect(here, 303)


@pages.get("/residents/pending")
@requires("residents.confirm")
def pending() -> str:
    return render_template("residents/pending.html", waiting=queries.list_pending(viewer()))


@pages.get("/residents/<uid>/state/confirm")
@requires("residents.edit")
def confirm(uid: str) -> str:
    resident = find_resident(uid)
    return _confirm_page(resident, ConfirmForm(), RefuseForm())


@pages.post("/residents/<uid>/state/confirm")
@requires("residents.confirm")
def confirm_now(uid: str) -> Any:
    resident, form = find_resident(uid), ConfirmForm()
    change = _waiting(resident)
    if not form.sure.data:
        form.sure.errors = ["请先勾选这一句，再按确认。"]
        return _confirm_page(resident, form, RefuseForm()), 422
    try:
        actions.confirm_state(
            by=viewer(),
            resident=resident,
            change=change,
            fact=_fact(form) if change.state == "deceased" else None,
        )
    except RuleError as refused:
        field = form[refused.field if refused.field in form else "sure"]
        field.errors = [*field.errors, refused.message]
        return _confirm_page(resident, form, RefuseForm()), 422
    flash(
        f"已确认：{resident.name}{word('resident_state', change.state)}，不再出现在名单和统计里。"
    )
    return redirect(url_for("residents.detail", uid=uid), 303)


@pages.post("/residents/<uid>/state/refuse")
@requires("residents.confirm")
def refuse(uid: str) -> Any:
    resident, form = find_resident(uid), RefuseForm()
    change = _waiting(resident)
    try:
        actions.refuse_state(
            by=viewer(), resident=resident, change=change, reason=form.reason.data or ""
        )
    except RuleError as refused:
        form.reason.errors = [refused.message]
        return _confirm_page(resident, ConfirmForm(), form), 422
    flash("没有同意这次登记，居民仍然在册。")
    return redirect(url_for("residents.detail", uid=uid), 303)


def _waiting(resident: Resident) -> ResidentState:
    return queries.find_pending(resident.id) or abort(410)


def _confirm_page(resident: Resident, form: ConfirmForm, refusal: RefuseForm) -> str:
    change = _waiting(resident)
    live = [one for one in list_enrolments(resident.id) if one.state != "ended"]
    return render_template(
        "residents/confirm.html",
        resident=resident,
        change=change,
        form=form,
        refusal=refusal,
        facts=facts_of(change),
        enrolments=live,
        tasks=list_open_tasks(resident.id),
        contract=queries.find_active_contract(resident.id),
    )


@pages.get("/residents/<uid>/undo")
@requires("residents.confirm")
def undo(uid: str) -> str:
    return render_template("residents/undo.html", resident=find_resident(uid), form=ReasonForm())


@pages.post("/residents/<uid>/undo")
@requires("residents.confirm")
def undo_now(uid: str) -> Any:
    resident, form = find_resident(uid), ReasonForm()
    try:
        done = actions.undo_state(by=viewer(), resident=resident, reason=form.reason.data or "")
    except RuleError as refused:
        form.reason.errors = [refused.message]
        return render_template("residents/undo.html", resident=resident, form=form), 422
    contract = "和签约协议" if done.contract else ""
    flash(
        f"已撤销，{resident.name}恢复为“{word('resident_state', done.state)}”，"
        f"恢复 {done.enrolments} 项管理、{done.tasks} 项待办{contract}。"
    )
    return redirect(url_for("residents.detail", uid=uid), 303)
