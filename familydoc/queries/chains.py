"""Uncontrolled chains: those of some people, and who has one that broke."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Subquery,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import joinedload

from familydoc import clock
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.organisations import Organisation
from familydoc.models.referrals import Referral
from familydoc.models.residents import Resident
from familydoc.models.tasks import RANK_DANGER, RANK_PLAIN, Task
from familydoc.models.teams import Team, TeamMember
from familydoc.models.visits import Assessment, Visit
from familydoc.queries import scope
from familydoc.queries.care import reading_of
from familydoc.queries.scope import Somebody, Viewer
from familydoc.rules.chains import Chain, Duty, Judged, Sent, open_chain
from familydoc.rules.programmes import load_programmes

PAGE = 50
ON = bindparam("on", type_=Date)
KINDS = ("recheck", "home_visit")
#: What a chain hangs on: a resident and the code of a programme.
Key = tuple[int, str]


@dataclass(frozen=True)
class Broken:
    """One line of the list: whose chain broke, and the chain."""

    resident: Resident
    programme: str
    since: date
    chain: Chain


@dataclass(frozen=True)
class Page:
    """Lines of one page and the key the next one starts after, '' on the last."""

    rows: Sequence[Broken]
    after: str = ""


def list_chains(resident_id: int, on: date) -> dict[str, Chain]:
    """Give a resident's open chains by programme, in three statements."""
    return {programme: chain for (_, programme), chain in load_chains([resident_id], on).items()}


def load_chains(residents: Collection[int], on: date) -> dict[Key, Chain]:
    """Give the open chains of some people, in three statements however many they are."""
    judged, duties, sent = _judged(residents), _duties(residents), _sent(residents)
    found = {}
    for key in sorted({*judged, *duties, *sent}):
        chain = open_chain(judged[key], duties[key], sent[key], on)
        if chain is not None:
            found[key] = chain
    return found


def _judged(residents: Collection[int]) -> Mapping[Key, list[Judged]]:
    programmes = load_programmes()
    query = (
        select(
            *(Enrolment.resident_id, Enrolment.programme, Assessment.referral, Assessment.next),
            *(Visit.visit_date, Visit.answers),
        )
        .join(Assessment, Assessment.enrolment_id == Enrolment.id)
        .join(Assessment.visit)
        .where(
            Enrolment.resident_id.in_(residents),
            Enrolment.state == "active",
            Visit.replaced_at.is_(None),
        )
        .order_by(Visit.visit_date, Visit.id)
    )
    found: dict[Key, list[Judged]] = defaultdict(list)
    for row in db.session.execute(query):
        programme = programmes.get(row.programme)
        visit: Any = row  # it holds the answers, which is all a reading is made of
        note = reading_of(programme, visit) if programme else ""
        steps = tuple((step["kind"], date.fromisoformat(step["due"][:10])) for step in row.next)
        found[row.resident_id, row.programme].append(
            Judged(row.visit_date, row.referral, steps, note)
        )
    return found


def _duties(residents: Collection[int]) -> Mapping[Key, list[Duty]]:
    query = select(
        Task.resident_id, Task.programme, Task.kind, Task.due_on, Task.state, Task.closed_on
    ).where(Task.resident_id.in_(residents), Task.kind.in_(KINDS), Task.state == "open")
    found: dict[Key, list[Duty]] = defaultdict(list)
    for row in db.session.execute(query):
        found[row.resident_id, row.programme].append(
            Duty(row.kind, row.due_on, row.state, row.closed_on)
        )
    return found


def _sent(residents: Collection[int]) -> Mapping[Key, list[Sent]]:
    query = select(Referral).where(
        Referral.resident_id.in_(residents),
        Referral.state != "cancelled",
        Referral.direction == "up",
    )
    found: dict[Key, list[Sent]] = defaultdict(list)
    for row in db.session.scalars(query.order_by(Referral.opened_on, Referral.id)):
        found[row.resident_id, row.programme].append(as_sent(row))
    return found


def as_sent(row: Referral) -> Sent:
    """Give a referral as the rule needs it."""
    return Sent(
        opened_on=row.opened_on,
        check_due_on=row.check_due_on,
        state=row.state,
        outcome=row.outcome,
        closed_on=row.closed_on,
        received_on=clock.local(row.received_at).date() if row.received_at else None,
        discharged_on=row.discharged_on,
        follow_due_on=row.follow_due_on,
        urgent=row.urgency == "urgent",
        uid=row.uid,
    )


def count_broken(viewer: Account, on: date, team: str = "", centre: str = "") -> int:
    """Count the chains that broke, in the viewer's scope; the list takes the same conditions."""
    query = _count_query(viewer.role, bool(team), bool(centre))
    return db.session.execute(query, _values(viewer, on, team, centre)).scalar_one()


@cache
def _count_query(role: str, team: bool, centre: bool) -> Select[int]:
    """Put the statement together once: that takes longer than running it for a team."""
    return select(func.count()).select_from(_broken(Somebody(role), team, centre))


def _values(viewer: Account, on: date, team: str, centre: str) -> dict[str, Any]:
    return scope.keys_of(viewer) | {"on": on, "team": team, "centre": centre}


