"""Referrals on screen: two sides, the letter, what a hospital may not open, the broken chains."""

import re
from datetime import date, timedelta

import pytest

from familydoc import clock
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.enrolments import Enrolment
from familydoc.models.organisations import Organisation
from familydoc.models.referrals import Referral
from familydoc.models.tasks import Task
from familydoc.models.visits import Visit
from familydoc.transaction import transaction
from tests.cast import (
    HOSPITAL,
    YUANZIWAN,
    account,
    add,
    identity_number,
    make_enrolment,
    make_referral,
    make_resident,
    make_task,
    organisation,
)

TODAY = date(2026, 11, 21)
ANSWER = {"diagnosis": "高血压 2 级", "treatment": "加用缬沙坦", "advice": "低盐"}


def number(page):
    return int(re.search(r'data-count="(\d+)"', page.text)[1])


def tile(page, name):
    return int(re.search(rf"<span>{name}</span><b>(\d+)</b>", page.text)[1])


@pytest.fixture
def referred(app):
    """张建国 of 城关一队 with 162/96 and his drug, referred to gao's hospital."""
    resident = make_resident(phone="13800138000")
    make_enrolment(resident)
    with transaction():
        add(
            Visit(
                uid="v-1",
                resident_id=resident.id,
                visit_date=TODAY,
                way=2,
                answers={
                    "sbp": 162,
                    "dbp": 96,
                    "hypertension.ht_drug_1_name": "氨氯地平",
                    "hypertension.ht_symptoms": [2],
                },
                recorded_at=clock.now(),
            )
        )
    return make_referral(resident)


def test_hospital_s_home_is_what_came_to_it(as_, referred):
    client = as_("gao")
    assert client.get("/").headers["Location"].endswith("/referrals")
    page = client.get("/referrals")
    assert "收到的转诊" in page.text and "张建国" in page.text
    assert number(page) == tile(page, "待接诊") == 1
    assert 'href="/tasks"' not in page.text and 'href="/residents"' not in page.text


def test_hospital_sees_what_the_letter_holds(as_, referred):
    page = as_("gao").get(f"/referrals/{referred.uid}").text
    for fact in ("张建国", "68岁", "13800138000", "连续两次没有达标", "血压 162/96", "氨氯地平"):
        assert fact in page
    assert "头痛头晕" in page and "城关镇卫生院" in page


def test_every_look_of_the_hospital_is_on_record(as_, referred):
    as_("gao").get(f"/referrals/{referred.uid}")
    as_("gao").get(f"/referrals/{referred.uid}/letter")
    assert db.session.query(AuditEvent).filter_by(verb="read_referral").count() == 2
    as_("chen").get(f"/referrals/{referred.uid}")
    assert db.session.query(AuditEvent).filter_by(verb="read_referral").count() == 2


def test_nothing_else_of_the_resident_opens_for_the_hospital(as_, referred):
    client, uid = as_("gao"), referred.resident.uid
    for path in (f"/residents/{uid}", "/visits/v-1", f"/residents/{uid}/edit"):
        assert client.get(path).status_code == 404, path
    assert "张建国" not in client.get("/residents").text
    assert client.get(f"/referrals/{referred.uid}/elsewhere").status_code == 404


@pytest.mark.parametrize("username", ["li", "wu", "board", "admin"])
def test_referral_is_not_there_for_a_stranger(as_, referred, username):
    client = as_(username)
    for path in ("", "/letter", "/answer", "/elsewhere"):
        assert client.get(f"/referrals/{referred.uid}{path}").status_code == 404
    for path in ("/receive", "/answer", "/elsewhere", "/cancel"):
        assert client.post(f"/referrals/{referred.uid}{path}", data=ANSWER).status_code == 404
    assert db.session.get(Referral, referred.id).stage == "opened"


