"""setup and its demo: a county of nothing that counts exactly what it says, and hangs together."""

import json
from collections import Counter
from datetime import date

import pytest
import time_machine
from sqlalchemy import func, select, text

from familydoc import create_app
from familydoc.actions.intake import enrol_by_age
from familydoc.actions.setup import DIVISIONS, read_divisions, set_up
from familydoc.demo import fill, groups
from familydoc.demo.accounts import PASSWORD as DEMO_PASSWORD
from familydoc.demo.plan import County, make_plan
from familydoc.demo.portraits import draw_portrait
from familydoc.demo.sizes import COUNTY, SMALL
from familydoc.extensions import db
from familydoc.formats.photos import read_picture
from familydoc.models.accounts import ROLES, Account
from familydoc.models.contracts import Contract
from familydoc.models.enrolments import Enrolment
from familydoc.models.referrals import Referral
from familydoc.models.residents import ON_ROSTER, Resident, ResidentTag
from familydoc.models.tasks import Task
from familydoc.models.teams import Photograph, Team, TeamMember, TeamVillage
from familydoc.models.visits import Assessment, Visit
from familydoc.queries.contracts import read_evidence
from familydoc.rules.answers import parse_answers
from familydoc.rules.enrolments import is_of_age
from familydoc.rules.errors import RuleError
from familydoc.rules.identity import parse_identity
from familydoc.rules.ladder import Case, PastVisit, assess_case
from familydoc.rules.passwords import check_password
from familydoc.rules.programmes import load_programmes
from familydoc.rules.residents import parse_name, parse_phone
from familydoc.transaction import transaction
from tests.conftest import MORNING
from tests.databases import settings

TODAY = date(2026, 11, 21)
SEED = 150124


def county() -> County:
    """What setup makes of the package's divisions, without a database."""
    rows = read_divisions(DIVISIONS)
    townships = [row["code"] for row in rows if row["level"] == "township"]
    return County(
        divisions=[(r["level"], r["code"], r["name"], r["parent_code"]) for r in rows],
        id=1,
        centres={code: number for number, code in enumerate(townships, start=2)},
        next_id=50,
    )


def filled_app(url, folder, seed=SEED):
    app = create_app(settings(url, folder))
    with app.app_context():
        set_up(by=None)
        answer = fill(size="small", seed=seed)
        db.session.remove()
    return app, answer


@pytest.fixture(scope="module")
def demo(databases, tmp_path_factory):
    """The small demo, made once: (app, what setup answered). Nobody changes it."""
    with databases.empty() as url, time_machine.travel(MORNING):
        app, answer = filled_app(url, tmp_path_factory.mktemp("demo"))
        yield app, answer
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def inside(demo):
    app, answer = demo
    with app.app_context():
        yield answer
        db.session.remove()


def rows(model, *conditions):
    return db.session.scalars(select(model).where(*conditions)).all()


@pytest.fixture(scope="module")
def plan():
    return make_plan(COUNTY, county(), seed=SEED, today=TODAY)


# --- the county, without a database ---------------------------------------------------------


def test_county_counts_what_the_report_says(plan):
    here = [p for p in plan.people if p.state in ON_ROSTER]
    key = [p for p in here if groups.is_key(p, TODAY)]
    assert len(here) == 76_674
    assert sum(p.signed for p in here) == 60_732
    assert len(key) == 28_254
    assert sum(p.signed for p in key) == 26_473
    assert not any(p.signed for p in plan.people if p.state not in ON_ROSTER)


def test_county_has_the_shares_of_disease_and_age(plan):
    here = [p for p in plan.people if p.state in ON_ROSTER]
    tags = Counter(tag for p in here for tag in p.tags)
    assert tags["hypertension"] == round(0.08 * 76_674)
    assert tags["diabetes"] == round(0.025 * 76_674)
    assert sum(p.age >= 65 for p in here) == round(0.14 * 76_674)
    assert sum(p.state == "deceased" for p in plan.people) == COUNTY.deceased
    without = sum(p.phone is None for p in here) / len(here)
    assert 0.03 < without < 0.07


