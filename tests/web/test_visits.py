"""The visit form, its preview, saving, correcting, and what junk gets for an answer."""

import json
import re
import uuid
from datetime import date

import pytest

from familydoc.extensions import db
from familydoc.models.referrals import Referral
from familydoc.models.tasks import Task
from familydoc.models.visits import Visit
from familydoc.transaction import transaction
from tests.cast import (
    SHENCHIYAO,
    YUANZIWAN,
    make_enrolment,
    make_resident,
    make_task,
)

TODAY = date(2026, 11, 21)


@pytest.fixture
def zhang(app):
    """A man of 68 with hypertension; his regular visit was due three days ago."""
    resident = make_resident(phone="13800138000")
    make_task(make_enrolment(resident, next_due_on=date(2026, 11, 18)), date(2026, 11, 18))
    return resident


def form_of(resident, **changes):
    return {
        "uid": str(uuid.uuid4()),
        "resident": resident.uid,
        "visit_date": "2026-11-21",
        "way": "2",
        "sbp": "132",
        "dbp": "80",
        "hypertension.adverse_reaction": "1",
    } | changes


def body_of(resident, **changes):
    return {
        "uid": str(uuid.uuid4()),
        "resident": resident.uid,
        "visit_date": "2026-11-21",
        "way": 2,
        "answers": {"sbp": 132, "dbp": 80, "adverse_reaction": 1},
    } | changes


def data_of(page):
    """Give the data block of a form's page."""
    block = re.search(r'<script type="application/json" id="visit-data">(.*?)</script>', page, re.S)
    return json.loads(block.group(1))


def checked_inputs(page):
    return [tag for tag in re.findall(r"<input[^>]*>", page) if " checked" in tag]


# --- the form -------------------------------------------------------------------------------


def test_form_presets_nothing_but_the_day(as_, zhang):
    page = as_("jia").get(f"/residents/{zhang.uid}/visits/new").text
    assert 'value="2026-11-21"' in page
    assert checked_inputs(page) == []
    readings = re.findall(r'<input class="reading"[^>]*value="([^"]*)"', page)
    assert readings and set(readings) == {""}


def test_form_shows_last_values_and_the_line_of_the_age(as_, zhang):
    client = as_("jia")
    client.post("/visits", data=form_of(zhang, sbp="162", dbp="96", visit_date="2026-11-15"))
    page = client.get(f"/residents/{zhang.uid}/visits/new").text
    assert "上次 162/96" in page and "11月15日" in page
    assert "65 岁及以上：低于 150/90" in page


def test_form_has_number_pads_and_limits(as_, zhang):
    page = as_("jia").get(f"/residents/{zhang.uid}/visits/new").text
    assert re.search(r'name="sbp"[^>]*inputmode="numeric"', page)
    assert re.search(r'name="weight"[^>]*inputmode="decimal"', page)


def test_form_asks_a_man_nothing_about_pregnancy(as_, zhang):
    client = as_("jia")
    assert 'name="pregnant"' not in client.get(f"/residents/{zhang.uid}/visits/new").text
    with transaction():
        zhang.sex, zhang.birth = "female", date(1990, 1, 1)
    assert 'name="pregnant"' in client.get(f"/residents/{zhang.uid}/visits/new").text


def test_form_begins_with_the_programme_of_the_task(as_, zhang):
    task = make_task(make_enrolment(zhang, "diabetes"), date(2026, 12, 1))
    client = as_("jia")
    data = data_of(client.get(f"/residents/{zhang.uid}/visits/new?task={task.id}").text)
    assert [p["code"] for p in data["programmes"]] == ["diabetes", "hypertension"]
    data = data_of(client.get(f"/residents/{zhang.uid}/visits/new").text)
    assert [p["code"] for p in data["programmes"]] == ["hypertension", "diabetes"]


@pytest.mark.parametrize("task", ["x", "-1", "9" * 30, "1 OR 1=1", "٣"])
def test_form_opens_whatever_the_task_says(as_, zhang, task):
    client = as_("jia")
    answer = client.get(f"/residents/{zhang.uid}/visits/new", query_string={"task": task})
    assert answer.status_code == 200


def test_form_of_somebody_in_no_programme_says_what_to_do(as_):
    resident = make_resident("李二旦")
    page = as_("jia").get(f"/residents/{resident.uid}/visits/new")
    assert page.status_code == 200
    assert "还没有纳入管理" in page.text and f"/residents/{resident.uid}" in page.text