@pytest.mark.parametrize("username", ["chen", "yun", "zhao", "sun"])
def test_sender_may_look_and_not_act_for_the_hospital(as_, referred, username):
    client = as_(username)
    page = client.get(f"/referrals/{referred.uid}")
    assert page.status_code == 200 and "已接诊</button>" not in page.text
    assert client.post(f"/referrals/{referred.uid}/receive").status_code == 404
    data = ANSWER | {"back": "yes"}
    assert client.post(f"/referrals/{referred.uid}/answer", data=data).status_code == 404
    assert db.session.get(Referral, referred.id).stage == "opened"


def test_another_hospital_sees_nothing(as_, referred):
    with transaction():
        other = add_hospital()
        db.session.get(Referral, referred.id).to_organisation_id = other.id
    client = as_("gao")
    assert "data-count" not in client.get("/referrals").text
    assert client.get(f"/referrals/{referred.uid}").status_code == 404
    assert client.get(f"/referrals/{referred.uid}/letter").status_code == 404


def add_hospital():
    return add(Organisation(code="150124-ZY02", name="县中医院", kind="county_hospital"))


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"state": "cancelled"}, 404),
        ({"state": "closed", "outcome": "refused", "closed_on": TODAY}, 404),
        ({"state": "closed", "outcome": "went", "closed_on": TODAY}, 200),
    ],
)
def test_who_never_came_is_no_longer_the_hospital_s_business(as_, referred, changed, status):
    with transaction():
        for name, value in changed.items():
            setattr(db.session.get(Referral, referred.id), name, value)
    assert as_("gao").get(f"/referrals/{referred.uid}").status_code == status


def test_who_has_come_by_the_team_s_word_waits_in_a_list_of_its_own(as_, referred):
    with transaction():
        row = db.session.get(Referral, referred.id)
        row.state, row.outcome, row.closed_on = "closed", "went", TODAY
    client = as_("gao")
    page = client.get("/referrals?list=checked")
    assert number(page) == tile(page, "基层说已来过") == 1 and tile(page, "待接诊") == 0
    client.post(f"/referrals/{referred.uid}/receive")
    assert tile(client.get("/referrals"), "在院") == 1


def test_receive_answer_discharge_and_a_task_for_the_team(as_, referred):
    client, path = as_("gao"), f"/referrals/{referred.uid}"
    assert client.post(f"{path}/receive").status_code == 303
    assert tile(client.get("/referrals"), "在院") == 1
    assert client.post(f"{path}/answer", data=ANSWER | {"back": "no"}).status_code == 303
    page = as_("chen").get(path).text
    assert "高血压 2 级" in page and "还没有答复" not in page
    assert client.post(f"{path}/answer", data=ANSWER | {"back": "yes"}).status_code == 303
    assert tile(client.get("/referrals"), "已转回") == 1
    task = db.session.query(Task).filter_by(kind="home_visit", state="open").one()
    assert task.due_on == TODAY + timedelta(days=7)
    assert "张**" in as_("jia").get("/tasks").text
    page = as_("chen").get(f"/residents/{referred.resident.uid}").text
    assert "医院诊断：高血压 2 级" in page and "转回后入户" in page


def test_receiving_twice_is_told_and_changes_nothing(as_, referred):
    client, path = as_("gao"), f"/referrals/{referred.uid}"
    client.post(f"{path}/receive")
    first = db.session.get(Referral, referred.id).received_at
    client.post(f"{path}/receive")
    assert "已经接诊过了" in client.get(path).text
    db.session.expire_all()
    assert db.session.get(Referral, referred.id).received_at == first


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"diagnosis": ""}, "请写诊断"),
        ({"advice": "长" * 1001}, "最多 1000 个字"),
        ({"back": ""}, "请选病人现在在哪里"),
        ({"back": "maybe"}, "请选病人现在在哪里"),
    ],
)
def test_bad_answer_keeps_what_was_typed(as_, referred, changed, sentence):
    data = ANSWER | {"back": "yes", "treatment": "输液三天"} | changed
    answer = as_("gao").post(f"/referrals/{referred.uid}/answer", data=data)
    assert answer.status_code == 422
    assert sentence in answer.text and "输液三天" in answer.text
    assert db.session.get(Referral, referred.id).stage == "opened"


