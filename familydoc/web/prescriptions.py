"""Education prescriptions: what somebody was given, a new one, and the sheet for paper."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions import prescriptions as actions
from familydoc.models.residents import Resident
from familydoc.models.visits import Visit
from familydoc.queries import prescriptions as queries
from familydoc.queries.contracts import find_running
from familydoc.queries.visits import get_visit
from familydoc.rules.errors import RuleError
from familydoc.rules.prescription_texts import TEXTS
from familydoc.rules.prescriptions import SECTIONS, compose, disease_name
from familydoc.web.access import requires, viewer
from familydoc.web.find import UID, find_resident
from familydoc.web.forms.prescriptions import PARTS, Typed, fresh, read_typed

blueprint = Blueprint("prescriptions", __name__)
Answer = Response | str | tuple[str, int]


@blueprint.get("/residents/<uid>/prescriptions")
@requires("prescriptions.see")
def index(uid: str) -> str:
    resident = find_resident(uid)
    patient = queries.read_patient(resident, clock.today())
    offered = queries.list_offered(resident, patient)
    return render_template(
        "prescriptions/index.html",
        resident=resident,
        given=queries.list_prescriptions(resident.id),
        offered=[(code, TEXTS[code].name) for code in offered],
        others=[(code, text.name) for code, text in TEXTS.items() if code not in offered],
        visit=request.args.get("visit", "")[:36],
        disease_name=disease_name,
    )


@blueprint.get("/residents/<uid>/prescriptions/new")
@requires("prescriptions.issue")
def new(uid: str) -> Answer:
    resident, disease = find_resident(uid), request.args.get("disease", "")
    visit = request.args.get("visit", "")[:36]
    if disease not in TEXTS:
        return redirect(url_for("prescriptions.index", uid=uid, visit=visit or None), 303)
    sheet = compose(disease, queries.read_patient(resident, clock.today()))
    return _form(resident, fresh(sheet, visit))


@blueprint.post("/residents/<uid>/prescriptions")
@requires("prescriptions.issue")
def create(uid: str) -> Answer:
    resident, typed = find_resident(uid), read_typed(request.form)
    try:
        stored = actions.issue_prescription(
            by=viewer(),
            uid=_check_uid(typed.uid),
            resident=resident,
            disease=typed.disease,
            texts=typed.texts,
            visit=_visit(typed.visit),
        )
    except RuleError as refused:
        typed.refuse(refused)
        return _form(resident, typed), 422
    return redirect(url_for("prescriptions.detail", uid=stored.uid), 303)


@blueprint.get("/prescriptions/<uid>")
@requires("prescriptions.see")
def detail(uid: str) -> str:
    known = UID.fullmatch(uid) is not None
    given = (queries.get_prescription(viewer(), uid) if known else None) or abort(404)
    contract = find_running(given.resident_id, clock.today())
    return render_template(
        "print/prescription.html",
        given=given,
        name=disease_name(given.disease),
        sections=[(title, given.body[key]) for key, title in SECTIONS.items() if key in given.body],
        team=contract.team if contract else given.resident.team,
    )


def _form(resident: Resident, typed: Typed) -> str:
    return render_template(
        "prescriptions/new.html",
        resident=resident,
        typed=typed,
        parts=PARTS,
        name=disease_name(typed.disease),
    )


def _check_uid(uid: str) -> str:
    if UID.fullmatch(uid) is None or len(uid) < 8:
        raise RuleError("uid_invalid", "缺少处方的编号，请刷新页面再开。")
    return uid


def _visit(uid: str) -> Visit | None:
    """Give the visit that led here; one that cannot be seen is left out."""
    return get_visit(viewer(), uid) if UID.fullmatch(uid) else None
