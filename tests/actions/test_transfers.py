"""Handing somebody over to another team: who has them when, what goes along, what comes back."""

from datetime import date, timedelta

import pytest
from flask import current_app
from sqlalchemy import select

from familydoc.actions.pauses import Wish, pause_care
from familydoc.actions.states import ask_state, confirm_state
from familydoc.actions.transfers import (
    accept_transfer,
    ask_transfer,
    refuse_transfer,
    undo_transfer,
    withdraw_transfer,
)
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.organisations import Division
from familydoc.models.residents import Household, Resident
from familydoc.models.tasks import Task
from familydoc.models.transfers import Transfer
from familydoc.queries.residents import Filters, count_residents
from familydoc.queries.scope import get_visible
from familydoc.queries.states import find_pending
from familydoc.queries.transfers import (
    count_incoming,
    find_open_transfer,
    get_offer,
    get_transfer,
    is_incoming,
    list_incoming,
    list_outgoing,
    list_settled,
)
from familydoc.rules.errors import RuleError
from familydoc.rules.facts import Fact
from familydoc.transaction import transaction
from tests.actions.races import together
from tests.cast import (
    CHENGGUAN_VILLAGE,
    NANGOU,
    SHENCHIYAO,
    SHENGQUAN,
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
YESTERDAY = TODAY - timedelta(days=1)


def village(code=YUANZIWAN):
    return db.session.get(Division, code)


def ask(resident, to=YUANZIWAN, by="jia", on=YESTERDAY, **options):
    return ask_transfer(by=account(by), resident=resident, village=village(to), on=on, **options)


def accept(transfer, by="wu", **options):
    return accept_transfer(by=account(by), transfer=transfer, **options)


def refusal(call, *args, **options):
    with pytest.raises(RuleError) as caught:
        call(*args, **options)
    return caught.value.code


def seen_by(username, resident):
    return get_visible(Resident, account(username), Resident.id == resident.id) is not None


@pytest.fixture
def cared(app):
    """A signed resident of 城关一队 with a household, an enrolment, an open and a done task."""
    resident = make_resident(address="东街 3 号")
    with transaction():
        resident.household = add(Household(number="H1", village_code=CHENGGUAN_VILLAGE))
    enrolment = make_enrolment(resident, next_due_on=date(2026, 12, 1))
    tasks = [
        make_task(enrolment, date(2026, 12, 1)),
        make_task(enrolment, date(2026, 9, 1), state="done", closed_on=date(2026, 9, 1)),
    ]
    return resident, enrolment, tasks, make_contract(resident, date(2026, 3, 1))


def test_sender_keeps_the_care_until_the_receiver_confirms(cared):
    resident, enrolment, tasks, contract = cared
    transfer = ask(resident, reason="跟儿子住")
    assert resident.team is team_of("chengguan1") and contract.state == "active"
    assert enrolment.team_id == tasks[0].team_id == team_of("chengguan1").id
    assert seen_by("chen", resident) and not seen_by("wu", resident)
    assert list_outgoing(account("chen")) == [transfer] == list_incoming(account("wu"))
    assert (count_incoming(account("wu")), count_incoming(account("chen"))) == (1, 0)


def test_confirmed_person_moves_with_everything_that_is_open(cared):
    resident, enrolment, tasks, contract = cared
    transfer = ask(resident, address="西坡 9 号")
    assert accept(transfer) is True
    there = team_of("honghe1")
    assert (resident.team, resident.centre) == (there, organisation("150124101"))
    assert (resident.village_code, resident.address) == (YUANZIWAN, "西坡 9 号")
    assert resident.household.number is None and resident.household.village_code == YUANZIWAN
    assert (enrolment.team_id, enrolment.staff_id) == (there.id, staff("wu").id)
    assert enrolment.state == "active" and enrolment.next_due_on == date(2026, 12, 1)
    moved, done = tasks
    assert (moved.state, moved.team_id, moved.village_code) == ("open", there.id, YUANZIWAN)
    assert (done.state, done.team_id) == ("done", team_of("chengguan1").id)
    assert seen_by("wu", resident) and not seen_by("chen", resident)
    assert (contract.state, contract.ended_on) == ("terminated", YESTERDAY)
    assert contract.end_reason == "迁出（转到宏河镇卫生院）"
    assert transfer.state == "accepted" and transfer.answered_by == account("wu").id
    assert [t.uid for t in list_settled(account("chen"))] == [transfer.uid]


def test_contract_with_the_new_team_goes_on(cared):
    resident, _, _, contract = cared
    with transaction():
        contract.team_id = team_of("honghe1").id
    assert accept(ask(resident)) is False
    assert contract.state == "active"


def test_receiver_may_name_another_of_the_villages(cared):
    resident, *_ = cared
    transfer = ask(resident, SHENCHIYAO)
    accept(transfer, by="li", village=village(SHENCHIYAO))
    assert resident.village_code == SHENCHIYAO and resident.team is team_of("chengguan2")
    assert resident.centre is organisation("150124100")


def test_village_that_no_team_serves_goes_to_its_centre(cared):
    resident, enrolment, *_ = cared
    transfer = ask(resident, SHENGQUAN)
    assert list_incoming(account("zhao")) == [transfer] and list_incoming(account("li")) == []
    accept(transfer, by="zhao")
    assert resident.team is None and enrolment.team_id is None


def test_refused_one_stays_with_the_sender_who_learns_why(cared):
    resident, enrolment, *_ = cared
    transfer = ask(resident)
    assert refusal(refuse_transfer, by=account("wu"), transfer=transfer, reason="?") == (
        "reason_missing"
    )
    refuse_transfer(by=account("wu"), transfer=transfer, reason="not_here")
    assert (transfer.state, transfer.answer) == ("refused", "not_here")
    assert resident.team is team_of("chengguan1") and enrolment.state == "active"
    assert ask(resident).state == "open"


def test_sender_may_withdraw(cared):
    resident, *_ = cared
    transfer = ask(resident)
    withdraw_transfer(by=account("jia"), transfer=transfer)
    assert transfer.state == "withdrawn" and find_open_transfer(resident.id) is None
    assert refusal(accept, transfer) == "transfer_settled"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"to": NANGOU}, "team_same"),
        ({"on": TODAY + timedelta(days=1)}, "on_future"),
        ({"on": date(2020, 1, 1)}, "on_early"),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(cared, options, code):
    resident, *_ = cared
    assert refusal(ask, resident, **options) == code
    assert db.session.query(Transfer).count() == 0


