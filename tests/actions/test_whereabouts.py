"""A table of what somebody may be in and what may happen: what stays open, and what undo restores.

Then the same with hypothesis: whatever happens in whatever order, what holds always holds.
"""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from familydoc.actions.absences import mark_by_phone
from familydoc.actions.night import end_absences
from familydoc.actions.pauses import Wish, end_pauses, pause_care, resume_care, undo_pause
from familydoc.actions.states import ask_state, confirm_state, undo_state
from familydoc.actions.transfers import (
    accept_transfer,
    ask_transfer,
    refuse_transfer,
    undo_transfer,
    withdraw_transfer,
)
from familydoc.extensions import db
from familydoc.models.contracts import Contract
from familydoc.models.enrolments import Enrolment
from familydoc.models.organisations import Division
from familydoc.models.residents import Resident, ResidentState
from familydoc.models.tasks import Task
from familydoc.models.transfers import Transfer
from familydoc.queries import today
from familydoc.queries.enrolments import list_enrolments
from familydoc.queries.pauses import list_in_force
from familydoc.queries.states import find_pending
from familydoc.queries.transfers import find_last_accepted, find_open_transfer
from familydoc.rules.errors import RuleError
from familydoc.rules.facts import Fact
from familydoc.rules.states import is_by_phone
from tests.cast import (
    CHENGGUAN_VILLAGE,
    YUANZIWAN,
    account,
    make_contract,
    make_enrolment,
    make_resident,
    make_task,
)

TODAY = date(2026, 11, 21)
#: One open task of each of these, due in five days.
KINDS = ("exam", "recheck", "referral_fu", "regular")
FIRST, SECOND = Fact("family", "儿子 张强"), Fact("certificate", "2026-001")


def days(number):
    return TODAY + timedelta(days=number)


def village(code):
    return db.session.get(Division, code)


def active(resident):
    return [one for one in list_enrolments(resident.id) if one.state == "active"]


def go_away(resident):
    ask_state(by=account("jia"), resident=resident, state="away", on=TODAY, until=days(20))


def get_lost(resident):
    ask_state(by=account("jia"), resident=resident, state="lost", on=TODAY, reason="找不到")


def come_back(resident):
    ask_state(by=account("jia"), resident=resident, state="present", on=TODAY)


def die(resident):
    change = ask_state(by=account("jia"), resident=resident, state="deceased", on=TODAY, fact=FIRST)
    confirm_state(by=account("chen"), resident=resident, change=change, fact=SECOND)


def move_out(resident):
    change = ask_state(
        by=account("jia"), resident=resident, state="moved", on=TODAY, reason="去呼和浩特"
    )
    confirm_state(by=account("chen"), resident=resident, change=change)


def enter_hospital(resident):
    pause_care(
        by=account("jia"),
        resident=resident,
        enrolments=active(resident),
        wish=Wish("hospital", TODAY, days(8)),
    )


def refuse(resident):
    wish = Wish("refused", TODAY, None, "不想来")
    pause_care(by=account("jia"), resident=resident, enrolments=active(resident), wish=wish)


def leave_hospital(resident):
    resume_care(by=account("jia"), resident=resident, pauses=list_in_force(resident.id), on=TODAY)


def hand_over(resident):
    transfer = ask_transfer(
        by=account("jia"), resident=resident, village=village(YUANZIWAN), on=TODAY
    )
    accept_transfer(by=account("wu"), transfer=transfer)


def take_state_back(resident):
    undo_state(by=account("chen"), resident=resident, reason="登记错了")


def take_pause_back(resident):
    pauses = list_in_force(resident.id)
    undo_pause(by=account("chen"), resident=resident, pauses=pauses, reason="登记错了")


def take_move_back(resident):
    transfer = find_last_accepted(resident.id)
    undo_transfer(by=account("wu"), transfer=transfer, reason="接错了人")


def night(resident):
    end_absences(by=None, today=days(21))
    end_pauses(by=None, today=days(21))
    mark_by_phone(by=None)


