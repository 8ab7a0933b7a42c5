"""The roster: header, verdict on a row, verdicts across rows, and the whole sample."""

import csv
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from familydoc.bench_roster import HEADINGS, make_roster
from familydoc.formats.excel import read_workbook
from familydoc.rules.errors import RuleError
from familydoc.rules.residents import VillageIndex, age_tags, build_village_index
from familydoc.rules.roster import Holder, Person, Roster, RosterRow, RowRules, judge_row
from familydoc.rules.roster_cells import read_date, read_state, read_text
from familydoc.rules.roster_sheet import Layout, Rows, column_letter, find_header, open_roster

TODAY = date(2026, 11, 1)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SOUND = "11010519491231002X"


@pytest.fixture(scope="module")
def villages() -> VillageIndex:
    path = Path(__file__).resolve().parents[2] / "familydoc" / "data" / "divisions_150124.csv"
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    townships = {row["code"]: row["name"] for row in rows if row["level"] == "township"}
    return build_village_index(
        townships,
        [(r["code"], r["name"], r["parent_code"]) for r in rows if r["level"] == "village"],
    )


def layout(headings: tuple[str, ...] = HEADINGS) -> Layout:
    found = find_header("名单", [(3, headings)])
    assert found is not None
    return found


def cells(**changes: Any) -> list[Any]:
    row = dict.fromkeys(HEADINGS, "") | {
        "序号": 1.0,
        "姓名": "张三",
        "性别": "女",
        "身份证号": SOUND,
        "出生日期": "1949-12-31",
        "乡镇": "城关镇",
        "村(居)委会": "永安社区居民委员会",
        "状态": "正常",
    }
    return list((row | changes).values())


@pytest.fixture
def judge(villages: VillageIndex) -> Any:
    def verdict(**changes: Any) -> RosterRow:
        found = judge_row(4, cells(**changes), RowRules(layout(), villages, TODAY))
        assert found is not None
        return found

    return verdict


def test_a_sound_row_is_accepted_with_all_it_says(judge: Any) -> None:
    row = judge(高血压="是", 残疾="√", 户编号=150124100003000001.0, 联系电话="0471-7912345")
    assert (row.outcome, row.normalised, row.warned) == ("accepted", (), ())
    person = row.person
    assert (person.number, person.birth, person.sex) == (SOUND, date(1949, 12, 31), "female")
    assert (person.village_code, person.phone) == ("150124100003", "0471-7912345")
    assert person.tags == ("hypertension", "disabled")
    assert person.state == "present"
    assert person.registered is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"身份证号": SOUND[:17] + "1"}, "id_checksum"),
        ({"身份证号": "110101209912311237"}, "id_birth_date"),
        ({"身份证号": ""}, "id_missing"),
        ({"姓名": ""}, "name_missing"),
        ({"村(居)委会": "桃花源村民委员会"}, "village_unknown"),
        ({"乡镇": "宏河镇"}, "village_unknown"),
        ({"乡镇": ""}, "village_unknown"),
        ({"身份证号": 1.101011990030712e17}, "id_format"),
        ({"身份证号": "12345"}, "id_format"),
        ({"姓名": "张三1"}, "name_invalid"),
        ({"姓名": "张"}, "name_invalid"),
        ({"姓名": "", "身份证号": ""}, "id_missing"),
        ({"姓名": "", "身份证号": "12345"}, "name_missing"),
        ({"姓名": "张三1", "村(居)委会": "桃花源"}, "village_unknown"),
        ({"身份证号": "12345", "姓名": "张三1"}, "id_format"),
        ({"身份证号": SOUND[:17] + "1", "姓名": "", "乡镇": ""}, "id_checksum"),
    ],
)
def test_the_first_reason_of_the_table_wins(
    judge: Any, changes: dict[str, Any], reason: str
) -> None:
    row = judge(**changes)
    assert (row.outcome, row.reason, row.person) == ("refused", reason, None)
    assert row.message.endswith("。")


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"身份证号": f" {SOUND}"}, ("id_fullwidth",)),
        ({"身份证号": SOUND.lower()}, ("id_lower_x",)),
        ({"身份证号": "150124601101784"}, ("id_15_digits",)),
        ({"姓名": "蔡  永"}, ("name_spaces",)),
        ({"村(居)委会": "永安社区"}, ("village_alias",)),
        (
            {"身份证号": f"{SOUND.lower()} ", "姓名": "蔡 永", "村(居)委会": "永安社区"},
            ("id_fullwidth", "id_lower_x", "name_spaces", "village_alias"),
        ),
    ],
)
def test_what_is_plain_is_mended_and_counted(
    judge: Any, changes: dict[str, Any], kinds: tuple[str, ...]
) -> None:
    row = judge(**changes)
    assert (row.outcome, row.normalised) == ("accepted", kinds)


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"联系电话": "无"}, ("phone_invalid",)),
        ({"性别": "男"}, ("sex_conflict",)),
        ({"性别": "未知"}, ()),
        ({"出生日期": "1949-12-30"}, ("birth_conflict",)),
        ({"出生日期": "1949/12/31"}, ()),
        ({"出生日期": "19491231"}, ()),
        ({"出生日期": "1949年12月31日"}, ()),
        ({"出生日期": "1949-12-31 00:00:00"}, ()),
        ({"出生日期": 18263.0}, ()),
        ({"出生日期": "不详"}, ("birth_conflict",)),
        ({"联系电话": "x", "性别": "男"}, ("phone_invalid", "sex_conflict")),
    ],
)
def test_the_number_wins_and_the_row_is_warned(
    judge: Any, changes: dict[str, Any], kinds: tuple[str, ...]
) -> None:
    row = judge(**changes)
    assert (row.outcome, row.warned) == ("accepted", kinds)
    assert (row.person.birth, row.person.sex) == (date(1949, 12, 31), "female")