def test_second_offer_and_one_beside_a_death_wait(cared):
    resident, *_ = cared
    ask(resident)
    assert refusal(ask, resident) == "transfer_open"
    other = make_resident("李四")
    ask_state(by=account("jia"), resident=other, state="moved", on=TODAY, reason="搬走了")
    assert refusal(ask, other) == "state_pending"


def test_death_drops_what_waits(cared):
    resident, *_ = cared
    transfer = ask(resident)
    ask_state(
        by=account("jia"),
        resident=resident,
        state="deceased",
        on=TODAY,
        fact=Fact("family", "儿子 张强"),
    )
    confirm_state(
        by=account("chen"),
        resident=resident,
        change=find_pending(resident.id),
        fact=Fact("certificate", "2026-0001"),
    )
    assert transfer.state == "withdrawn"
    assert refusal(accept, transfer) == "transfer_settled"
    assert refusal(ask, resident) == "not_here"


def test_undo_gives_the_person_back_as_they_were(cared):
    resident, enrolment, tasks, contract = cared
    transfer = ask(resident)
    accept(transfer)
    assert refusal(undo_transfer, by=account("wu"), transfer=transfer, reason="") == (
        "reason_missing"
    )
    undo_transfer(by=account("wu"), transfer=transfer, reason="同名同姓，接错了人")
    assert (resident.team, resident.centre) == (team_of("chengguan1"), organisation("150124100"))
    assert (resident.village_code, resident.address) == (CHENGGUAN_VILLAGE, "东街 3 号")
    assert resident.household.number == "H1"
    assert enrolment.team_id == team_of("chengguan1").id and enrolment.staff_id == staff("jia").id
    assert (tasks[0].team_id, tasks[0].village_code) == (
        team_of("chengguan1").id,
        CHENGGUAN_VILLAGE,
    )
    assert contract.state == "active" and contract.ended_on is None
    assert transfer.state == "undone" and seen_by("chen", resident)


