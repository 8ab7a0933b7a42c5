"""Identity numbers: what is accepted, what is mended, what is refused and how."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from familydoc.rules.errors import RuleError
from familydoc.rules.identity import (
    check_digit,
    mask_identity,
    mask_name,
    mask_phone,
    parse_identity,
    upgrade_15,
)

TODAY = date(2026, 11, 1)


def refused(value: object) -> str:
    with pytest.raises(RuleError) as caught:
        parse_identity(value, TODAY)
    assert caught.value.message.endswith("。")
    return caught.value.code


def full_width(text: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) for character in text)


@pytest.mark.parametrize(
    ("number", "birth", "sex"),
    [
        ("11010519491231002X", date(1949, 12, 31), "female"),
        ("440524188001010014", None, None),  # sound digits, but nobody is 146 years old
        ("370101190102039973", date(1901, 2, 3), "male"),
        ("150124196003090010", date(1960, 3, 9), "male"),
        ("810000198505050116", date(1985, 5, 5), "male"),
        ("830000198505050112", None, None),
    ],
)
def test_numbers_of_the_standard_are_read(number: str, birth: date | None, sex: str | None) -> None:
    if birth is None:
        assert refused(number) in ("id_birth_date", "id_checksum")
        return
    identity = parse_identity(number, TODAY)
    assert (identity.number, identity.birth, identity.sex) == (number, birth, sex)
    assert identity.normalised == ()


@pytest.mark.parametrize(
    ("typed", "number", "kinds"),
    [
        (full_width("11010119550315108X"), "11010119550315108X", ("id_fullwidth",)),
        ("\u200b110101196\u200b001011233", "110101196001011233", ("id_fullwidth",)),
        (" 110101196001011233 ", "110101196001011233", ("id_fullwidth",)),
        ("110101 19600101 1233", "110101196001011233", ("id_fullwidth",)),
        ("11010119550315108x", "11010119550315108X", ("id_lower_x",)),
        (full_width("11010119550315108x"), "11010119550315108X", ("id_fullwidth", "id_lower_x")),
        ("150124601101784", upgrade_15("150124601101784"), ("id_15_digits",)),
        (150124601101784, upgrade_15("150124601101784"), ("id_15_digits",)),
        (150124601101784.0, upgrade_15("150124601101784"), ("id_15_digits",)),
    ],
)
def test_a_number_is_mended_when_the_meaning_is_plain(
    typed: object, number: str, kinds: tuple[str, ...]
) -> None:
    identity = parse_identity(typed, TODAY)
    assert (identity.number, identity.normalised) == (number, kinds)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("110101196001101233", "id_checksum"),  # two digits swapped
        ("110101196001011000", "id_checksum"),  # Excel kept 15 digits and filled with noughts
        ("11010119600101123", "id_format"),  # 17
        ("1101011960010112331", "id_format"),  # 19
        ("110105199005200717X", "id_format"),  # a web "example" of 19
        ("110101209912311237", "id_birth_date"),  # future
        ("110101196004311231", "id_birth_date"),  # 31 April
        ("150124990231001", "id_birth_date"),  # 15 digits, 31 February
        (110101196001011232, "id_format"),
        (1.101011990030712e17, "id_format"),
        ("1.10101E+17", "id_format"),
        (float("nan"), "id_format"),
        (float("inf"), "id_format"),
        (-150124601101784, "id_format"),
        (True, "id_format"),
        ([1], "id_format"),
        ("", "id_missing"),
        (None, "id_missing"),
        ("  \u3000", "id_missing"),
        ("无", "id_missing"),
        ("11010119600101123A", "id_format"),
        ("1101011960O1011233", "id_format"),  # letter O
        ("١١٠١٠١١٩٦٠٠١٠١١٢٣٣", "id_format"),  # Arabic digits
        ("1" * 18, "id_checksum"),
        ("0" * 18, "id_checksum"),
        ("<script>alert(1)</s", "id_format"),
    ],
)
def test_a_number_is_refused_by_its_first_fault(value: object, code: str) -> None:
    assert refused(value) == code


def test_area_000000_is_refused_when_the_check_digit_is_right() -> None:
    stem = "00000019600101123"
    assert refused(stem + check_digit(stem)) == "id_format"


def test_a_birth_today_is_accepted_and_tomorrow_is_not() -> None:
    born_today = f"150124{TODAY:%Y%m%d}001"
    born_tomorrow = f"150124{TODAY + timedelta(days=1):%Y%m%d}001"
    assert parse_identity(born_today + check_digit(born_today), TODAY).birth == TODAY
    assert refused(born_tomorrow + check_digit(born_tomorrow)) == "id_birth_date"


@given(st.dates(date(1900, 1, 1), TODAY), st.integers(1, 999), st.integers(0, 16))
def test_one_wrong_digit_is_always_caught(birth: date, serial: int, place: int) -> None:
    stem = f"150124{birth:%Y%m%d}{serial:03d}"
    number = stem + check_digit(stem)
    assert parse_identity(number, TODAY).birth == birth
    wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
    with pytest.raises(RuleError):
        parse_identity(wrong, TODAY)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans()))
def test_nothing_but_a_refusal_comes_of_nonsense(value: object) -> None:
    try:
        identity = parse_identity(value, TODAY)
    except RuleError as error:
        assert error.code in ("id_missing", "id_format", "id_checksum", "id_birth_date")
    else:
        assert len(identity.number) == 18


def test_masks_leave_the_ends() -> None:
    assert mask_identity("11010519491231002X") == "110***********002X"
    assert mask_identity(None) == ""
    assert [mask_name(name) for name in ("张三", "张三丰", "乌云其木格")] == ["张*", "张**", "乌**"]
    assert mask_phone("13800138000") == "138****8000"
    assert mask_phone("") == ""
