"""Teams: members by date, villages that move with their people, work that never falls down."""

from datetime import date

import pytest

from familydoc import clock
from familydoc.actions import teams as actions
from familydoc.actions.enrolments import hand_over
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.enrolments import Enrolment
from familydoc.models.organisations import Division
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.models.teams import Team, TeamMember, TeamVillage
from familydoc.queries.organisations import find_service
from familydoc.queries.teams import count_followers, find_membership, get_card, list_cards
from familydoc.rules.errors import RuleError
from familydoc.rules.teams import Plate
from familydoc.transaction import transaction
from tests.actions.races import together
from tests.cast import (
    CHENGGUAN,
    CHENGGUAN_VILLAGE,
    HONGHE,
    NANGOU,
    SHENCHIYAO,
    SHENGQUAN,
    SINCE,
    YUANZIWAN,
    account,
    add,
    make_contract,
    make_enrolment,
    make_resident,
    make_task,
    organisation,
    staff,
    team_of,
)

TODAY = date(2026, 11, 21)


def refused(call, **kwargs) -> RuleError:
    with pytest.raises(RuleError) as error:
        call(by=account("zhao"), **kwargs)
    return error.value


def village(code: str) -> Division:
    return db.session.get(Division, code)


def make_expert():
    from familydoc.models.organisations import Organisation
    from familydoc.models.teams import Staff

    with transaction():
        hospital = add(
            Organisation(
                code="150124-YY01",
                name="清水河县医院",
                kind="county_hospital",
                parent_id=organisation("150124").id,
            )
        )
        return add(Staff(uid="staff-han", name="韩志远", organisation_id=hospital.id))


def move(code: str, to: str, seen: str | None = None, keeper: str | None = None) -> int:
    return actions.move_village(
        by=account("zhao"),
        village=village(code),
        team=team_of(to),
        keeper=staff(keeper) if keeper else None,
        seen=team_of(seen).id if seen else None,
    )


def test_team_is_made_of_a_centre_only(app):
    given = {"name": "城关三队", "plate": Plate(hours="全天")}
    team = actions.add_team(by=account("zhao"), organisation=organisation(CHENGGUAN), **given)
    assert get_card(team).gaps and team.hours == "全天"
    assert (
        refused(actions.add_team, organisation=organisation("150124"), **given).code
        == "centre_wrong"
    )


def test_member_joins_once_and_leaves_by_date(app):
    expert = make_expert()
    for team in ("chengguan1", "chengguan2"):
        given = {"staff": expert, "role": "county_expert", "since": TODAY}
        actions.add_member(by=account("zhao"), team=team_of(team), **given)
    again = refused(actions.add_member, team=team_of("chengguan1"), **given)
    assert again.code == "member_already"
    member = find_membership(team_of("chengguan1").id, expert.id)
    actions.end_member(by=account("zhao"), member=member, until=TODAY)
    assert member.until == TODAY
    assert find_membership(team_of("chengguan2").id, expert.id) is not None


def test_nurse_of_one_team_is_refused_in_another(app):
    why = refused(
        actions.add_member,
        team=team_of("chengguan2"),
        staff=staff("yun"),
        role="nurse",
        since=TODAY,
    )
    assert why.code == "serves_elsewhere" and "城关一队" in why.message
    assert db.session.query(TeamMember).filter_by(staff_id=staff("yun").id).count() == 1


def test_who_has_left_joins_no_team(app):
    with transaction():
        db.session.query(TeamMember).filter_by(staff_id=staff("yun").id).one().until = TODAY
        staff("yun").active = False
    why = refused(
        actions.add_member,
        team=team_of("chengguan2"),
        staff=staff("yun"),
        role="nurse",
        since=TODAY,
    )
    assert why.code == "staff_left"


def test_leader_comes_from_the_members(app):
    team, plate = team_of("chengguan1"), Plate()
    why = refused(actions.edit_team, team=team, name="一队", plate=plate, leader=staff("li"))
    assert why.code == "leader_no_member"
    actions.edit_team(by=account("zhao"), team=team, name="一队", plate=plate, leader=staff("yun"))
    assert team_of("chengguan1").leader_id == staff("yun").id


def test_new_leader_takes_over_what_nobody_in_particular_looks_after(app):
    with transaction():
        find_service(NANGOU).staff_id = None
    unkept = make_enrolment(make_resident(village=NANGOU), staff_id=staff("chen").id)
    kept = make_enrolment(make_resident("王秀兰"), staff_id=staff("jia").id)
    make_task(unkept, TODAY)
    actions.edit_team(
        by=account("zhao"),
        team=team_of("chengguan1"),
        name="城关一队",
        plate=Plate(),
        leader=staff("yun"),
    )
    assert (
        unkept.staff_id == staff("yun").id
        and db.session.query(Task).one().staff_id == staff("yun").id
    )
    assert kept.staff_id == staff("jia").id