def test_county_has_nine_townships_sixteen_teams_and_every_village_once(plan):
    served = [village.code for team in plan.teams for village in team.villages]
    assert len(plan.teams) == 16
    assert len({team.township for team in plan.teams}) == 9
    assert len(served) == len(set(served)) == 112
    assert {p.village for p in plan.people} == set(served)
    for team in plan.teams:
        roles = {member.role for member in team.members}
        assert {"family_doctor", "nurse", "village_doctor", "public_health"} <= roles, team.name
        assert set(team.carers) == {village.code for village in team.villages}
        assert set(team.carers.values()) <= {member.id for member in team.own}


def test_county_lends_fourteen_experts_two_of_them_twice(plan):
    serving = Counter(m.id for t in plan.teams for m in t.members if m.role == "county_expert")
    assert len(serving) == 14
    assert sorted(serving.values()) == [1] * 12 + [2] * 2


def test_people_of_the_plan_pass_the_rules_of_a_roster(plan):
    numbers = set()
    for person in plan.people[::7]:
        parse_name(person.name)
        assert person.phone is None or parse_phone(person.phone) == person.phone
        assert person.phone is None or person.phone.startswith("169")
        if person.number is None:
            assert person.age == 0
            continue
        identity = parse_identity(person.number, TODAY)
        assert (identity.birth, identity.sex) == (person.birth, person.sex)
        assert person.number[14] == "9", "the serial that marks a demo number"
        numbers.add(person.number)
    assert len(numbers) == sum(p.number is not None for p in plan.people[::7])


def test_heads_of_households_are_grown_up(plan):
    assert min(p.age for p in plan.people if p.relation == "户主") >= 18


def test_plan_is_the_same_when_the_seed_is():
    def shown(seed):
        plan = make_plan(SMALL, county(), seed=seed, today=TODAY)
        return [(p.uid, p.name, p.birth, p.village, p.signed, sorted(p.tags)) for p in plan.people]

    assert shown(1) == shown(1)
    assert shown(1) != shown(2)


def test_portrait_is_a_picture_the_upload_would_take():
    from random import Random

    picture = read_picture(draw_portrait(Random(1), "female"))
    assert (picture.media_type, picture.width, picture.height) == ("image/png", 240, 240)


# --- the small demo, in the database ---------------------------------------------------------


def test_small_demo_counts_what_it_prints(inside):
    counts = inside["counts"]
    assert (counts["residents"], counts["signed"]) == (SMALL.residents, SMALL.signed)
    assert (counts["key"], counts["key_signed"]) == (SMALL.key, SMALL.key_signed)
    assert counts["open_tasks"] == len(rows(Task, Task.state == "open")) > 40
    assert counts["overdue"] == len(rows(Task, Task.state == "open", Task.due_on < TODAY)) > 3
    assert counts["visits"] == len(rows(Visit)) > 1000


def test_accounts_cover_every_role_and_need_no_new_password(demo, inside):
    printed = inside["accounts"]
    assert {one["role"] for one in printed} == set(ROLES)
    stored = {account.username: account for account in rows(Account)}
    assert {one["username"] for one in printed} == set(stored)
    assert all(stored[one["username"]].role == one["role"] for one in printed)
    assert not any(account.must_change_password for account in stored.values())
    for one in printed:
        check_password("dengbao", one["password"], one["username"])


@pytest.mark.parametrize("username", ["admin", "county", "center", "leader1", "nurse1", "board"])
def test_printed_password_opens_the_home_of_the_role(demo, username):
    app, answer = demo
    password = next(a["password"] for a in answer["accounts"] if a["username"] == username)
    login = app.test_client().post("/login", data={"username": username, "password": password})
    assert (login.status_code, login.headers["Location"]) == (303, "/")


def test_every_member_has_open_tasks_of_their_own(inside):
    owners = set(db.session.scalars(select(Task.staff_id).where(Task.state == "open")))
    members = set(db.session.scalars(select(TeamMember.staff_id)))
    assert members == owners