def test_page_carries_the_ladder_as_data_without_thresholds_in_scripts(as_, zhang):
    data = data_of(as_("jia").get(f"/residents/{zhang.uid}/visits/new").text)
    assert data["programmes"][0]["parameters"]["line_sbp_65"]["value"] == 150
    assert data["birth"] == "1958-03-05"
    assert [t["name"] for t in data["tasks"]] == ["高血压随访"]


# --- preview --------------------------------------------------------------------------------


def test_preview_shows_class_referral_next_and_why_without_saving(as_, zhang):
    client = as_("jia")
    client.post("/visits", data=form_of(zhang, sbp="162", visit_date="2026-11-15"))
    make_task(make_enrolment(zhang, "diabetes"), date(2026, 12, 1))
    page = client.post("/visits/preview", data=form_of(zhang, sbp="158", dbp="88"))
    assert page.status_code == 200
    assert "2 控制不满意" in page.text and "建议转上级医院" in page.text
    assert "12月5日前核实转诊" in page.text
    assert "收缩压 158 ≥ 150，上次 162 也未达标" in page.text
    assert "没有空腹血糖：糖尿病随访仍未完成" in page.text
    assert 'value="158"' in page.text
    assert db.session.query(Visit).count() == 1


def test_preview_names_what_closes_and_how_late(as_, zhang):
    page = as_("jia").post("/visits/preview", data=form_of(zhang)).text
    assert "高血压随访（逾期 3 天，记为补访）" in page


def test_preview_warns_of_a_recheck_done_too_early(as_, zhang):
    task = make_task(make_enrolment(zhang, "diabetes"), date(2026, 12, 5), "recheck")
    client = as_("jia")
    page = client.post("/visits/preview", data=form_of(zhang, fpg="6.1", task=str(task.id))).text
    assert "糖尿病复查（提前做了" in page


def test_preview_of_danger_shows_the_panel_with_a_telephone(as_, zhang):
    page = as_("jia").post("/visits/preview", data=form_of(zhang, sbp="190", dbp="115")).text
    assert "收缩压 190 ≥ 180、舒张压 115 ≥ 110" in page
    assert "按急症流程处理" in page and 'href="tel:' in page


def test_preview_with_a_bad_value_keeps_what_was_typed(as_, zhang):
    page = as_("jia").post("/visits/preview", data=form_of(zhang, sbp="1e2"))
    assert page.status_code == 422
    assert 'value="1e2"' in page.text and "收缩压应填数字" in page.text


def test_unchanged_fills_lifestyle_and_medicines_but_no_reading(as_, zhang):
    client = as_("jia")
    before = form_of(
        zhang,
        visit_date="2026-11-15",
        smoking="10",
        salt="2",
        **{"hypertension.ht_drug_1_name": "氨氯地平", "hypertension.medication": "1"},
    )
    client.post("/visits", data=before)
    typed = form_of(zhang, sbp="", dbp="", **{"hypertension.adverse_reaction": ""})
    page = client.post("/visits/preview", data=typed | {"fill": "hypertension"}).text
    assert re.search(r'name="smoking" value="10"', page)
    assert 'value="氨氯地平"' in page
    assert re.search(r'name="sbp" value=""', page)
    chosen = checked_inputs(page)
    assert [re.search(r'name="([^"]*)"', tag).group(1) for tag in chosen] == ["way", "salt"]


# --- saving ---------------------------------------------------------------------------------


def test_saved_visit_leads_to_its_page_with_class_and_next_date(as_, zhang):
    client = as_("jia")
    sent = form_of(zhang)
    answer = client.post("/visits", data=sent)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/visits/{sent['uid']}?saved=1"
    page = client.get(answer.headers["Location"]).text
    assert "1 控制满意" in page and "2027年2月21日前随访" in page
    assert "高血压随访（11月18日到期，逾期补访）" in page


def test_same_form_twice_is_one_visit(as_, zhang):
    client = as_("jia")
    sent = form_of(zhang)
    assert client.post("/visits", data=sent).status_code == 303
    assert client.post("/visits", data=sent).status_code == 303
    assert db.session.query(Visit).count() == 1