def test_team_refers_by_hand_from_the_resident_s_page(as_, app):
    resident = make_resident()
    make_enrolment(resident)
    client = as_("jia")
    assert (
        f"/residents/{resident.uid}/referrals/new" in client.get(f"/residents/{resident.uid}").text
    )
    page = client.get(f"/residents/{resident.uid}/referrals/new").text
    data = {
        "uid": re.search(r'name="uid"[^>]*value="([^"]+)"', page)[1],
        "programme": "hypertension",
        "urgency": "urgent",
        "reason": "胸闷两天，心电图异常",
        "hospital": HOSPITAL,
        "department": "心内科",
    }
    answer = client.post(f"/residents/{resident.uid}/referrals", data=data)
    assert answer.status_code == 303
    again = client.post(f"/residents/{resident.uid}/referrals", data=data)
    assert again.headers["Location"] == answer.headers["Location"]
    referral = db.session.query(Referral).one()
    assert (referral.urgency, referral.department) == ("urgent", "心内科")
    page = client.get("/tasks").text
    assert f"/referrals/{referral.uid}/letter" in page
    assert f"/referrals/{referral.uid}/letter" in client.get(f"/residents/{resident.uid}").text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"reason": ""}, "请写转诊原因"),
        ({"hospital": "150124100"}, "请选转到哪家医院"),
        ({"hospital": "other", "to_name": ""}, "请写医院名称"),
        ({"programme": "diabetes"}, "请选因为什么转诊"),
        ({"urgency": ""}, "请选紧急还是一般"),
        ({"department": "科" * 41}, "科室最多 40 个字"),
    ],
)
def test_bad_referral_keeps_what_was_typed(as_, app, changed, sentence):
    resident = make_resident()
    make_enrolment(resident)
    data = {
        "programme": "hypertension",
        "urgency": "routine",
        "reason": "胸闷两天",
        "hospital": HOSPITAL,
        "department": "心内科",
        "to_name": "呼市一院",
    } | changed
    answer = as_("jia").post(f"/residents/{resident.uid}/referrals", data=data)
    assert answer.status_code == 422 and sentence in answer.text
    assert (changed.get("department") or "心内科") in answer.text
    assert db.session.query(Referral).count() == 0


def test_second_referral_is_refused_with_what_to_do(as_, referred):
    data = {
        "programme": "hypertension",
        "urgency": "routine",
        "reason": "胸闷两天",
        "hospital": HOSPITAL,
    }
    uid = referred.resident.uid
    answer = as_("jia").post(f"/residents/{uid}/referrals", data=data)
    assert answer.status_code == 422 and "请先登记那次的结果" in answer.text


@pytest.mark.parametrize("outsider", ["wu", "li", "gao", "zhao", "sun"])
def test_nobody_else_refers(as_, referred, outsider):
    client, uid = as_(outsider), referred.resident.uid
    assert client.get(f"/residents/{uid}/referrals/new").status_code == 404
    assert client.post(f"/residents/{uid}/referrals", data={}).status_code == 404


def test_letter_goes_elsewhere_and_is_cancelled(as_, referred):
    client, path = as_("jia"), f"/referrals/{referred.uid}"
    data = {"hospital": "other", "to_name": "呼和浩特市第一医院", "department": ""}
    assert client.post(f"{path}/elsewhere", data=data).status_code == 303
    assert "呼和浩特市第一医院" in client.get(f"{path}/letter").text
    assert as_("gao").get(path).status_code == 404
    bad = client.post(f"{path}/elsewhere", data=data | {"to_name": ""})
    assert bad.status_code == 422 and "请写医院名称" in bad.text
    client.post(f"{path}/cancel", data={"reason": ""})
    assert "请写取消的原因" in client.get(path).text
    client.post(f"{path}/cancel", data={"reason": "病人已自己去了"})
    assert "转诊已取消" in client.get(path).text