def test_every_resident_is_served_by_the_team_of_the_village(inside):
    serving = {row.village_code: row for row in rows(TeamVillage, TeamVillage.until.is_(None))}
    for resident in rows(Resident):
        assert serving[resident.village_code].team_id == resident.team_id
    centres = {team.id: team.organisation_id for team in rows(Team)}
    assert all(r.centre_id == centres[r.team_id] for r in rows(Resident))


def test_one_contract_runs_for_the_signed_and_none_for_those_who_are_gone(inside):
    running = rows(Contract, Contract.state == "active")
    per_resident = Counter(contract.resident_id for contract in running)
    states = {resident.id: resident.state for resident in rows(Resident)}
    assert set(per_resident.values()) == {1}
    assert all(states[id] in ON_ROSTER for id in per_resident)
    assert all(c.start_on <= TODAY <= c.end_on for c in running)
    assert sum((c.end_on - TODAY).days <= 60 for c in running) > 10
    assert {c.state for c in rows(Contract)} >= {"active", "expired", "renewed", "terminated"}


def test_agreements_prove_intact(inside):
    for contract in rows(Contract, Contract.state == "active")[:40]:
        assert read_evidence(contract).verdict == "intact"


def test_nobody_who_is_gone_has_an_open_task_or_a_live_enrolment(inside):
    gone = select(Resident.id).where(Resident.state.in_(("deceased", "moved")))
    assert rows(Resident, Resident.state == "deceased")
    assert rows(Task, Task.resident_id.in_(gone), Task.state == "open") == []
    assert rows(Enrolment, Enrolment.resident_id.in_(gone), Enrolment.state != "ended") == []
    assert rows(Referral, Referral.resident_id.in_(gone), Referral.state == "open") == []


def test_patients_are_enrolled_by_their_tags(inside):
    tags = select(ResidentTag.resident_id, ResidentTag.tag).where(
        ResidentTag.tag.in_(("hypertension", "diabetes"))
    )
    enrolled = select(Enrolment.resident_id, Enrolment.programme).where(
        Enrolment.programme.in_(("hypertension", "diabetes"))
    )
    assert set(db.session.execute(tags)) == set(db.session.execute(enrolled))


def test_everybody_of_an_age_is_in_the_programmes_of_that_age(inside):
    known = set(db.session.execute(select(Enrolment.resident_id, Enrolment.programme)).all())
    for resident in rows(Resident, Resident.state.in_(ON_ROSTER)):
        for code, programme in load_programmes().items():
            if programme.intake.automatic and is_of_age(programme.intake, resident.birth, TODAY):
                assert (resident.id, code) in known
    assert enrol_by_age(by=None, today=TODAY) == 0


def test_answers_of_every_visit_are_answers_of_the_form(inside):
    programmes = list(load_programmes().values())
    for visit in rows(Visit)[::5]:
        answers, errors = parse_answers(programmes, visit.answers)
        assert not errors and len(answers) == len(visit.answers)


def test_assessments_are_what_the_ladder_says_again(inside):
    births = dict(db.session.execute(select(Resident.id, Resident.birth)).all())
    visits = {visit.id: visit for visit in rows(Visit)}
    facts = dict(db.session.execute(select(Enrolment.id, Enrolment.facts)).all())
    history: dict[int, list[PastVisit]] = {}
    query = select(Assessment).join(Visit).order_by(Visit.visit_date, Assessment.id)
    for assessment in db.session.scalars(query):
        visit = visits[assessment.visit_id]
        past = history.setdefault(assessment.enrolment_id, [])
        case = Case(
            births[visit.resident_id],
            visit.visit_date,
            visit.answers,
            history=tuple(past),
            facts=facts[assessment.enrolment_id],
        )
        decision = assess_case(load_programmes()[assessment.programme], case)
        past.append(PastVisit(visit.visit_date, visit.answers))
        assert decision.class_value == assessment.class_code
        assert assessment.referral in (decision.referral, "none")  # none while one is open


