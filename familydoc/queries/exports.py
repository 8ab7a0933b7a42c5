"""The visits of a programme for a table, read a thousand at a time."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.organisations import Division
from familydoc.models.residents import Resident
from familydoc.models.teams import Staff, Team
from familydoc.models.visits import Assessment, Visit
from familydoc.queries import scope
from familydoc.rules.dues import read_due
from familydoc.rules.enrolments import day_of
from familydoc.rules.exports import Span, VisitRow
from familydoc.rules.programmes import Programme
from familydoc.rules.tasks import KIND_WORDS

AT_ONCE = 1000


def count_visits(viewer: Account, programme: str, span: Span) -> int:
    """Count the visits a table would hold: those in scope, as they count today."""
    query = _limit(select(func.count(Assessment.id)), viewer, programme, span)
    return int(db.session.execute(query).scalar_one())


def read_visits(viewer: Account, programme: Programme, span: Span) -> Iterator[VisitRow]:
    """Give the visits of a programme in scope, oldest first."""
    wanted = select(
        Visit,
        Assessment,
        Resident,
        Division,
        Team.name.label("team"),
        Staff.name.label("staff"),
    )
    query = (
        _limit(wanted, viewer, programme.code, span)
        .join(Division, Division.code == Resident.village_code)
        .outerjoin(Team, Team.id == Visit.team_id)
        .outerjoin(Staff, Staff.id == Visit.staff_id)
        .order_by(Visit.visit_date, Visit.id)
    )
    for row in db.session.execute(query.execution_options(yield_per=AT_ONCE)):
        yield _row(programme, row)


def _limit(query: Any, viewer: Account, programme: str, span: Span) -> Any:
    return (
        query.select_from(Visit)
        .join(Assessment, Assessment.visit_id == Visit.id)
        .join(Resident, Resident.id == Visit.resident_id)
        .where(
            scope.visible(Visit, viewer),
            Visit.replaced_at.is_(None),
            Visit.visit_date.between(span.since, span.until),
            Assessment.programme == programme,
        )
    )


def _row(programme: Programme, row: Any) -> VisitRow:
    visit, assessment, resident = row.Visit, row.Assessment, row.Resident
    steps = ((one["kind"], day_of(read_due(one["due"]))) for one in assessment.next)
    return VisitRow(
        name=resident.name,
        sex=resident.sex,
        birth=resident.birth,
        identity_number=resident.identity_number,
        telephone=resident.telephone,
        village=row.Division.short_name,
        team=row.team or "",
        visit_date=visit.visit_date,
        way=visit.way,
        staff=row.staff or "",
        late=visit.late_entry,
        answers=visit.answers | ({"notes": visit.note} if visit.note else {}),
        class_code=assessment.class_code,
        referral=assessment.referral,
        next=tuple(
            (programme.kind_word(kind, KIND_WORDS.get(kind, kind)), due) for kind, due in steps
        ),
        note=visit.note,
    )
