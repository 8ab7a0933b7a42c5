"""Codes, names and telephones of institutions; teams; seats of accounts; county values."""

from datetime import date
from decimal import Decimal

import pytest

from familydoc.rules import accounts, organisations, parameters, teams
from familydoc.rules.errors import RuleError
from familydoc.rules.programmes import load_programmes

TODAY = date(2026, 11, 21)


def code_of(call, *args, **kwargs) -> tuple[str, str | None]:
    with pytest.raises(RuleError) as refused:
        call(*args, **kwargs)
    return refused.value.code, refused.value.field


@pytest.mark.parametrize(
    ("kind", "typed", "code"),
    [
        ("township_centre", "150124100", "150124100"),
        ("township_centre", " １５０１２４１００ ", "150124100"),
        ("village_clinic", "150124100202", "150124100202"),
        ("county_hospital", "150124-yy01", "150124-YY01"),
    ],
)
def test_code_is_read_when_it_fits_the_kind(kind, typed, code):
    assert organisations.read_code(kind, typed) == code


@pytest.mark.parametrize(
    ("kind", "typed", "why"),
    [
        ("township_centre", "150124", ("code_format", "code")),
        ("township_centre", "150124100202", ("code_format", "code")),
        ("village_clinic", "15012410020²", ("code_format", "code")),
        ("village_clinic", None, ("code_format", "code")),
        ("county_hospital", "new", ("code_format", "code")),
        ("county_hospital", "../../etc", ("code_format", "code")),
        ("county", "150124", ("kind_unknown", "kind")),
        (None, "150124100", ("kind_unknown", "kind")),
    ],
)
def test_code_is_refused_when_it_does_not_fit_the_kind(kind, typed, why):
    assert code_of(organisations.read_code, kind, typed) == why


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("", ""),
        ("０４７１－７９１２３４５", "0471-7912345"),
        ("13800138000", "13800138000"),
        ("12320", "12320"),
        ("400-810-1234", "4008101234"),
        ("7912345", "7912345"),
        ("0471-7912345转806", "0471-7912345转806"),
    ],
)
def test_office_phone_is_read(typed, number):
    assert organisations.read_office_phone(typed) == number


@pytest.mark.parametrize("typed", ["1380013800", "电话", "0471-79", "<b>", "9" * 60])
def test_office_phone_is_refused_when_it_is_none(typed):
    refusal = code_of(organisations.read_office_phone, typed, "complaint_telephone")
    assert refusal == ("phone_invalid", "complaint_telephone")


def test_sign_names_the_field_that_is_too_long():
    typed = {"name": "城关镇卫生院", "hours": "周" * 101}
    assert code_of(organisations.read_sign, typed) == ("text_long", "hours")
    assert code_of(organisations.read_sign, {"name": " 城 "}) == ("name_missing", "name")


def test_line_loses_control_characters_and_line_breaks():
    assert organisations.read_line("周一\r\n至\x0b周六 ", "hours", "时间", 100) == "周一 至周六"
    refusal = code_of(organisations.read_line, "\ud800", "hours", "时间", 100)
    assert refusal == ("text_invalid", "hours")


@pytest.mark.parametrize(
    ("roles", "leader", "missing"),
    [
        (["family_doctor", "nurse"], True, 0),
        (["family_doctor", "village_doctor"], True, 1),
        (["village_doctor", "nurse"], False, 2),
        ([], False, 3),
    ],
)
def test_gaps_say_what_a_team_lacks(roles, leader, missing):
    assert len(teams.gaps(roles, leader)) == missing


def test_expert_serves_several_teams_and_others_one():
    assert teams.check_member("county_expert", "county_hospital", "城关二队") == "county_expert"
    assert (
        code_of(teams.check_member, "nurse", "township_centre", "城关二队")[0] == "serves_elsewhere"
    )
    assert code_of(teams.check_member, "county_expert", "township_centre", "")[0] == "expert_place"
    assert code_of(teams.check_member, "administrator", "township_centre", "")[0] == "role_unknown"


def test_membership_days_are_never_ahead_or_turned_round():
    assert teams.read_since("", TODAY) == TODAY
    assert teams.read_since("2026年11月1日", TODAY) == date(2026, 11, 1)
    assert code_of(teams.read_since, "2026-11-22", TODAY) == ("date_future", "since")
    assert code_of(teams.read_since, "2026-02-30", TODAY) == ("date_invalid", "since")
    assert code_of(teams.read_until, "2026-10-31", TODAY, date(2026, 11, 1)) == (
        "date_before",
        "until",
    )