def test_tasks_stand_where_the_rules_put_them(inside):
    closed = {visit.id: visit.visit_date for visit in rows(Visit)}
    for task in rows(Task):
        assert task.window_start <= task.due_on
        assert (task.closed_on is None) == (task.state == "open")
        if task.closed_by_visit_id is not None:
            assert task.closed_on == closed[task.closed_by_visit_id]
            assert task.window_start <= task.closed_on
        if task.state == "missed":
            assert task.closed_on > task.due_on
    assert not rows(Task, Task.state == "open", Task.window_start > TODAY)


def test_next_due_date_is_empty_only_while_a_recheck_holds_it(inside):
    rechecks = select(Task.enrolment_id).where(Task.state == "open", Task.kind == "recheck")
    held = set(db.session.scalars(rechecks))
    live = rows(Enrolment, Enrolment.state == "active")
    assert {e.id for e in live if e.next_due_on is None and e.exam_due_on is None} == held
    assert held


def test_today_has_something_of_everything(inside):
    open_tasks = rows(Task, Task.state == "open")
    kinds = Counter(task.kind for task in open_tasks)
    assert kinds["regular"] and kinds["recheck"] and kinds["referral_fu"]
    assert {0, 1} == {task.rank for task in open_tasks}
    assert rows(Task, Task.state == "missed")
    assert rows(Referral, Referral.state == "open") and rows(Referral, Referral.state == "closed")
    late = [t for t in rows(Task, Task.state == "done") if t.closed_on > t.due_on]
    assert late


def test_photographs_are_shown_only_with_consent(inside):
    for photograph in rows(Photograph):
        assert photograph.staff.photo_consent
    assert rows(Photograph)


def test_night_makes_nothing_more_on_the_day_of_setup(demo, inside):
    from familydoc.actions.due_tasks import make_due_tasks

    assert make_due_tasks(by=None, until=TODAY).created == 0


# --- the command -----------------------------------------------------------------------------


def test_setup_prints_accounts_and_counts(databases, tmp_path):
    with databases.empty() as url:
        app = create_app(settings(url, tmp_path))
        answer = app.test_cli_runner().invoke(args=["setup", "--json"])
        assert answer.exit_code == 0, answer.output
        printed = json.loads(answer.stdout)
        assert printed["accounts"][0]["role"] == "administrator"
        again = json.loads(app.test_cli_runner().invoke(args=["setup", "--json"]).stdout)
        assert again["accounts"] == []
        with app.app_context():
            db.engine.dispose()


def test_demo_is_refused_when_the_database_is_filled(app):
    before = {name: db.session.scalar(text(f"SELECT count(*) FROM {name}")) for name in TABLES}
    answer = app.test_cli_runner().invoke(args=["setup", "--demo", "small", "--json"])
    db.session.rollback()
    assert answer.exit_code == 1
    assert "已有数据" in answer.stderr and answer.stdout == ""
    after = {name: db.session.scalar(text(f"SELECT count(*) FROM {name}")) for name in TABLES}
    assert before == after


TABLES = ("accounts", "organisations", "staff", "teams", "residents", "tasks", "audit_events")


def test_demo_leaves_an_administrator_alone_who_has_taken_office(databases, tmp_path):
    with databases.empty() as url:
        app = create_app(settings(url, tmp_path))
        with app.app_context():
            set_up(by=None)
            with transaction():
                admin = rows(Account)[0]
                admin.must_change_password = False
            kept = admin.password_hash
            answer = fill(size="small", seed=1)
            db.session.refresh(admin)
            assert admin.password_hash == kept
            assert answer["accounts"][0] == {
                "role": "administrator",
                "username": "demo-admin",
                "password": DEMO_PASSWORD,
            }
            db.session.remove()
            db.engine.dispose()


def test_demo_is_refused_in_another_county(app):
    db.session.execute(text("DELETE FROM accounts WHERE staff_id IS NOT NULL"))
    for table in ("team_villages", "team_members", "teams", "staff"):
        db.session.execute(text(f"DELETE FROM {table}"))
    db.session.commit()
    with pytest.raises(RuleError) as refused:
        fill(size="small", seed=1)
    assert refused.value.code == "demo_county"
    assert db.session.scalar(select(func.count()).select_from(Resident)) == 0
