"""The village day: whom the list holds, in which order, what paper says, how much it clears."""

from datetime import date, timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import event

from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.residents import Household
from familydoc.queries import plans as queries
from familydoc.rules.programmes import load_programmes
from familydoc.transaction import transaction
from tests.cast import (
    CHENGGUAN_VILLAGE,
    NANGOU,
    YUANZIWAN,
    account,
    add,
    make_contract,
    make_enrolment,
    make_resident,
    make_task,
)

TODAY, MONDAY = date(2026, 11, 21), date(2026, 11, 23)
HERE = f"/plans?village={CHENGGUAN_VILLAGE}"


def owed(name="张建国", due_in=5, address="城关镇城关村2号", kind="regular", **columns):
    """A resident of 城关村 with a task due so many days from today."""
    task_columns = {k: columns.pop(k) for k in ("rank", "remind_on", "state") if k in columns}
    programmes = columns.pop("programmes", ("hypertension",))
    resident = make_resident(name, address=address, **columns)
    for programme in programmes:
        enrolment = make_enrolment(resident, programme)
        make_task(enrolment, TODAY + timedelta(days=due_in), kind, **task_columns)
    return resident


def plan(day=MONDAY, village=CHENGGUAN_VILLAGE, username="chen"):
    viewer, programmes = account(username), load_programmes()
    place = next(v.village for v in queries.list_villages(viewer, day) if v.village.code == village)
    return queries.make_plan(viewer, place, day, programmes)


def names(found):
    return [line.resident.name for line in found.lines]


def test_plan_holds_due_within_14_days_and_overdue_and_no_more(app):
    owed("逾期人", -40)
    owed("当天人", 2)
    owed("十四人", 16)
    owed("十五人", 17)
    owed("约好人", 1, remind_on=MONDAY + timedelta(days=1))
    owed("当日约", 1, remind_on=MONDAY)
    owed("外出人", 1, state="open").state = "away"
    db.session.commit()
    owed("完成人", 1, state="done")
    assert sorted(names(plan())) == sorted(["逾期人", "当天人", "十四人", "当日约"])


def test_danger_chain_is_met_whenever_it_is_due(app):
    resident = make_resident("危险人")
    make_task(
        make_enrolment(resident),
        TODAY + timedelta(days=25),
        "referral_fu",
        rank=0,
        window_start=TODAY,
    )
    found = plan()
    assert names(found) == ["危险人"] and found.danger == 1


def test_houses_stand_in_natural_order_and_people_under_them(app):
    with transaction():
        home = add(
            Household(number="H1", village_code=CHENGGUAN_VILLAGE, address="城关镇城关村3号")
        )
    for name, address in (
        ("十号人", "城关村10号"),
        ("二号人", "城关村２号"),
        ("一号人", "城关村1号"),
    ):
        owed(name, address=address)
    owed("儿子", address="别处", birth=date(1980, 1, 1), household_id=home.id)
    owed("父亲", address="", birth=date(1950, 1, 1), household_id=home.id)
    found = plan()
    assert names(found) == ["一号人", "二号人", "父亲", "儿子", "十号人"]
    assert [house.address for house in found.houses] == ["1号", "２号", "3号", "10号"]


def test_one_person_is_one_line_with_all_tasks(app):
    owed(programmes=("hypertension", "diabetes"))
    found = plan()
    assert (len(found.lines), found.tasks) == (1, 2)
    assert found.lines[0].words == ("高血压 · 随访", "糖尿病 · 随访")
    brought = {item.name: item.number for item in found.supplies}
    assert brought["血压计"] == 1 and brought["血糖试纸和采血针"] == 1
    assert brought["签约协议书（一式两份）"] == 2


def test_who_is_signed_needs_no_agreement(app):
    make_contract(owed())
    found = plan()
    assert found.unsigned == 0
    assert not any("签约" in item.name for item in found.supplies)


def test_quarter_before_and_after_are_counted_in_village_and_team(app):
    owed("甲")
    owed("乙", -3)
    owed("丙", 30)  # in the quarter, too late for this trip
    owed("丁", 60)  # in the next quarter
    owed("戊", village=NANGOU)
    found = plan()
    assert (found.here.before, found.here.after, found.here.cleared) == (3, 1, 2)
    assert (found.of_team.before, found.of_team.after) == (4, 2)


