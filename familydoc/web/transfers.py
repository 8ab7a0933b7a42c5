"""Handing somebody over to another team of the county: asked, answered, taken back."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions import transfers as actions
from familydoc.models.organisations import Division
from familydoc.models.residents import Resident
from familydoc.models.transfers import Transfer
from familydoc.queries import places
from familydoc.queries import transfers as queries
from familydoc.queries.scope import get_visible
from familydoc.rules.errors import RuleError
from familydoc.rules.values import parse_date
from familydoc.web.access import requires, viewer
from familydoc.web.find import UID, find_resident
from familydoc.web.forms.residents import ReasonForm
from familydoc.web.forms.whereabouts import AcceptForm, RefusalForm, TransferForm

blueprint = Blueprint("transfers", __name__)


@blueprint.get("/transfers")
@requires("residents.see")
def index() -> str:
    return render_template(
        "transfers/index.html",
        incoming=[(one, queries.get_offer(one)) for one in queries.list_incoming(viewer())],
        outgoing=queries.list_outgoing(viewer()),
        settled=queries.list_settled(viewer()),
    )


@blueprint.get("/residents/<uid>/transfer")
@requires("residents.edit")
def new(uid: str) -> Any:
    resident, form = find_resident(uid), TransferForm()
    waiting = queries.find_open_transfer(resident.id)
    if waiting is not None:
        return redirect(url_for("transfers.detail", uid=waiting.uid), 303)
    form.on.data = clock.today().isoformat()
    return _new_page(resident, form)


@blueprint.post("/residents/<uid>/transfer")
@requires("residents.edit")
def create(uid: str) -> Any:
    resident, form = find_resident(uid), TransferForm()
    form.validate()
    try:
        transfer = actions.ask_transfer(
            by=viewer(),
            resident=resident,
            village=_village(form.village_code.data, everywhere=True),
            on=_day(form.on.data),
            address=(form.address.data or "")[:200],
            reason=(form.reason.data or "")[:200],
        )
    except RuleError as refused:
        field = form[refused.field if refused.field in form else "village_code"]
        field.errors = [*field.errors, refused.message]
        return _new_page(resident, form), 422
    there = transfer.to_team.name if transfer.to_team else transfer.to_centre.name
    flash(f"已经告诉{there}。对方确认以前，{resident.name}仍由您的团队管理。")
    return redirect(url_for("transfers.detail", uid=transfer.uid), 303)


@blueprint.get("/transfers/<uid>")
@requires("residents.see")
def detail(uid: str) -> str:
    return _page(_find(uid))


@blueprint.post("/transfers/<uid>/accept")
@requires("residents.confirm")
def accept(uid: str) -> Any:
    transfer, form = _find_asked(uid), AcceptForm()
    form.validate()
    name, resident_uid = transfer.resident.name, transfer.resident.uid
    try:
        ended = actions.accept_transfer(
            by=viewer(), transfer=transfer, village=_village(form.village_code.data)
        )
    except RuleError as refused:
        form.village_code.errors = [refused.message]
        return _page(transfer, accept_form=form), 422
    told = "原来的签约协议已终止，需要时请重新签约。" if ended else ""
    flash(f"{name}已转入，管理项目和没做完的待办都过来了。{told}")
    if get_visible(Resident, viewer(), Resident.uid == resident_uid) is None:
        return redirect(url_for("transfers.index"), 303)
    return redirect(url_for("residents.detail", uid=resident_uid), 303)


@blueprint.post("/transfers/<uid>/refuse")
@requires("residents.confirm")
def refuse(uid: str) -> Any:
    transfer, form = _find_asked(uid), RefusalForm()
    form.validate()
    try:
        actions.refuse_transfer(by=viewer(), transfer=transfer, reason=form.reason.data or "")
    except RuleError as refused:
        form.reason.errors = [refused.message]
        return _page(transfer, refusal=form), 422
    flash("没有接收，对方会看到原因。")
    return redirect(url_for("transfers.index"), 303)


@blueprint.post("/transfers/<uid>/withdraw")
@requires("residents.edit")
def withdraw(uid: str) -> Response:
    transfer = _find(uid)
    if not queries.is_outgoing(viewer(), transfer):
        abort(404)
    try:
        actions.withdraw_transfer(by=viewer(), transfer=transfer)
        flash("已撤回，居民仍由您的团队管理。")
    except RuleError as refused:
        flash(refused.message, "danger")
    return redirect(url_for("transfers.index"), 303)


@blueprint.post("/transfers/<uid>/undo")
@requires("residents.confirm")
def undo(uid: str) -> Any:
    transfer, form = _find_asked(uid), ReasonForm()
    form.validate()
    if get_visible(Resident, viewer(), Resident.id == transfer.resident_id) is None:
        abort(404)
    try:
        actions.undo_transfer(by=viewer(), transfer=transfer, reason=form.reason.data or "")
    except RuleError as refused:
        form.reason.errors = [refused.message]
        return _page(transfer, undoing=form), 422
    flash("已撤销，居民回到原来的村和团队。")
    return redirect(url_for("transfers.index"), 303)


def _find(uid: str) -> Transfer:
    known = UID.fullmatch(uid) is not None
    return (queries.get_transfer(viewer(), uid) if known else None) or abort(404)


def _find_asked(uid: str) -> Transfer:
    """Give a hand-over that the viewer's side is asked about."""
    transfer = _find(uid)
    return transfer if queries.is_incoming(viewer(), transfer) else abort(404)


def _day(text: object) -> Any:
    day = parse_date(text)
    if day is None:
        raise RuleError("date_invalid", "请填存在的日期，例如 2026-03-05。", "on")
    return day


def _village(code: str | None, everywhere: bool = False) -> Division:
    village = places.get_village(viewer(), code or "", everywhere)
    if village is None:
        raise RuleError("village_unknown", "请选择村（居）委会。", "village_code")
    return village


def _new_page(resident: Resident, form: TransferForm) -> str:
    villages = places.list_villages(viewer(), everywhere=True)
    return render_template(
        "transfers/new.html", resident=resident, form=form, villages=by_township(villages)
    )


def by_township(villages: Any) -> list[tuple[str, list[Division]]]:
    """Put villages under the names of their townships."""
    names = places.township_names()
    grouped: dict[str, list[Division]] = {}
    for village in villages:
        grouped.setdefault(names.get(village.parent_code or "", ""), []).append(village)
    return list(grouped.items())


def _page(
    transfer: Transfer,
    accept_form: AcceptForm | None = None,
    refusal: RefusalForm | None = None,
    undoing: ReasonForm | None = None,
) -> str:
    """Show what the viewer's side may know of it: whole for who has the person, else the offer."""
    asked = queries.is_incoming(viewer(), transfer)
    form = accept_form or AcceptForm(data={"village_code": transfer.to_village_code})
    mine = get_visible(Resident, viewer(), Resident.id == transfer.resident_id) is not None
    open_here = transfer.state == "open" and (asked or mine)
    return render_template(
        "transfers/detail.html",
        transfer=transfer,
        offer=queries.get_offer(transfer) if open_here else None,
        asked=asked,
        sent=queries.is_outgoing(viewer(), transfer),
        mine=mine,
        form=form,
        refusal=refusal or RefusalForm(),
        undoing=undoing or ReasonForm(),
        villages=by_township(places.list_villages(viewer())) if asked else [],
    )