def test_danger_stops_until_it_was_handled(as_, zhang):
    client = as_("jia")
    sent = form_of(zhang, sbp="190")
    stopped = client.post("/visits", data=sent)
    assert stopped.status_code == 422
    assert "先处理并联系上级医院" in stopped.text and 'value="190"' in stopped.text
    assert db.session.query(Visit).count() == 0
    assert client.post("/visits", data=sent | {"danger_handled": "1"}).status_code == 303
    assert db.session.query(Referral).one().urgency == "urgent"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"sbp": "261"}, "收缩压应在 60 到 260 之间，填的是 261"),
        ({"sbp": "١٣٠"}, "收缩压应填数字"),
        ({"sbp": ""}, "还要填收缩压"),
        ({"dbp": "132"}, "舒张压应低于收缩压"),
        ({"fpg": "78"}, "mg/dL"),
        ({"visit_date": "2026-11-22"}, "还没有到"),
        ({"visit_date": "2023-02-29"}, "随访日期不存在"),
        ({"visit_date": "2026-W10-4"}, "随访日期不存在"),
        ({"visit_date": "2026-11-01"}, "请写补录原因"),
        ({"way": ""}, "请选随访方式"),
        ({"way": "8"}, "随访方式要从这几项里选"),
        ({"notes": "长" * 2001}, "最多 2000 个字"),
        ({"role": "administrator"}, "表单里没有这一项"),
        ({"team_id": "1"}, "表单里没有这一项"),
        ({"uid": ""}, "随访编号"),
        ({"uid": "x" * 40}, "随访编号"),
    ],
)
def test_bad_form_is_answered_with_a_sentence_and_what_was_typed(as_, zhang, change, sentence):
    answer = as_("jia").post("/visits", data=form_of(zhang, heart_rate="77", **change))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="77"' in answer.text
    assert db.session.query(Visit).count() == 0


def test_late_entry_is_kept_with_its_reason(as_, zhang):
    client = as_("jia")
    sent = form_of(zhang, visit_date="2026-11-01", late_reason="下乡没有信号")
    page = client.get(client.post("/visits", data=sent).headers["Location"]).text
    assert "补录" in page and "下乡没有信号" in page


def test_note_is_shown_as_text_never_as_markup(as_, zhang):
    client = as_("jia")
    hostile = "</textarea><script>alert(1)</script><img src=x onerror=alert(1)>"
    sent = form_of(zhang, notes=hostile)
    page = client.get(client.post("/visits", data=sent).headers["Location"]).text
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page
    again = client.post("/visits", data=form_of(zhang, notes=hostile, sbp="1e2")).text
    assert "<script>alert" not in again and "&lt;/textarea&gt;" in again


# --- what a device sends --------------------------------------------------------------------


def test_device_creates_a_visit_and_is_told_what_came_of_it(as_, zhang):
    body = body_of(zhang)
    answer = as_("jia").post("/visits", json=body)
    assert answer.status_code == 201
    said = answer.get_json()
    assert said["uid"] == body["uid"]
    assert said["assessments"][0]["class"] == 1
    assert said["assessments"][0]["next"] == [{"kind": "regular", "due": "2027-02-21"}]
    assert said["closed"] == [{"programme": "hypertension", "kind": "regular", "due": "2026-11-18"}]


def test_device_that_sends_again_gets_the_stored_row(as_, zhang):
    client, body = as_("jia"), body_of(zhang)
    client.post("/visits", json=body)
    again = client.post("/visits", json=body)
    assert again.status_code == 200 and again.get_json()["uid"] == body["uid"]
    assert db.session.query(Visit).count() == 1


def test_device_with_another_content_under_one_uid_gets_409_and_the_first_stays(as_, zhang):
    client, body = as_("jia"), body_of(zhang)
    client.post("/visits", json=body)
    other = client.post("/visits", json=body | {"answers": {"sbp": 150, "dbp": 80}})
    assert other.status_code == 409 and other.get_json()["error"]
    assert db.session.query(Visit).one().answers["sbp"] == 132


def test_danger_from_a_device_is_stored_and_told(as_, zhang):
    body = body_of(zhang, answers={"sbp": 181, "dbp": 111})
    said = as_("jia").post("/visits", json=body).get_json()
    assert said["assessments"][0]["referral"] == "urgent"
    refused = body_of(zhang, answers={"sbp": 181, "dbp": 111}, danger_handled=False)
    assert as_("jia").post("/visits", json=refused).status_code == 422