ALL = frozenset(KINDS)
KEPT = frozenset({"referral_fu"})
SEEN = frozenset({"regular", "referral_fu", "exam"})
NONE: frozenset[str] = frozenset()
#: What is done in turn; the state after; what is open; what is on the list of today (with the
#: 14 days ahead); of which by telephone; whether the contract still runs.
TABLE = [
    ([], "present", ALL, ALL, NONE, True),
    ([go_away], "away", ALL, ALL - {"exam"}, ALL - {"exam"}, True),
    ([go_away, come_back], "present", ALL, ALL, NONE, True),
    ([go_away, night], "present", ALL, ALL, NONE, True),
    ([go_away, take_state_back], "present", ALL, ALL, NONE, True),
    ([get_lost], "lost", ALL, NONE, NONE, True),
    ([get_lost, come_back], "present", ALL, ALL, NONE, True),
    ([get_lost, take_state_back], "present", ALL, ALL, NONE, True),
    ([go_away, get_lost, take_state_back], "away", ALL, ALL - {"exam"}, ALL - {"exam"}, True),
    ([die], "deceased", NONE, NONE, NONE, False),
    ([die, take_state_back], "present", ALL, ALL, NONE, True),
    ([go_away, die, take_state_back], "away", ALL, ALL - {"exam"}, ALL - {"exam"}, True),
    ([move_out], "moved", NONE, NONE, NONE, False),
    ([move_out, take_state_back], "present", ALL, ALL, NONE, True),
    ([enter_hospital], "present", KEPT, KEPT, NONE, True),
    ([enter_hospital, leave_hospital], "present", SEEN, SEEN, NONE, True),
    # Back by the night nine days from now: to be seen a week later, beyond the list of today.
    ([enter_hospital, night], "present", SEEN, SEEN - {"regular"}, NONE, True),
    ([enter_hospital, take_pause_back], "present", ALL, ALL, NONE, True),
    ([enter_hospital, die], "deceased", NONE, NONE, NONE, False),
    ([enter_hospital, die, take_state_back], "present", KEPT, KEPT, NONE, True),
    ([enter_hospital, die, take_state_back, take_pause_back], "present", ALL, ALL, NONE, True),
    ([enter_hospital, go_away], "away", KEPT, KEPT, KEPT, True),
    ([refuse], "present", KEPT, KEPT, NONE, True),
    ([refuse, leave_hospital], "present", SEEN, SEEN, NONE, True),
    ([refuse, take_pause_back], "present", ALL, ALL, NONE, True),
    ([hand_over], "present", ALL, ALL, NONE, False),
    ([hand_over, take_move_back], "present", ALL, ALL, NONE, True),
    ([go_away, hand_over], "away", ALL, ALL - {"exam"}, ALL - {"exam"}, False),
    ([enter_hospital, hand_over], "present", KEPT, KEPT, NONE, False),
    ([enter_hospital, hand_over, take_pause_back], "present", ALL, ALL, NONE, False),
]


def case_name(value):
    if isinstance(value, list):
        return "-".join(step.__name__ for step in value) or "nothing"
    return ""


def open_tasks(resident):
    query = select(Task).where(Task.resident_id == resident.id, Task.state == "open")
    return list(db.session.scalars(query))


def listed_kinds(username="sun"):
    cards = today.list_people(account(username), today.Wanted(on=TODAY)).rows
    return frozenset(task.kind for card in cards for task in card.tasks)


def make_person():
    resident = make_resident()
    enrolment = make_enrolment(resident, next_due_on=days(5))
    for kind in KINDS:
        make_task(enrolment, days(5), kind, window_start=TODAY)
    make_contract(resident, days(-30))
    return resident


@pytest.mark.parametrize(
    ("steps", "state", "open_kinds", "listed", "by_phone", "signed"), TABLE, ids=case_name
)
def test_each_stops_what_it_must_and_only_that(
    app, steps, state, open_kinds, listed, by_phone, signed
):
    resident = make_person()
    for step in steps:
        step(resident)
    db.session.expire_all()
    assert resident.state == state
    tasks = open_tasks(resident)
    assert frozenset(task.kind for task in tasks) == open_kinds
    assert len(tasks) == len(open_kinds)
    assert listed_kinds() == listed
    assert frozenset(task.kind for task in tasks if task.by_phone) == by_phone
    running = db.session.scalars(select(Contract).where(Contract.state == "active")).all()
    assert bool(running) is signed


@pytest.mark.parametrize("steps", [row[0] for row in TABLE if len(row[0]) > 1], ids=case_name)
def test_history_keeps_every_step(app, steps):
    from familydoc.queries.whereabouts import get_whereabouts

    resident = make_person()
    counts = []
    for step in steps:
        step(resident)
        db.session.expire_all()
        counts.append(len(get_whereabouts(resident).lines))
    # A hand-over that is taken back stays one line, which then says so.
    assert counts == sorted(counts) and counts[0] >= 1