@pytest.mark.parametrize(
    ("birth", "sex", "outcome"),
    [
        ("2025-11-02", "女", "accepted"),
        ("2026-11-01", "男", "accepted"),
        ("2025-11-01", "女", "refused"),
        ("2026-11-02", "女", "refused"),
        ("", "女", "refused"),
        ("2026-01-01", "", "refused"),
    ],
)
def test_only_a_child_below_one_may_have_no_number(
    judge: Any, birth: str, sex: str, outcome: str
) -> None:
    row = judge(身份证号="", 出生日期=birth, 性别=sex, 户编号="7")
    assert row.outcome == outcome
    assert row.reason == ("" if outcome == "accepted" else "id_missing")


def test_the_dead_are_accepted_as_deceased(judge: Any) -> None:
    assert judge(状态="死亡").person.state == "deceased"
    assert judge(备注="已故").person.state == "deceased"
    assert judge(状态="迁出").person.state == "moved"


def test_an_empty_row_is_no_row(villages: VillageIndex) -> None:
    empty = [9.0, *[""] * 24]
    assert judge_row(9, empty, RowRules(layout(), villages, TODAY)) is None


def test_a_short_row_lacks_its_last_cells_only(villages: VillageIndex) -> None:
    row = judge_row(4, cells()[:11], RowRules(layout(), villages, TODAY))
    assert row is not None and row.outcome == "accepted"


def test_rows_of_another_township_are_out_of_scope(villages: VillageIndex) -> None:
    rules = RowRules(layout(), villages, TODAY, frozenset({"150124101208"}))
    row = judge_row(4, cells(), rules)
    assert row is not None and row.reason == "out_of_scope"


def settle(rows: list[RosterRow], holders: dict[str, Holder] | None = None) -> list[RosterRow]:
    roster = Roster()
    return [roster.settle(row, holders or {}) for row in rows]


def test_the_same_person_again_is_accepted_once(judge: Any) -> None:
    first, second = settle([judge(序号=1.0), judge(序号=2.0, 身份证号=SOUND.lower())])
    assert (first.outcome, second.outcome) == ("accepted", "repeat")
    assert second.normalised == ("repeat_row",)


def test_the_same_person_with_other_content_is_refused(judge: Any) -> None:
    rows = settle([judge(), judge(高血压="是"), judge()])
    assert [row.reason for row in rows] == ["", "repeat_differs", ""]
    assert "第 4 行" in rows[1].message


def test_a_number_under_two_names_is_refused_the_second_time(judge: Any) -> None:
    rows = settle([judge(), judge(姓名="李四")])
    assert [row.reason for row in rows] == ["", "id_taken"]


def test_a_refused_row_claims_no_number(judge: Any) -> None:
    rows = settle([judge(村="", 乡镇="无"), judge(姓名="李四")])
    assert [row.reason for row in rows] == ["village_unknown", ""]


def test_a_number_held_by_another_stored_name_is_refused(judge: Any) -> None:
    assert settle([judge()], {SOUND: Holder("李四")})[0].reason == "id_taken"
    assert settle([judge()], {SOUND: Holder("张三")})[0].outcome == "accepted"


def test_a_number_out_of_reach_gives_one_answer_whatever_the_name(judge: Any) -> None:
    holders = {SOUND: Holder("张三", reachable=False)}
    same = settle([judge()], holders)[0]
    other = settle([judge(姓名="李四")], holders)[0]
    assert same.reason == other.reason == "out_of_scope"
    assert same.message == other.message


def test_infants_without_numbers_are_told_apart(judge: Any) -> None:
    baby = {"身份证号": "", "出生日期": "2026-05-01", "户编号": "7"}
    rows = settle([judge(**baby), judge(**baby), judge(**baby | {"户编号": "8"})])
    assert [row.outcome for row in rows] == ["accepted", "repeat", "accepted"]


