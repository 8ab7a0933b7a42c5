"""A village day: the order of the houses, what to bring, what paper may say."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from familydoc.rules.errors import RuleError
from familydoc.rules.plans import (
    SUPPLIES,
    Owed,
    asked_fields,
    house_key,
    house_of,
    list_supplies,
    paper_words,
    read_day,
)
from familydoc.rules.programmes import load_programmes

PROGRAMMES = load_programmes()
TODAY, MONDAY = date(2026, 11, 21), date(2026, 11, 23)


def in_order(*addresses: str) -> list[str]:
    return sorted(addresses, key=house_key)


def test_house_two_stands_before_house_ten():
    assert in_order("南沟村10号", "南沟村2号", "南沟村1号") == [
        "南沟村1号",
        "南沟村2号",
        "南沟村10号",
    ]


def test_full_width_and_chinese_numerals_are_numbers():
    expected = ["一组9号", "二组３号", "2组10号", "三组1号", "十组1号", "十二组1号", "二十组1号"]
    assert in_order(*reversed(expected)) == expected


@pytest.mark.parametrize(
    ("written", "plain"),
    [("一百零五号", "105号"), ("二〇三室", "203室"), ("百二十号", "120号"), (" 3 号 ", "3号")],
)
def test_numerals_are_read_as_people_write_them(written, plain):
    assert house_key(written) == house_key(plain)


def test_a_numeral_inside_a_name_is_a_word():
    assert house_key("二道沟5号") == ((1, 0, "二道沟"), (0, 5, ""), (1, 0, "号"))


def test_an_empty_address_stands_first():
    assert in_order("1号", "") == ["", "1号"]


@pytest.mark.parametrize(
    ("address", "house"),
    [
        ("清水河县城关镇南沟村2组12号", "2组12号"),
        ("城关镇南沟12号", "12号"),
        ("永安街12号", "永安街12号"),
        ("南沟村", "南沟村"),
        ("", ""),
    ],
)
def test_paper_says_the_house_and_not_the_village_again(address, house):
    assert house_of(address, "南沟村") == house


@given(st.lists(st.text(max_size=20), max_size=6))
def test_any_addresses_can_be_put_in_order(addresses):
    assert sorted(in_order(*addresses)) == sorted(addresses)


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_numbers_order_houses_of_one_street(one, other):
    assert (house_key(f"永安街{one}号") < house_key(f"永安街{other}号")) == (one < other)


def test_a_day_may_be_today_or_within_two_weeks():
    assert read_day("", TODAY, MONDAY) == MONDAY
    assert read_day("2026-11-21", TODAY, MONDAY) == TODAY
    assert read_day("2026年12月5日", TODAY, MONDAY) == date(2026, 12, 5)


@pytest.mark.parametrize(
    ("typed", "code"),
    [("2026-11-20", "date_past"), ("2026-12-06", "date_far"), ("明天", "date_invalid")],
)
def test_another_day_is_refused_with_a_sentence(typed, code):
    with pytest.raises(RuleError) as refused:
        read_day(typed, TODAY, MONDAY)
    assert (refused.value.code, refused.value.field) == (code, "day")


def items(*people: Owed) -> dict[str, int]:
    return {one.name: one.number for one in list_supplies(people, PROGRAMMES)}


HYPERTENSION = PROGRAMMES["hypertension"].form
DIABETES = PROGRAMMES["diabetes"].form


def test_one_cuff_serves_everybody_and_a_strip_each():
    both = Owed((("hypertension", "regular"), ("diabetes", "regular")))
    pressure = Owed((("hypertension", "recheck"),))
    found = items(both, both, pressure)
    assert found["血压计"] == 1 and found["血糖仪"] == 1
    assert found["血糖试纸和采血针"] == 2
    assert (found[HYPERTENSION], found[DIABETES]) == (3, 2)


def test_a_scale_is_brought_when_the_form_has_a_weight():
    assert items(Owed((("hypertension", "regular"),)))["体重秤"] == 1
    assert "血糖仪" not in items(Owed((("hypertension", "regular"),)))


def test_two_tasks_of_one_programme_need_one_form():
    twice = Owed((("hypertension", "recheck"), ("hypertension", "regular")))
    assert items(twice)[HYPERTENSION] == 1


def test_a_referral_is_asked_about_and_nothing_is_brought():
    assert items(Owed((("hypertension", "referral_fu"),))) == {}


def test_both_sides_of_an_agreement_are_brought_for_the_unsigned():
    found = items(Owed((), unsigned=True), Owed((("hypertension", "regular"),), unsigned=True))
    assert found["签约协议书（一式两份）"] == 4


def test_nothing_is_brought_to_nobody():
    assert list_supplies([], PROGRAMMES) == ()


def test_what_the_class_is_found_by_is_always_asked():
    for programme in PROGRAMMES.values():
        needed = {field.code for field in programme.needed} | set(programme.measured_by)
        assert needed <= asked_fields(programme, "regular"), programme.code


def test_every_instrument_measures_something():
    assert all(supply.fields for supply in SUPPLIES)
    assert len({supply.name for supply in SUPPLIES}) == len(SUPPLIES)


HIDDEN = replace(PROGRAMMES["diabetes"], private=True, discreet="专项随访", name="不能写的名字")


def test_paper_names_programme_and_kind():
    words = paper_words((("hypertension", "regular"), ("diabetes", "recheck")), PROGRAMMES)
    assert words == ("高血压 · 随访", "糖尿病 · 复查")


def test_paper_shows_a_private_programme_by_its_discreet_word_once():
    tasks = (("diabetes", "recheck"), ("hypertension", "regular"), ("diabetes", "report"))
    words = paper_words(tasks, {**PROGRAMMES, "diabetes": HIDDEN})
    assert words == ("专项随访", "高血压 · 随访")


def test_a_private_form_is_not_named_in_the_packing_list():
    found = list_supplies([Owed((("diabetes", "regular"),))], {"diabetes": HIDDEN})
    named = "".join(one.name for one in found)
    assert "专项随访记录表" in named and HIDDEN.form not in named and HIDDEN.name not in named


def test_a_programme_without_a_file_gives_nothing_away():
    assert paper_words((("unknown", "regular"),), PROGRAMMES) == ("随访",)
    assert items(Owed((("unknown", "regular"),))) == {}
