"""Finding residents: every part of a name, every reading, numbers, filters, scope, doubles."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from familydoc.extensions import db
from familydoc.formats.pinyin import initials
from familydoc.models.residents import Resident
from familydoc.queries.residents import (
    Filters,
    count_residents,
    find_doubles,
    key_population,
    list_residents,
    on_roster,
    search,
)
from familydoc.rules.identity import upgrade_15
from familydoc.rules.residents import KEY_POPULATIONS, Facts
from familydoc.rules.search import read_query
from tests.cast import (
    NANGOU,
    SHENCHIYAO,
    YUANZIWAN,
    account,
    identity_number,
    make_contract,
    make_enrolment,
    make_resident,
    organisation,
    team_of,
)

TODAY = date(2026, 11, 21)
BIRTH = date(1958, 3, 5)
NUMBER = identity_number(BIRTH)


def names(page):
    return [one.name for one in page.residents]


def find(text, viewer="chen", **options):
    return names(search(account(viewer), read_query(text), **options))


def listed(viewer="chen", **filters):
    return names(list_residents(account(viewer), Filters(**filters), TODAY))


@pytest.mark.parametrize(
    "text", ["张建国", "张", "建国", "国", "建", "zjg", "jg", "ZJ", "ｚｊｇ", " 张 建 国 "]
)
def test_search_finds_any_part_of_a_name_and_of_its_initials(app, text):
    make_resident("张建国")
    assert find(text) == ["张建国"]


@pytest.mark.parametrize("text", ["单于", "dy", "sy", "cy", "DY"])
def test_search_finds_every_reading_of_a_character(app, text):
    make_resident("单于")
    assert find(text) == ["单于"]


@pytest.mark.parametrize("text", ["阿布都", "热依木", "阿布都·热依木", "阿布都热依木", "都·热"])
def test_search_finds_a_name_with_a_dot_with_or_without_it(app, text):
    make_resident("阿布都·热依木")
    assert find(text) == ["阿布都·热依木"]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    name=st.text(
        st.sampled_from("张王单曾重乐朴查仇朝长覃解尉迟万俟欧阳建国玉兰云其格"),
        min_size=2,
        max_size=5,
    )
)
def test_every_part_and_every_reading_finds_the_name(app, name):
    resident = make_resident(name)
    uid = resident.uid
    parts = {name[a:b] for a in range(len(name)) for b in range(a + 1, len(name) + 1)}
    spoken = {term[:end] for term in initials(name) for end in range(1, len(term) + 1)}
    for text in parts | spoken:
        page = search(account("chen"), read_query(text), limit=500)
        assert uid in [one.uid for one in page.residents], text


@pytest.mark.parametrize(
    "text",
    [
        "%",
        "_",
        "张%",
        "_建国",
        "\\",
        "'",
        '" onfocus=alert(1)',
        "٪",
        "*",
        "\ud800",
        "\x00张",
        "a" * 5000,
    ],
)
def test_wildcards_and_odd_characters_are_only_characters(app, text):
    make_resident("李四")
    assert find(text) == []


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        NUMBER[-4:],
        "１５０１２４" + NUMBER[6:],
        "13800138000",
        "138 0013 8000",
        "+86 138-0013-8000",
        "8000",
    ],
)
def test_search_finds_by_number_and_telephone_whole_or_last_four(app, text):
    make_resident("张建国", number=NUMBER, phone="13800138000")
    make_resident("李四", phone="13900139001")
    assert find(text) == ["张建国"]


def test_search_finds_a_number_with_a_small_x_and_an_old_one(app):
    make_resident("王五", number="11010519491231002X")
    make_resident("赵六", number=upgrade_15("150124500101001"))
    assert find("11010519491231002x") == find("002x") == ["王五"]
    assert find("150124500101001") == ["赵六"]


def test_part_of_a_number_that_is_not_the_last_four_finds_nobody(app):
    make_resident("张建国", number=NUMBER, phone="13800138000")
    assert read_query("150124").kind == "digits"
    assert find("150124") == [] and find("13800") == []


def test_search_finds_a_landline_with_and_without_its_mark(app):
    make_resident("张建国", phone="0471-7912345")
    assert find("0471-7912345") == find("04717912345") == find("2345") == ["张建国"]


@pytest.mark.parametrize("text", ["张建国", "zjg", NUMBER, NUMBER[-4:], "13800138000"])
def test_search_stays_in_scope(app, text):
    make_resident("张建国", number=NUMBER, phone="13800138000")
    assert find(text, "wu") == find(text, "li") == find(text, "admin") == find(text, "board") == []
    assert find(text, "zhao") == find(text, "sun") == find(text, "jia") == ["张建国"]


@pytest.mark.parametrize("state", ["moved", "deceased"])
def test_dead_and_moved_people_are_in_no_search_and_no_list(app, state):
    make_resident("张建国", number=NUMBER, state=state)
    assert find("张") == find(NUMBER) == listed() == []
    assert listed(state=state) == ["张建国"]


def test_somebody_with_two_fitting_terms_stands_once_across_pages(app):
    for name in ("丫丫丫", "姚岩", "杨一英", "云燕"):
        make_resident(name)
    found, after = [], ""
    for _ in range(10):
        page = search(account("chen"), read_query("y"), after=after, limit=1)
        found += names(page)
        after = page.after
        if not after:
            break
    assert sorted(found) == sorted(["丫丫丫", "姚岩", "杨一英", "云燕"])


@pytest.mark.parametrize(
    "after", ["-1", "99999999999999999999", "abc", "1-", "-张", "1-\x00", "٣-张", "0-张", "1-李"]
)
def test_junk_keys_begin_at_the_beginning(app, after):
    make_resident("张建国")
    assert find("张", after=after) == ["张建国"]
    assert names(
        list_residents(account("chen"), Filters(), TODAY, after=after.split("-")[0][:0])
    ) == ["张建国"]


def test_list_pages_by_key_and_shows_everybody_once(app):
    made = [make_resident(f"王{letter}").uid for letter in "甲乙丙丁戊"]
    found, after = [], ""
    while True:
        page = list_residents(account("chen"), Filters(), TODAY, after=after, limit=2)
        found += [one.uid for one in page.residents]
        if not (after := page.after):
            break
    assert found == made


def test_filters_narrow_the_list_and_its_count_alike(app):
    plain = make_resident("甲一", birth=date(1990, 1, 1))
    tagged = make_resident("乙二", birth=date(1980, 1, 1), tags=("hypertension",))
    old = make_resident("丙三", village=NANGOU)
    child = make_resident("丁四", birth=date(2024, 1, 1), state="away")
    make_contract(tagged)
    make_enrolment(old, "diabetes")
    make_enrolment(plain, "diabetes", state="ended")
    cases = {
        (): ["甲一", "乙二", "丙三", "丁四"],
        (("tag", "hypertension"),): ["乙二"],
        (("tag", "elderly"),): ["丙三"],
        (("tag", "child"),): ["丁四"],
        (("tag", "key"),): ["乙二", "丙三", "丁四"],
        (("programme", "diabetes"),): ["丙三"],
        (("signed", "yes"),): ["乙二"],
        (("signed", "no"), ("tag", "key")): ["丙三", "丁四"],
        (("state", "away"),): ["丁四"],
        (("village", NANGOU),): ["丙三"],
        (("team", team_of("chengguan1").uid),): ["甲一", "乙二", "丙三", "丁四"],
        (("team", team_of("honghe1").uid),): [],
        (("centre", organisation("150124101").code),): [],
    }
    for filters, expected in cases.items():
        assert listed(**dict(filters)) == expected, filters
        assert count_residents(account("chen"), Filters(**dict(filters)), TODAY) == len(expected)
    assert child.on_roster


def test_mine_are_the_villages_i_look_after(app):
    make_resident("甲一")
    make_resident("丙三", village=NANGOU)
    assert listed("jia", mine=True) == ["甲一"]
    assert listed("yun", mine=True) == ["丙三"]
    assert listed("chen", mine=True) == []


def test_contract_past_its_end_counts_as_not_signed(app):
    make_contract(make_resident("甲一"), start_on=TODAY - timedelta(days=500))
    make_contract(make_resident("乙二"), start_on=TODAY - timedelta(days=364))
    assert listed(signed="yes") == ["乙二"]


def key_names(on):
    query = select(Resident.name).where(key_population(on), on_roster())
    return sorted(db.session.scalars(query.order_by(Resident.id)))


def test_key_population_counts_a_person_of_three_groups_once(app):
    make_resident("甲一", tags=("hypertension", "diabetes"))
    make_resident("乙二", birth=date(1990, 1, 1), tags=("special_family",))
    make_resident("丙三", birth=date(1990, 1, 1))
    assert key_names(TODAY) == sorted(["甲一", "乙二"])


@pytest.mark.parametrize(
    ("birth", "on", "belongs"),
    [
        (date(1961, 11, 21), date(2026, 11, 21), True),
        (date(1961, 11, 22), date(2026, 11, 21), False),
        (date(2019, 11, 21), date(2026, 11, 21), False),
        (date(2019, 11, 22), date(2026, 11, 21), True),
        (date(1960, 2, 29), date(2025, 2, 28), False),
        (date(1960, 2, 29), date(2025, 3, 1), True),
        (date(2026, 11, 22), date(2026, 11, 21), False),
    ],
)
def test_key_population_follows_from_age_to_the_day(app, birth, on, belongs):
    make_resident("甲一", birth=birth)
    assert (key_names(on) == ["甲一"]) is belongs


def test_every_group_has_a_condition_that_can_be_listed(app):
    for tag in KEY_POPULATIONS:
        assert listed(tag=tag) == []


def doubles(viewer="chen", **facts):
    known = {"number": None, "name": "张建国", "birth": BIRTH, "phone": None, "village": SHENCHIYAO}
    return find_doubles(account(viewer), Facts(**(known | facts)))


def test_double_by_number_is_shown_to_those_who_see_the_holder(app):
    resident = make_resident("张建国", number=NUMBER)
    assert doubles(number=NUMBER).held is resident
    assert doubles(number=identity_number(BIRTH, 3)).held is None


def test_double_by_number_elsewhere_tells_nothing_of_the_holder(app):
    make_resident("武大", number=NUMBER, village=YUANZIWAN, team="honghe1")
    found = doubles(number=NUMBER)
    assert found.elsewhere and found.held is None and found.likely == ()


@pytest.mark.parametrize(
    ("facts", "likely"),
    [
        ({"village": NANGOU}, True),
        ({"phone": "13800138000"}, True),
        ({"phone": "13800138000", "village": NANGOU, "birth": date(1958, 3, 6)}, True),
        ({"phone": "13800138000", "village": NANGOU, "name": "张健国"}, True),
        ({}, False),
        ({"village": NANGOU, "birth": date(1958, 3, 6)}, False),
    ],
)
def test_likely_double_shares_three_of_four_facts(app, facts, likely):
    resident = make_resident("张建国", village=NANGOU, phone="13800138000")
    assert doubles(**facts).likely == ((resident,) if likely else ())


def test_likely_double_out_of_scope_is_not_named(app):
    make_resident("张建国", phone="13800138000", village=YUANZIWAN, team="honghe1")
    assert doubles(phone="13800138000").likely == ()


def test_a_page_of_the_search_takes_two_statements(app):
    for number in range(60):
        make_resident("张建国", birth=BIRTH + timedelta(days=number))
    viewer, statements = account("chen"), []
    viewer.role, viewer.staff_id  # noqa: B018

    def note(_c, _cu, statement, *_rest):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    page = search(viewer, read_query("zjg"))
    event.remove(db.engine, "before_cursor_execute", note)
    assert len(page.residents) == 50 and page.after
    assert len(statements) == 2
    assert not any("LIKE" in statement.upper() for statement in statements)