@pytest.mark.parametrize(
    "value", ["1e2", "1_30", 999999999999999999999999, True, None, [130], 261, {"a": 1}, "٣"]
)
def test_device_with_a_bad_reading_gets_422_naming_the_field(as_, zhang, value):
    body = body_of(zhang, answers={"sbp": value, "dbp": 80})
    answer = as_("jia").post("/visits", json=body)
    assert answer.status_code == 422
    assert "收缩压" in answer.get_json()["errors"]["sbp"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"answers": NaN}',
        b'{"answers": [1]}',
        b'{"answers": {"sbp": 1e400}}',
        b"\xff\xfe",
        b'{"uid": {"a": 1}, "resident": [1]}',
        b'{"uid": "\\ud800", "resident": "\\u0000"}',
        b"9" * 5000,
    ],
)
def test_junk_from_a_device_is_refused_with_a_sentence(as_, zhang, raw):
    answer = as_("jia").post("/visits", data=raw, content_type="application/json")
    assert answer.status_code in (400, 404, 422)
    assert answer.get_json()["error"]


@pytest.mark.parametrize("field", ["uid", "visit_date", "way", "late_reason", "answers"])
@pytest.mark.parametrize("value", [None, True, 3.5, [], {}, "\ud800x", "\x00" * 20, 10**30])
def test_junk_in_any_place_is_never_500(as_, zhang, field, value):
    body = json.dumps(body_of(zhang, **{field: value}))
    answer = as_("jia").post("/visits", data=body, content_type="application/json")
    assert answer.status_code in (201, 409, 422)


def test_odd_content_type_is_no_server_error(as_):
    client = as_("jia")
    for kind in ("multipart/form-data", "application/json; charset=utf-7", "text/plain"):
        answer = client.post("/visits", data=b"x", headers={"Content-Type": kind})
        assert 400 <= answer.status_code < 500


# --- correcting -----------------------------------------------------------------------------


@pytest.fixture
def stored(as_, zhang):
    sent = form_of(zhang, sbp="158", notes="女儿陪同")
    assert as_("jia").post("/visits", data=sent).status_code == 303
    return sent


def test_correction_form_holds_what_was_stored(as_, stored):
    page = as_("jia").get(f"/visits/{stored['uid']}/correct").text
    assert 'name="sbp" value="158"' in page and "女儿陪同" in page
    assert len(checked_inputs(page)) == 2


def test_correction_makes_a_revision_and_both_can_be_read(as_, stored):
    client = as_("jia")
    change = stored | {"uid": str(uuid.uuid4()), "sbp": "138", "reason": "数字抄错了"}
    answer = client.post(f"/visits/{stored['uid']}/correct", data=change)
    assert answer.status_code == 303
    new = client.get(answer.headers["Location"]).text
    assert "1 控制满意" in new and "数字抄错了" in new
    old = client.get(f"/visits/{stored['uid']}").text
    assert "这是更正之前的内容" in old and "158" in old
    assert db.session.query(Task).filter_by(state="open").count() == 0


def test_correction_without_a_reason_keeps_what_was_typed(as_, stored):
    change = stored | {"uid": str(uuid.uuid4()), "sbp": "138"}
    answer = as_("jia").post(f"/visits/{stored['uid']}/correct", data=change)
    assert answer.status_code == 422
    assert "请写更正的原因" in answer.text and 'value="138"' in answer.text


def test_second_correction_of_one_revision_gets_409_with_both_versions(as_, stored):
    mine, theirs = as_("jia"), as_("yun")
    change = stored | {"uid": str(uuid.uuid4()), "sbp": "138", "reason": "数字抄错了"}
    mine.post(f"/visits/{stored['uid']}/correct", data=change)
    late = change | {"uid": str(uuid.uuid4()), "sbp": "145"}
    answer = theirs.post(f"/visits/{stored['uid']}/correct", data=late)
    assert answer.status_code == 409
    assert "先看最新的内容" in answer.text and 'value="145"' in answer.text
    newest = db.session.query(Visit).filter(Visit.replaced_at.is_(None)).one()
    assert newest.answers["sbp"] == 138


def test_correcting_a_replaced_visit_leads_to_the_newest(as_, stored):
    client = as_("jia")
    change = stored | {"uid": "c-00000001", "sbp": "138", "reason": "数字抄错了"}
    client.post(f"/visits/{stored['uid']}/correct", data=change)
    answer = client.get(f"/visits/{stored['uid']}/correct")
    assert answer.headers["Location"] == "/visits/c-00000001"


