"""Writing residents: created once, edited under the lock, tagged; death and moving away confirmed."""

import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from familydoc.actions.residents import (
    change_tags,
    create_resident,
    edit_resident,
    open_resident,
    version_of,
)
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.residents import Household, Resident, ResidentTerm
from familydoc.queries.records import get_record
from familydoc.queries.residents import particulars_of, search
from familydoc.rules.errors import RuleError
from familydoc.rules.particulars import read_particulars
from familydoc.rules.search import read_query
from tests.cast import (
    CHENGGUAN_VILLAGE,
    NANGOU,
    SHENCHIYAO,
    SHENGQUAN,
    YUANZIWAN,
    account,
    identity_number,
    make_enrolment,
    make_resident,
    make_task,
    staff,
    team_of,
)

TODAY = date(2026, 11, 21)
BIRTH = date(1958, 3, 5)
NUMBER = identity_number(BIRTH)


def particulars(**typed):
    known = {
        "name": "张建国",
        "identity_number": NUMBER,
        "telephone": "13800138000",
        "village_code": CHENGGUAN_VILLAGE,
    }
    found, errors = read_particulars(known | typed, TODAY)
    assert found is not None, errors
    return found


def create(by="chen", uid=None, typed=None, **options):
    return create_resident(
        by=account(by) if by else None,
        uid=uid or str(uuid.uuid4()),
        particulars=particulars(**(typed or {})),
        **options,
    )


def edit(resident, by="chen", seen=None, **typed):
    held = {
        "name": resident.name,
        "identity_number": resident.identity_number,
        "telephone": resident.telephone,
        "village_code": resident.village_code,
    }
    edit_resident(
        by=account(by), resident=resident, particulars=particulars(**(held | typed)), seen=seen
    )


def refusal(call, *args, **options):
    with pytest.raises(RuleError) as caught:
        call(*args, **options)
    return caught.value


def events(verb):
    query = select(AuditEvent).where(AuditEvent.verb == verb).order_by(AuditEvent.id)
    return list(db.session.scalars(query))


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_create_places_a_resident_with_the_team_of_the_village(app):
    resident = create(tags=("hypertension",))
    assert resident.team.uid == team_of("chengguan1").uid
    assert resident.centre.code == "150124100"
    assert (resident.sex, resident.birth) == ("male", BIRTH)
    assert [row.tag for row in resident.tags] == ["hypertension"]
    assert resident.household is not None
    found = search(account("chen"), read_query("zjg")).residents
    assert [one.uid for one in found] == [resident.uid]
    (event,) = events("create_resident")
    assert event.resident_id == resident.id and event.account_id == account("chen").id
    assert NUMBER not in str(event.details) and "张" not in str(event.details)


def test_same_press_twice_makes_one_resident(app):
    uid = str(uuid.uuid4())
    first = create(uid=uid)
    assert create(uid=uid).id == first.id
    assert count(Resident) == 1 and len(events("create_resident")) == 1


def test_uid_of_somebody_out_of_sight_is_refused(app):
    uid = make_resident("武大", village=YUANZIWAN, team="honghe1").uid
    assert refusal(create, uid=uid).code == "uid_taken"


def test_number_held_in_sight_is_refused_with_the_name(app):
    make_resident("张建国", number=NUMBER)
    refused = refusal(create)
    assert refused.code == "id_taken" and refused.field == "identity_number"
    assert "张建国" in refused.message


def test_number_held_elsewhere_tells_nothing(app):
    make_resident("武大", number=NUMBER, village=YUANZIWAN, team="honghe1")
    refused = refusal(create)
    assert refused.message == "该身份证号已在本县建档，请联系县管理员。"


def test_likely_double_must_be_answered(app):
    double = make_resident("张建国", phone="13800138000", birth=BIRTH)
    assert refusal(create).code == "likely_double"
    assert create(different=(double.uid,)).id != double.id


@pytest.mark.parametrize("village", [YUANZIWAN, SHENCHIYAO, SHENGQUAN, "150124", "", "999"])
def test_village_out_of_scope_is_refused(app, village):
    typed = {"village_code": village or "x"}
    assert refusal(create, typed=typed).code == "village_unknown"
    assert count(Resident) == 0


def test_manager_places_a_resident_of_an_unserved_village_without_a_team(app):
    resident = create("zhao", typed={"village_code": SHENGQUAN})
    assert resident.team_id is None and resident.centre.code == "150124100"


def test_household_by_number_is_shared_within_the_village(app):
    first = create(typed={"household": "H-1"})
    other = {"name": "李四", "identity_number": identity_number(BIRTH, 3), "telephone": ""}
    second = create(typed=other | {"household": "H-1"})
    assert second.household_id == first.household_id and count(Household) == 1
    third = {"name": "王五", "identity_number": identity_number(BIRTH, 5), "telephone": ""}
    refused = refusal(create, typed=third | {"household": "H-1", "village_code": NANGOU})
    assert refused.code == "household_elsewhere" and refused.field == "household"


