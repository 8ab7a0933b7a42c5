"""Fills an empty database: places, teams, people, contracts, two years of care; then counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.due_tasks import make_due_tasks
from familydoc.actions.figures import count_figures
from familydoc.actions.packages import seed_packages
from familydoc.demo.accounts import account_rows, printed
from familydoc.demo.care import Carer, Ledger, Story
from familydoc.demo.desk import share_out, try_to_call
from familydoc.demo.others import Others
from familydoc.demo.places import centre_words
from familydoc.demo.plan import County, Divisions, Plan, make_plan
from familydoc.demo.portraits import draw_portrait
from familydoc.demo.residents import (
    household_rows,
    resident_rows,
    state_rows,
    tag_rows,
    term_rows,
)
from familydoc.demo.signing import Side, Signing, team_side
from familydoc.demo.sizes import COUNTY, SIZES, Size
from familydoc.demo.store import store
from familydoc.demo.teams import member_rows, staff_row, team_row, village_rows
from familydoc.extensions import db
from familydoc.models.contracts import Contract
from familydoc.models.organisations import Division, Organisation
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.models.teams import Staff, Team
from familydoc.models.visits import Visit
from familydoc.queries.counts import count_open, count_roster
from familydoc.queries.packages import list_packages
from familydoc.queries.programmes import list_effective
from familydoc.rules.dates import add_months
from familydoc.rules.errors import RuleError
from familydoc.transaction import transaction

Accounts = dict[int, int]


@dataclass(frozen=True)
class Occasion:
    """What is made, when, and by which seed."""

    size: Size
    now: datetime
    seed: int

    @property
    def today(self) -> date:
        return clock.local(self.now).date()


def fill(*, size: str, seed: int) -> dict[str, Any]:
    """Fill an empty database with the demo `small` or `county` and give accounts and counts.

    RuleError `demo_filled` when there is anything that it would stand beside.
    """
    occasion = Occasion(SIZES[size], clock.now(), seed)
    today = occasion.today
    with transaction() as session:
        county = _empty_county()
        plan = make_plan(occasion.size, county, seed=seed, today=today)
        accounts, shown = _store_places(session, plan, county, occasion)
        _store_people(session, plan, accounts, occasion)
        _store_contracts(session, plan, accounts, occasion)
        _store_care(session, plan, accounts, occasion)
        record(by=None, verb="fill_demo", entity="organisation", entity_id=county.id, size=size)
    make_due_tasks(by=None, until=today)
    count_figures(by=None, on=today)
    analyze()
    return {"accounts": shown, "counts": count(today)}


def analyze() -> None:
    """Let the planner know what the tables hold: without it SQLite takes the wrong index of two."""
    with transaction() as session:
        session.execute(text("ANALYZE"))


def _empty_county() -> County:
    """Give the county of a database that holds what setup makes and nothing else yet."""
    if any(_rows_of(model) for model in (Resident, Team, Staff)):
        raise RuleError(
            "demo_filled",
            "数据库里已有数据，没有写入演示数据。请换一个空的数据目录（FAMILYDOC_INSTANCE）再试。",
        )
    organisations = db.session.scalars(select(Organisation)).all()
    centres = {o.code: o.id for o in organisations if o.kind == "township_centre"}
    if not COUNTY.teams.keys() <= centres.keys():
        raise RuleError("demo_county", "演示数据只适用于清水河县（150124），没有写入任何内容。")
    return County(
        divisions=_divisions(),
        id=next(o.id for o in organisations if o.kind == "county"),
        centres=centres,
        next_id=max(o.id for o in organisations) + 1,
    )


def _divisions() -> Divisions:
    rows = db.session.execute(
        select(Division.level, Division.code, Division.name, Division.parent_code)
    )
    return [(level, code, name, parent) for level, code, name, parent in rows]


def _store_places(
    session: Session, plan: Plan, county: County, occasion: Occasion
) -> tuple[Accounts, list[dict[str, str]]]:
    """Store institutions, teams, staff and accounts; give the account of each member of staff."""
    since = add_months(occasion.today, -30)
    _describe_centres(plan, county)
    store(session, "organisations", plan.organisations)
    store(session, "staff", [staff_row(member) for member in plan.staff])
    store(session, "photographs", _photographs(plan, occasion.seed))
    store(session, "teams", [team_row(team) for team in plan.teams])
    store(session, "team_members", [r for t in plan.teams for r in member_rows(t, since)])
    store(session, "team_villages", [r for t in plan.teams for r in village_rows(t, since)])
    centres, hospital = _served(plan, county), _hospital_of(plan)
    rows = account_rows(county.id, centres, hospital, plan.teams, plan.staff, occasion.now)
    store(session, "accounts", rows)
    return {row["staff_id"]: row["id"] for row in rows if row["staff_id"]}, printed(rows)


def _hospital_of(plan: Plan) -> int:
    """Give the county hospital, to which people are referred."""
    return next(int(o["id"]) for o in plan.organisations if o["kind"] == "county_hospital")


def _served(plan: Plan, county: County) -> list[int]:
    """Give the centres that have teams."""
    return [county.centres[code] for code in plan.places.townships]


def _describe_centres(plan: Plan, county: County) -> None:
    """Say where the centres are and how they are reached, where nobody has said so yet."""
    for number, code in enumerate(plan.places.townships):
        centre = db.session.get(Organisation, county.centres[code])
        assert centre is not None
        for name, value in centre_words(plan.places, code, number).items():
            setattr(centre, name, getattr(centre, name) or value)
    db.session.flush()


def _photographs(plan: Plan, seed: int) -> list[dict[str, Any]]:
    random = Random(f"{seed} portraits")
    return [
        {"staff_id": m.id, "media_type": "image/png", "content": draw_portrait(random, m.sex)}
        for m in plan.staff
        if m.photo_consent
    ]


def _store_people(session: Session, plan: Plan, accounts: Accounts, occasion: Occasion) -> None:
    store(session, "households", household_rows(plan.homes))
    store(session, "residents", resident_rows(plan, occasion.now))
    store(session, "resident_tags", tag_rows(plan.people, occasion.today, occasion.seed))
    store(session, "resident_terms", term_rows(plan.people))
    store(session, "resident_states", state_rows(plan, accounts, occasion.today))


def _store_contracts(session: Session, plan: Plan, accounts: Accounts, occasion: Occasion) -> None:
    seed_packages(by=None)
    signing = Signing(list_packages(), _sides(plan, accounts), occasion.now, occasion.seed)
    for person in plan.people:
        signing.sign(person)
    store(session, "contracts", signing.rows.contracts)
    store(session, "contract_packages", signing.rows.packages)


def _sides(plan: Plan, accounts: Accounts) -> dict[str, Side]:
    """Give by village whom its people sign with."""
    phones = {member.id: str(staff_row(member)["telephone"]) for member in plan.staff}
    sides: dict[str, Side] = {}
    for team in plan.teams:
        centre = db.session.get(Organisation, team.centre_id)
        assert centre is not None
        side = team_side(team, centre, str(team_row(team)["telephone"]), accounts, phones)
        sides |= {village.code: side for village in team.villages}
    return sides


def _store_care(session: Session, plan: Plan, accounts: Accounts, occasion: Occasion) -> None:
    ledger, now, seed = Ledger(), occasion.now, occasion.seed
    random, programmes = Random(f"{seed} care"), list_effective(occasion.today)
    for person in plan.people:
        if {"hypertension", "diabetes"} & person.tags:
            carer = _carer(plan, person.village, accounts)
            Story(ledger, person, carer, programmes, now, random, occasion.size.drama).tell()
    others = Others(ledger, programmes, now, Random(f"{seed} others"))
    for person in plan.people:
        others.tell(person, _carer(plan, person.village, accounts))
    share_out(ledger, plan.teams)
    calls = try_to_call(ledger, accounts, clock.local(now), seed)
    for table in ("enrolments", "visits", "assessments", "tasks", "referrals"):
        store(session, table, getattr(ledger, table))
    store(session, "contact_attempts", calls)


def _carer(plan: Plan, village: str, accounts: Mapping[int, int]) -> Carer:
    team, hospital = plan.team_of[village], _hospital_of(plan)
    staff_id = team.carers[village]
    account = accounts[staff_id]
    return Carer(team.id, staff_id, account, team.diligence, team.centre_id, hospital)


def count(today: date) -> dict[str, int]:
    """Count what was stored, from rows: residents, signed, key and key signed on `today`."""
    roster = count_roster(today)[()]
    overdue, open_tasks = count_open(today).get((), (0, 0))
    return {
        "residents": roster.people,
        "signed": roster.signed,
        "key": roster.key,
        "key_signed": roster.key_signed,
        "teams": _rows_of(Team),
        "contracts": _rows_of(Contract),
        "visits": _rows_of(Visit),
        "tasks": _rows_of(Task),
        "open_tasks": open_tasks,
        "overdue": overdue,
    }


def _rows_of(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0
