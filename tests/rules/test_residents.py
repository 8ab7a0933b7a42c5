"""Names, telephones, villages, key populations, likely doubles."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from familydoc.formats.pinyin import initials
from familydoc.rules.errors import RuleError
from familydoc.rules.residents import (
    Facts,
    age_tags,
    build_village_index,
    find_village,
    is_likely_double,
    key_populations,
    parse_name,
    parse_phone,
    search_terms,
)


def refused_name(value: object) -> str:
    with pytest.raises(RuleError) as caught:
        parse_name(value)
    assert caught.value.field == "name"
    return caught.value.code


@pytest.mark.parametrize(
    ("typed", "stored", "kinds"),
    [
        ("张三", "张三", ()),
        ("蔡  永", "蔡永", ("name_spaces",)),
        ("蔡\u3000永", "蔡永", ("name_spaces",)),
        (" 蔡永 ", "蔡永", ()),
        ("阿布都•热依木", "阿布都·热依木", ()),
        ("阿布都・热依木", "阿布都·热依木", ()),
        ("阿布都.热依木", "阿布都·热依木", ()),
        ("王㛃", "王㛃", ()),  # CJK extension A
        ("𠮷田", "𠮷田", ()),  # CJK extension B
        ("张\u200d三", "张三", ()),
        ("\u202e三张", "三张", ()),
        ("O'Brien Conan", "O'Brien Conan", ()),
        ("José  García-López", "José García-López", ()),
        ("ᠪᠠᠲᠤ", "ᠪᠠᠲᠤ", ()),
        ("买买提·阿卜杜拉·本·哈桑", "买买提·阿卜杜拉·本·哈桑", ()),
    ],
)
def test_a_name_is_stored_plainly(typed: str, stored: str, kinds: tuple[str, ...]) -> None:
    name = parse_name(typed)
    assert (name.value, name.normalised) == (stored, kinds)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "name_missing"),
        (None, "name_missing"),
        (" \u200b ", "name_missing"),
        ("张三1", "name_invalid"),
        ("张三１", "name_invalid"),
        ("张三²", "name_invalid"),
        ("<b>张三</b>", "name_invalid"),
        ("=cmd|'/C calc'!A0", "name_invalid"),
        ("张三(女)", "name_invalid"),
        ("张?", "name_invalid"),
        ("张😀", "name_invalid"),
        ("张\x00三", "name_invalid"),
        ("张\ud800", "name_invalid"),
        ("张\ue000", "name_invalid"),
        ("---", "name_invalid"),
        ("张" * 51, "name_invalid"),
        (12.0, "name_invalid"),
        ("张", "name_short"),
    ],
)
def test_a_name_is_refused_with_its_code(value: object, code: str) -> None:
    assert refused_name(value) == code


def test_a_name_of_one_character_is_stored_when_confirmed() -> None:
    assert parse_name("张", one_character=True).value == "张"


@given(st.text())
def test_a_stored_name_is_stable_and_carries_no_control(text: str) -> None:
    try:
        stored = parse_name(text).value
    except RuleError:
        return
    assert parse_name(stored).value == stored
    assert stored.isprintable()
    assert not set(stored) & set('<>=+@|"0123456789')


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("13800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("138-0013-8000", "13800138000"),
        ("138 0013 8000", "13800138000"),
        ("13800138000.0", "13800138000"),
        (13800138000.0, "13800138000"),
        (13800138000, "13800138000"),
        ("+86 13800138000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("18601398602", "18601398602"),  # begins like a country code inside, and stays whole
        ("0471-7912345", "0471-7912345"),
        ("(0471)7912345", "0471-7912345"),
        ("04717912345", "0471-7912345"),
        ("010-62345678", "010-62345678"),
        ("", None),
        (None, None),
        ("  ", None),
    ],
)
def test_a_telephone_is_stored_as_digits(typed: object, stored: str | None) -> None:
    assert parse_phone(typed) == stored


@pytest.mark.parametrize(
    "value",
    [
        "1380013800l",
        "无",
        "1.3800138E+10",
        -13800138000,
        "-13800138000x",
        "1380013800",
        "138001380000",
        "12800138000",
        "7912345",
        "0471-1912345",
        True,
        float("nan"),
        float("inf"),
        1380013800.5,
        "138００138００x",
    ],
)
def test_a_telephone_is_refused_when_it_is_none(value: object) -> None:
    with pytest.raises(RuleError) as caught:
        parse_phone(value)
    assert caught.value.code == "phone_invalid"


def test_age_tags_follow_completed_years() -> None:
    today = date(2026, 11, 1)
    assert age_tags(date(1961, 11, 1), today) == {"elderly"}
    assert age_tags(date(1961, 11, 2), today) == set()
    assert age_tags(date(2019, 11, 2), today) == {"child"}
    assert age_tags(date(2019, 11, 1), today) == set()


def test_key_populations_never_take_age_groups_as_typed() -> None:
    born = date(1990, 1, 1)
    assert key_populations(["elderly", "hypertension"], born, date(2026, 1, 1)) == {"hypertension"}


TOWNSHIPS = {"150124100": "城关镇", "150124101": "宏河镇"}
VILLAGES = [
    ("150124100003", "永安社区居民委员会", "150124100"),
    ("150124100200", "城关村民委员会", "150124100"),
    ("150124100208", "桦树沟村民委员会", "150124100"),
    ("150124101208", "桦树沟村民委员会", "150124101"),
    ("150124101209", "红旗村村民委员会", "150124101"),
    ("150124101210", "东风村民委员会", "150124101"),
    ("150124101211", "东风社区居民委员会", "150124101"),
]


@pytest.mark.parametrize(
    ("township", "village", "code", "alias"),
    [
        ("城关镇", "永安社区居民委员会", "150124100003", False),
        ("城关镇", "永安社区", "150124100003", True),
        ("城关镇", "永安居委会", "150124100003", True),
        ("城关镇", "桦树沟村", "150124100208", True),
        ("城关镇", "桦树沟", "150124100208", True),
        ("宏河镇", "桦树沟村", "150124101208", True),
        ("宏河镇", "红旗村", "150124101209", True),
        ("宏河镇", "红旗村委会", "150124101209", True),
        ("宏河镇", "东风村", "150124101210", True),
        (" 城关镇", "桦树沟 村民委员会", "150124100208", False),
    ],
)
def test_a_village_is_found_within_its_township(
    township: str, village: str, code: str, alias: bool
) -> None:
    found = find_village(build_village_index(TOWNSHIPS, VILLAGES), township, village)
    assert found is not None
    assert (found.code, found.alias) == (code, alias)


@pytest.mark.parametrize(
    ("township", "village"),
    [
        ("宏河镇", "永安社区"),
        ("城关镇", "桃花源村民委员会"),
        ("", "永安社区"),
        ("城关镇", ""),
        ("宏河镇", "东风"),
    ],
)
def test_a_village_is_not_found_elsewhere_or_when_two_fit(township: str, village: str) -> None:
    assert find_village(build_village_index(TOWNSHIPS, VILLAGES), township, village) is None


def test_search_terms_are_the_ends_of_a_name() -> None:
    assert search_terms("哈斯·巴雅尔") == {"哈斯巴雅尔", "斯巴雅尔", "巴雅尔", "雅尔", "尔"}
    assert search_terms("O'Brien Conan") >= {"o'brienconan", "conan"}


def test_initials_hold_every_reading_of_a_surname() -> None:
    assert initials("单雄信") == {"sxx", "dxx", "cxx", "xx", "xs", "sxs", "dxs", "cxs"}
    assert initials("曾刚") == {"zg", "cg"}
    assert initials("𠮷田") == {"t"}
    assert initials("") == set()
    assert max(len(initials("乐行长重乐行长重")), 1) <= 8 * 24


def test_two_records_are_likely_one_person_by_number_or_three_facts() -> None:
    born = date(1960, 1, 1)
    one = Facts("A", "张三", born, "13800138000", "v1")
    assert is_likely_double(one, Facts("A", "李四", date(1970, 1, 1), None, "v2"))
    assert is_likely_double(one, Facts(None, "张三", born, None, "v1"))
    assert not is_likely_double(one, Facts("B", "张三", born, None, "v2"))
    nobody = Facts(None, "张三", born, None, "v1")
    assert not is_likely_double(nobody, Facts(None, "李四", born, None, "v1"))