def test_leaving_member_hands_villages_and_work_to_who_stays(app):
    enrolment = make_enrolment(make_resident(village=CHENGGUAN_VILLAGE))
    make_task(enrolment, TODAY)
    foreign = make_enrolment(make_resident("李二", village=NANGOU), staff_id=staff("yun").id)
    member = find_membership(team_of("chengguan1").id, staff("jia").id)
    actions.end_member(by=account("zhao"), member=member, until=TODAY)
    assert find_service(CHENGGUAN_VILLAGE).staff_id is None
    assert (
        enrolment.staff_id == staff("chen").id
        and db.session.query(Task).one().staff_id == staff("chen").id
    )
    assert foreign.staff_id == staff("yun").id


def test_work_of_an_earlier_member_without_a_village_goes_to_the_villages_keeper(app):
    enrolment = make_enrolment(make_resident(village=NANGOU), staff_id=staff("jia").id)
    member = find_membership(team_of("chengguan1").id, staff("jia").id)
    actions.end_member(by=account("zhao"), member=member, until=TODAY)
    assert enrolment.staff_id == staff("yun").id


def test_keeper_changes_and_the_work_of_that_village_follows(app):
    here = make_enrolment(make_resident(village=CHENGGUAN_VILLAGE))
    there = make_enrolment(make_resident("李二", village=NANGOU))
    service = find_service(CHENGGUAN_VILLAGE)
    actions.set_keeper(by=account("zhao"), service=service, keeper=staff("yun"))
    assert here.staff_id == staff("yun").id and there.staff_id == staff("jia").id
    why = refused(actions.set_keeper, service=service, keeper=staff("li"))
    assert why.code == "keeper_no_member"


def test_village_moves_with_its_people_but_not_with_contracts_elsewhere(app):
    free = make_resident(village=NANGOU)
    make_task(make_enrolment(free, staff_id=staff("yun").id), TODAY)
    signed = make_resident("王秀兰", village=NANGOU)
    make_contract(signed)
    gone = make_resident("赵四", village=NANGOU, state="deceased")
    lapsed = make_resident("钱七", village=NANGOU)
    make_contract(lapsed, state="terminated")
    assert count_followers(NANGOU, team_of("chengguan2").id) == (2, 1)
    assert move(NANGOU, "chengguan2", seen="chengguan1", keeper="li") == 2
    second = team_of("chengguan2").id
    assert free.team_id == lapsed.team_id == gone.team_id == second
    assert signed.team_id == team_of("chengguan1").id
    assert (
        db.session.query(Enrolment).one().team_id,
        db.session.query(Enrolment).one().staff_id,
    ) == (
        second,
        staff("li").id,
    )
    assert (db.session.query(Task).one().team_id, db.session.query(Task).one().staff_id) == (
        second,
        staff("li").id,
    )
    services = (
        db.session.query(TeamVillage).filter_by(village_code=NANGOU).order_by(TeamVillage.id).all()
    )
    assert [(one.until, one.team_id == second) for one in services] == [
        (TODAY, False),
        (None, True),
    ]
    assert (
        db.session.query(AuditEvent).filter_by(verb="move_village").one().details["residents"] == 2
    )


def test_whole_village_ends_as_each_resident_handed_over_would(app):
    alone, together = make_resident(village=NANGOU), make_resident("王秀兰", village=NANGOU)
    for resident in (alone, together):
        enrolment = make_enrolment(resident, staff_id=staff("yun").id)
        make_task(enrolment, TODAY)
        make_task(enrolment, SINCE, state="done", staff_id=staff("yun").id)
        make_enrolment(resident, "diabetes", state="ended", staff_id=staff("yun").id)
    move(NANGOU, "chengguan2", seen="chengguan1", keeper="li")
    with transaction():
        alone.team_id = team_of("chengguan1").id
        for model in (Enrolment, Task):
            for row in db.session.query(model).filter_by(resident_id=alone.id):
                row.team_id, row.staff_id = team_of("chengguan1").id, staff("yun").id
    hand_over(by=account("zhao"), resident=alone, team_id=team_of("chengguan2").id)

    def outcome(resident: Resident) -> list[object]:
        found: list[object] = [resident.team_id]
        for model in (Enrolment, Task):
            rows = db.session.query(model).filter_by(resident_id=resident.id).order_by(model.id)
            found += [(row.state, row.team_id, row.staff_id) for row in rows]
        event = db.session.query(AuditEvent).filter_by(resident_id=resident.id, verb="hand_over")
        last = event.order_by(AuditEvent.id.desc()).first()
        return [*found, last.account_id, last.entity, last.entity_id == resident.id, last.details]

    ended = [row for row in outcome(together) if isinstance(row, tuple) and row[0] != "active"]
    assert outcome(alone)[0] == outcome(together)[0] and len(ended) == 3
    kept = ("ended", team_of("chengguan1").id, staff("yun").id)
    assert kept in outcome(together)
    assert outcome(alone) == outcome(together)


