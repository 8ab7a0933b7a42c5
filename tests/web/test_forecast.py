"""The forecast of a place, the days it counts, and who may change them."""

from datetime import date, timedelta

import pytest

from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.calendar import CountyDay
from familydoc.queries.counts import COUNTY, Scope
from familydoc.queries.forecast import count_lines
from familydoc.rules.forecast import Counts
from tests.cast import (
    CHENGGUAN,
    NANGOU,
    YUANZIWAN,
    make_enrolment,
    make_resident,
    make_task,
    organisation,
    staff,
    team_of,
)

TODAY = date(2026, 11, 21)


def days(number: int) -> date:
    return TODAY + timedelta(days=number)


def fill() -> None:
    """jia: one overdue of last quarter, one of this one, one of the next, one coming, two done."""
    resident = make_resident()
    enrolment = make_enrolment(resident, next_due_on=date(2026, 12, 31))
    make_task(enrolment, days(-80))
    make_task(enrolment, days(10))
    make_task(enrolment, date(2027, 1, 1))
    make_task(enrolment, days(-5), state="done", closed_on=days(-1))
    make_task(enrolment, days(-41), state="done", closed_on=days(-40))
    make_task(enrolment, days(-9), state="done", closed_on=TODAY)
    make_task(enrolment, days(-60), state="done", closed_on=days(-60))
    make_task(enrolment, days(-3), state="cancelled", closed_on=days(-3))


def of(scope: Scope) -> dict[str, Counts]:
    return {line.name: line.counts for line in count_lines(scope, TODAY)}


def test_a_members_quarter_is_counted_whole(app):
    fill()
    found = of(Scope("team", team_of("chengguan1").id))
    assert found["贾二牛"] == Counts(open=2, coming=1, done=3, recent=1, overdue=1)
    assert found["云其格"] == Counts()


def test_what_has_its_task_already_is_not_coming(app):
    enrolment = make_enrolment(make_resident(), next_due_on=days(10))
    make_task(enrolment, days(10))
    make_enrolment(make_resident("乙"), exam_due_on=days(30))
    make_enrolment(make_resident("丙"), next_due_on=days(30), state="suspended")
    make_enrolment(make_resident("丁"), next_due_on=days(41))
    assert of(Scope("team", team_of("chengguan1").id))["贾二牛"] == Counts(open=1, coming=1)


def test_lines_of_every_place_add_up_to_the_same_whole(app):
    fill()
    resident = make_resident(village=YUANZIWAN, team="honghe1")
    make_task(make_enrolment(resident, staff_id=staff("wu").id), days(3))
    team, centre = Scope("team", team_of("chengguan1").id), organisation(CHENGGUAN).id
    near = sum(of(team).values(), Counts())
    assert sum(of(Scope("centre", centre)).values(), Counts()) == near
    assert sum(of(COUNTY).values(), Counts()) == near + Counts(open=1)
    assert sum(of(Scope("member", staff("jia").id)).values(), Counts()) == near


def test_who_has_left_and_what_nobody_owns_stay_in_the_whole(app):
    resident = make_resident(village=NANGOU)
    make_task(make_enrolment(resident, staff_id=staff("li").id), days(3))
    make_task(make_enrolment(resident, "diabetes", staff_id=None), days(3))
    found = of(Scope("team", team_of("chengguan1").id))
    assert found["李建国"] == Counts(open=1) and found["没有负责人"] == Counts(open=1)


def test_leader_is_warned_from_week_six(app, as_, morning):
    fill()
    assert "这个季度做不完" in as_("chen").get("/forecast").text  # week eight
    morning.move_to("2026-11-04 02:00")
    assert "第 6 周起会在这里报警" in as_("chen").get("/forecast").text
    morning.move_to("2026-11-05 02:00")
    assert "这个季度做不完" in as_("chen").get("/forecast").text


def test_leaders_page_warns_from_week_six_and_links(app, as_, morning):
    fill()
    page = as_("chen").get("/reports").text
    assert "按近四周的速度，到 12月31日会剩" in page and "看预测" in page
    assert "看预测" not in as_("li").get("/reports").text  # nothing is left to do there
    morning.move_to("2026-11-04 02:00")
    assert "看预测" not in as_("chen").get("/reports").text


def test_empty_team_is_done(app, as_):
    assert "没有剩下的" in as_("chen").get("/forecast").text
    assert "都做完了" in as_("sun").get("/forecast").text


def test_the_last_days_without_work_are_over(app, as_, morning):
    make_task(make_enrolment(make_resident()), days(10))
    for day in (30, 31):
        db.session.add(CountyDay(day=date(2026, 12, day), works=False, note="休", set_at=_now()))
    db.session.commit()
    morning.move_to("2026-12-30 02:00")
    page = as_("chen").get("/forecast").text
    assert "已经没有工作日" in page and "放假（休）" in page


def _now():
    from familydoc import clock

    return clock.now()


def test_a_year_without_a_notice_says_so(app, as_, morning):
    morning.move_to("2027-01-05 02:00")
    client = as_("chen")
    assert "国务院还没有公布这一年的放假安排" in client.get("/forecast").text


def test_places_open_by_scope(app, as_):
    assert as_("chen").get(f"/forecast?team=team-{CHENGGUAN}-2").status_code == 404
    assert as_("zhao").get(f"/forecast?team=team-{CHENGGUAN}-2").status_code == 200
    assert "云其格的预测" in as_("yun").get("/forecast").text
    assert "/forecast" in as_("chen").get("/reports").text


def test_county_days_are_set_replaced_and_taken_back(app, as_):
    client = as_("sun")
    form = {"day": "2026-11-23", "works": "off", "note": "那达慕大会"}
    assert client.post("/calendar", data=form).status_code == 303
    page = client.get("/calendar").text
    assert "11月23日" in page and "那达慕大会" in page
    assert "放假（那达慕大会）" in as_("chen").get("/forecast").text
    client.post("/calendar", data={**form, "works": "on", "note": "改为上班"})
    kept = db.session.query(CountyDay).one()
    assert kept.works and kept.note == "改为上班"
    client.post("/calendar/remove", data={"day": "2026-11-23"})
    assert db.session.query(CountyDay).count() == 0
    verbs = {row.verb for row in db.session.query(AuditEvent).filter_by(entity="county_day")}
    assert verbs == {"set_county_day", "remove_county_day"}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"day": "明天"}, "请填日期"),
        ({"day": "2036-01-01"}, "前后两年"),
        ({"note": " "}, "请写为什么"),
        ({"note": "长" * 61}, "最多 60 个字"),
        ({"works": ""}, "请选放假还是上班"),
    ],
)
def test_a_wrong_county_day_keeps_what_was_typed(app, as_, changed, sentence):
    form = {"day": "2026-11-23", "works": "off", "note": "那达慕大会"} | changed
    answer = as_("admin").post("/calendar", data=form)
    assert answer.status_code == 422 and sentence in answer.text
    assert form["note"].strip() in answer.text and form["day"] in answer.text
    assert db.session.query(CountyDay).count() == 0


def test_others_do_not_set_days(app, as_):
    for username in ("zhao", "chen", "jia", "board"):
        assert as_(username).get("/calendar").status_code == 404
        assert as_(username).post("/calendar", data={}).status_code == 404
