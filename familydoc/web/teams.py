"""Teams: the cards, one team, its plate, its members by date, its villages."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions import teams as actions
from familydoc.models.organisations import Division, Organisation
from familydoc.models.teams import Staff, Team, TeamMember
from familydoc.queries import teams as queries
from familydoc.queries.organisations import list_organisations
from familydoc.queries.scope import get_visible
from familydoc.rules.errors import RuleError
from familydoc.rules.teams import read_plate, read_since, read_team_name, read_until
from familydoc.web.access import requires, viewer
from familydoc.web.find_places import (
    KEY,
    find_managed_team,
    find_member,
    find_served,
    find_team,
    rights_to,
)
from familydoc.web.forms.teams import (
    EndForm,
    KeeperForm,
    MemberForm,
    NewTeamForm,
    PlateForm,
    ServeForm,
    TeamForm,
)

blueprint = Blueprint("teams", __name__)

Answer = Response | tuple[str, int]


@blueprint.get("/teams")
@requires("teams.see")
def index() -> str:
    centres = list_organisations(viewer(), "township_centre")
    chosen = next((one for one in centres if one.code == request.args.get("centre")), None)
    cards = queries.list_cards(viewer(), chosen.id if chosen else None)
    return render_template(
        "teams/index.html", cards=cards, faces=_faces(cards), centres=centres, chosen=chosen
    )


def _faces(cards: list[queries.Card]) -> set[int]:
    return queries.photographed(one.staff_id for card in cards for one in card.members)


@blueprint.get("/teams/<uid>")
@requires("teams.see")
def detail(uid: str) -> str:
    team = find_team(uid)
    card = queries.get_card(team)
    return render_template(
        "teams/detail.html",
        card=card,
        faces=_faces([card]),
        past=queries.list_past_members(team),
        rights=rights_to(team) if team.active else "",
    )


@blueprint.get("/teams/new")
@requires("teams.manage")
def new() -> str:
    return _new_page(NewTeamForm(request.args))


def _new_page(form: NewTeamForm) -> str:
    centres = list_organisations(viewer(), "township_centre")
    form.organisation.choices = [(one.code, one.name) for one in centres]
    if len(centres) > 1:
        form.organisation.choices = [("", "请选择"), *form.organisation.choices]
    return render_template("teams/new.html", form=form)


def _centre(code: Any) -> Organisation:
    known = isinstance(code, str) and KEY.fullmatch(code)
    found = get_visible(Organisation, viewer(), Organisation.code == code) if known else None
    if found is None:
        raise RuleError("organisation_missing", "请选择乡镇卫生院。", "organisation")
    return found


@blueprint.post("/teams")
@requires("teams.manage")
def add() -> Answer:
    form = NewTeamForm()
    try:
        team = actions.add_team(
            by=viewer(),
            organisation=_centre(form.organisation.data),
            name=read_team_name(form.name.data),
            plate=read_plate(form.data),
        )
    except RuleError as refused:
        form[refused.field or "name"].errors = [refused.message]
        return _new_page(form), 422
    flash(f"{team.name}已新建，请接着添加成员和服务的村。")
    return redirect(url_for("teams.detail", uid=team.uid), 303)


@blueprint.get("/teams/<uid>/edit")
@requires("teams.edit")
def edit(uid: str) -> str:
    team = find_team(uid)
    form = _form(team, formdata=None, obj=team)
    if isinstance(form, TeamForm):
        form.leader.data = team.leader.uid if team.leader else ""
    return _edit_page(team, form)


def _form(team: Team, **given: Any) -> PlateForm:
    """Give the form of what the viewer may change of this team."""
    rights = rights_to(team) if team.active else ""
    if not rights:
        abort(404)
    return TeamForm(**given) if rights == "all" else PlateForm(**given)


def _edit_page(team: Team, form: PlateForm) -> str:
    card = queries.get_card(team)
    if isinstance(form, TeamForm):
        form.leader.choices = [("", "还没有")] + [
            (one.staff.uid, one.staff.name) for one in card.members
        ]
    return render_template("teams/edit.html", team=team, form=form, card=card)


@blueprint.post("/teams/<uid>/edit")
@requires("teams.edit")
def save(uid: str) -> Answer:
    team = find_team(uid)
    form = _form(team)
    try:
        if isinstance(form, TeamForm):
            actions.edit_team(
                by=viewer(),
                team=team,
                name=read_team_name(form.name.data),
                plate=read_plate(form.data),
                leader=_member(team, form.leader.data, "leader", "团队长"),
            )
        else:
            actions.edit_plate(by=viewer(), team=team, plate=read_plate(form.data))
    except RuleError as refused:
        form[refused.field or "hours"].errors = [refused.message]
        return _edit_page(team, form), 422
    flash(f"{team.name}已保存。")
    return redirect(url_for("teams.detail", uid=uid), 303)


def _member(team: Team, uid: Any, field: str, word: str) -> Staff | None:
    """Give the member a form names, None for nobody."""
    if not uid:
        return None
    known = isinstance(uid, str) and KEY.fullmatch(uid)
    found = queries.find_staff_of(team.id, uid) if known else None
    if found is None:
        raise RuleError("no_member", f"{word}要从现在的成员里选。", field)
    return found


@blueprint.post("/teams/<uid>/close")
@requires("teams.manage")
def close(uid: str) -> Answer:
    team = find_managed_team(uid)
    try:
        actions.close_team(by=viewer(), team=team)
    except RuleError as refused:
        flash(refused.message, "danger")
        return edit(uid), 422
    flash(f"{team.name}已解散。")
    return redirect(url_for("teams.index"), 303)


def _to_team(team: Team) -> Response:
    return redirect(url_for("teams.detail", uid=team.uid), 303)


@blueprint.get("/teams/<uid>/members/new")
@requires("teams.manage")
def new_member(uid: str) -> str:
    team = find_managed_team(uid)
    return _member_page(team, MemberForm(formdata=None, since=clock.today().isoformat()))


def _member_page(team: Team, form: MemberForm) -> str:
    people = queries.list_candidates(team)
    form.staff.choices = [("", "请选择")] + [
        (one.uid, " · ".join(filter(None, (one.organisation.name, one.name, one.title))))
        for one in people
    ]
    return render_template("teams/new_member.html", team=team, form=form, people=people)


@blueprint.post("/teams/<uid>/members")
@requires("teams.manage")
def add_member(uid: str) -> Answer:
    team, form = find_managed_team(uid), MemberForm()
    try:
        member = actions.add_member(
            by=viewer(),
            team=team,
            staff=_candidate(team, form.staff.data),
            role=form.role.data or "",
            since=read_since(form.since.data, clock.today()),
        )
    except RuleError as refused:
        form[refused.field or "staff"].errors = [refused.message]
        return _member_page(team, form), 422
    flash(f"{member.staff.name}已加入{team.name}。")
    return _to_team(team)


def _candidate(team: Team, uid: Any) -> Staff:
    found = next((one for one in queries.list_candidates(team) if one.uid == uid), None)
    if found is None:
        raise RuleError("staff_missing", "请选择人员。", "staff")
    return found


@blueprint.get("/teams/<uid>/members/<staff_uid>/end")
@requires("teams.manage")
def ending(uid: str, staff_uid: str) -> str:
    team = find_managed_team(uid)
    member = find_member(team, staff_uid)
    return _end_page(member, EndForm(formdata=None, until=clock.today().isoformat()))


def _end_page(member: TeamMember, form: EndForm) -> str:
    card = queries.get_card(member.team)
    kept = card.kept_by(member.staff_id)
    return render_template("teams/ending.html", member=member, form=form, kept=kept)


@blueprint.post("/teams/<uid>/members/<staff_uid>/end")
@requires("teams.manage")
def end_member(uid: str, staff_uid: str) -> Answer:
    team, form = find_managed_team(uid), EndForm()
    member = find_member(team, staff_uid)
    try:
        until = read_until(form.until.data, clock.today(), member.since)
        actions.end_member(by=viewer(), member=member, until=until)
    except RuleError as refused:
        form.until.errors = [refused.message]
        return _end_page(member, form), 422
    flash(f"{member.staff.name}已离开{team.name}，名下的工作已转给接手的人。")
    return _to_team(team)


@blueprint.get("/teams/<uid>/villages/new")
@requires("teams.manage")
def new_village(uid: str) -> str:
    """Choose a village; with one in the address, ask once what will follow."""
    team, form = find_managed_team(uid), ServeForm(request.args)
    return _serve_page(team, form)


def _serve_page(team: Team, form: ServeForm) -> str:
    free = queries.list_free_villages(team)
    form.village.choices = [("", "请选择")] + [
        (one.code, f"{one.short_name}（{now.name if now else '还没有团队'}）") for one, now in free
    ]
    members = queries.get_card(team).members
    form.keeper.choices = [("", "团队长")] + [(one.staff.uid, one.staff.name) for one in members]
    asked = next((row for row in free if row[0].code == form.village.data), None)
    if asked:
        form.seen.data = asked[1].uid if asked[1] else ""
    return render_template(
        "teams/new_village.html",
        team=team,
        form=form,
        free=free,
        asked=asked,
        counts=queries.count_followers(asked[0].code, team.id) if asked else None,
    )


@blueprint.post("/teams/<uid>/villages")
@requires("teams.manage")
def add_village(uid: str) -> Answer:
    team, form = find_managed_team(uid), ServeForm()
    try:
        village, now = _asked_village(team, form.village.data)
        if (now.uid if now else "") != (form.seen.data or ""):
            raise RuleError("village_moved", "刚刚有人改过这个村的团队，请再看一遍。", "village")
        count = actions.move_village(
            by=viewer(),
            village=village,
            team=team,
            keeper=_member(team, form.keeper.data, "keeper", "负责人"),
            seen=now.id if now else None,
        )
    except RuleError as refused:
        form[refused.field or "village"].errors = [refused.message]
        return _serve_page(team, form), 422
    flash(f"{village.short_name}从今天起由{team.name}服务，{count} 位居民一起转过来了。")
    return _to_team(team)


def _asked_village(team: Team, code: Any) -> tuple[Division, Team | None]:
    found = next((row for row in queries.list_free_villages(team) if row[0].code == code), None)
    if found is None:
        raise RuleError("village_missing", "请选择村（居）。", "village")
    return found


@blueprint.get("/teams/<uid>/villages/<code>")
@requires("teams.manage")
def village(uid: str, code: str) -> str:
    team = find_managed_team(uid)
    service = find_served(team, code)
    form = KeeperForm(formdata=None, keeper=service.staff.uid if service.staff else "")
    return _keeper_page(team, code, form)


def _keeper_page(team: Team, code: str, form: KeeperForm) -> str:
    members = queries.get_card(team).members
    form.keeper.choices = [("", "团队长")] + [(one.staff.uid, one.staff.name) for one in members]
    return render_template(
        "teams/village.html", team=team, service=find_served(team, code), form=form
    )


@blueprint.post("/teams/<uid>/villages/<code>")
@requires("teams.manage")
def set_keeper(uid: str, code: str) -> Answer:
    team, form = find_managed_team(uid), KeeperForm()
    service = find_served(team, code)
    try:
        keeper = _member(team, form.keeper.data, "keeper", "负责人")
        actions.set_keeper(by=viewer(), service=service, keeper=keeper)
    except RuleError as refused:
        form.keeper.errors = [refused.message]
        return _keeper_page(team, code, form), 422
    flash(f"{service.village.short_name}由{keeper.name if keeper else '团队长'}负责。")
    return _to_team(team)