def test_letter_has_both_halves_and_the_diagnosis(as_, referred):
    page = as_("chen").get(f"/referrals/{referred.uid}/letter").text
    for fact in ("双向转诊（转出）单", "双向转诊（回转）单", "沿线撕下", "张建国", "血压 162/96"):
        assert fact in page
    assert "清水河县人民医院" in page and "城关镇卫生院" in page and "高血压" in page


def private_referral():
    resident = make_resident("钱静")
    make_enrolment(resident, "severe_mental_disorder")
    make_enrolment(resident, "hypertension")
    return make_referral(resident, programme="severe_mental_disorder", reason="病情波动")


def test_private_programme_stands_in_the_letter_and_on_no_list_of_others(as_, app):
    referral = private_referral()
    gao = as_("gao")
    assert "严重精神障碍" in gao.get(f"/referrals/{referral.uid}/letter").text
    assert "严重精神障碍" in gao.get(f"/referrals/{referral.uid}").text
    for username in ("gao", "zhao", "sun"):
        page = as_(username).get("/referrals").text
        assert "严重精神障碍" not in page and "病情波动" not in page and "专项随访" in page
    assert "严重精神障碍" in as_("chen").get("/referrals").text


def test_letter_of_another_illness_does_not_tell_the_private_one(as_, app):
    resident = make_resident("钱静")
    make_enrolment(resident, "severe_mental_disorder")
    make_enrolment(resident, "hypertension")
    referral = make_referral(resident, programme="hypertension")
    for path in ("", "/letter"):
        page = as_("gao").get(f"/referrals/{referral.uid}{path}").text
        assert "严重精神障碍" not in page and "高血压" in page


def overdue(**columns):
    resident = make_resident(**columns)
    make_enrolment(resident)
    return make_referral(
        resident, opened_on=TODAY - timedelta(days=20), check_due_on=TODAY - timedelta(days=6)
    )


def test_broken_chain_is_counted_alike_everywhere(as_, app):
    overdue()
    overdue(village=YUANZIWAN, team="honghe1")
    for username, count in (("chen", 1), ("zhao", 1), ("sun", 2), ("wu", 1)):
        client = as_(username)
        page = client.get("/referrals/broken")
        assert number(page) == count and page.text.count("chain-card") == count
        assert re.search(rf"断链.*?<b>{count}</b>", client.get("/reports").text, re.S)
    assert "断链 1 条" in as_("chen").get("/tasks").text
    assert "没有断链" in as_("li").get("/referrals/broken").text
    assert number(as_("sun").get("/referrals/broken?team=team-150124100-1")) == 1
    assert number(as_("sun").get("/referrals/broken?centre=150124101")) == 1


def test_line_of_the_chain_stands_on_the_resident_s_page(as_, app):
    referral = overdue()
    page = as_("chen").get(f"/residents/{referral.resident.uid}").text
    assert "断链：转诊没有结果" in page and "过期 6 天" in page and 'class="chain"' in page


def test_tabs_count_what_they_list(as_, app):
    overdue()
    client = as_("chen")
    page = client.get("/referrals?list=overdue")
    assert number(page) == tile(page, "过期没结果") == tile(page, "等结果") == 1
    assert "data-count" not in client.get("/referrals?list=answered").text
    assert number(client.get("/referrals?list=nonsense")) == 1


@pytest.mark.parametrize("key", ["x", "urgent|2026-02-30|1", "urgent|2026-11-01|٣", "||"])
def test_a_key_that_makes_no_sense_starts_from_the_top(as_, app, key):
    overdue()
    assert number(as_("chen").get("/referrals", query_string={"after": key})) == 1


def test_pages_by_key_show_everybody_once(as_, app, monkeypatch):
    monkeypatch.setattr("familydoc.queries.referrals.PAGE", 2)
    for _ in range(5):
        overdue()
    client, seen, address = as_("chen"), [], "/referrals"
    while address:
        page = client.get(address)
        seen += re.findall(r'class="who" href="/referrals/([0-9a-f-]{36})"', page.text)
        found = re.search(r'href="([^"]*after=[^"]*)" rel="next"', page.text)
        address = found[1].replace("&amp;", "&") if found else None
    assert len(seen) == len(set(seen)) == 5


