"""Recording a visit, looking at one, correcting one, and the list of them."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions import visits as actions
from familydoc.models.residents import Resident
from familydoc.models.visits import Visit
from familydoc.queries import visits as queries
from familydoc.queries.contracts import find_running
from familydoc.queries.programmes import effective
from familydoc.queries.tasks import list_open_tasks
from familydoc.rules.errors import RuleError
from familydoc.rules.programmes import load_programmes
from familydoc.rules.values import parse_iso_date
from familydoc.rules.visits import LastValue, RawVisit, VisitRefused, last_values
from familydoc.web.access import requires, viewer, wants_json
from familydoc.web.find import UID, address_of, find_resident
from familydoc.web.forms.visits import (
    Sent,
    build_page,
    fill_unchanged,
    read_sent,
)
from familydoc.web.privacy import read_code
from familydoc.web.visit_words import (
    closing_words,
    due_words,
    page_data,
    result_words,
    visit_words,
)

blueprint = Blueprint("visits", __name__)
Answer = Response | str | tuple[str, int] | tuple[Response, int]
STATUS = {"visit_conflict": 409, "visit_replaced": 409, "json_invalid": 400}
FILTERS = ("since", "until", "programme", "late")


@blueprint.get("/residents/<uid>/visits/new")
@requires("visits.record")
def new(uid: str) -> Answer:
    resident = find_resident(uid)
    head = {"uid": str(uuid.uuid4()), "resident": uid, "task": request.args.get("task", "")[:20]}
    head["visit_date"] = clock.today().isoformat()
    return show_form(resident, Sent(head, {}, by_json=False))


@blueprint.post("/visits")
@requires("visits.record")
def create() -> Answer:
    sent = read_sent()
    resident = find_resident(sent.text("resident"))
    try:
        uid = check_uid(sent.text("uid"))
        # Only a device is told whether the row was there; a person is led to it either way.
        known = sent.by_json and queries.find_visit(uid) is not None
        visit = actions.record_visit(
            by=viewer(),
            uid=uid,
            resident=resident,
            visit_date=sent.head.get("visit_date"),
            way=sent.head.get("way"),
            answers=sent.answers,
            late_reason=sent.text("late_reason"),
            danger_handled=sent.danger_handled,
        )
    except RuleError as refused:
        return refuse(refused, resident, sent)
    return stored(visit, 200 if known else 201)


@blueprint.post("/visits/preview")
@requires("visits.record")
def preview() -> Answer:
    """Show the result of what was typed, and fill "unchanged" fields, without JavaScript."""
    sent = read_sent()
    resident = find_resident(sent.text("resident"))
    corrects = find_visit(sent.text("corrects")) if sent.text("corrects") else None
    day = parse_iso_date(sent.head.get("visit_date")) or clock.today()
    if request.form.get("fill"):
        sent.answers = fill_unchanged(
            list_parts(resident, ""), sent.answers, last_of(resident, day)
        )
        return show_form(resident, sent, corrects=corrects)
    without = queries.revisions_of(corrects) if corrects else []
    try:
        raw = RawVisit(
            sent.head.get("visit_date"), sent.head.get("way"), sent.answers, "预览时不查补录原因"
        )
        found = actions.check_visit(resident, actions.read_visit(raw, resident), without)
    except RuleError as refused:
        return show_form(resident, sent, refused, corrects=corrects), 422
    return show_form(resident, sent, found=found, corrects=corrects)


@blueprint.get("/visits/<uid>")
@requires("visits.see")
def show(uid: str) -> str:
    visit = find_visit(uid)
    newest = visit
    while (later := queries.find_replacement(newest)) is not None:
        newest = later
    return render_template(
        "visits/show.html",
        visit=visit,
        newest=newest,
        words=visit_words(visit),
        revisions=queries.list_revisions(newest),
        closed=[(t, queries.name_of(t)) for t in queries.list_tasks_closed_by(visit)],
        owed=[(t, queries.name_of(t)) for t in queries.list_tasks_made_by(visit)],
        letters=letters_of(visit),
        due_words=due_words,
        fresh=request.args.get("saved") == "1",
    )


def letters_of(visit: Visit) -> list[tuple[str, bool, str]]:
    """Give for each referral of a visit the programme, whether it is urgent, and its slip."""
    found = queries.list_referrals_of(visit)
    return [
        (one.programme, one.urgency == "urgent", address_of("referrals.letter", uid=one.uid))
        for one in found
    ]


@blueprint.get("/visits/<uid>/correct")
@requires("visits.record")
def correct(uid: str) -> Answer:
    visit = find_visit(uid)
    newer = queries.find_replacement(visit)
    if newer is not None:
        return redirect(url_for("visits.show", uid=newer.uid), 303)
    head = {
        "uid": str(uuid.uuid4()),
        "resident": visit.resident.uid,
        "corrects": uid,
        "visit_date": visit.visit_date.isoformat(),
        "way": visit.way,
        "late_reason": visit.late_reason,
    }
    answers = {**visit.answers, "notes": visit.note}
    return show_form(visit.resident, Sent(head, answers, by_json=False), corrects=visit)


@blueprint.post("/visits/<uid>/correct")
@requires("visits.record")
def save_correction(uid: str) -> Answer:
    visit = find_visit(uid)
    sent = read_sent()
    try:
        revision = actions.correct_visit(
            by=viewer(),
            uid=check_uid(sent.text("uid")),
            visit=visit,
            visit_date=sent.head.get("visit_date"),
            way=sent.head.get("way"),
            answers=sent.answers,
            reason=sent.text("reason"),
            late_reason=sent.text("late_reason"),
            danger_handled=sent.danger_handled,
        )
    except RuleError as refused:
        return refuse(refused, visit.resident, sent, corrects=visit)
    return stored(revision, 201)


@blueprint.get("/visits")
@requires("visits.see")
def index() -> str:
    wanted = read_filter(request.args)
    found = queries.list_visits(viewer(), wanted, read_after(request.args.get("after", "")))
    shown = found[: queries.PAGE]
    return render_template(
        "visits/index.html",
        wanted=wanted,
        visits=[(visit, visit_words(visit)) for visit in shown],
        programmes=list(load_programmes().values()),
        next_address=next_address(shown) if len(found) > len(shown) else "",
    )


def read_filter(args: Mapping[str, str]) -> queries.VisitFilter:
    """Read the list's filters; what cannot be read limits nothing."""
    code = read_code(args.get("programme", ""))
    return queries.VisitFilter(
        since=parse_iso_date(args.get("since")),
        until=parse_iso_date(args.get("until")),
        programme=code if code in load_programmes() else "",
        late=args.get("late") == "1",
    )


