"""Care that waits: in hospital or refused; who is paused, who comes back, who may be lost."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from familydoc import clock
from familydoc.actions import pauses as actions
from familydoc.labels import word
from familydoc.models.enrolments import Enrolment
from familydoc.models.pauses import CarePause
from familydoc.models.residents import Resident
from familydoc.queries import absences, contacts
from familydoc.queries import pauses as queries
from familydoc.queries.enrolments import list_enrolments
from familydoc.rules.errors import RuleError
from familydoc.rules.pauses import KINDS, OF_THE_PERSON
from familydoc.rules.privacy import sign_of
from familydoc.rules.values import parse_date
from familydoc.web.access import requires, viewer
from familydoc.web.find import find_resident
from familydoc.web.forms.whereabouts import PauseForm, ReturnForm
from familydoc.web.privacy import shown_word

pages = Blueprint("pauses", __name__)


@pages.get("/residents/returning")
@requires("residents.see")
def returning() -> str:
    today = clock.today()
    return render_template(
        "residents/returning.html",
        coming=absences.list_returning(viewer(), today),
        back=absences.list_returned(viewer(), today),
    )


@pages.get("/residents/paused")
@requires("residents.see")
def paused() -> str:
    return render_template(
        "residents/paused.html",
        paused=queries.list_paused(viewer()),
        lost=contacts.list_lost_proposals(viewer()),
    )


@pages.get("/residents/<uid>/pause")
@requires("residents.edit")
def ask(uid: str) -> str:
    resident, form = find_resident(uid), PauseForm()
    asked = request.args.get("kind")
    form.kind.data = asked if asked in KINDS else None
    form.programmes.data = [sign_of(code) for code in request.args.getlist("programme")[:20]]
    form.on.data = clock.today().isoformat()
    return _page(resident, form)


@pages.post("/residents/<uid>/pause")
@requires("residents.edit")
def ask_now(uid: str) -> Any:
    resident, form = find_resident(uid), PauseForm()
    form.validate()
    kind = form.kind.data or ""
    try:
        pauses = actions.pause_care(
            by=viewer(),
            resident=resident,
            enrolments=_chosen(resident, kind, form.programmes.data or ()),
            wish=actions.Wish(
                kind, _day(form.on.data), _until(form.until.data), form.reason.data or ""
            ),
        )
    except RuleError as refused:
        field = form[refused.field if refused.field in form else "kind"]
        field.errors = [*field.errors, refused.message]
        return _page(resident, form), 422
    until = pauses[0].until
    again = f"，{until} 以后会自动恢复" if until else "，恢复时请来登记"
    flash(f"{len(pauses)} 项管理已因{word('pause', kind)}暂停{again}。转诊的核实照常进行。")
    return _back(resident)


@pages.get("/residents/<uid>/return")
@requires("residents.edit")
def come_back(uid: str) -> str:
    resident, form = find_resident(uid), ReturnForm()
    form.on.data = clock.today().isoformat()
    return _return_page(resident, form, _in_force(resident))


@pages.post("/residents/<uid>/return")
@requires("residents.edit")
def come_back_now(uid: str) -> Any:
    resident, form = find_resident(uid), ReturnForm()
    form.validate()
    pauses = _in_force(resident)
    try:
        done = actions.resume_care(
            by=viewer(), resident=resident, pauses=pauses, on=_day(form.on.data)
        )
    except RuleError as refused:
        return _refused(resident, form, pauses, refused)
    flash(f"已恢复 {done} 项管理，一周内要见面的待办已经排上。")
    return _back(resident)


@pages.post("/residents/<uid>/pause/undo")
@requires("residents.confirm")
def undo(uid: str) -> Any:
    resident, form = find_resident(uid), ReturnForm()
    form.validate()
    pauses = _in_force(resident)
    try:
        opened = actions.undo_pause(
            by=viewer(), resident=resident, pauses=pauses, reason=form.reason.data or ""
        )
    except RuleError as refused:
        return _refused(resident, form, pauses, refused)
    flash(f"暂停已撤销，恢复 {opened} 项待办。")
    return _back(resident)


def _chosen(resident: Resident, kind: str, programmes: Sequence[str]) -> list[Enrolment]:
    """A stay in hospital concerns every programme; others those that were ticked."""
    active = [one for one in list_enrolments(resident.id) if one.state == "active"]
    if kind in OF_THE_PERSON:
        return active
    return [one for one in active if sign_of(one.programme) in programmes]


def _in_force(resident: Resident) -> list[CarePause]:
    """Give the pauses the page is about: of one kind, and of one programme where it names one."""
    asked = request.values.get("kind", "")
    programme = request.values.get("programme", "")
    return [
        pause
        for pause in queries.list_in_force(resident.id)
        if asked in ("", pause.kind) and programme in ("", sign_of(pause.enrolment.programme))
    ]


def _day(text: object) -> Any:
    day = parse_date(text)
    if day is None:
        raise RuleError("date_invalid", "请填存在的日期，例如 2026-03-05。", "on")
    return day


def _until(text: object) -> Any:
    day = parse_date(text)
    if text and day is None:
        raise RuleError("until_invalid", "请填存在的日期，例如 2026-03-05，或者空着。", "until")
    return day


def _page(resident: Resident, form: PauseForm) -> str:
    active = [one for one in list_enrolments(resident.id) if one.state == "active"]
    form.programmes.choices = [
        SelectChoice(sign_of(one.programme), shown_word("programme", one.programme))
        for one in active
    ]
    return render_template("residents/pause.html", resident=resident, form=form, active=active)


def _return_page(resident: Resident, form: ReturnForm, pauses: Sequence[CarePause]) -> str:
    return render_template(
        "residents/return.html",
        resident=resident,
        form=form,
        pauses=pauses,
        kind=request.values.get("kind", ""),
        programme=request.values.get("programme", ""),
    )


def _refused(
    resident: Resident, form: ReturnForm, pauses: Sequence[CarePause], refused: RuleError
) -> tuple[str, int]:
    if refused.code == "not_paused" and not pauses:
        abort(410)
    field = form[refused.field if refused.field in form else "on"]
    field.errors = [*field.errors, refused.message]
    return _return_page(resident, form, pauses), 422


def _back(resident: Resident) -> Response:
    return redirect(url_for("residents.detail", uid=resident.uid), 303)
