"""Who may take whose work on, and who is called first."""

from dataclasses import replace
from datetime import date

import pytest

from familydoc.rules.errors import RuleError
from familydoc.rules.handovers import (
    Case,
    OwedTask,
    call_order,
    check,
    check_leaver,
    reasons_to_call,
)
from familydoc.rules.programmes import load_programmes

TODAY = date(2026, 11, 21)
FINE = Case("贾二牛", "云其格", leaver_teams=("城关一队",))
PROGRAMMES = load_programmes()
PRIVATE = {"secret": replace(PROGRAMMES["hypertension"], private=True), **PROGRAMMES}


def test_a_member_hands_over_to_a_member():
    check(FINE)
    check(replace(FINE, contracts=12))


@pytest.mark.parametrize(
    ("changed", "code", "field", "said"),
    [
        ({"leaver_here": False}, "handed_over", "leaver", "刷新"),
        (
            {"leaver_teams": ("城关一队", "城关二队")},
            "serves_several",
            "leaver",
            "城关一队、城关二队",
        ),
        ({"is_own": True}, "self", "leaver", "中心主任"),
        ({"is_same": True}, "same_person", "successor", "不能就是"),
        ({"successor_active": False}, "staff_left", "successor", "云其格已经离岗"),
        ({"successor_here": False}, "no_member", "successor", "先加入团队"),
        ({"contracts": 3, "successor_is_doctor": False}, "no_doctor", "successor", "3 份协议"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(changed, code, field, said):
    with pytest.raises(RuleError) as refused:
        check(replace(FINE, **changed))
    assert (refused.value.code, refused.value.field) == (code, field)
    assert said in refused.value.message


def test_a_nurse_may_take_on_who_has_no_contracts():
    check(replace(FINE, successor_is_doctor=False))


def test_the_leaver_is_judged_before_a_successor_is_chosen():
    check_leaver(replace(FINE, is_same=True))
    with pytest.raises(RuleError):
        check_leaver(replace(FINE, is_own=True))


@pytest.mark.parametrize(
    ("task", "reasons"),
    [
        (OwedTask("hypertension", 1, TODAY), ()),
        (OwedTask("hypertension", 1, date(2026, 11, 20)), ("overdue",)),
        (OwedTask("hypertension", 0, TODAY), ("danger",)),
        (OwedTask("secret", 1, TODAY), ("private",)),
        (OwedTask("secret", 0, date(2026, 11, 20)), ("danger", "overdue", "private")),
        (OwedTask("unknown", 1, TODAY), ()),
    ],
)
def test_reasons_to_call_first(task, reasons):
    assert reasons_to_call([task], PRIVATE, TODAY) == reasons


def test_call_list_begins_with_danger_then_the_longest_overdue():
    new, old = date(2026, 11, 20), date(2026, 8, 1)
    people = [
        (("private",), TODAY),
        (("overdue",), new),
        (("overdue", "private"), old),
        (("danger",), TODAY),
    ]
    ordered = sorted(people, key=lambda one: call_order(*one))
    assert [one[0][0] for one in ordered] == ["danger", "overdue", "overdue", "private"]
    assert ordered[1][1] == old