def test_unserved_village_gets_a_team_and_its_people_with_it(app):
    resident = make_resident(village=SHENGQUAN, team=None)
    assert move(SHENGQUAN, "chengguan2") == 1
    assert resident.team_id == team_of("chengguan2").id


def test_village_that_moved_meanwhile_is_asked_about_again(app):
    why = refused(
        actions.move_village,
        village=village(SHENCHIYAO),
        team=team_of("chengguan1"),
        keeper=None,
        seen=None,
    )
    assert why.code == "village_moved"
    assert find_service(SHENCHIYAO).team_id == team_of("chengguan2").id


@pytest.mark.parametrize(
    ("code", "seen", "keeper", "why"),
    [
        (YUANZIWAN, "honghe1", None, "village_far"),
        (NANGOU, "chengguan1", None, "village_here"),
        (SHENCHIYAO, "chengguan2", "li", "keeper_no_member"),
    ],
)
def test_village_stays_when_the_move_makes_no_sense(app, code, seen, keeper, why):
    with pytest.raises(RuleError) as error:
        move(code, "chengguan1", seen=seen, keeper=keeper)
    assert error.value.code == why
    assert find_service(code).team_id == team_of(seen).id


def test_team_is_dissolved_only_when_nothing_is_left_with_it(app):
    assert refused(actions.close_team, team=team_of("chengguan2")).code == "in_use"
    move(SHENCHIYAO, "chengguan1", seen="chengguan2")
    make_contract(make_resident(team="chengguan2"))
    why = refused(actions.close_team, team=team_of("chengguan2"))
    assert "1 位居民" in why.message and "1 份有效协议" in why.message
    with transaction():
        for resident in db.session.query(Resident):
            resident.team_id = team_of("chengguan1").id
        db.session.execute(db.text("UPDATE contracts SET state = 'terminated'"))
    actions.close_team(by=account("zhao"), team=team_of("chengguan2"))
    team = db.session.get(Team, team_of("chengguan2").id)
    assert not team.active and team.leader_id is None
    assert all(member.until == clock.today() for member in team.members)


def test_cards_show_the_leader_first_and_only_who_serves_today(app):
    with transaction():
        find_membership(team_of("chengguan1").id, staff("jia").id).until = SINCE
    cards = list_cards(account("zhao"))
    assert [card.team.name for card in cards] == ["城关一队", "城关二队"]
    assert [member.staff.name for member in cards[0].members] == ["陈玉兰", "云其格"]
    assert [one.village_code for one in cards[0].villages] == [CHENGGUAN_VILLAGE, NANGOU]
    assert cards[1].gaps == ("还没有护士",)
    assert len(list_cards(account("admin"), organisation(HONGHE).id)) == 1
    assert [card.team.name for card in list_cards(account("wu"))] == ["宏河一队"]


def test_village_wanted_by_two_teams_at_once_goes_to_one(app):
    with transaction():
        third = add(Team(uid="team-3", name="城关三队", organisation_id=organisation(CHENGGUAN).id))
    resident = make_resident(village=SHENGQUAN, team=None)

    def take(uid: str):
        def act() -> str:
            actions.move_village(
                by=account("zhao"),
                village=village(SHENGQUAN),
                team=db.session.query(Team).filter_by(uid=uid).one(),
                keeper=None,
                seen=None,
            )
            return uid

        return act

    results = together(app, take("team-3"), take(team_of("chengguan2").uid))
    assert results.count("village_moved") == 1
    assert resident.team_id == find_service(SHENGQUAN).team_id
    assert resident.team_id in (third.id, team_of("chengguan2").id)


def test_nurse_wanted_by_two_teams_at_once_joins_one(app):
    with transaction():
        find_membership(team_of("chengguan1").id, staff("yun").id).until = TODAY

    def join(key: str):
        return lambda: (
            actions.add_member(
                by=account("zhao"), team=team_of(key), staff=staff("yun"), role="nurse", since=TODAY
            ).team_id
        )

    results = together(app, join("chengguan1"), join("chengguan2"))
    assert results.count("serves_elsewhere") == 1
