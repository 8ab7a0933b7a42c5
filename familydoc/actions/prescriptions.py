"""Giving somebody an education prescription (健康教育处方)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.tasks import INSERTS
from familydoc.models.accounts import Account
from familydoc.models.prescriptions import EducationPrescription
from familydoc.models.residents import Resident
from familydoc.models.visits import Visit
from familydoc.queries.enrolments import find_live_enrolment
from familydoc.rules.errors import RuleError
from familydoc.rules.prescription_texts import TEXTS
from familydoc.rules.prescriptions import Sheet, read_sheet
from familydoc.transaction import transaction


def issue_prescription(
    *,
    by: Account | None,
    uid: str,
    resident: Resident,
    disease: str,
    texts: Mapping[str, str],
    visit: Visit | None = None,
) -> EducationPrescription:
    """Store a sheet as it was edited; a known `uid` gives the stored one.

    RuleError of `rules.prescriptions.read_sheet`, `resident_gone` for somebody off the roster,
    `visit_of_another` or `uid_taken`.
    """
    sheet = read_sheet(disease, texts)
    if not resident.on_roster:
        raise RuleError("resident_gone", "这位居民已经不在册，不能再开健康教育处方。")
    if visit is not None and visit.resident_id != resident.id:
        raise RuleError("visit_of_another", "这次随访不是这位居民的，请从居民页面重新打开。")
    values = {"uid": uid, **_content(resident, sheet, visit), **_given_by(by)}
    with transaction() as session:
        insert = INSERTS[session.get_bind().dialect.name](EducationPrescription).values(values)
        statement = insert.on_conflict_do_nothing(index_elements=["uid"])
        is_new = session.execute(statement.returning(EducationPrescription.id)).first() is not None
        query = select(EducationPrescription).filter_by(uid=uid)
        stored = session.execute(query).scalar_one()
        if stored.resident_id != resident.id:
            raise RuleError("uid_taken", "这张处方的编号已用在别人身上，请刷新页面再开。")
        if is_new:
            _note(by, stored)
    return stored


def _content(resident: Resident, sheet: Sheet, visit: Visit | None) -> dict[str, Any]:
    enrolment = find_live_enrolment(resident.id, TEXTS[sheet.disease].programme)
    return {
        "resident_id": resident.id,
        "enrolment_id": enrolment.id if enrolment else None,
        "visit_id": visit.id if visit else None,
        "disease": sheet.disease,
        "body": {key: list(lines) for key, lines in sheet.body.items()},
        "goals": list(sheet.goals),
    }


def _given_by(by: Account | None) -> dict[str, Any]:
    return {
        "issued_on": clock.today(),
        "staff_id": by.staff_id if by else None,
        "recorded_at": clock.now(),
        "recorded_by": by.id if by else None,
    }


def _note(by: Account | None, stored: EducationPrescription) -> None:
    record(
        by=by,
        verb="issue_prescription",
        entity="prescription",
        entity_id=stored.id,
        resident_id=stored.resident_id,
        disease=stored.disease,
    )
