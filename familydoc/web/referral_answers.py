"""The hospital's side of a referral: received, answered, sent back to the team."""

import uuid

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions import referrals_answer as actions
from familydoc.models.referrals import Referral
from familydoc.queries.referrals import get_discharge_days, get_received
from familydoc.queries.scope import receives
from familydoc.rules.errors import RuleError
from familydoc.rules.identity import parse_identity
from familydoc.rules.referrals import check_step, read_answer, read_words
from familydoc.web.access import requires, viewer
from familydoc.web.find import UID
from familydoc.web.forms.referrals import AnswerForm, DownForm

pages = Blueprint("answers", __name__)


@pages.post("/referrals/<uid>/receive")
@requires("referrals.receive")
def receive(uid: str) -> Response:
    referral = find_received(uid)
    try:
        actions.receive_referral(by=viewer(), referral=referral)
        flash("已登记接诊，基层团队会看到。")
    except RuleError as refused:
        flash(refused.message, "danger")
    return _back(uid)


@pages.get("/referrals/<uid>/answer")
@requires("referrals.receive")
def show(uid: str) -> str | Response:
    referral = find_received(uid)
    try:
        check_step(referral.stage, "answer")
    except RuleError as refused:
        flash(refused.message, "danger")
        return _back(uid)
    return _page(referral, AnswerForm(obj=referral))


@pages.post("/referrals/<uid>/answer")
@requires("referrals.receive")
def save(uid: str) -> Response | tuple[str, int]:
    referral, form = find_received(uid), AnswerForm()
    try:
        answer = read_answer(form.diagnosis.data, form.treatment.data, form.advice.data)
        if form.back.data == "yes":
            actions.discharge_referral(
                by=viewer(), referral=referral, answer=answer, on=clock.today()
            )
            flash("已转回基层。团队的待办里有了入户访视。")
        elif form.back.data == "no":
            actions.answer_referral(by=viewer(), referral=referral, answer=answer)
            flash("答复已保存，基层团队会看到。")
        else:
            raise RuleError("back_missing", "请选病人现在在哪里。", "back")
    except RuleError as refused:
        form.show(refused.field, refused.message)
        return _page(referral, form), 422
    return _back(uid)


@pages.get("/referrals/down")
@requires("referrals.receive")
def down() -> str:
    only_in_a_hospital()
    return _down_page(DownForm(uid=str(uuid.uuid4())))


@pages.post("/referrals/down")
@requires("referrals.receive")
def send_down() -> Response | tuple[str, int]:
    only_in_a_hospital()
    form = DownForm()
    try:
        answer = read_answer(form.diagnosis.data, form.treatment.data, form.advice.data)
        name = read_words(form.name.data, "name", "姓名", 50, required=True).replace(" ", "")
        number = read_number(form.identity.data)
        referral = actions.send_down(
            by=viewer(),
            uid=(form.uid.data or str(uuid.uuid4()))[:36],
            number=number,
            name=name,
            answer=answer,
            on=clock.today(),
        )
    except RuleError as refused:
        form.show(refused.field, refused.message)
        return _down_page(form), 422
    flash("已转回基层，团队会看到。")
    return _back(referral.uid)


def only_in_a_hospital() -> None:
    if not receives(viewer()):
        abort(404)


def read_number(typed: str | None) -> str:
    """Give the identity number; RuleError names the field."""
    try:
        return parse_identity(typed, clock.today()).number
    except RuleError as refused:
        raise RuleError(refused.code, refused.message, "identity") from refused


def _down_page(form: DownForm) -> str:
    days = get_discharge_days(clock.today())
    return render_template("referrals/down.html", form=form, days=days)


def find_received(uid: str) -> Referral:
    """Give a referral that came to the viewer's hospital, or 404."""
    known = UID.fullmatch(uid) is not None
    return (get_received(viewer(), uid) if known else None) or abort(404)


def is_received(referral: Referral) -> bool:
    return get_received(viewer(), referral.uid) is not None


def note_reading(referral: Referral) -> None:
    """A hospital sees a person of somebody else's: every look is on record."""
    actions.read_referral(by=viewer(), referral=referral)


def _page(referral: Referral, form: AnswerForm) -> str:
    days = get_discharge_days(clock.today())
    return render_template("referrals/answer.html", referral=referral, form=form, days=days)


def _back(uid: str) -> Response:
    return redirect(url_for("referrals.detail", uid=uid), 303)