# --- the list, and who may ------------------------------------------------------------------


def test_list_shows_newest_first_and_only_what_counts(as_, zhang, stored):
    client = as_("jia")
    client.post("/visits", data=form_of(zhang, visit_date="2026-11-16", sbp="141"))
    change = stored | {"uid": "c-00000001", "sbp": "138", "reason": "数字抄错了"}
    client.post(f"/visits/{stored['uid']}/correct", data=change)
    page = client.get("/visits").text
    assert page.index("138/80") < page.index("141/80")
    assert "158/80" not in page and 'data-count="2"' in page
    assert "张建国" not in page and "张" in page


def test_list_is_filtered_by_day_programme_and_late_entry(as_, zhang):
    client = as_("jia")
    client.post("/visits", data=form_of(zhang, sbp="131"))
    client.post(
        "/visits",
        data=form_of(zhang, sbp="141", visit_date="2026-11-01", late_reason="下乡没有信号"),
    )
    assert "131/80" not in client.get("/visits?late=1").text
    assert "141/80" not in client.get("/visits?since=2026-11-10").text
    assert "131/80" not in client.get("/visits?until=2026-11-10").text
    assert "没有符合条件的随访" in client.get("/visits?programme=diabetes").text


def test_list_pages_by_key(as_, zhang, monkeypatch):
    monkeypatch.setattr("familydoc.queries.visits.PAGE", 2)
    client = as_("jia")
    for day in (14, 15, 16):
        client.post("/visits", data=form_of(zhang, visit_date=f"2026-11-{day}", sbp=str(100 + day)))
    first = client.get("/visits?since=2026-11-01").text
    assert "116/80" in first and "115/80" in first and "114/80" not in first
    address = re.search(r'href="([^"]*after=[^"]*)"', first).group(1).replace("&amp;", "&")
    assert "since=2026-11-01" in address
    second = client.get(address).text
    assert "114/80" in second and "115/80" not in second


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=2026-11-20.-1",
        "after=2026-11-20.99999999999999999999",
        "since=2026-02-30",
        "programme=x",
        "_scheme=x&_external=1",
        "after=٣.٣",
    ],
)
def test_list_answers_any_query(as_, query):
    assert as_("jia").get(f"/visits?{query}").status_code == 200


@pytest.mark.parametrize(
    ("username", "status"),
    [
        ("chen", 200),
        ("yun", 200),
        ("zhao", 200),
        ("sun", 200),
        ("li", 404),
        ("wu", 404),
        ("admin", 404),
        ("board", 404),
    ],
)
def test_visit_is_seen_in_scope_only(as_, stored, username, status):
    assert as_(username).get(f"/visits/{stored['uid']}").status_code == status


@pytest.mark.parametrize("username", ["zhao", "sun", "li", "wu", "admin", "board"])
def test_only_the_own_team_records_and_corrects(as_, zhang, stored, username):
    client = as_(username)
    uid = stored["uid"]
    assert client.get(f"/residents/{zhang.uid}/visits/new").status_code == 404
    assert client.post("/visits", data=form_of(zhang)).status_code == 404
    assert client.post("/visits/preview", data=form_of(zhang)).status_code == 404
    assert client.get(f"/visits/{uid}/correct").status_code == 404
    assert client.post(f"/visits/{uid}/correct", data=stored).status_code == 404
    assert db.session.query(Visit).count() == 1


def test_visit_of_another_team_is_not_reached_through_the_preview(as_, zhang, stored):
    other = make_resident("李秀英", village=SHENCHIYAO, team="chengguan2")
    make_enrolment(other)
    sent = form_of(other, corrects=stored["uid"])
    assert as_("li").post("/visits/preview", data=sent).status_code == 404


def test_list_holds_nothing_of_another_team(as_, stored):
    outsider = make_resident("武大", village=YUANZIWAN, team="honghe1")
    make_enrolment(outsider)
    assert "158/80" not in as_("wu").get("/visits").text


def test_nobody_signed_in_is_sent_to_the_login_page(client, zhang):
    assert client.get(f"/residents/{zhang.uid}/visits/new").status_code == 303
    answer = client.post("/visits", json=body_of(zhang))
    assert answer.status_code == 401 and answer.get_json()["error"]