def read_after(text: str) -> tuple[date, int] | None:
    """Read the key of the last visit of the page before: 2026-11-20.123."""
    day, _, number = text.partition(".")
    found = parse_iso_date(day)
    if found is None or not (number.isascii() and number.isdigit() and len(number) < 18):
        return None
    return found, int(number)


def next_address(shown: list[Visit]) -> str:
    """Give the address of the next page, the filters kept."""
    last = shown[-1]
    kept = {k: request.args[k] for k in FILTERS if request.args.get(k)}
    return (
        f"{url_for('visits.index')}?{urlencode({**kept, 'after': f'{last.visit_date}.{last.id}'})}"
    )


def find_visit(uid: str) -> Visit:
    """Give a visit in the viewer's scope, else 404."""
    known = UID.fullmatch(uid) is not None
    return (queries.get_visit(viewer(), uid) if known else None) or abort(404)


def check_uid(uid: str) -> str:
    """Give the uid a device made; RuleError `uid_invalid` when it is none."""
    if UID.fullmatch(uid) is None or len(uid) < 8:
        raise RuleError("uid_invalid", "缺少随访编号（uid，8 到 36 位），请刷新页面再填。", "uid")
    return uid


def list_parts(resident: Resident, task: str) -> list[Any]:
    """Give the programmes of the form, the one of the opened task first."""
    enrolled = [e.programme for e in queries.list_active_enrolments(resident.id)]
    wanted = queries.find_task_programme(resident.id, task)
    day = clock.today()
    ordered = sorted(enrolled, key=lambda code: code != wanted)
    return [effective(code, day) for code in ordered]