class Comings(RuleBasedStateMachine):
    """One person to whom anything may happen in any order."""

    app = None

    def __init__(self):
        super().__init__()
        self.context = type(self).app.app_context()
        self.context.push()
        _forget_everybody()
        self.id = make_person().id

    def teardown(self):
        db.session.remove()
        self.context.pop()

    @property
    def resident(self):
        return db.session.get(Resident, self.id)

    def try_to(self, act, *args, **options):
        """Do it, or be refused with a sentence: nothing else may happen."""
        try:
            return act(*args, **options)
        except RuleError as refused:
            assert refused.message
            return None

    @rule(state=st.sampled_from(["present", "away", "lost", "moved", "deceased"]))
    def ask(self, state):
        self.try_to(
            ask_state,
            by=account("jia"),
            resident=self.resident,
            state=state,
            on=TODAY,
            until=days(20) if state == "away" else None,
            reason="听说的",
            fact=FIRST,
        )

    @precondition(lambda self: find_pending(self.id) is not None)
    @rule()
    def confirm(self):
        confirm_state(
            by=account("chen"),
            resident=self.resident,
            change=find_pending(self.id),
            fact=SECOND,
        )

    @rule(step=st.sampled_from([enter_hospital, refuse, leave_hospital]))
    def pause(self, step):
        self.try_to(step, self.resident)

    @rule(step=st.sampled_from([take_pause_back, take_state_back]))
    def take_back(self, step):
        self.try_to(step, self.resident)

    @rule(back=st.booleans())
    def offer(self, back):
        code = CHENGGUAN_VILLAGE if back else YUANZIWAN
        self.try_to(ask_transfer, by=None, resident=self.resident, village=village(code), on=TODAY)

    @precondition(lambda self: find_open_transfer(self.id) is not None)
    @rule(answer=st.sampled_from(["accept", "refuse", "withdraw"]))
    def answer(self, answer):
        transfer = find_open_transfer(self.id)
        if answer == "accept":
            self.try_to(accept_transfer, by=None, transfer=transfer)
        elif answer == "refuse":
            refuse_transfer(by=None, transfer=transfer, reason="not_here")
        else:
            withdraw_transfer(by=None, transfer=transfer)

    @precondition(lambda self: find_last_accepted(self.id) is not None)
    @rule()
    def give_back(self):
        transfer = find_last_accepted(self.id)
        self.try_to(undo_transfer, by=None, transfer=transfer, reason="接错了人")

    @rule()
    def sleep(self):
        night(self.resident)

    @invariant()
    def what_holds_always(self):
        db.session.expire_all()
        who, tasks = self.resident, open_tasks(self.resident)
        enrolments = list_enrolments(who.id)
        live = [one for one in enrolments if one.state != "ended"]
        if not who.on_roster:
            assert not tasks and not live
            assert find_open_transfer(who.id) is None
        for one in live:
            assert one.team_id == who.team_id
            paused = [p for p in list_in_force(who.id) if p.enrolment_id == one.id]
            assert (one.state == "suspended") is bool(paused)
            if paused:
                kinds = {t.kind for t in tasks if t.enrolment_id == one.id}
                assert kinds <= {"referral_fu", "report"}
            else:
                assert any(t.enrolment_id == one.id for t in tasks), "nothing is owed"
        for task in tasks:
            assert (task.team_id, task.village_code) == (who.team_id, who.village_code)
            due = is_by_phone(who.state, who.away_until, task.kind, task.due_on)
            assert task.by_phone is due
        assert (who.state == "away") is (who.away_until is not None)
        running = db.session.scalars(select(Contract).where(Contract.state == "active")).all()
        assert len(running) <= 1 and (who.on_roster or not running)
        assert all(contract.team_id == who.team_id for contract in running)
        for username in ("chen", "wu"):
            shown = today.count_people(account(username), today.Wanted(on=TODAY))
            mine = who.team_id in _teams_of(username)
            assert shown <= int(mine and who.state in ("present", "away"))


def _teams_of(username):
    from familydoc.queries.teams import list_memberships

    return {one.team_id for one in list_memberships(account(username).staff_id)}


def _forget_everybody():
    """Take everybody of the example before out of the database."""
    from familydoc.models.audit import AuditEvent
    from familydoc.models.pauses import CarePause

    db.session.query(AuditEvent).filter(AuditEvent.resident_id.is_not(None)).delete()
    for model in (CarePause, Transfer, Task, Enrolment, ResidentState, Contract):
        db.session.query(model).delete()
    for resident in db.session.query(Resident):
        resident.household_id = None
    from familydoc.models.residents import ResidentTerm

    db.session.query(ResidentTerm).delete()
    db.session.query(Resident).delete()
    db.session.commit()


def test_whatever_happens_what_holds_always_holds(app):
    Comings.app = app
    limits = settings(
        max_examples=6,
        stateful_step_count=12,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    machine = Comings
    machine.TestCase.settings = limits
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(machine, settings=limits)
