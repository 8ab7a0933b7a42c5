"""Referrals: what a team has sent, what a hospital has received, the letter, the broken chains."""

import uuid
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions import referrals as actions
from familydoc.labels import word
from familydoc.models.organisations import Organisation
from familydoc.models.referrals import Referral
from familydoc.models.residents import Resident
from familydoc.queries import chains, scope
from familydoc.queries import referrals as queries
from familydoc.queries.enrolments import list_enrolments
from familydoc.queries.letters import get_letter
from familydoc.rules.errors import RuleError
from familydoc.rules.privacy import word_for
from familydoc.rules.referrals import NAME, read_department, read_reason, read_words
from familydoc.web import referral_answers
from familydoc.web.access import requires, viewer
from familydoc.web.find import UID, address_of, find_resident
from familydoc.web.forms.referrals import (
    ELSEWHERE,
    NO_PROGRAMME,
    CancelForm,
    PlaceForm,
    ReferForm,
    options,
)
from familydoc.web.privacy import concealed

blueprint = Blueprint("referrals", __name__)
#: The tabs of each side with their words and tones.
RECEIVED = (
    ("new", "待接诊", "warn"),
    ("here", "在院", ""),
    ("back", "已转回", "good"),
    ("checked", "基层说已来过", ""),
)
SENT = (
    ("waiting", "等结果", "warn"),
    ("overdue", "过期没结果", "danger"),
    ("answered", "医院已答复", "good"),
    ("all", "全部", ""),
)


@blueprint.get("/referrals")
@requires("referrals.see")
def index() -> str:
    """What came to a hospital; what was sent, for the others and on request."""
    received = scope.receives(viewer()) and request.args.get("side") != "sent"
    return _received() if received else _sent()


def _received() -> str:
    which = _tab(queries.RECEIVED)
    page = queries.list_received(viewer(), which, request.args.get("after", ""))
    counts = queries.count_received(viewer())
    return _list("收到的转诊", RECEIVED, which, page, counts, received=True)


def _sent() -> str:
    which, on = _tab(queries.SENT), clock.today()
    page = queries.list_sent(viewer(), which, on, request.args.get("after", ""))
    return _list("转诊", SENT, which, page, queries.count_sent(viewer(), on), received=False)


def _tab(tabs: tuple[str, ...]) -> str:
    asked = request.args.get("list", "")
    return asked if asked in tabs else tabs[0]


def _list(title: str, tabs: Any, which: str, page: queries.Page, counts: Any, **more: Any) -> str:
    side = "sent" if scope.receives(viewer()) and not more["received"] else None
    after = page.after or None
    return render_template(
        "referrals/index.html",
        title=title,
        tabs=[
            (code, name, tone, counts[code], url_for(".index", list=code, side=side))
            for code, name, tone in tabs
        ],
        which=which,
        found=page,
        total=counts[which],
        side=side,
        both=scope.receives(viewer()) and viewer().staff_id is not None,
        next_address=url_for(".index", list=which, side=side, after=after) if after else "",
        named=named,
        broken=chains.count_broken(viewer(), clock.today()) if not more["received"] else None,
        **more,
    )


def named(code: str, *, outside: bool) -> str:
    """Give a programme's name on a list; outside the team a private one has another word."""
    return word_for("programme", code, own=not outside) or "其他"


@blueprint.get("/referrals/broken")
@requires("referrals.see")
def broken() -> str:
    """The chains that broke, in the viewer's scope or in a part of it."""
    team, centre = _key("team"), _key("centre")
    on = clock.today()
    page = chains.list_broken(viewer(), on, team, centre, request.args.get("after", ""))
    return render_template(
        "referrals/broken.html",
        found=page,
        total=chains.count_broken(viewer(), on, team, centre),
        next_address=url_for(".broken", team=team or None, centre=centre or None, after=page.after)
        if page.after
        else "",
        named=named,
    )


def _key(name: str) -> str:
    asked = request.args.get(name, "")
    return asked if UID.fullmatch(asked) else ""


@blueprint.get("/referrals/<uid>")
@requires("referrals.see")
def detail(uid: str) -> str:
    referral = find_referral(uid)
    mine = referral_answers.is_received(referral)
    if mine:
        referral_answers.note_reading(referral)
        referral = find_referral(uid)
    return render_template(
        "referrals/detail.html",
        referral=referral,
        letter=get_letter(referral),
        mine=mine,
        sent=queries.get_sent(viewer(), uid) is not None,
        check=queries.find_check(referral),
        form=CancelForm(),
        address_of=address_of,
    )


@blueprint.get("/referrals/<uid>/letter")
@requires("referrals.see")
def letter(uid: str) -> str:
    """The sheet of two halves: what the hospital gets, and what it tears off and sends back."""
    referral = find_referral(uid)
    if referral_answers.is_received(referral):
        referral_answers.note_reading(referral)
        referral = find_referral(uid)
    elif concealed(referral.programme):
        abort(404)
    return render_template("print/referral.html", referral=referral, letter=get_letter(referral))