def test_villages_with_most_to_clear_come_first(app):
    owed("甲", village=NANGOU)
    owed("乙", village=NANGOU, programmes=("hypertension", "diabetes"))
    owed("丙")
    found = queries.list_villages(account("chen"), MONDAY)
    assert [(v.village.code, v.people, v.tasks) for v in found] == [
        (NANGOU, 2, 3),
        (CHENGGUAN_VILLAGE, 1, 1),
    ]


def test_private_programmes_are_discreet_on_page_and_paper(app, as_):
    private = next(p for p in load_programmes().values() if p.private)
    owed("密密密", programmes=(private.code,), phone="13912345678")
    client = as_("jia")
    for address in (HERE, f"/plans/print?village={CHENGGUAN_VILLAGE}"):
        page = client.get(address).text
        assert private.discreet in page
        for word in (private.name, private.form, "密密密", "13912345678"):
            assert word not in page, (address, word)


def test_page_says_totals_of_the_list(app, as_):
    owed("甲")
    owed("乙", -3, address="城关村9号")
    page = as_("yun").get(HERE).text
    assert 'data-count="2"' in page and "2026-11-23" in page
    assert "甲*" in page and "逾期 5 天" in page
    assert "本季度到期的待办 2 项，这一趟做完 2 项" in page


def test_next_working_day_is_proposed(app, as_, morning):
    owed()
    assert 'value="2026-11-23"' in as_("chen").get("/plans").text  # today is a Saturday


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2026-11-20", "已经过去"),
        ("2027-01-20", "最多能排到"),
        ("后天", "日期看不懂"),
    ],
)
def test_a_day_that_cannot_be_is_said_and_the_village_kept(app, as_, typed, sentence):
    owed()
    answer = as_("chen").get(f"{HERE}&day={quote(typed)}")
    assert answer.status_code == 200 and sentence in answer.text
    assert "城关村" in answer.text


def test_a_village_of_others_shows_ones_own_instead(app, as_):
    resident = make_resident("外村人", village=YUANZIWAN, team="honghe1")
    make_task(make_enrolment(resident), TODAY)
    page = as_("chen").get(f"/plans?village={YUANZIWAN}").text
    assert "元子湾" not in page and "没有要去的村" in page
    print_page = as_("chen").get(f"/plans/print?village={YUANZIWAN}")
    assert print_page.status_code == 303


def test_paper_has_masked_names_the_house_and_a_code_each(app, as_):
    resident = owed("其其格", phone="13912345678", number=None)
    owed("张三", address="城关村7号")
    page = as_("chen").get(f"/plans/print?village={CHENGGUAN_VILLAGE}").text
    assert page.count('class="qr"') == 2
    assert "其**" in page and "2号" in page and "电话尾号 5678" in page
    assert "其其格" not in page and "13912345678" not in page
    assert resident.uid not in page  # it stands in the code alone


def test_printing_is_noted(app, as_):
    owed()
    as_("chen").get(f"/plans/print?village={CHENGGUAN_VILLAGE}")
    noted = db.session.query(AuditEvent).filter_by(verb="print_plan").one()
    assert noted.details == {"village": CHENGGUAN_VILLAGE, "day": "2026-11-23", "people": 1}


def statements(client, address):
    """How many statements a page asks."""
    seen = []

    def note(*args):
        seen.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    assert client.get(address).status_code == 200
    event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


@pytest.mark.parametrize("address", [HERE, f"/plans/print?village={CHENGGUAN_VILLAGE}"])
def test_statements_do_not_grow_with_the_people(app, as_, address):
    client = as_("chen")
    owed("甲")
    client.get(address)  # the banner looks once a minute
    few = statements(client, address)
    for number in range(12):
        both = ("hypertension", "diabetes")
        owed(f"乙{number}", address=f"城关村{number}号", phone="13912345678", programmes=both)
    assert statements(client, address) == few
    assert few <= 20
