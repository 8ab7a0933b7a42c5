"""Recording a visit and correcting one; what follows from it is in visits_follow.py."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NoReturn

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.visits_follow import settle, take_back
from familydoc.extensions import db
from familydoc.labels import word
from familydoc.models.accounts import Account
from familydoc.models.residents import Resident
from familydoc.models.visits import Visit
from familydoc.queries.visits import (
    Preview,
    find_replacement,
    find_visit,
    list_active_enrolments,
    preview_visit,
    revisions_of,
)
from familydoc.rules.answers import answers_of, store_answers
from familydoc.rules.errors import RuleError
from familydoc.rules.programmes import load_programmes
from familydoc.rules.visits import (
    RawVisit,
    VisitEntry,
    VisitRefused,
    is_late,
    read_entry,
    refuse_half_readings,
)
from familydoc.transaction import transaction

MIN_REASON, MAX_REASON = 2, 200
#: The moment is stored, so the day a visit was entered is known; Visit.note holds this answer.
NOTE = "notes"


def record_visit(
    *,
    by: Account | None,
    uid: str,
    resident: Resident,
    visit_date: object,
    way: object,
    answers: Mapping[str, object],
    late_reason: object = "",
    danger_handled: bool | None = None,
) -> Visit:
    """Store a visit with one assessment per programme it measured, and what follows from it.

    The same uid again gives the stored row. Values come typed or as JSON, `visit_date` also as a
    date. `danger_handled` is what somebody ticked on the danger panel, None where there was none
    (a device, an import). VisitRefused names every field; RuleError `visit_conflict`,
    `resident_gone`, `not_enrolled` or `danger_unhandled`.
    """
    raw = RawVisit(_text(visit_date), way, answers, late_reason)
    with transaction() as session:
        session.refresh(resident, with_for_update={"key_share": True})
        stored = find_visit(uid)
        if stored is not None:
            return _same_or_refuse(stored, resident, raw)
        entry = read_visit(raw, resident)
        preview = check_visit(resident, entry)
        _refuse_danger(preview, danger_handled)
        visit = _new_visit(by, uid, resident, entry)
        if not _insert(session, visit):
            stored = find_visit(uid)
            assert stored is not None
            return _same_or_refuse(stored, resident, raw)
        settle(by=by, visit=visit, preview=preview)
        _note(by, "record_visit", visit, preview, danger_handled=danger_handled)
    return visit


def correct_visit(
    *,
    by: Account | None,
    uid: str,
    visit: Visit,
    visit_date: object,
    way: object,
    answers: Mapping[str, object],
    reason: object,
    late_reason: object = "",
    danger_handled: bool | None = None,
) -> Visit:
    """Store a new revision of a visit; what followed from the old one is derived again.

    The same uid again gives the stored revision. RuleError `visit_replaced` when somebody else
    corrected it first, else as record_visit.
    """
    raw = RawVisit(_text(visit_date), way, answers, late_reason)
    with transaction() as session:
        resident = visit.resident
        session.refresh(resident, with_for_update={"key_share": True})
        session.refresh(visit)
        stored = find_visit(uid)
        if stored is not None and stored.corrects_id == visit.id:
            return stored
        _refuse_replaced(visit)
        why = _read_reason(reason)
        replaced = revisions_of(visit)
        entry = read_visit(raw, resident, entered_on=first_entered_on(replaced))
        preview = check_visit(resident, entry, without=replaced)
        _refuse_danger(preview, danger_handled)
        revision = _new_visit(by, uid, resident, entry, corrects=visit, reason=why)
        visit.replaced_at = clock.now()
        if not _insert(session, revision):
            raise RuleError("visit_conflict", CONFLICT, "uid")
        take_back(by=by, visit=visit, revision=revision, preview=preview)
        settle(by=by, visit=revision, preview=preview, replaced=replaced)
        _note(by, "correct_visit", revision, preview, corrects=visit.id)
    return revision


CONFLICT = "这个编号的随访已经保存过，内容和这次不同。先保存的那次没有改动，请打开它来更正。"


def read_visit(raw: RawVisit, resident: Resident, entered_on: date | None = None) -> VisitEntry:
    """Read and check what was typed, against the fields of every programme there is."""
    programmes = list(load_programmes().values())
    return read_entry(raw, programmes, clock.today(), resident.birth, entered_on)


def check_visit(resident: Resident, entry: VisitEntry, without: Sequence[int] = ()) -> Preview:
    """Give what the visit would bring; RuleError or VisitRefused when it may not be stored."""
    _refuse_gone(resident, entry.visit_date)
    preview = preview_visit(resident, entry, without)
    if not preview.outcomes:
        _refuse_not_enrolled(resident)
    enrolled = [o.programme for o in preview.outcomes]
    if half := refuse_half_readings(enrolled, entry.answers):
        raise VisitRefused(half)
    if not any(o.decision or o.programme.class_may_be_empty for o in preview.outcomes):
        begun = [o for o in preview.outcomes if answers_of(o.programme, entry.answers)]
        missing = (begun or preview.outcomes)[0].missing
        raise VisitRefused({f.code: f"{f.label}没有填" for f in missing})
    return preview


def _refuse_not_enrolled(resident: Resident) -> NoReturn:
    """Say why a visit counts for nothing: managed in nothing, or not yet on that day."""
    enrolments = list_active_enrolments(resident.id)
    if not enrolments:
        text = "这位居民还没有纳入任何管理项目。先在居民页面纳入管理，再记随访。"
        raise RuleError("not_enrolled", text, "programme")
    first = min(enrolments, key=lambda e: e.since)
    name = word("programme", first.programme)
    text = f"{first.since} 才纳入{name}管理，随访日期不能早于这一天。纳入日期有误，先去更正。"
    raise RuleError("before_enrolment", text, "visit_date")


def first_entered_on(revisions: Sequence[int]) -> date:
    """Give the day the first revision was entered: a correction is not late for being one."""
    first = db.session.get(Visit, revisions[-1])
    assert first is not None
    return clock.local(first.recorded_at).date()


def _refuse_gone(resident: Resident, visit_date: date) -> None:
    since = resident.state_since
    if resident.on_roster or (since is not None and visit_date <= since):
        return
    state = word("resident_state", resident.state)
    text = f"居民已登记为{state}，不能再记这之后的随访。登记有误，请先在居民页面更正。"
    raise RuleError("resident_gone", text, "visit_date")


def _refuse_danger(preview: Preview, handled: bool | None) -> None:
    if preview.danger and handled is False:
        text = f"{'、'.join(preview.danger)}。先处理并联系上级医院，勾选后才能保存。"
        raise RuleError("danger_unhandled", text, "danger_handled")


def _refuse_replaced(visit: Visit) -> None:
    if visit.replaced_at is None:
        return
    newer = find_replacement(visit)
    when = f"（{clock.local(newer.recorded_at):%m-%d %H:%M}）" if newer else ""
    text = f"这次随访已经有人更正过{when}，请先看最新的内容再改。"
    raise RuleError("visit_replaced", text)


def _read_reason(reason: object) -> str:
    text = str(reason or "").strip()
    if not MIN_REASON <= len(text) <= MAX_REASON:
        raise VisitRefused({"reason": "请写更正的原因（2 到 200 个字）"})
    return text


def _same_or_refuse(stored: Visit, resident: Resident, raw: RawVisit) -> Visit:
    """Give the stored visit when it is the same again; another content never overwrites it."""
    entered_on = clock.local(stored.recorded_at).date()
    try:
        entry = read_visit(raw, resident, entered_on)
    except VisitRefused:
        entry = None
    if entry is not None and _is_same(stored, resident, entry):
        return stored
    raise RuleError("visit_conflict", CONFLICT, "uid")


def _is_same(stored: Visit, resident: Resident, entry: VisitEntry) -> bool:
    answers = store_answers(entry.answers)
    note = answers.pop(NOTE, "")
    return (stored.resident_id, stored.visit_date, stored.way, stored.answers, stored.note) == (
        resident.id,
        entry.visit_date,
        entry.way,
        answers,
        note,
    )


def _new_visit(
    by: Account | None,
    uid: str,
    resident: Resident,
    entry: VisitEntry,
    corrects: Visit | None = None,
    reason: str = "",
) -> Visit:
    answers = store_answers(entry.answers)
    note = str(answers.pop(NOTE, ""))
    entered_on = first_entered_on(revisions_of(corrects)) if corrects else clock.today()
    return Visit(
        uid=uid,
        resident_id=resident.id,
        visit_date=entry.visit_date,
        way=entry.way,
        answers=answers,
        note=note,
        staff_id=corrects.staff_id if corrects else by.staff_id if by else None,
        team_id=corrects.team_id if corrects else resident.team_id,
        recorded_at=clock.now(),
        recorded_by=by.id if by else None,
        late_entry=is_late(entry.visit_date, entered_on),
        late_reason=entry.late_reason or "",
        corrects_id=corrects.id if corrects else None,
        correction_reason=reason,
    )


def _insert(session: Session, visit: Visit) -> bool:
    """Insert, and tell whether the uid was free: two may send it at the same moment."""
    session.flush()
    try:
        with session.begin_nested():
            session.add(visit)
    except IntegrityError:
        return False
    return True


def _note(by: Account | None, verb: str, visit: Visit, preview: Preview, **details: object) -> None:
    judged = [o for o in preview.outcomes if o.decision]
    record(
        by=by,
        verb=verb,
        entity="visit",
        entity_id=visit.id,
        resident_id=visit.resident_id,
        programmes=[o.programme.code for o in judged],
        danger=bool(preview.danger),
        late=visit.late_entry,
        **details,
    )


def _text(visit_date: object) -> object:
    return visit_date.isoformat() if isinstance(visit_date, date) else visit_date
