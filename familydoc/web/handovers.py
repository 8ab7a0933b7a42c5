"""Hand-overs (交接): who leaves, who takes on, what goes over; the list for the successor."""

import uuid

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions.handovers import hand_over_work, note_print
from familydoc.labels import word
from familydoc.models.handovers import Handover
from familydoc.models.teams import Staff, Team
from familydoc.queries import handovers as queries
from familydoc.queries.teams import find_staff_of, get_card, list_cards
from familydoc.rules.errors import RuleError
from familydoc.rules.handovers import check_leaver
from familydoc.rules.teams import read_until
from familydoc.web.access import allowed, requires, viewer
from familydoc.web.find import UID
from familydoc.web.find_places import KEY, find_member, find_team, rights_to
from familydoc.web.forms.handovers import HandoverForm

blueprint = Blueprint("handovers", __name__)
Answer = Response | str | tuple[str, int]


@blueprint.get("/handovers")
@requires("handovers.see")
def index() -> str:
    makes = allowed("handovers.make")
    cards = [card for card in list_cards(viewer()) if makes and rights_to(card.team)]
    return render_template(
        "handovers/index.html", cards=cards, past=queries.list_handovers(viewer())
    )


@blueprint.get("/handovers/new")
@requires("handovers.make")
def new() -> Answer:
    """What somebody has in hand, and who may take it on."""
    if "team" not in request.args:
        return redirect(url_for("handovers.index"), 303)
    team = find_own_team(request.args["team"])
    leaver = find_member(team, request.args.get("leaver", "")).staff
    form = HandoverForm(formdata=None, uid=str(uuid.uuid4()), team=team.uid, leaver=leaver.uid)
    form.last_day.data = clock.today().isoformat()
    try:
        check_leaver(queries.get_case(viewer(), team, leaver, None))
    except RuleError as refused:
        flash(refused.message, "danger")
        return redirect(url_for("handovers.index"), 303)
    return _page(team, leaver, form)


def find_own_team(uid: str) -> Team:
    """Give a team whose people the viewer may hand over: one's own centre's, or the one one
    leads."""
    team = find_team(uid)
    return team if team.active and rights_to(team) else abort(404)


def _page(team: Team, leaver: Staff, form: HandoverForm) -> str:
    today = clock.today()
    owed = queries.open_tasks_of(team.id, leaver.id)
    load = queries.get_load(team, leaver, today)
    successors = queries.list_successors(get_card(team).members, leaver, load.contracts)
    form.successor.choices = [
        (one.staff.uid, f"{one.staff.name} · {word('member_role', one.role)}") for one in successors
    ]
    return render_template(
        "handovers/new.html",
        team=team,
        leaver=leaver,
        form=form,
        load=load,
        promises=queries.count_promises(team, leaver),
        called=queries.list_to_call(viewer(), owed, today),
    )


@blueprint.post("/handovers")
@requires("handovers.make")
def make() -> Answer:
    form = HandoverForm()
    team = find_own_team(form.team.data or "")
    known = UID.fullmatch(form.uid.data or "") and queries.get_handover(viewer(), form.uid.data)
    if known:
        return _to(known)
    leaver = _staff_of(team, form.leaver.data)
    if leaver is None:
        flash("这个人已经不在团队里了，可能刚刚有人办过交接。", "danger")
        return redirect(url_for("handovers.index"), 303)
    try:
        handover = _make(form, team, leaver)
    except RuleError as refused:
        field = {"until": "last_day"}.get(refused.field or "", refused.field)
        form[field if field in ("last_day", "successor") else "successor"].errors = [
            refused.message
        ]
        return _page(find_own_team(form.team.data or ""), leaver, form), 422
    flash(f"{handover.leaver.name}的工作已经交给{handover.successor.name}。")
    return _to(handover)


def _make(form: HandoverForm, team: Team, leaver: Staff) -> Handover:
    successor = _staff_of(team, form.successor.data)
    if successor is None:
        raise RuleError("successor_missing", "请选谁来接手，要是团队现在的成员。", "successor")
    since = find_member(team, leaver.uid).since
    return hand_over_work(
        by=viewer(),
        uid=form.uid.data if UID.fullmatch(form.uid.data or "") else str(uuid.uuid4()),
        team=team,
        leaver=leaver,
        successor=successor,
        last_day=read_until(form.last_day.data, clock.today(), since),
    )


def _staff_of(team: Team, uid: object) -> Staff | None:
    known = isinstance(uid, str) and KEY.fullmatch(uid)
    return find_staff_of(team.id, str(uid)) if known else None


def _to(handover: Handover) -> Response:
    return redirect(url_for("handovers.detail", uid=handover.uid), 303)


@blueprint.get("/handovers/<uid>")
@requires("handovers.see")
def detail(uid: str) -> str:
    return _shown("handovers/detail.html", uid)


@blueprint.get("/handovers/<uid>/print")
@requires("handovers.see")
def print_page(uid: str) -> str:
    handover = _find(uid)
    note_print(by=viewer(), handover=handover)
    return _shown("print/handover.html", uid)


def _find(uid: str) -> Handover:
    known = UID.fullmatch(uid) is not None
    return (queries.get_handover(viewer(), uid) if known else None) or abort(404)


def _shown(template: str, uid: str) -> str:
    """Show what went over; whoever has been seen since has left the list."""
    handover = _find(uid)
    called = queries.list_to_call(viewer(), queries.moved_by(handover), clock.today())
    return render_template(template, handover=handover, called=called)
