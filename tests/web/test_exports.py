"""Tables to take away: whose rows, which columns, masked, audited, refused by field."""

import pytest
from sqlalchemy import select

from familydoc.actions.visits import record_visit
from familydoc.extensions import db
from familydoc.formats.excel import read_workbook
from familydoc.models.audit import AuditEvent
from familydoc.rules.programmes import load_programmes
from tests.cast import (
    YUANZIWAN,
    account,
    identity_number,
    make_enrolment,
    make_resident,
    staff,
)

ASKED = {"programme": "hypertension", "since": "2026-01-01", "until": "2026-11-21"}


@pytest.fixture(autouse=True)
def visits(app):
    """One visit of 城关, one of 宏河."""
    birth = (1958, 3, 5)
    near = make_resident("张建国", phone="13800138000", number=identity_number(_day(*birth)))
    far = make_resident("武二", village=YUANZIWAN, team="honghe1")
    for resident, owner, sbp in ((near, "jia", 162), (far, "wu", 130)):
        make_enrolment(resident, staff_id=staff(owner).id)
        record_visit(
            by=account(owner),
            uid=f"visit-{owner}-1",
            resident=resident,
            visit_date="2026-11-20",
            way=2,
            answers={"sbp": sbp, "dbp": 84, "adverse_reaction": 1},
        )


def _day(*parts: int):
    from datetime import date

    return date(*parts)


def table(answer) -> list[dict[str, object]]:
    assert answer.status_code == 200, answer.text
    (chunk,) = read_workbook(answer.data)
    return [dict(zip(chunk.rows[0], row, strict=True)) for row in chunk.rows[1:]]


def test_a_table_has_readings_as_numbers_and_what_was_found(as_):
    (row,) = table(as_("chen").post("/exports", data=ASKED))
    assert row["姓名"] == "张建国"
    assert row["随访日期"] == "2026-11-20"
    assert row["随访方式"] == "家庭"
    assert [value for name, value in row.items() if "收缩压" in name] == [162]
    assert row["分类"] == "控制不满意"
    assert row["下次"].startswith("2026-12-04")


def test_numbers_are_masked(as_):
    (row,) = table(as_("chen").post("/exports", data=ASKED))
    assert "*" in row["身份证号"]
    assert "19580305" not in row["身份证号"]
    assert "*" in row["电话"]


@pytest.mark.parametrize(
    ("who", "names"), [("chen", ["张建国"]), ("wu", ["武二"]), ("sun", ["张建国", "武二"])]
)
def test_rows_are_those_of_the_viewers_scope(as_, who, names):
    assert [row["姓名"] for row in table(as_(who).post("/exports", data=ASKED))] == names


@pytest.mark.parametrize("who", ["jia", "yun", "admin", "board"])
def test_who_may_not_export_finds_no_page(as_, who):
    client = as_(who)
    assert client.get("/exports").status_code == 404
    assert client.post("/exports", data=ASKED).status_code == 404
    assert "/exports" not in client.get("/visits").text


def test_an_export_is_in_the_audit_trail(as_):
    as_("chen").post("/exports", data=ASKED)
    event = db.session.execute(select(AuditEvent).filter_by(verb="export_visits")).scalar_one()
    assert event.account.username == "chen"
    assert event.details == {
        "programme": "hypertension",
        "since": "2026-01-01",
        "until": "2026-11-21",
        "rows": 1,
    }


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"programme": ""}, "请选一个管理项目"),
        ({"programme": "nothing"}, "请选一个管理项目"),
        ({"since": "昨天"}, "日期看不懂"),
        ({"since": "2026-11-21", "until": "2026-01-01"}, "请对调"),
        ({"programme": "diabetes"}, "没有这个项目的随访"),
    ],
)
def test_a_bad_wish_says_so_and_keeps_what_was_typed(as_, changed, said):
    answer = as_("chen").post("/exports", data=ASKED | changed)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{(ASKED | changed)["since"]}"' in answer.text
    assert db.session.query(AuditEvent).filter_by(verb="export_visits").count() == 0


def test_too_many_rows_are_refused_before_any_is_read(as_, monkeypatch):
    monkeypatch.setattr("familydoc.rules.exports.MOST_ROWS", 0)
    answer = as_("chen").post("/exports", data=ASKED)
    assert answer.status_code == 422
    assert "请缩短时间" in answer.text


def test_private_programmes_are_offered_to_the_own_team_alone(as_):
    private = [code for code, one in load_programmes().items() if one.private]
    assert private
    for code in private:
        for who in ("zhao", "sun"):
            assert f'value="{code}"' not in as_(who).get("/exports").text
            answer = as_(who).post("/exports", data=ASKED | {"programme": code})
            assert answer.status_code == 422
            assert "请选一个管理项目" in answer.text
        assert f'value="{code}"' in as_("chen").get("/exports").text


def test_the_list_of_visits_leads_here_with_what_was_asked(as_):
    chen = as_("chen")
    page = chen.get("/visits?programme=hypertension&since=2026-10-01").text
    assert "/exports?programme=hypertension&amp;since=2026-10-01" in page
    shown = chen.get("/exports?programme=hypertension&since=2026-10-01").text
    assert '<option selected value="hypertension"' in shown
    assert 'value="2026-10-01"' in shown