def list_broken(
    viewer: Account, on: date, team: str = "", centre: str = "", after: str = ""
) -> Page:
    """Give a page of chains that broke, the longest broken first."""
    rows = _broken(Somebody(viewer.role), bool(team), bool(centre))
    order = (rows.c.since, rows.c.resident_id, rows.c.programme)
    query = select(*order).order_by(*order).limit(PAGE + 1)
    if key := _read_key(after):
        query = query.where(tuple_(*order) > tuple_(*key))
    found = db.session.execute(query, _values(viewer, on, team, centre)).all()
    shown = found[:PAGE]
    people = _people([row.resident_id for row in shown])
    chains = load_chains(people, on)
    lines = [
        Broken(people[row.resident_id], row.programme, row.since, chain)
        for row in shown
        if (chain := chains.get((row.resident_id, row.programme))) is not None
    ]
    return Page(lines, _key(shown[-1]) if len(found) > PAGE else "")


def _people(ids: Collection[int]) -> dict[int, Resident]:
    query = (
        select(Resident)
        .where(Resident.id.in_(ids))
        .options(joinedload(Resident.village), joinedload(Resident.team))
    )
    return {one.id: one for one in db.session.scalars(query)}


def _broken(viewer: Viewer, team: bool, centre: bool) -> Subquery:
    """One row for every chain that broke: whose, of which programme, and since when."""
    seen = [scope.residents(viewer), Resident.state == "present", *_narrowed(team, centre)]
    parts = union_all(
        *(part.join(Resident, Resident.id == whose).where(*seen) for part, whose in _breaks(viewer))
    ).subquery()
    grouped = (parts.c.resident_id, parts.c.programme)
    return select(*grouped, func.min(parts.c.since).label("since")).group_by(*grouped).subquery()


def _narrowed(team: bool, centre: bool) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if team:
        found.append(Resident.team_id.in_(select(Team.id).where(Team.uid == bindparam("team"))))
    if centre:
        place = select(Organisation.id).where(Organisation.code == bindparam("centre"))
        found.append(Resident.centre_id.in_(place))
    return found


def _near(query: Select[Any], model: Any, viewer: Viewer) -> Select[Any]:
    """A team's rows by the team's own index; care and tasks are handed over with the resident.

    Joined: of a list of teams SQLite expects so many that it reads the whole county instead.
    """
    if viewer.role not in ("leader", "member"):
        return query
    serves = and_(TeamMember.staff_id == viewer.staff_id, TeamMember.until.is_(None))
    return query.join(TeamMember, and_(TeamMember.team_id == model.team_id, serves))


def _breaks(viewer: Viewer) -> list[tuple[Select[Any], Any]]:
    """The four places where a chain breaks (rules/chains.BREAKS), as dates and codes only."""
    # Both ranks by name: that leads to the index of what is open, past all that was done.
    ranks = Task.rank.in_((RANK_DANGER, RANK_PLAIN))
    overdue = and_(Task.state == "open", Task.due_on < ON, ranks)
    recheck = _since(Task.resident_id, Task.programme, Task.due_on).where(
        overdue, Task.kind == "recheck"
    )
    outcome = _since(Referral.resident_id, Referral.programme, Referral.check_due_on).where(
        Referral.state == "open", Referral.check_due_on < ON, Referral.direction == "up"
    )
    after = (
        _since(Task.resident_id, Task.programme, Task.due_on)
        .join(
            Referral,
            and_(
                Referral.resident_id == Task.resident_id,
                Referral.programme == Task.programme,
                Referral.follow_due_on == Task.due_on,
                Referral.state != "cancelled",
                Referral.direction == "up",
            ),
        )
        .where(overdue, Task.kind == "home_visit")
    )
    return [
        (_near(recheck, Task, viewer), Task.resident_id),
        (outcome, Referral.resident_id),
        (_near(after, Task, viewer), Task.resident_id),
        (_near(_without_referral(), Enrolment, viewer), Enrolment.resident_id),
    ]


def _without_referral() -> Select[Any]:
    """The last reading asks for a referral that nobody has made."""
    answered = exists().where(
        Referral.resident_id == Enrolment.resident_id,
        Referral.programme == Enrolment.programme,
        Referral.state != "cancelled",
        Referral.direction == "up",
        or_(Referral.closed_on.is_(None), Referral.closed_on >= Visit.visit_date),
    )
    return (
        _since(Enrolment.resident_id, Enrolment.programme, Visit.visit_date)
        .join(Assessment, Assessment.id == Enrolment.last_assessment_id)
        .join(Visit, Visit.id == Assessment.visit_id)
        .where(
            Enrolment.state == "active",
            Assessment.referral != "none",
            ~answered,
        )
    )


def _since(resident: Any, programme: Any, day: Any) -> Select[Any]:
    return select(resident.label("resident_id"), programme.label("programme"), day.label("since"))


def _key(row: Any) -> str:
    return f"{row.since.isoformat()}|{row.resident_id}|{row.programme}"


def _read_key(after: str) -> tuple[Any, ...] | None:
    since, _, rest = after.partition("|")
    number, _, programme = rest.partition("|")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        return None
    try:
        day = date.fromisoformat(since)
    except ValueError:
        return None
    return literal(day), literal(int(number)), literal(programme[:30])