def test_family_joins_the_household_of_somebody_without_one(app):
    first = make_resident("张老大")
    other = {"name": "李四", "identity_number": identity_number(BIRTH, 3), "telephone": ""}
    second = create(typed=other, family=first)
    assert second.household_id is not None and second.household_id == first.household_id
    family = get_record(account("chen"), first, TODAY).family
    assert [one.name for one in family] == ["李四"]


def test_infant_without_a_number_is_created_with_birth_and_sex(app):
    typed = {"identity_number": "", "birth": "2026-06-01", "sex": "female"}
    resident = create(typed=typed)
    assert (resident.birth, resident.sex, resident.identity_hash) == (
        date(2026, 6, 1),
        "female",
        None,
    )


def test_edit_writes_terms_and_fingerprints_again(app):
    resident = create()
    edit(resident, name="李建国", telephone="13900139000")
    find = lambda text: [o.id for o in search(account("chen"), read_query(text)).residents]  # noqa: E731
    assert find("张") == [] and find("13800138000") == []
    assert find("ljg") == find("13900139000") == [resident.id]
    (event,) = events("edit_resident")
    assert event.details["changed"] == ["name", "telephone"]


def test_edit_to_a_number_that_is_held_is_refused(app):
    resident = create()
    other = make_resident("李四", number=identity_number(BIRTH, 3))
    refused = refusal(edit, resident, identity_number=other.identity_number)
    assert refused.code == "id_taken"
    assert resident.identity_number == NUMBER


def test_edit_from_an_old_form_is_refused_once(app):
    resident = create()
    seen = version_of(resident)
    edit(resident, telephone="13900139000")
    assert refusal(edit, resident, seen=seen, telephone="13700137000").code == "stale"
    assert resident.telephone == "13900139000"
    edit(resident, seen=version_of(resident), telephone="13700137000")
    assert resident.telephone == "13700137000"


def test_change_of_village_moves_enrolments_and_tasks_to_who_looks_after_it(app):
    resident = create()
    enrolment = make_enrolment(resident)
    task = make_task(enrolment, TODAY)
    edit(resident, village_code=NANGOU)
    assert resident.village_code == NANGOU and resident.household.village_code == NANGOU
    assert enrolment.staff_id == task.staff_id == staff("yun").id
    assert task.village_code == NANGOU


def test_manager_moves_a_resident_to_another_team_of_the_centre(app):
    resident = create()
    task = make_task(make_enrolment(resident), TODAY)
    edit(resident, "zhao", village_code=SHENCHIYAO)
    assert task.team_id == resident.team_id == team_of("chengguan2").id


def test_nobody_moves_a_resident_to_another_centre_without_its_consent(app):
    resident = create()
    assert refusal(edit, resident, "zhao", village_code=YUANZIWAN).code == "village_unknown"
    assert resident.centre.code == "150124100"


def test_member_cannot_move_a_resident_out_of_the_teams_villages(app):
    resident = create()
    assert refusal(edit, resident, village_code=SHENCHIYAO).code == "village_unknown"


def test_tags_propose_an_enrolment_and_make_none(app):
    resident = create()
    assert change_tags(by=account("chen"), resident=resident, tags={"hypertension"}) == {
        "hypertension"
    }
    record = get_record(account("chen"), resident, TODAY)
    assert record.proposals[0] == "hypertension" and record.care == ()
    make_enrolment(resident)
    assert "hypertension" not in get_record(account("chen"), resident, TODAY).proposals
    change_tags(by=account("chen"), resident=resident, tags=set())
    assert resident.tags == [] and len(get_record(account("chen"), resident, TODAY).care) == 1


def test_opening_is_audited_once_in_five_minutes(app, morning):
    resident = make_resident()
    for _ in range(2):
        open_resident(by=account("chen"), resident_id=resident.id)
    open_resident(by=account("jia"), resident_id=resident.id)
    morning.shift(timedelta(minutes=6))
    open_resident(by=account("chen"), resident_id=resident.id)
    assert [one.account.username for one in events("open_resident")] == ["chen", "jia", "chen"]


def test_terms_are_rewritten_not_added(app):
    resident = create()
    before = count(ResidentTerm)
    edit(resident, name="张建军")
    edit(resident, name="张建国")
    assert count(ResidentTerm) == before


def test_form_holds_what_is_stored(app):
    resident = create()
    held = particulars_of(resident)
    edit_resident(by=account("chen"), resident=resident, particulars=replace(held, note="腿脚不便"))
    assert particulars_of(resident) == replace(held, note="腿脚不便")
