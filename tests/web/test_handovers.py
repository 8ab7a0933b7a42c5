"""Hand-over on screen: who may, what is shown before, what is kept when it is refused."""

import re
from datetime import date, timedelta

import pytest

from familydoc.actions.handovers import hand_over_work
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.handovers import Handover
from familydoc.models.tasks import Task
from familydoc.queries.teams import find_membership
from familydoc.rules.programmes import load_programmes
from familydoc.transaction import transaction
from tests.cast import (
    CHENGGUAN,
    account,
    make_contract,
    make_enrolment,
    make_resident,
    make_task,
    staff,
    team_of,
)

TODAY = date(2026, 11, 21)
TEAM = f"team-{CHENGGUAN}-1"
NEW = f"/handovers/new?team={TEAM}&leaver=staff-jia"


def fill() -> None:
    late = make_enrolment(make_resident("逾期人", phone="13912345678"))
    make_task(late, TODAY - timedelta(days=12))
    make_task(make_enrolment(make_resident("不急人")), TODAY + timedelta(days=12))


def form(**changed):
    return {
        "uid": "h-1",
        "team": TEAM,
        "leaver": "staff-jia",
        "successor": "staff-yun",
        "last_day": "2026-11-20",
    } | changed


def test_page_shows_what_goes_over_and_whom_to_call_first(app, as_):
    fill()
    page = as_("chen").get(NEW).text
    assert "交接贾二牛的工作" in page and "城关村" in page
    assert "逾*" in page and "tel:13912345678" in page and "逾期 12 天" in page
    assert "不急*" not in page
    offered = re.findall(r'name="successor"[^>]*value="([^"]+)"', page)
    assert offered == ["staff-chen", "staff-yun"]


def test_leader_hands_over_and_sees_the_list(app, as_):
    fill()
    client = as_("chen")
    answer = client.post("/handovers", data=form())
    assert answer.status_code == 303 and answer.location == "/handovers/h-1"
    assert {row.staff_id for row in db.session.query(Task)} == {staff("yun").id}
    page = client.get("/handovers/h-1").text
    assert "贾二牛交接给云其格" in page and "2026年11月20日为止的工作算贾二牛的" in page
    assert 'data-count="1"' in page and "逾*" in page
    assert "贾二牛" in client.get("/handovers").text


def test_successor_prints_the_list_without_names(app, as_):
    fill()
    private = next(p for p in load_programmes().values() if p.private)
    make_task(make_enrolment(make_resident("密密密"), private.code), TODAY)
    as_("zhao").post("/handovers", data=form())
    page = as_("yun").get("/handovers/h-1/print").text
    assert "交接名单" in page and "电话尾号 5678" in page and private.discreet in page
    for word in ("逾期人", "密密密", "13912345678", private.name, private.form):
        assert word not in page, word
    assert db.session.query(AuditEvent).filter_by(verb="print_handover").count() == 1


def test_who_was_seen_since_leaves_the_list(app, as_):
    fill()
    as_("chen").post("/handovers", data=form())
    with transaction():
        for task in db.session.query(Task):
            task.state, task.closed_on = "done", TODAY
    assert "都处理完了" in as_("yun").get("/handovers/h-1").text


def test_sent_twice_shows_the_same(app, as_):
    fill()
    client = as_("chen")
    client.post("/handovers", data=form())
    again = client.post("/handovers", data=form())
    assert again.status_code == 303 and again.location == "/handovers/h-1"
    assert db.session.query(Handover).count() == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"successor": ""}, "请选谁来接手"),
        ({"successor": "staff-jia"}, "不能就是离开的人"),
        ({"successor": "staff-li"}, "请选谁来接手"),
        ({"last_day": "2026-11-22"}, "不能晚于今天"),
        ({"last_day": "2024-12-31"}, "不能早于加入的日子"),
        ({"last_day": "上周五"}, "日期看不懂"),
    ],
)
def test_a_refusal_says_why_and_keeps_what_was_typed(app, as_, changed, sentence):
    fill()
    typed = form(**changed)
    answer = as_("chen").post("/handovers", data=typed)
    assert answer.status_code == 422 and sentence in answer.text
    assert f'value="{typed["last_day"]}"' in answer.text
    if typed["successor"] == "staff-yun":
        assert "checked" in answer.text
    assert db.session.query(Handover).count() == 0


def test_a_successor_who_has_left_is_refused(app, as_):
    fill()
    with transaction():
        staff("yun").active = False
    answer = as_("chen").post("/handovers", data=form())
    assert answer.status_code == 422 and "云其格已经离岗" in answer.text


def test_contracts_go_to_a_doctor_only(app, as_):
    make_contract(make_resident(), doctor_id=staff("chen").id)
    client = as_("zhao")
    answer = client.post("/handovers", data=form(leaver="staff-chen"))
    assert answer.status_code == 422 and "团队里没有别的家庭医生" in answer.text
    page = client.get(f"/handovers/new?team={TEAM}&leaver=staff-chen").text
    assert "接手的人会成为团队长" in page and "团队里没有别的家庭医生" in page
    with transaction():
        find_membership(team_of("chengguan1").id, staff("yun").id).role = "family_doctor"
    page = client.get(f"/handovers/new?team={TEAM}&leaver=staff-chen").text
    assert 'value="staff-yun"' in page and 'value="staff-jia"' not in page


def test_second_leader_is_told_that_it_is_done(app, as_):
    fill()
    as_("zhao").post("/handovers", data=form())
    client = as_("chen")
    answer = client.post("/handovers", data=form(uid="h-2", successor="staff-chen"))
    assert answer.status_code == 303
    assert "可能刚刚有人办过交接" in client.get("/handovers").text
    assert db.session.query(Handover).count() == 1


def test_nobody_hands_over_the_own_work(app, as_):
    client = as_("chen")
    answer = client.get(f"/handovers/new?team={TEAM}&leaver=staff-chen")
    assert answer.status_code == 303
    assert "请中心主任来办" in client.get("/handovers").text


def test_members_see_but_do_not_make(app, as_):
    hand_over_work(
        by=account("zhao"),
        uid="h-1",
        team=team_of("chengguan1"),
        leaver=staff("jia"),
        successor=staff("yun"),
        last_day=TODAY,
    )
    assert as_("yun").get("/handovers/h-1").status_code == 200
    assert as_("yun").get(NEW).status_code == 404
    for outsider in ("wu", "li", "admin", "board"):
        assert as_(outsider).get("/handovers/h-1").status_code == 404, outsider
    assert find_membership(team_of("chengguan1").id, staff("jia").id) is None