def facts_of(resident: Resident) -> dict[str, dict[str, Any]]:
    """Give what is known since the resident was taken in, by programme."""
    return {e.programme: e.facts for e in queries.list_active_enrolments(resident.id) if e.facts}


def oldest_dues(resident: Resident) -> dict[str, date]:
    """Give the oldest open due date of each programme."""
    dues: dict[str, date] = {}
    for task in list_open_tasks(resident.id):
        dues.setdefault(task.programme, task.due_on)
    return dues


def last_of(resident: Resident, day: date, corrects: Visit | None = None) -> dict[str, LastValue]:
    """Give the last value of every answer before a day."""
    without = queries.revisions_of(corrects) if corrects else []
    past = queries.history_before(resident.id, day, without)
    return last_values([(p.visit_date, p.answers) for p in past], day)


def show_form(
    resident: Resident,
    sent: Sent,
    refused: RuleError | None = None,
    found: queries.Preview | None = None,
    corrects: Visit | None = None,
) -> str:
    """Render the form with everything typed, its errors and its result."""
    day = parse_iso_date(sent.head.get("visit_date")) or clock.today()
    programmes = list_parts(resident, sent.text("task"))
    last = last_of(resident, day, corrects)
    dues, facts = oldest_dues(resident), facts_of(resident)
    page = build_page(resident, programmes, sent, last, day, errors_of(refused), dues, facts)
    return render_template(
        "visits/correct.html" if corrects else "visits/new.html",
        page=page,
        corrects=corrects,
        contract=find_running(resident.id, clock.today()),
        hospital=queries.find_higher_hospital(resident),
        result=result_words(found) if found else None,
        closing=closing_words(found, day) if found else None,
        danger=danger_of(found, refused),
        danger_steps=[s for o in found.outcomes if o.decision for s in o.decision.danger_steps]
        if found
        else [],
        data=page_data(resident, programmes, facts, corrects),
    )


def errors_of(refused: RuleError | None) -> dict[str, str]:
    """Give every sentence of a refusal by field."""
    if refused is None:
        return {}
    if isinstance(refused, VisitRefused):
        return refused.errors
    return {refused.field or "visit": refused.message}


def danger_of(found: queries.Preview | None, refused: RuleError | None) -> list[str]:
    """Give what is dangerous, for the panel that stops."""
    if found is not None:
        return found.danger
    if refused is not None and refused.code == "danger_unhandled":
        return [refused.message]
    return []


def refuse(
    refused: RuleError, resident: Resident, sent: Sent, corrects: Visit | None = None
) -> Answer:
    """Answer 422 (409 when somebody was first) with everything that was typed."""
    status = STATUS.get(refused.code, 422)
    if sent.by_json or wants_json():
        answer = {"error": refused.message, "code": refused.code, "errors": errors_of(refused)}
        return jsonify(answer), status
    return show_form(resident, sent, refused, corrects=corrects), status


def stored(visit: Visit, status: int) -> Answer:
    """Lead to the stored visit, or tell a device what came of it."""
    address = url_for("visits.show", uid=visit.uid, saved=1)
    if not (request.is_json or wants_json()):
        return redirect(address, 303)
    return jsonify(visit_as_json(visit, address)), status


def visit_as_json(visit: Visit, address: str) -> dict[str, Any]:
    """Give what a device needs to know of a stored visit."""
    return {
        "uid": visit.uid,
        "url": address,
        "assessments": [
            {
                "programme": a.programme,
                "class": a.class_code,
                "referral": a.referral,
                "next": a.next,
                "because": a.because,
            }
            for a in visit.assessments
        ],
        "closed": [
            {"programme": t.programme, "kind": t.kind, "due": t.due_on.isoformat()}
            for t in queries.list_tasks_closed_by(visit)
        ],
    }
