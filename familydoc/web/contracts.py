"""Contracts: the list, signing, the page of one, its print, and its end."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions import contracts as actions
from familydoc.actions.residents import open_resident
from familydoc.formats.qr import qr_svg
from familydoc.formats.signature import signature_path
from familydoc.models.contracts import Contract
from familydoc.queries import agreements, residents
from familydoc.queries import contracts as queries
from familydoc.queries.packages import list_packages
from familydoc.queries.scope import get_visible, get_visible_value
from familydoc.rules import contracts as rules
from familydoc.rules.agreements import clauses
from familydoc.rules.errors import RuleError
from familydoc.rules.search import Query
from familydoc.web import htmx, signing
from familydoc.web.access import allowed, requires, viewer
from familydoc.web.find import UID, address_of, find_resident
from familydoc.web.forms.contracts import EndForm, SignForm

blueprint = Blueprint("contracts", __name__)


@blueprint.get("/contracts")
@requires("contracts.see")
def index() -> Response | str:
    wanted = rules.read_wanted(request.args.get("q"))
    if wanted.kind not in ("nothing", "name"):
        return redirect(url_for("contracts.index"), 303)
    return _list(wanted, request.args.get("q", ""))


@blueprint.post("/contracts/search")
@requires("contracts.see")
def search() -> Response | str:
    """A number never stands in an address; a name does, so that going back finds it again."""
    typed, show = request.form.get("q", ""), _show(request.form.get("show"))
    wanted = rules.read_wanted(typed)
    if wanted.kind in ("nothing", "name"):
        return redirect(url_for("contracts.index", q=wanted.text or None, show=show), 303)
    return _list(wanted, typed)


def _show(asked: str | None) -> str:
    return asked if asked in queries.SHOWS else queries.SHOWS[0]


def _list(wanted: Query, typed: str) -> str:
    today, show = clock.today(), _show(request.values.get("show"))
    page = queries.list_contracts(viewer(), show, wanted, today, request.args.get("after", ""))
    kept = wanted.text if wanted.kind == "name" else None
    return htmx.page_or_fragment(
        "contracts/index.html",
        "contracts/_list.html",
        show=show,
        typed=typed,
        kept=kept,
        wanted=wanted,
        contracts=page.contracts,
        counts=queries.count_contracts(viewer(), wanted, today),
        next_address=url_for(".index", show=show, after=page.after, q=kept) if page.after else "",
        rules=rules,
    )


@blueprint.get("/contracts/new")
@requires("contracts.sign")
def new() -> str:
    """Step one looks for the resident before anybody is created; step two is the form."""
    uid = request.args.get("resident")
    if uid is None:
        wanted = rules.read_wanted(request.args.get("q"))
        return _find(wanted if wanted.kind == "name" else Query("nothing"))
    case = signing.Case("sign", find_resident(uid))
    running = queries.find_running(case.resident.id, clock.today())
    if running is not None:
        return render_template("contracts/running.html", contract=running, case=case)
    return _open(case)


@blueprint.post("/contracts/find")
@requires("contracts.sign")
def find() -> Response | str:
    wanted = rules.read_wanted(request.form.get("q"))
    if wanted.kind in ("nothing", "name"):
        return redirect(url_for("contracts.new", q=wanted.text or None), 303)
    return _find(wanted)


def _find(wanted: Query) -> str:
    """Show who was meant, those first who have no contract."""
    page = residents.search(viewer(), wanted) if wanted.kind != "nothing" else None
    people = page.residents if page else ()
    until = residents.contracts_until(people, clock.today())
    return render_template(
        "contracts/find.html",
        wanted=wanted,
        people=sorted(people, key=lambda one: one.id in until),
        more=bool(page and page.after),
        until=until,
        new_resident=address_of("residents.new") if allowed("residents.edit") else "",
    )


@blueprint.post("/contracts")
@requires("contracts.sign")
def create() -> Any:
    resident = find_resident(request.form.get("resident", ""))
    return _submit(signing.Case("sign", resident))


@blueprint.get("/contracts/<uid>/renew")
@requires("contracts.sign")
def renew(uid: str) -> Response | str:
    contract = _contract(uid)
    try:
        queries.check_renewable(contract, clock.today())
    except RuleError as refused:
        return _not_now(uid, refused.message)
    return _open(signing.Case("renew", contract.resident, contract))


@blueprint.post("/contracts/<uid>/renew")
@requires("contracts.sign")
def sign_renewal(uid: str) -> Any:
    contract = _contract(uid)
    return _submit(signing.Case("renew", contract.resident, contract))


@blueprint.get("/contracts/<uid>/switch")
@requires("contracts.end")
def switch(uid: str) -> Response | str:
    contract = _contract(uid)
    case = signing.Case("switch", contract.resident, contract)
    if contract.state != "active":
        return _not_now(uid, "这份协议已经终止，不能改签。可以重新签约。")
    if not signing.teams_of(case):
        return _not_now(uid, "本单位没有别的团队可以改签。")
    return _open(case)


@blueprint.post("/contracts/<uid>/switch")
@requires("contracts.end")
def sign_switch(uid: str) -> Any:
    contract = _contract(uid)
    return _submit(signing.Case("switch", contract.resident, contract))


def _not_now(uid: str, sentence: str) -> Response:
    flash(sentence, "danger")
    return redirect(url_for(".detail", uid=uid), 303)


def _contract(uid: str) -> Contract:
    known = UID.fullmatch(uid) is not None
    return (get_visible(Contract, viewer(), Contract.uid == uid) if known else None) or abort(404)


def _look_at(uid: str) -> Contract:
    """Give the contract of a page that shows the resident whole, and note who looked."""
    known = UID.fullmatch(uid) is not None
    person = (
        get_visible_value(Contract.resident_id, viewer(), Contract.uid == uid) if known else None
    )
    open_resident(by=viewer(), resident_id=person or abort(404))
    # Not for the forms: PostgreSQL locks no row that was read with what stands beside it.
    found = get_visible(Contract, viewer(), Contract.uid == uid, options=queries.WHOLE)
    return found or abort(404)


def _open(case: signing.Case) -> str:
    return _form(signing.open_form(case), case)


def _form(form: SignForm, case: signing.Case) -> str:
    return htmx.page_or_fragment(
        "contracts/sign.html",
        "contracts/_agreement.html",
        form=form,
        case=case,
        preview=signing.preview(form, case),
        packages=list_packages(),
        clauses=clauses,
    )


def _submit(case: signing.Case) -> Any:
    """Sign, or show the form again with everything typed, the signature too."""
    form = SignForm()
    signing.offer(form, case)
    if "preview" in request.form:
        return _form(form, case)
    if (known := signing.signed_before(form, case)) is not None:
        return redirect(_page_of(known), 303)
    valid = form.validate()
    if signing.show_refusals(form, case) or not valid:
        return _form(form, case), 422
    try:
        contract = signing.sign(form, case)
    except RuleError as refused:
        signing.show(form, refused)
        return _form(form, case), 422
    flash(f"{case.title}完成。协议编号 {contract.number}。")
    return redirect(_page_of(contract), 303)


def _page_of(contract: Contract) -> str:
    """Give the page of a contract, or the list when the resident now belongs to others."""
    seen = get_visible(Contract, viewer(), Contract.id == contract.id)
    return url_for(".detail", uid=contract.uid) if seen else url_for(".index")


@blueprint.get("/contracts/<uid>")
@requires("contracts.see")
def detail(uid: str) -> str:
    contract, today = _look_at(uid), clock.today()
    return render_template(
        "contracts/detail.html",
        contract=contract,
        stands=_standing(contract),
        within=rules.ending_within(contract.end_on, today),
        renewable=_renewable(contract),
        family=queries.list_unsigned_family(viewer(), contract.resident, today),
        resident_address=address_of("residents.detail", uid=contract.resident.uid),
        **_evidence(contract),
    )


def _standing(contract: Contract) -> str:
    return rules.standing(contract.state, contract.start_on, contract.end_on, clock.today())


def _renewable(contract: Contract) -> bool:
    """Tell whether the form of a renewal would be taken today."""
    try:
        queries.check_renewable(contract, clock.today())
    except RuleError:
        return False
    return contract.resident.on_roster


def _evidence(contract: Contract) -> dict[str, Any]:
    """Give what page and print show alike: the agreement as signed, its proof, its code."""
    evidence, token = queries.read_evidence(contract), queries.get_token(contract)
    agreement = evidence.agreement
    if evidence.verdict == "missing" and agreement is None:
        agreement = agreements.rebuild_agreement(contract, clock.today())
    address = url_for_token(token) if token else ""
    return {
        "evidence": evidence,
        "agreement": agreement,
        "clauses": clauses,
        "path": signature_path(evidence.signature) if evidence.signature else "",
        "host": urlsplit(address).netloc,
        "code": qr_svg(address) if address else "",
    }


def url_for_token(token: str) -> str:
    """Give the address in the code: from the settings alone, never from a request (T-04)."""
    return f"{current_app.config['PUBLIC_URL']}/v/{token}"


@blueprint.get("/contracts/<uid>/print")
@requires("contracts.see")
def print_page(uid: str) -> str:
    contract = _look_at(uid)
    return render_template(
        "print/contract.html",
        contract=contract,
        signed_on=clock.local(contract.signed_at).date(),
        stands=_standing(contract),
        **_evidence(contract),
    )


@blueprint.get("/contracts/<uid>/end")
@requires("contracts.end")
def end(uid: str) -> str:
    form = EndForm(formdata=None, on=clock.today())
    return render_template("contracts/end.html", contract=_contract(uid), form=form)


@blueprint.post("/contracts/<uid>/end")
@requires("contracts.end")
def confirm_end(uid: str) -> Any:
    contract, form = _contract(uid), EndForm()
    page = "contracts/end.html"
    if not form.validate():
        return render_template(page, contract=contract, form=form), 422
    signed_on, today = clock.local(contract.signed_at).date(), clock.today()
    try:
        rules.check_end_day(form.day, contract.start_on, signed_on, today)
        actions.end_contract(by=viewer(), contract=contract, on=form.day, reason=form.words)
    except RuleError as refused:
        field = form.on if refused.field == "on" else form.reason
        field.errors = [*field.errors, refused.message]
        return render_template(page, contract=contract, form=form), 422
    flash("协议已终止。公共卫生随访照常进行。")
    return redirect(url_for(".detail", uid=uid), 303)