def test_expert_of_a_team_has_both_sides(as_, app, referred):
    """Somebody of the hospital who serves in a team sees what came and what the team sent."""
    with transaction():
        account("yun").organisation_id = organisation(HOSPITAL).id
    client = as_("yun")
    assert "收到的转诊" in client.get("/referrals").text
    assert "等结果" in client.get("/referrals?side=sent").text


def test_task_of_a_referral_leads_to_its_outcome(as_, referred):
    make_task(db.session.query(Enrolment).one(), TODAY + timedelta(days=14), "referral_fu")
    page = as_("jia").get(f"/referrals/{referred.uid}").text
    assert "登记转诊结果" in page


NUMBER = identity_number(date(1958, 3, 5))
DOWN = ANSWER | {"name": "张建国", "identity": NUMBER}


@pytest.fixture
def unreferred(app):
    """张建国, managed by 城关一队; nobody has referred him."""
    resident = make_resident(number=NUMBER, phone="13800138000")
    make_enrolment(resident)
    return resident


def test_hospital_sends_down_who_came_by_himself(as_, unreferred):
    client = as_("gao")
    answer = client.post("/referrals/down", data=DOWN | {"uid": "d-1"})
    assert answer.status_code == 303
    assert client.post("/referrals/down", data=DOWN | {"uid": "d-1"}).status_code == 303
    row = db.session.query(Referral).one()
    assert (row.direction, row.stage, row.sender.name) == (
        "down",
        "discharged",
        "清水河县人民医院",
    )
    task = db.session.query(Task).filter_by(state="open").one()
    assert (task.kind, task.due_on) == ("home_visit", TODAY + timedelta(days=7))
    page = as_("jia").get(f"/residents/{unreferred.uid}").text
    assert "医院诊断：高血压 2 级" in page
    assert "清水河县人民医院" in as_("jia").get(f"/referrals/{row.uid}").text


def test_sending_down_tells_the_hospital_nothing_of_the_resident(as_, unreferred):
    client = as_("gao")
    client.post("/referrals/down", data=DOWN | {"uid": "d-1"})
    for path in ("/referrals/d-1", "/referrals/d-1/letter", "/referrals?list=back"):
        page = client.get(path)
        assert page.status_code == 200 and "13800138000" not in page.text
        assert "城关村" not in page.text
    assert client.get(f"/residents/{unreferred.uid}").status_code == 404
    assert "双向转诊（转出）单" not in client.get("/referrals/d-1/letter").text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": "李建国"}, "没有对上"),
        ({"identity": identity_number(date(1958, 3, 5), 3)}, "没有对上"),
        ({"identity": NUMBER[:17] + "0"}, "校验位不对"),
        ({"name": ""}, "请写姓名"),
        ({"diagnosis": ""}, "请写诊断"),
    ],
)
def test_wrong_name_and_unknown_number_read_the_same(as_, unreferred, changed, sentence):
    answer = as_("gao").post("/referrals/down", data=DOWN | changed)
    assert answer.status_code == 422 and sentence in answer.text and "加用缬沙坦" in answer.text
    assert db.session.query(Referral).count() == 0


def test_looking_people_up_by_sending_down_comes_to_an_end(as_, unreferred):
    client = as_("gao")
    for _ in range(20):
        client.post("/referrals/down", data=DOWN | {"name": "某某"})
    assert "次数太多" in client.post("/referrals/down", data=DOWN).text
    assert db.session.query(AuditEvent).filter_by(verb="miss_resident").count() == 20


@pytest.mark.parametrize("username", ["chen", "jia", "zhao", "sun", "wu"])
def test_only_a_hospital_sends_down(as_, unreferred, username):
    assert as_(username).get("/referrals/down").status_code == 404
    assert as_(username).post("/referrals/down", data=DOWN).status_code == 404
    assert db.session.query(Referral).count() == 0