@pytest.mark.parametrize(
    ("role", "own_centre", "leads", "rights"),
    [
        ("administrator", False, False, "all"),
        ("manager", True, False, "all"),
        ("manager", False, True, ""),
        ("leader", True, True, "plate"),
        ("leader", True, False, ""),
        ("member", True, True, ""),
        ("supervisor", False, False, ""),
    ],
)
def test_rights_to_a_team_follow_from_role_and_place(role, own_centre, leads, rights):
    assert teams.rights(role, own_centre=own_centre, leads=leads) == rights


@pytest.mark.parametrize(
    ("typed", "name"), [(" Chen.Yulan ", "chen.yulan"), ("A１", "a1"), ("9-x", "9-x")]
)
def test_username_is_lowered(typed, name):
    assert accounts.read_username(typed) == name


@pytest.mark.parametrize(
    "typed", ["a", "陈玉兰", ".a", "a/b", "a b\x00", "x" * 41, "", None, "new"]
)
def test_username_is_refused_when_it_is_no_name(typed):
    assert code_of(accounts.read_username, typed)[1] == "username"


@pytest.mark.parametrize(
    ("role", "kind", "person", "why"),
    [
        ("god", "county", False, "role_unknown"),
        ("leader", None, False, "person_missing"),
        ("member", "township_centre", False, "person_missing"),
        ("administrator", "township_centre", False, "seat_wrong"),
        ("manager", "county", False, "seat_wrong"),
        ("board", "village_clinic", False, "seat_wrong"),
        ("board", "township_centre", True, "board_person"),
        ("supervisor", None, False, "organisation_missing"),
    ],
)
def test_seat_is_refused_when_role_and_place_do_not_fit(role, kind, person, why):
    assert code_of(accounts.check_seat, role, kind, person)[0] == why


def setting(name: str, programme: str = "hypertension") -> parameters.Setting:
    found = parameters.all_settings(load_programmes())[programme]
    return next(one for one in found if one.name == name)


@pytest.mark.parametrize("typed", ["135", "１３５", " 135 "])
def test_stricter_county_value_is_taken(typed):
    assert parameters.read_value(setting("line_sbp"), typed) == "135"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("145", "value_laxer"),
        ("141", "value_laxer"),
        ("109", "value_range"),
        ("1e2", "value_invalid"),
        ("135.5", "value_invalid"),
        ("nan", "value_invalid"),
        ("", "value_invalid"),
        (None, "value_invalid"),
    ],
)
def test_county_value_is_refused_when_laxer_or_no_number(typed, why):
    assert code_of(parameters.read_value, setting("line_sbp"), typed) == (why, "value")


def test_national_value_may_be_set_again():
    assert parameters.read_value(setting("line_sbp"), "140") == "140"


def test_every_setting_is_shown_with_a_source_and_a_possible_range():
    for code, settings in parameters.all_settings(load_programmes()).items():
        for one in settings:
            low, high = one.range
            assert one.source and one.min <= one.national <= one.max, (code, one.name)
            assert low <= high and parameters.read_value(one, str(one.national))


def test_laxer_way_follows_the_parameter():
    higher = setting("danger_low", "diabetes")
    assert higher.stricter == "higher"
    assert parameters.is_laxer(higher, higher.national - Decimal("0.1"))
    assert not parameters.is_laxer(setting("cap", "contracts"), Decimal(9000))


def test_choice_of_contracts_takes_only_its_words():
    term = setting("default_term", "contracts")
    assert parameters.read_value(term, "24") == "24" and term.shown("24") == "2 年"
    assert code_of(parameters.read_value, term, "13") == ("value_range", "value")


def test_value_never_begins_in_the_past_or_before_a_newer_one():
    assert parameters.read_valid_from("", TODAY, None) == TODAY
    assert code_of(parameters.read_valid_from, "2026-11-20", TODAY, None)[0] == "date_past"
    later = date(2027, 1, 1)
    assert code_of(parameters.read_valid_from, "2026-12-01", TODAY, later)[0] == "date_before"
    assert parameters.read_valid_from("2027-01-01", TODAY, later) == later
    assert code_of(parameters.read_source, " ")[1] == "source"
