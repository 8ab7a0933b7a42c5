"""The people who serve: the list, one person, the photograph, leaving and coming back."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from familydoc.actions import staff as actions
from familydoc.formats.photos import MOST_BYTES, read_picture
from familydoc.models.organisations import Organisation
from familydoc.models.teams import Staff
from familydoc.queries import staff as queries
from familydoc.queries.organisations import list_organisations
from familydoc.queries.scope import get_visible
from familydoc.queries.teams import find_photograph, list_memberships, photographed
from familydoc.rules.errors import RuleError
from familydoc.rules.values import clean_text
from familydoc.web.access import requires, viewer
from familydoc.web.find_places import KEY, find_colleague, find_own_staff
from familydoc.web.forms.staff import PhotographForm, StaffForm

blueprint = Blueprint("staff", __name__)

KINDS = ("county_hospital", "township_centre", "village_clinic", "county")


@blueprint.get("/staff")
@requires("staff.edit")
def index() -> str:
    filters = queries.StaffFilters(
        text=(clean_text(request.args.get("q", "")) or "")[:50],
        organisation=_key(request.args.get("organisation", "")),
        left=request.args.get("left") == "1",
    )
    people, after = queries.list_staff(viewer(), filters, _after(request.args.get("after", "")))
    return render_template(
        "staff/index.html",
        people=people,
        filters=filters,
        total=queries.count_staff(viewer(), filters),
        next_address=_next_address(filters, after),
        teams=queries.teams_of(people),
        accounts=queries.accounts_of(people),
        faces=photographed(one.id for one in people),
        organisations=list_organisations(viewer(), *KINDS),
    )


def _key(text: str) -> str:
    return text if KEY.fullmatch(text) else ""


def _after(text: str) -> str:
    return text if KEY.fullmatch(text.replace("~", "")) else ""


def _next_address(filters: queries.StaffFilters, after: str) -> str:
    if not after:
        return ""
    return url_for(
        "staff.index",
        q=filters.text or None,
        organisation=filters.organisation or None,
        left="1" if filters.left else None,
        after=after,
    )


@blueprint.get("/staff/new")
@requires("staff.edit")
def new() -> str:
    return _new_page(StaffForm(request.args))


def _new_page(form: StaffForm) -> str:
    _offer(form)
    return render_template("staff/new.html", form=form)


def _offer(form: StaffForm) -> None:
    places = list_organisations(viewer(), *KINDS)
    form.organisation.choices = [("", "请选择")] + [(one.code, one.name) for one in places]


def _organisation(form: StaffForm) -> Organisation:
    code = form.organisation.data or ""
    found = KEY.fullmatch(code) and get_visible(Organisation, viewer(), Organisation.code == code)
    if not found:
        raise RuleError("organisation_missing", "请选择单位。", "organisation")
    return found


@blueprint.post("/staff")
@requires("staff.edit")
def add() -> Answer | tuple[str, int]:
    form = StaffForm()
    try:
        staff = actions.add_staff(
            by=viewer(), organisation=_organisation(form), person=actions.read_person(form.data)
        )
    except RuleError as refused:
        form[refused.field or "name"].errors = [refused.message]
        return _new_page(form), 422
    flash(f"{staff.name}已添加，可以再加照片和团队。")
    return redirect(url_for("staff.edit", uid=staff.uid), 303)


@blueprint.get("/staff/<uid>")
@requires("staff.edit")
def edit(uid: str) -> str:
    staff = find_own_staff(uid)
    form = StaffForm(
        formdata=None,
        name=staff.name,
        title=staff.title,
        telephone=staff.telephone,
        photo_consent=staff.photo_consent,
        organisation=staff.organisation.code,
    )
    return _edit_page(staff, form)


def _edit_page(staff: Staff, form: StaffForm, photo: PhotographForm | None = None) -> str:
    _offer(form)
    return render_template(
        "staff/edit.html",
        staff=staff,
        form=form,
        photo=photo or PhotographForm(formdata=None),
        has_photo=bool(photographed([staff.id])),
        memberships=list_memberships(staff.id),
        account=queries.accounts_of([staff]).get(staff.id),
    )


@blueprint.post("/staff/<uid>")
@requires("staff.edit")
def save(uid: str) -> Answer | tuple[str, int]:
    staff, form = find_own_staff(uid), StaffForm()
    try:
        actions.edit_staff(
            by=viewer(),
            staff=staff,
            organisation=_organisation(form),
            person=actions.read_person(form.data),
        )
    except RuleError as refused:
        form[refused.field or "name"].errors = [refused.message]
        return _edit_page(staff, form), 422
    flash(f"{staff.name}已保存。")
    return redirect(url_for("staff.index"), 303)


@blueprint.get("/staff/<uid>/photo")
@requires("teams.see")
def photograph(uid: str) -> Response:
    """A face for those who may see the person; the board has its own door, by consent."""
    find_colleague(uid)
    kept = find_photograph(uid, public=False) or abort(404)
    response = Response(kept.content, mimetype=kept.media_type)
    response.headers["Content-Disposition"] = "inline"
    return response


@blueprint.post("/staff/<uid>/photo")
@requires("staff.edit")
def add_photograph(uid: str) -> Answer | tuple[str, int]:
    staff, photo = find_own_staff(uid), PhotographForm()
    try:
        upload = request.files.get("photograph")
        content = upload.stream.read(MOST_BYTES + 1) if upload else b""
        actions.add_photograph(by=viewer(), staff=staff, picture=read_picture(content))
    except RuleError as refused:
        photo.photograph.errors = [refused.message]
        return _again(uid, photo), 422
    flash("照片已换好，拍照时的位置等信息已去掉。")
    return redirect(url_for("staff.edit", uid=uid), 303)


def _again(uid: str, photo: PhotographForm) -> str:
    staff = find_own_staff(uid)
    form = StaffForm(formdata=None, obj=staff)
    form.organisation.data = staff.organisation.code
    return _edit_page(staff, form, photo)


@blueprint.post("/staff/<uid>/photo/remove")
@requires("staff.edit")
def remove_photograph(uid: str) -> Answer:
    actions.remove_photograph(by=viewer(), staff=find_own_staff(uid))
    flash("照片已删除。")
    return redirect(url_for("staff.edit", uid=uid), 303)


@blueprint.post("/staff/<uid>/leave")
@requires("staff.edit")
def leave(uid: str) -> Answer | tuple[str, int]:
    staff = find_own_staff(uid)
    try:
        actions.leave(by=viewer(), staff=staff)
    except RuleError as refused:
        flash(refused.message, "danger")
        return edit(uid), 422
    flash(f"{staff.name}已办离岗：团队里的工作已转给接手的人，账号已停用。")
    return redirect(url_for("staff.index"), 303)


@blueprint.post("/staff/<uid>/return")
@requires("staff.edit")
def come_back(uid: str) -> Answer | tuple[str, int]:
    staff = find_own_staff(uid)
    try:
        actions.come_back(by=viewer(), staff=staff)
    except RuleError as refused:
        flash(refused.message, "danger")
        return edit(uid), 422
    flash(f"{staff.name}已恢复在岗，请再加入团队、启用账号。")
    return redirect(url_for("staff.edit", uid=uid), 303)