def find_referral(uid: str) -> Referral:
    """Give a referral that the viewer sent or received, or 404."""
    known = UID.fullmatch(uid) is not None
    found = scope.get_visible(Referral, viewer(), Referral.uid == uid) if known else None
    return found or abort(404)


def find_sent(uid: str) -> Referral:
    """Give a referral of a resident in the viewer's scope, or 404."""
    known = UID.fullmatch(uid) is not None
    return (queries.get_sent(viewer(), uid) if known else None) or abort(404)


@blueprint.get("/residents/<uid>/referrals/new")
@requires("referrals.make")
def new(uid: str) -> str:
    resident = find_resident(uid)
    form = ReferForm(uid=str(uuid.uuid4()))
    _offer(form, resident)
    if not live_programmes(resident):
        form.programme.data = NO_PROGRAMME
    return render_template("referrals/new.html", resident=resident, form=form)


@blueprint.post("/residents/<uid>/referrals")
@requires("referrals.make")
def create(uid: str) -> Response | tuple[str, int]:
    resident, form = find_resident(uid), ReferForm()
    _offer(form, resident)
    try:
        to, to_name, department = read_place(form)
        programme = _programme(form, resident)
        referral = actions.refer_resident(
            by=viewer(),
            uid=(form.uid.data or str(uuid.uuid4()))[:36],
            resident=resident,
            programme=programme,
            urgency=form.urgency.data or "",
            reason=read_reason(form.reason.data),
            to=to,
            to_name=to_name,
            department=department,
            on=clock.today(),
        )
    except RuleError as refused:
        form.show(refused.field, refused.message)
        return render_template("referrals/new.html", resident=resident, form=form), 422
    flash("转诊单已开好，可以打印。")
    return redirect(url_for(".detail", uid=referral.uid), 303)


def _programme(form: ReferForm, resident: Resident) -> str:
    chosen = form.programme.data or ""
    if chosen not in (NO_PROGRAMME, *live_programmes(resident)):
        raise RuleError("programme_missing", "请选因为什么转诊。", "programme")
    return "" if chosen == NO_PROGRAMME else chosen


def live_programmes(resident: Resident) -> list[str]:
    """Give what somebody is managed for today."""
    return [one.programme for one in list_enrolments(resident.id) if one.state != "ended"]


def _offer(form: ReferForm, resident: Resident) -> None:
    form.offer(_hospitals())
    named = [(code, word("programme", code)) for code in live_programmes(resident)]
    form.programme.choices = options([*named, (NO_PROGRAMME, "其他原因")])


def _hospitals() -> list[tuple[str, str]]:
    return [(one.code, one.name) for one in queries.list_hospitals()]


def read_place(form: PlaceForm) -> tuple[Organisation | None, str, str]:
    """Give hospital, name of one outside the list, department; RuleError names the field."""
    department = read_department(form.department.data)
    if form.hospital.data == ELSEWHERE:
        name = read_words(form.to_name.data, "to_name", "医院名称", NAME, required=True)
        return None, name, department
    hospitals = {one.code: one for one in queries.list_hospitals()}
    if form.hospital.data not in hospitals:
        raise RuleError("hospital_missing", "请选转到哪家医院。", "hospital")
    return hospitals[form.hospital.data], "", department


@blueprint.get("/referrals/<uid>/elsewhere")
@requires("referrals.make")
def elsewhere(uid: str) -> str:
    referral = find_sent(uid)
    code = referral.receiver.code if referral.receiver else ELSEWHERE
    form = PlaceForm(hospital=code, to_name=referral.to_name, department=referral.department)
    form.offer(_hospitals())
    return render_template("referrals/elsewhere.html", referral=referral, form=form)


@blueprint.post("/referrals/<uid>/elsewhere")
@requires("referrals.make")
def send_elsewhere(uid: str) -> Response | tuple[str, int]:
    referral, form = find_sent(uid), PlaceForm()
    form.offer(_hospitals())
    try:
        to, to_name, department = read_place(form)
        actions.send_elsewhere(
            by=viewer(), referral=referral, to=to, to_name=to_name, department=department
        )
    except RuleError as refused:
        form.show(refused.field, refused.message)
        return render_template("referrals/elsewhere.html", referral=referral, form=form), 422
    flash("转往的医院已改好，请重新打印转诊单。")
    return redirect(url_for(".detail", uid=uid), 303)


@blueprint.post("/referrals/<uid>/cancel")
@requires("referrals.make")
def cancel(uid: str) -> Response:
    referral, form = find_sent(uid), CancelForm()
    try:
        reason = read_words(form.reason.data, "reason", "取消的原因", 200, required=True)
        actions.cancel_referral(by=viewer(), referral=referral, reason=reason, on=clock.today())
        flash("转诊已取消。")
    except RuleError as refused:
        flash(refused.message, "danger")
    return redirect(url_for(".detail", uid=uid), 303)


blueprint.register_blueprint(referral_answers.pages)