def test_columns_are_found_by_name_in_any_order(villages: VillageIndex) -> None:
    headings = ("村（居）委会", "身份证号码*", "姓 名", "乡镇(街道)", "未知列")
    found = layout(headings)
    assert found.places == {"village": 0, "identity_number": 1, "name": 2, "township": 3}
    row = judge_row(5, ["永安社区", SOUND, "张三", "城关镇", "x"], RowRules(found, villages, TODAY))
    assert row is not None and row.outcome == "accepted"


def chunk(sheet: str, rows: list[list[Any]], first: int = 1) -> Rows:
    return (sheet, first + len(rows) - 1, first, rows)


def test_a_roster_opens_at_the_sheet_that_has_the_header() -> None:
    sheets = [
        chunk("说明", [["填表说明"]]),
        chunk("名单", [["标题"], list(HEADINGS), cells()]),
        chunk("名单", [cells()], first=4),
        chunk("后页", [["无关"]]),
    ]
    found, rows = open_roster(sheets)
    assert (found.sheet, found.header_row) == ("名单", 2)
    assert [(first, len(batch)) for _, _, first, batch in rows] == [(3, 1), (4, 1)]


@pytest.mark.parametrize(
    ("rows", "code", "word"),
    [
        ([cells()], "no_header", "姓名"),
        ([[h for h in HEADINGS if h != "身份证号"]], "no_header", "身份证号"),
        ([["x"]] * 10 + [list(HEADINGS)], "no_header", "表头"),
        ([list(HEADINGS)], "no_rows", "表头下面"),
        ([list(HEADINGS), [""] * 25], "no_rows", "表头下面"),
        ([], "no_header", "表头"),
    ],
)
def test_a_sheet_without_header_or_rows_is_refused(
    rows: list[list[Any]], code: str, word: str
) -> None:
    with pytest.raises(RuleError) as caught:
        _, below = open_roster([chunk("名单", rows)])
        list(below)
    assert caught.value.code == code
    assert word in caught.value.message


def test_cells_are_read_as_people_write_them() -> None:
    assert read_text(12.0) == "12"
    assert read_text("a\x00b\u202ec") == "abc"
    assert read_text("x" * 300, 20) == "x" * 20
    assert read_date("1949.12.31") == date(1949, 12, 31)
    assert read_date("2023-02-29") is None
    assert read_date(True) is None
    assert read_state("", "") == "present"
    assert [column_letter(index) for index in (0, 25, 26, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
    ]


def judge_all(chunks: Any, villages: VillageIndex) -> list[RosterRow]:
    found, batches = open_roster(chunks)
    rules, roster = RowRules(found, villages, TODAY), Roster()
    judged = []
    for _, _, first, rows in batches:
        for number, row in enumerate(rows, first):
            if verdict := judge_row(number, row, rules):
                judged.append(roster.settle(verdict, {}))
    return judged


def totals(rows: list[RosterRow]) -> dict[str, Any]:
    people = [row for row in rows if row.outcome == "accepted"]
    kept = [row for row in rows if row.outcome != "refused"]
    return {
        "rows": len(rows),
        "accepted": len(people),
        "refused": dict(Counter(row.reason for row in rows if row.reason)),
        "normalised": dict(Counter(kind for row in kept for kind in row.normalised)),
        "warned": dict(Counter(kind for row in people for kind in row.warned)),
        "deceased": sum(row.person.state == "deceased" for row in people if row.person),
    }


def test_an_invented_roster_gives_its_truth(villages: VillageIndex) -> None:
    rows, truth = make_roster(3000, TODAY, seed=7)
    judged = judge_all([chunk("名单", rows)], villages)
    assert totals(judged) == truth
    assert len(truth["refused"]) == 6 and len(truth["normalised"]) == 6


def living_with(tag: str, people: list[Person]) -> int:
    return sum(
        tag in {*person.tags, *age_tags(person.birth, TODAY)}
        for person in people
        if person.state != "deceased"
    )


@pytest.mark.sample
def test_the_sample_gives_exactly_its_truth(villages: VillageIndex) -> None:
    truth = json.loads((SHARED / "roster_sample.truth.json").read_text(encoding="utf-8"))
    judged = judge_all(read_workbook((SHARED / "roster_sample.xlsx").read_bytes()), villages)
    found = totals(judged)
    assert found == {key: truth[key] for key in found}
    assert [[row.row, row.reason] for row in judged if row.reason] == truth["refused_rows"]
    people = [row.person for row in judged if row.outcome == "accepted" and row.person]
    assert len({person.number for person in people}) == truth["unique_residents"]
    names = {"severe_mental": "severe_mental_disorder", "aged65": "elderly"}
    for key in ("hypertension", "diabetes", "severe_mental", "tuberculosis", "disabled", "aged65"):
        assert living_with(names.get(key, key), people) == truth[key], key
