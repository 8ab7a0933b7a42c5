"""Rules of where people are: two facts of a death, pauses, hand-overs, calls, three failed visits."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from familydoc.labels import LABELS
from familydoc.rules import contacts, facts, pauses, states, transfers
from familydoc.rules.contacts import Attempt, failed_visits, is_lost
from familydoc.rules.errors import RuleError
from familydoc.rules.facts import Fact, check_two, read_fact

TODAY = date(2026, 11, 21)


def days(number):
    return TODAY + timedelta(days=number)


def code_of(call, *args, **options):
    with pytest.raises(RuleError) as caught:
        call(*args, **options)
    return caught.value.code


def test_every_code_has_a_word():
    assert set(facts.KINDS) == set(LABELS["fact"])
    assert set(pauses.KINDS) == set(LABELS["pause"])
    assert set(transfers.REFUSALS) == set(LABELS["transfer_refusal"])
    told = [code for codes in contacts.REASONS.values() for code in codes]
    assert set(told) == set(LABELS["contact_reason"]) and len(told) == len(set(told))
    assert set(contacts.REASONS) | set(contacts.MET) <= set(LABELS["contact"])


@pytest.mark.parametrize(
    ("kind", "detail", "code"),
    [
        ("", "x", "fact_missing"),
        ("rumour", "张三", "fact_missing"),
        ("family", " ", "detail_missing"),
        ("certificate", "1", "detail_missing"),
        ("family", "x" * 61, "detail_long"),
    ],
)
def test_fact_without_what_makes_it_one_is_refused(kind, detail, code):
    assert code_of(read_fact, kind, detail) == code


def test_who_saw_it_is_the_witness_whatever_was_typed():
    assert read_fact("seen", "别人", "贾二牛") == Fact("seen", "贾二牛")
    assert read_fact("certificate", "  １２３　４５ ") == Fact("certificate", "123 45")


@pytest.mark.parametrize(
    ("first", "second", "one_account", "code"),
    [
        (("family", "儿子 张强"), ("family", "儿子张强"), False, "fact_same"),
        (("family", "张强"), ("neighbour", "张强"), False, "fact_same"),
        (("certificate", "a12"), ("certificate", "A 12"), False, "fact_same"),
        (("seen", "贾二牛"), ("seen", "贾二牛"), False, "fact_same"),
        (("family", "张强"), ("committee", "李书记"), True, "fact_alone"),
        (("family", "张强"), ("committee", "李书记"), False, None),
        (("certificate", "a12"), ("cremation", "a12"), True, None),
        (("family", "张强"), ("certificate", "a12"), True, None),
        (("certificate", "a12"), ("family", "张强"), True, None),
    ],
)
def test_two_facts_are_two_persons_or_a_paper(first, second, one_account, code):
    if code is None:
        check_two(Fact(*first), Fact(*second), one_account=one_account)
    else:
        assert code_of(check_two, Fact(*first), Fact(*second), one_account=one_account) == code


@given(
    st.sampled_from(facts.KINDS),
    st.text(min_size=2, max_size=20).filter(lambda text: len(" ".join(text.split())) > 3),
)
def test_one_fact_never_counts_twice(kind, detail):
    try:
        fact = read_fact(kind, detail, "贾二牛")
    except RuleError:
        return
    assert code_of(check_two, fact, fact, one_account=False) == "fact_same"


def attempts(*told):
    return [Attempt(days(-ago), way, outcome) for ago, way, outcome in told]


@pytest.mark.parametrize(
    ("told", "seen", "found"),
    [
        ([(9, 2, "no_answer"), (6, 2, "no_answer"), (3, 2, "no_answer")], None, [9, 6, 3]),
        ([(9, 2, "no_answer"), (9, 2, "no_answer"), (3, 2, "no_answer")], None, [9, 3]),
        ([(9, 2, "no_answer"), (6, 3, "no_answer"), (3, 2, "no_answer")], None, [9, 3]),
        ([(9, 2, "no_answer"), (6, 3, "reached"), (3, 2, "no_answer")], None, [3]),
        ([(9, 2, "no_answer"), (6, 2, "refused"), (3, 2, "no_answer")], None, [3]),
        ([(9, 2, "no_answer"), (6, 2, "no_answer"), (3, 2, "no_answer")], 7, [6, 3]),
        ([(9, 2, "no_answer"), (6, 2, "no_answer"), (3, 2, "no_answer")], 3, []),
        ([(9, 2, "no_answer"), (6, 2, "away"), (3, 2, "wrong_number")], None, [9, 6, 3]),
        ([], None, []),
    ],
)
def test_failed_visits_are_counted_in_a_row(told, seen, found):
    seen_on = None if seen is None else days(-seen)
    assert failed_visits(attempts(*told), seen_on) == [days(-ago) for ago in found]


def test_three_in_a_row_are_lost_and_two_are_not():
    assert is_lost([days(-3), days(-2), days(-1)]) and not is_lost([days(-2), days(-1)])


@given(
    st.lists(
        st.tuples(
            st.integers(0, 90), st.sampled_from([2, 3]), st.sampled_from(["no_answer", "reached"])
        )
    )
)
def test_a_talk_today_leaves_nobody_lost(told):
    row = [*attempts(*told), Attempt(days(1), 3, "reached")]
    assert not is_lost(failed_visits(row, None))


@pytest.mark.parametrize(
    ("state", "until", "kind", "due", "by_phone"),
    [
        ("away", 20, "regular", 20, True),
        ("away", 20, "regular", 21, False),
        ("away", 20, "recheck", -30, True),
        ("away", 20, "referral_fu", 1, True),
        ("away", 20, "exam", 1, False),
        ("away", 20, "home_visit", 1, False),
        ("present", 20, "regular", 1, False),
        ("lost", 20, "regular", 1, False),
        ("away", None, "regular", 1, False),
    ],
)
def test_call_stands_for_what_is_due_during_the_journey(state, until, kind, due, by_phone):
    last = None if until is None else days(until)
    assert states.is_by_phone(state, last, kind, days(due)) is by_phone


@pytest.mark.parametrize(
    ("on", "until"),
    [(date(2026, 8, 31), date(2026, 11, 30)), (date(2026, 11, 30), date(2027, 2, 28))],
)
def test_refusal_is_asked_after_in_three_calendar_months(on, until):
    assert pauses.check_pause("refused", on, None, "在市里看病", ["diabetes"], on) == until


def test_stay_without_an_end_goes_on_until_somebody_says_so():
    assert pauses.check_pause("hospital", TODAY, None, "", ["diabetes"], TODAY) is None
    assert pauses.check_pause("hospital", TODAY, TODAY, "", ["diabetes"], TODAY) == TODAY
    assert pauses.back_on(TODAY) == days(1) and pauses.due_after(days(1)) == days(8)


@pytest.mark.parametrize("kind", ["referral_fu", "report"])
def test_asking_after_a_referral_and_reports_go_on(kind):
    assert not pauses.waits(kind)


@pytest.mark.parametrize("kind", ["regular", "recheck", "specialist_fu", "home_visit", "exam"])
def test_visits_wait(kind):
    assert pauses.waits(kind)


@pytest.mark.parametrize("state", ["present", "away", "lost"])
def test_death_needs_facts_and_no_reason_beside_them(state):
    assert "deceased" in states.choices(state)
    assert states.check_reason("deceased", "") == ""
