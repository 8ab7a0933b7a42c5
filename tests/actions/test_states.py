"""Where a resident is: what takes effect at once, what waits, what follows, what comes back."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from familydoc import clock
from familydoc.actions.night import end_absences
from familydoc.actions.states import (
    ask_state,
    confirm_state,
    depart,
    refuse_state,
    undo_state,
)
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.residents import ResidentState
from familydoc.models.visits import Visit
from familydoc.queries.residents import Filters, count_residents
from familydoc.queries.states import count_pending, find_pending, list_pending
from familydoc.rules.errors import RuleError
from familydoc.rules.facts import Fact
from familydoc.transaction import transaction
from tests.cast import account, make_contract, make_enrolment, make_resident, make_task

TODAY = date(2026, 11, 21)
YESTERDAY = TODAY - timedelta(days=1)


FAMILY = Fact("family", "儿子 张强")
PAPER = Fact("certificate", "1501242026000123")


def ask(resident, state, on=TODAY, by="jia", reason="家属电话告知", **options):
    if state == "deceased":
        options.setdefault("fact", FAMILY)
    return ask_state(
        by=account(by), resident=resident, state=state, on=on, reason=reason, **options
    )


def confirm(resident, change, by="chen", fact=PAPER):
    confirm_state(by=account(by), resident=resident, change=change, fact=fact)


def refusal(call, *args, **options):
    with pytest.raises(RuleError) as caught:
        call(*args, **options)
    return caught.value.code


def listed():
    return count_residents(account("chen"), Filters(), TODAY)


@pytest.fixture
def cared(app):
    """A signed resident with an enrolment, a regular task and a recheck."""
    resident = make_resident()
    enrolment = make_enrolment(resident, next_due_on=date(2026, 12, 1))
    regular = make_task(enrolment, date(2026, 12, 1))
    overdue = make_task(enrolment, date(2026, 11, 1), kind="recheck", rank=0)
    return resident, enrolment, [regular, overdue], make_contract(resident)


def test_death_takes_effect_only_when_confirmed(cared):
    resident, enrolment, tasks, contract = cared
    change = ask(resident, "deceased", YESTERDAY)
    assert resident.state == "present" and listed() == 1
    assert [row.state for row in tasks] == ["open", "open"]
    assert count_pending(account("chen")) == 1 and count_pending(account("li")) == 0
    ((row, who, asker),) = list_pending(account("chen"))
    assert (row, who, asker) == (change, resident, "贾二牛")
    confirm(resident, change)
    assert resident.state == "deceased" and resident.state_since == YESTERDAY
    assert listed() == 0 and count_pending(account("chen")) == 0
    assert [(t.state, t.reason) for t in tasks] == [("cancelled", "deceased")] * 2
    assert (enrolment.state, enrolment.ended_on) == ("ended", YESTERDAY)
    assert contract.state == "terminated" and contract.end_reason == "死亡"
    assert (change.asked_by, change.confirmed_by) == (account("jia").id, account("chen").id)


def test_confirming_twice_is_refused(cared):
    resident, *_ = cared
    change = ask(resident, "moved")
    confirm(resident, change)
    assert refusal(confirm, resident, change) == "state_confirmed"


def test_second_request_waits_for_the_first(cared):
    resident, *_ = cared
    ask(resident, "moved")
    assert refusal(ask, resident, "away", until=TODAY) == "state_pending"


def test_refused_request_leaves_everything_as_it_was(cared):
    resident, enrolment, _, _ = cared
    change = ask(resident, "moved")
    assert refusal(refuse_state, by=None, resident=resident, change=change, reason="?") == (
        "reason_missing"
    )
    refuse_state(by=account("chen"), resident=resident, change=change, reason="still_here")
    assert find_pending(resident.id) is None and enrolment.state == "active"
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.verb == "refuse_state")).one()
    assert event.details["reason"] == "still_here" and event.details["state"] == "moved"


def test_undo_brings_everything_back(cared):
    resident, enrolment, tasks, contract = cared
    confirm(resident, ask(resident, "deceased", YESTERDAY))
    done = undo_state(by=account("chen"), resident=resident, reason="登记错了人")
    assert (done.state, done.enrolments, done.tasks, done.contract) == ("present", 1, 2, True)
    assert resident.state == "present" and listed() == 1
    assert enrolment.state == "active" and enrolment.next_due_on == date(2026, 12, 1)
    assert [(t.state, t.due_on, t.rank) for t in tasks] == [
        ("open", date(2026, 12, 1), 1),
        ("open", date(2026, 11, 1), 0),
    ]
    assert contract.state == "active" and contract.ended_on is None
    rows = db.session.scalars(select(ResidentState).order_by(ResidentState.id)).all()
    assert [(r.state, r.reason) for r in rows] == [
        ("deceased", "家属电话告知"),
        ("present", "撤销：登记错了人"),
    ]


def test_undo_needs_a_reason_and_something_to_undo(cared):
    resident, *_ = cared
    who = {"by": account("chen"), "resident": resident}
    assert refusal(undo_state, **who, reason="登记错了人") == "not_gone"
    confirm(resident, ask(resident, "moved"))
    assert refusal(undo_state, **who, reason=" ") == "reason_missing"
    assert resident.state == "moved"


def test_undo_returns_to_where_somebody_was_before(app):
    resident = make_resident()
    ask(resident, "away", until=date(2026, 12, 31), reason="")
    confirm(resident, ask(resident, "deceased"))
    undo_state(by=account("chen"), resident=resident, reason="登记错了人")
    assert (resident.state, resident.away_until) == ("away", date(2026, 12, 31))
    confirm(resident, ask(resident, "moved"))
    undo_state(by=account("chen"), resident=resident, reason="又错了")
    assert resident.state == "away"


def test_undo_leaves_an_enrolment_ended_for_another_reason(app):
    resident = make_resident()
    ended = make_enrolment(resident, state="ended", reason="诊断更正", ended_on=YESTERDAY)
    old = make_contract(resident, state="terminated", end_reason="居民要求解约")
    confirm(resident, ask(resident, "deceased"))
    done = undo_state(by=account("chen"), resident=resident, reason="登记错了人")
    assert (done.enrolments, done.contract) == (0, False)
    assert ended.state == "ended" and old.state == "terminated"


def test_away_keeps_enrolments_and_ends_by_itself_after_the_day(cared):
    resident, enrolment, tasks, contract = cared
    ask(resident, "away", until=date(2026, 11, 30), reason="")
    assert resident.state == "away" and resident.on_roster and listed() == 1
    assert enrolment.state == "active" and tasks[0].state == "open" and contract.state == "active"
    assert end_absences(by=None, today=date(2026, 11, 30)) == 0
    assert end_absences(by=None, today=date(2026, 12, 1)) == 1
    db.session.refresh(resident)
    assert (resident.state, resident.away_until) == ("present", None)
    assert find_pending(resident.id) is None and count_pending(account("chen")) == 0


def test_lost_stays_on_the_roster_and_may_come_back(cared):
    resident, enrolment, *_ = cared
    ask(resident, "lost")
    assert resident.state == "lost" and listed() == 1 and enrolment.state == "active"
    ask(resident, "present", reason="")
    assert resident.state == "present"


def test_moved_may_move_back_without_old_enrolments(cared):
    resident, enrolment, *_ = cared
    confirm(resident, ask(resident, "moved"))
    ask(resident, "present", reason="回村居住")
    assert resident.state == "present" and enrolment.state == "ended"


@pytest.mark.parametrize(
    ("state", "options", "code"),
    [
        ("present", {}, "state_same"),
        ("gone", {}, "state_unknown"),
        ("deceased", {"on": TODAY + timedelta(days=1)}, "on_future"),
        ("deceased", {"on": date(1900, 1, 1)}, "on_early"),
        ("deceased", {"fact": None}, "fact_missing"),
        ("moved", {"reason": " "}, "reason_missing"),
        ("lost", {"reason": "x" * 201}, "reason_long"),
        ("away", {}, "until_missing"),
        ("away", {"until": YESTERDAY}, "until_past"),
        ("away", {"until": date(2036, 1, 1)}, "until_far"),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(app, state, options, code):
    resident = make_resident()
    assert refusal(ask, resident, state, **options) == code
    assert resident.state == "present"
    assert db.session.scalars(select(ResidentState)).first() is None


def test_death_before_a_visit_is_refused(cared):
    resident, *_ = cared
    with transaction() as session:
        session.add(
            Visit(
                uid="visit-1",
                resident_id=resident.id,
                visit_date=YESTERDAY,
                way=1,
                answers={},
                recorded_at=clock.now(),
            )
        )
    assert refusal(ask, resident, "deceased", TODAY - timedelta(days=2)) == "visited_later"
    assert ask(resident, "deceased", YESTERDAY).confirmed_at is None


def test_roster_takes_somebody_off_without_a_second_look(cared):
    resident, enrolment, tasks, contract = cared
    depart(by=None, resident=resident, state="deceased", on=TODAY, reason="roster")
    assert resident.state == "deceased" and enrolment.state == "ended"
    assert tasks[0].state == "cancelled" and contract.state == "terminated"


def test_contract_that_begins_tomorrow_does_not_stop_a_death(app):
    resident = make_resident()
    contract = make_contract(resident, start_on=TODAY + timedelta(days=1))
    confirm(resident, ask(resident, "deceased"))
    assert contract.state == "terminated"


def test_every_step_is_audited(cared):
    resident, *_ = cared
    confirm(resident, ask(resident, "deceased"))
    undo_state(by=account("chen"), resident=resident, reason="登记错了人")
    verbs = db.session.scalars(
        select(AuditEvent.verb).where(AuditEvent.resident_id == resident.id).order_by(AuditEvent.id)
    ).all()
    wanted = {"ask_state", "set_state", "undo_state", "end_enrolment", "cancel_task"}
    assert wanted | {"resume_enrolment", "reopen_task", "reinstate_contract"} <= set(verbs)
