"""A resident's enrolments: paused, taken up again, ended."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions import enrolments as actions
from familydoc.actions.pauses import Wish, pause_care, resume_care
from familydoc.labels import LABELS
from familydoc.models.enrolments import Enrolment
from familydoc.models.residents import Resident
from familydoc.queries.enrolments import find_live_enrolment
from familydoc.queries.pauses import find_in_force
from familydoc.rules.privacy import code_of
from familydoc.rules.values import clean_text
from familydoc.web.access import requires, viewer
from familydoc.web.find import find_resident
from familydoc.web.forms.residents import CareForm
from familydoc.web.privacy import shown_word

pages = Blueprint("care", __name__)
SHORTEST_REASON, LONGEST_REASON = 2, 100


@pages.get("/residents/<uid>/enrolments/<programme>")
@requires("residents.edit")
def manage(uid: str, programme: str) -> str:
    resident = find_resident(uid)
    return _page(resident, _live(resident, programme), CareForm())


@pages.post("/residents/<uid>/enrolments/<programme>")
@requires("residents.edit")
def change(uid: str, programme: str) -> Any:
    resident, form = find_resident(uid), CareForm()
    enrolment = _live(resident, programme)
    reason, act = clean_text(form.reason.data or "") or "", form.act.data
    if act in ("suspend", "end") and not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        form.reason.errors = [f"请写明原因，{SHORTEST_REASON} 到 {LONGEST_REASON} 个字。"]
        return _page(resident, enrolment, form), 422
    name = shown_word("programme", enrolment.programme)
    if act == "suspend":
        wish = Wish("other", clock.today(), None, reason)
        pause_care(by=viewer(), resident=resident, enrolments=[enrolment], wish=wish)
        flash(f"{name}管理已暂停，待办等着，恢复时请来登记。")
    elif act == "end":
        actions.end_enrolment(by=viewer(), enrolment=enrolment, on=clock.today(), reason=reason)
        flash(f"{name}管理已结束，待办已取消。")
    elif act == "resume":
        _resume(resident, enrolment)
        flash(f"{name}管理已恢复。")
    return _back(resident)


def _resume(resident: Resident, enrolment: Enrolment) -> None:
    pause, today = find_in_force(enrolment.id), clock.today()
    if pause is None:
        actions.resume_enrolment(by=viewer(), enrolment=enrolment, on=today)
    else:
        resume_care(by=viewer(), resident=resident, pauses=[pause], on=today)


def _live(resident: Resident, sign: str) -> Enrolment:
    """Give the live enrolment an address names: by its code, a private one by its sign."""
    code = code_of(sign)
    known = code in LABELS["programme"]
    return (find_live_enrolment(resident.id, code) if known else None) or abort(404)


def _page(resident: Resident, enrolment: Enrolment, form: CareForm) -> str:
    return render_template(
        "residents/enrolment.html", resident=resident, enrolment=enrolment, form=form
    )


def _back(resident: Resident) -> Response:
    return redirect(url_for("residents.detail", uid=resident.uid), 303)