def test_undo_after_another_move_is_refused(cared):
    resident, *_ = cared
    transfer = ask(resident)
    accept(transfer)
    accept(ask(resident, SHENCHIYAO, by="wu"), by="li")
    who = {"by": account("li"), "transfer": transfer, "reason": "接错了人"}
    assert refusal(undo_transfer, **who) == "transfer_settled"


def test_paused_care_goes_along_paused(cared):
    resident, enrolment, *_ = cared
    pause_care(by=None, resident=resident, enrolments=[enrolment], wish=Wish("hospital", TODAY))
    accept(ask(resident))
    assert enrolment.state == "suspended" and enrolment.team_id == team_of("honghe1").id


def test_two_who_confirm_at_once_move_the_person_once(cared):
    resident, *_ = cared
    transfer = ask(resident)
    app, id = current_app._get_current_object(), transfer.id
    db.session.remove()

    def act():
        return accept(db.session.get(Transfer, id))

    assert sorted(map(str, together(app, act, act))) == ["True", "transfer_settled"]
    events = select(AuditEvent).where(AuditEvent.verb == "accept_transfer")
    assert len(list(db.session.scalars(events))) == 1


def test_withdrawing_and_confirming_at_once_does_one_of_them(cared):
    resident, *_ = cared
    transfer = ask(resident)
    app, id, who = current_app._get_current_object(), transfer.id, resident.id
    db.session.remove()

    def withdraw():
        return withdraw_transfer(by=account("jia"), transfer=db.session.get(Transfer, id))

    results = together(app, lambda: accept(db.session.get(Transfer, id)), withdraw)
    assert "transfer_settled" in results
    settled, moved = db.session.get(Transfer, id), db.session.get(Resident, who)
    there = moved.village_code == YUANZIWAN
    assert (settled.state == "accepted") is there


def test_offer_holds_four_things_and_private_programmes_discreetly(app):
    resident = make_resident("王五", phone="13800138000", number=None, note="很怕人知道")
    make_enrolment(resident)
    make_enrolment(resident, "severe_mental_disorder")
    make_enrolment(resident, "tuberculosis")
    make_enrolment(resident, "diabetes", state="ended", ended_on=TODAY)
    offer = get_offer(ask(resident, reason="精神病复发，家里管不了"))
    assert (offer.name, offer.village) == ("王五", "城关村")
    assert offer.programmes == ("高血压", "专项随访")
    assert not any(word in str(offer) for word in ("精神", "结核", "138", "怕人"))


def test_hand_over_is_seen_by_its_two_sides_only(cared):
    transfer = ask(cared[0])
    for username, sees, asked in (
        ("jia", True, False),
        ("chen", True, False),
        ("zhao", True, False),
        ("wu", True, True),
        ("sun", True, False),
        ("li", False, False),
        ("admin", False, False),
        ("board", False, False),
    ):
        found = get_transfer(account(username), transfer.uid)
        assert (found is not None) is sees, username
        assert is_incoming(account(username), transfer) is asked, username


def test_audit_holds_no_free_text(cared):
    transfer = ask(cared[0], reason="一个秘密")
    accept(transfer)
    undo_transfer(by=account("wu"), transfer=transfer, reason="另一个秘密")
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.entity == "transfer")).all()
    assert [e.verb for e in events] == ["ask_transfer", "accept_transfer", "undo_transfer"]
    assert not any("秘密" in str(event.details) for event in events)


def test_done_work_stays_credited_to_who_did_it(cared):
    resident, *_ = cared
    before = db.session.scalar(select(Task.team_id).where(Task.state == "done"))
    accept(ask(resident))
    assert db.session.scalar(select(Task.team_id).where(Task.state == "done")) == before
    assert count_residents(account("wu"), Filters(), TODAY) == 1
    assert count_residents(account("chen"), Filters(), TODAY) == 0
