"""Institutions in their three tiers under the county, and the villages they serve."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from familydoc.actions import organisations as actions
from familydoc.models.organisations import Division
from familydoc.queries import organisations as queries
from familydoc.rules.errors import RuleError
from familydoc.rules.organisations import read_sign
from familydoc.web.access import requires, viewer
from familydoc.web.find_places import find_organisation, find_village
from familydoc.web.forms.organisations import (
    OrganisationForm,
    SignForm,
    VillageForm,
    VillageNameForm,
)

blueprint = Blueprint("organisations", __name__)

Answer = Response | str | tuple[str, int]


@blueprint.get("/organisations")
@requires("organisations.edit")
def index() -> str:
    return render_template("organisations/index.html", rows=queries.list_tree(viewer()))


@blueprint.get("/organisations/new")
@requires("organisations.edit")
def new() -> str:
    return _new_page(OrganisationForm(request.args))


def _new_page(form: OrganisationForm) -> str:
    return render_template(
        "organisations/new.html",
        form=form,
        townships=queries.list_divisions("township"),
        villages=queries.list_divisions("village"),
    )


@blueprint.post("/organisations")
@requires("organisations.edit")
def add() -> Answer:
    form = OrganisationForm()
    try:
        organisation = actions.add_organisation(
            by=viewer(), kind=form.kind.data, code=form.code.data, sign=read_sign(form.data)
        )
    except RuleError as refused:
        form[refused.field or "code"].errors = [refused.message]
        return _new_page(form), 422
    flash(f"{organisation.name}已添加。")
    return redirect(url_for("organisations.index"), 303)


@blueprint.get("/organisations/<code>")
@requires("organisations.edit")
def edit(code: str) -> str:
    organisation = find_organisation(code)
    return _edit_page(code, SignForm(formdata=None, obj=organisation))


def _edit_page(code: str, form: SignForm) -> str:
    organisation = find_organisation(code)
    return render_template(
        "organisations/edit.html",
        organisation=organisation,
        form=form,
        work=queries.count_work(organisation),
    )


@blueprint.post("/organisations/<code>")
@requires("organisations.edit")
def save(code: str) -> Answer:
    organisation, form = find_organisation(code), SignForm()
    try:
        actions.edit_organisation(by=viewer(), organisation=organisation, sign=read_sign(form.data))
    except RuleError as refused:
        form[refused.field or "name"].errors = [refused.message]
        return _edit_page(code, form), 422
    flash(f"{organisation.name}已保存。")
    return redirect(url_for("organisations.index"), 303)


@blueprint.post("/organisations/<code>/close")
@requires("organisations.edit")
def close(code: str) -> Answer:
    organisation = find_organisation(code)
    try:
        actions.close_organisation(by=viewer(), organisation=organisation)
    except RuleError as refused:
        flash(refused.message, "danger")
        return edit(code), 422
    flash(f"{organisation.name}已停用。")
    return redirect(url_for("organisations.index"), 303)


@blueprint.post("/organisations/<code>/open")
@requires("organisations.edit")
def open_again(code: str) -> Answer:
    organisation = find_organisation(code)
    try:
        actions.open_organisation(by=viewer(), organisation=organisation)
    except RuleError as refused:
        flash(refused.message, "danger")
        return edit(code), 422
    flash(f"{organisation.name}已启用。")
    return redirect(url_for("organisations.index"), 303)


@blueprint.get("/villages")
@requires("organisations.edit")
def villages() -> str:
    return render_template(
        "organisations/villages.html",
        townships=queries.list_villages(),
        chosen=request.args.get("township", ""),
    )


@blueprint.get("/villages/new")
@requires("organisations.edit")
def new_village() -> str:
    return _new_village_page(VillageForm(request.args))


def _to_villages(village: Division) -> str:
    return url_for("organisations.villages", township=village.parent_code)


def _new_village_page(form: VillageForm) -> str:
    townships = queries.list_divisions("township")
    form.township.choices = [("", "按代码前九位")] + [(one.code, one.name) for one in townships]
    return render_template("organisations/new_village.html", form=form)


@blueprint.post("/villages")
@requires("organisations.edit")
def add_village() -> Answer:
    form = VillageForm()
    try:
        village = actions.add_village(
            by=viewer(),
            code=form.code.data,
            name=form.name.data,
            township_code=form.township.data or "",
        )
    except RuleError as refused:
        form[refused.field or "code"].errors = [refused.message]
        return _new_village_page(form), 422
    flash(f"{village.name}已添加，请到团队里选由谁服务。")
    return redirect(_to_villages(village), 303)


@blueprint.get("/villages/<code>")
@requires("organisations.edit")
def village(code: str) -> str:
    return _village_page(code, VillageNameForm(formdata=None, obj=find_village(code)))


def _village_page(code: str, form: VillageNameForm) -> str:
    return render_template(
        "organisations/village.html",
        village=find_village(code),
        form=form,
        service=queries.find_service(code),
        residents=queries.count_residents(code),
    )


@blueprint.post("/villages/<code>")
@requires("organisations.edit")
def rename_village(code: str) -> Answer:
    village, form = find_village(code), VillageNameForm()
    try:
        actions.rename_village(by=viewer(), village=village, name=form.name.data)
    except RuleError as refused:
        form.name.errors = [refused.message]
        return _village_page(code, form), 422
    flash("名称已保存。")
    return redirect(_to_villages(village), 303)


@blueprint.post("/villages/<code>/retire")
@requires("organisations.edit")
def retire_village(code: str) -> Answer:
    village = find_village(code)
    try:
        actions.retire_village(by=viewer(), village=village)
    except RuleError as refused:
        flash(refused.message, "danger")
        return _village_page(code, VillageNameForm(formdata=None, obj=village)), 422
    flash(f"{village.name}已停用。")
    return redirect(_to_villages(village), 303)


@blueprint.post("/villages/<code>/restore")
@requires("organisations.edit")
def restore_village(code: str) -> Answer:
    village = find_village(code)
    actions.restore_village(by=viewer(), village=village)
    flash(f"{village.name}已恢复使用。")
    return redirect(_to_villages(village), 303)
