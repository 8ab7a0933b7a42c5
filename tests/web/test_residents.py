"""Residents on the screen: who may see and write whom, what is kept, what stands in no address."""

import re
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from familydoc import clock
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.residents import Resident, ResidentState
from familydoc.models.visits import Assessment, Visit
from familydoc.transaction import transaction
from familydoc.web.forms.residents import ResidentForm, TagsForm
from tests.cast import (
    CHENGGUAN_VILLAGE,
    NANGOU,
    SHENCHIYAO,
    YUANZIWAN,
    account,
    identity_number,
    make_contract,
    make_enrolment,
    make_resident,
    make_task,
)

TODAY = date(2026, 11, 21)
BIRTH = date(1958, 3, 5)
NUMBER = identity_number(BIRTH)
PHONE = "13800138000"
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea><script>alert(1)</script>",
    "{{7*7}}",
    "' onfocus='alert(1)",
)


def typed(**changes):
    return {
        "uid": str(uuid.uuid4()),
        "name": "张建国",
        "identity_number": NUMBER,
        "telephone": PHONE,
        "village_code": CHENGGUAN_VILLAGE,
        "registered": "yes",
    } | changes


def count(model=Resident):
    return db.session.scalar(select(func.count()).select_from(model))


def now(resident):
    """The row as it is by now: a request writes in a session of its own."""
    db.session.refresh(resident)
    return resident


@pytest.fixture
def zhang(app):
    return make_resident("张建国", number=NUMBER, phone=PHONE, tags=("hypertension",))


# The list and the search


def test_list_masks_numbers_and_counts_what_it_lists(zhang, as_):
    page = as_("chen").get("/residents")
    assert "张建国" in page.text and 'data-count="1"' in page.text
    assert NUMBER not in page.text and PHONE not in page.text
    assert "150***********" in page.text and "138****8000" in page.text


def test_list_masks_the_name_for_those_who_do_not_serve(zhang, as_):
    page = as_("sun").get("/residents")
    assert "张**" in page.text and "张建国" not in page.text


@pytest.mark.parametrize("username", ["wu", "li"])
def test_list_and_search_show_an_outsider_nobody(zhang, as_, username):
    client = as_(username)
    for page in (
        client.get("/residents"),
        client.get("/residents?q=张"),
        client.get("/residents?team=team-150124100-1"),
        client.get("/residents?centre=150124100"),
        client.get(f"/residents?village={CHENGGUAN_VILLAGE}"),
        client.post("/residents/search", data={"q": NUMBER}),
    ):
        assert page.status_code == 200 and "张建国" not in page.text and "138****" not in page.text


@pytest.mark.parametrize("username", ["admin", "board"])
def test_residents_are_not_there_for_those_without_the_permission(zhang, as_, username):
    client = as_(username)
    assert client.get("/residents").status_code == 404
    assert client.get(f"/residents/{zhang.uid}").status_code == 404
    assert client.post("/residents/search", data={"q": "张"}).status_code == 404


def test_search_for_a_name_leads_to_its_address(zhang, as_):
    client = as_("chen")
    answer = client.post("/residents/search", data={"q": "  张 建 "})
    assert answer.status_code == 303 and "q=" in answer.headers["Location"]
    assert "张建国" in client.get(answer.headers["Location"]).text


@pytest.mark.parametrize("text", [NUMBER, NUMBER[-4:], PHONE, "8000", "１３８００１３８０００"])
def test_search_for_a_number_answers_at_once_and_never_by_address(zhang, as_, text):
    client = as_("chen")
    page = client.post("/residents/search", data={"q": text})
    assert page.status_code == 200 and "张建国" in page.text
    addresses = re.findall(r'(?:href|action|hx-[a-z-]+)="([^"]*)"', page.text)
    assert not any(re.search(r"[0-9]{17}|1[3-9][0-9]{9}", address) for address in addresses)
    assert "张建国" in client.get("/residents", query_string={"q": "张"}).text
    refused = client.get("/residents", query_string={"q": text})
    assert "不要写在网址里" in refused.text and f'value="{text}"' not in refused.text


def test_search_by_number_goes_on_in_hidden_fields(as_, app):
    for number in range(51):
        make_resident("张建国", birth=BIRTH + timedelta(days=number), phone=f"138{number:04d}8000")
    client = as_("chen")
    first = client.post("/residents/search", data={"q": "8000"})
    after = re.search(r'name="after" value="([0-9]+)"', first.text).group(1)
    second = client.post("/residents/search", data={"q": "8000", "after": after})
    assert 'data-count="50"' in first.text and 'data-count="1"' in second.text
    assert 'name="after"' not in second.text


def test_search_while_typing_gets_the_part_and_the_address_to_come_back_to(zhang, as_):
    client = as_("chen")
    headers = {"HX-Request": "true"}
    part = client.post("/residents/search", data={"q": "zjg"}, headers=headers)
    assert part.text.startswith('<div id="resident-list">') and "张建国" in part.text
    assert part.headers["HX-Replace-Url"] == "/residents?q=zjg"
    secret = client.post("/residents/search", data={"q": NUMBER}, headers=headers)
    assert "张建国" in secret.text and secret.headers["HX-Replace-Url"] == "/residents"


@pytest.mark.parametrize("text", [*PAYLOADS, "%", "_", "\x00", "٪", "a" * 3000])
def test_odd_searches_find_nobody_and_are_shown_as_text(zhang, as_, text):
    page = as_("chen").get("/residents", query_string={"q": text})
    assert page.status_code == 200
    assert "<script>alert" not in page.text and "onerror=alert(1)>" not in page.text


@pytest.mark.parametrize(
    "query",
    [
        "page=99999999999999999999",
        "after=99999999999999999999",
        "after=-1",
        "q=%ED%A0%BD&after=%ED%A0%BD",
        "after=%00&q=%E5%BC%A0",
        "after=1-%E5%BC%A0%00&q=%E5%BC%A0",
        "village=%00",
        "village=abc&tag=nobody&programme=x&state=y&signed=z&team=%00&centre=%27",
        "_external=1&_scheme=javascript&_anchor=x&endpoint=y",
    ],
)
def test_junk_in_the_address_narrows_nothing(zhang, as_, query):
    page = as_("chen").get(f"/residents?{query}")
    assert page.status_code == 200


def test_list_goes_on_by_key_with_its_filters(as_, app):
    for number in range(51):
        make_resident("张建国", birth=BIRTH + timedelta(days=number), village=NANGOU)
    client = as_("chen")
    first = client.get(f"/residents?village={NANGOU}")
    assert 'data-count="51"' in first.text
    address = re.search(r'href="([^"]+)" rel="next"', first.text).group(1).replace("&amp;", "&")
    assert f"village={NANGOU}" in address
    assert client.get(address).text.count('class="card who-row"') == 1


def test_empty_list_says_what_to_do(as_, app):
    client = as_("chen")
    assert "还没有居民" in client.get("/residents").text
    assert "清除筛选" in client.get("/residents?tag=diabetes").text
    assert "没有找到" in client.get("/residents?q=张").text
    assert "号码不完整" in client.post("/residents/search", data={"q": "12345"}).text


# The page of one person


def test_page_shows_numbers_whole_and_is_audited(zhang, as_):
    client = as_("jia")
    page = client.get(f"/residents/{zhang.uid}")
    assert NUMBER in page.text and f'href="tel:{PHONE}"' in page.text
    client.get(f"/residents/{zhang.uid}")
    query = select(AuditEvent).where(AuditEvent.verb == "open_resident")
    (event,) = db.session.scalars(query).all()
    assert (event.account_id, event.resident_id) == (account("jia").id, zhang.id)


PATHS = ("", "/edit", "/tags", "/state", "/state/confirm", "/undo", "/enrolments/hypertension")


@pytest.mark.parametrize("path", PATHS)
def test_page_of_somebody_out_of_scope_is_not_there(zhang, as_, path):
    make_enrolment(zhang)
    outsider = as_("wu")
    assert outsider.get(f"/residents/{zhang.uid}{path}").status_code == 404
    nobody = outsider.get(f"/residents/{uuid.uuid4()}{path}")
    assert nobody.text == outsider.get(f"/residents/{zhang.uid}{path}").text


@pytest.mark.parametrize(
    "path",
    ["/edit", "/tags", "/state", "/state/confirm", "/state/refuse", "/undo", "/enrolments"],
)
@pytest.mark.parametrize("username", ["wu", "li", "sun"])
def test_writing_somebody_out_of_scope_or_permission_is_not_there(zhang, as_, path, username):
    data = {
        "state": "deceased",
        "on": "2026-11-20",
        "sure": "y",
        "reason": "没有",
        "tags": "disabled",
    }
    answer = as_(username).post(f"/residents/{zhang.uid}{path}", data=data)
    assert answer.status_code == 404
    assert now(zhang).state == "present" and [row.tag for row in now(zhang).tags] == [
        "hypertension"
    ]


@pytest.mark.parametrize(
    "path",
    [
        "-1",
        "9223372036854775808",
        "0",
        "%00",
        "１",
        "a" * 300,
        "<script>",
        "new%20",
        "%F0%9F%98%80",
    ],
)
def test_junk_uids_are_not_there(zhang, as_, path):
    client = as_("chen")
    for ending in ("", "/edit", "/state"):
        assert client.get(f"/residents/{path}{ending}").status_code == 404


def test_page_tells_the_whole_story(zhang, as_):
    enrolment = make_enrolment(zhang, next_due_on=date(2026, 12, 5))
    make_task(enrolment, date(2026, 11, 18), kind="recheck")
    make_contract(zhang)
    for step, (sbp, dbp, code) in enumerate(((136, 84, 1), (158, 88, 2))):
        _visit(
            zhang,
            enrolment,
            f"visit-{step}",
            TODAY - timedelta(days=90 - 60 * step),
            sbp,
            dbp,
            code,
        )
    page = as_("chen").get(f"/residents/{zhang.uid}").text
    for words in (
        "已签约，至 2027年11月20日",
        "控制不满意",
        "158/88",
        "逾期 3 天",
        "12月5日",
        'href="/visits/visit-1"',
    ):
        assert words in page, words
    assert (
        "收缩压和舒张压的变化" in page
        and "低于 150/90" in page
        and page.count('<svg class="chart"') == 1
    )
    assert page.count("is-warn") >= 1


def _visit(resident, enrolment, uid, day, sbp, dbp, code):
    with transaction() as session:
        visit = Visit(
            uid=uid,
            resident_id=resident.id,
            visit_date=day,
            way=2,
            answers={"sbp": sbp, "dbp": dbp},
            recorded_at=clock.now(),
        )
        session.add(visit)
        session.flush()
        assessment = Assessment(
            visit_id=visit.id,
            enrolment_id=enrolment.id,
            programme="hypertension",
            class_code=code,
            next=[],
            because=[],
        )
        session.add(assessment)
        session.flush()
        enrolment.last_assessment_id = assessment.id


def test_replaced_visit_is_in_no_chart_and_no_history(zhang, as_):
    enrolment = make_enrolment(zhang)
    _visit(zhang, enrolment, "visit-old", TODAY, 199, 88, 2)
    with transaction() as session:
        session.query(Visit).one().replaced_at = clock.now()
    page = as_("chen").get(f"/residents/{zhang.uid}").text
    assert "visit-old" not in page and '<svg class="chart"' not in page


# Creating


def test_member_creates_a_resident(as_, app):
    client = as_("yun")
    uid = re.search(r'name="uid"[^>]*value="([^"]+)"', client.get("/residents/new").text).group(1)
    data = typed(uid=uid, tags=["hypertension", "disabled"], note="腿脚不便")
    answer = client.post("/residents", data=data)
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"])
    assert "张建国" in page.text and "腿脚不便" in page.text and "纳入高血压管理" in page.text
    assert client.post("/residents", data=data).headers["Location"] == answer.headers["Location"]
    assert count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "没有填姓名"),
        ({"name": "张3"}, "姓名里有数字"),
        ({"name": "张"}, "只有一个字"),
        ({"identity_number": NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")}, "校验位不对"),
        ({"identity_number": ""}, "请填身份证号"),
        ({"telephone": "1380013800l"}, "电话应为"),
        ({"village_code": ""}, "请选择居住的村"),
        ({"village_code": YUANZIWAN}, "服务范围内"),
        ({"note": "长" * 501}, "最多 500 个字"),
        ({"identity_number": "", "birth": "2020-01-01", "sex": "male"}, "满 1 周岁"),
        ({"identity_number": "", "birth": "2026-10-01"}, "请选择性别"),
        ({"uid": "x"}, "请重新打开"),
    ],
)
def test_bad_form_says_so_beside_the_field_and_keeps_what_was_typed(as_, app, changes, sentence):
    data = typed(
        address="后街 12 号", household="H-7", tags=["diabetes"], **{"note": "怕狗"} | changes
    )
    answer = as_("chen").post("/residents", data=data)
    assert answer.status_code == 422 and sentence in answer.text
    for kept in ("后街 12 号", "H-7", data["telephone"], data["name"], data["note"][:100]):
        assert kept in answer.text
    assert re.search(r'<input checked[^>]*value="diabetes"', answer.text)
    assert count() == 0


def test_one_character_name_is_taken_when_it_was_confirmed(as_, app):
    answer = as_("chen").post("/residents", data=typed(name="张", one_character="yes"))
    assert answer.status_code == 303


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payload_in_a_name_is_refused_and_in_a_note_is_text(as_, app, payload):
    client = as_("chen")
    refused = client.post("/residents", data=typed(name=payload))
    assert refused.status_code == 422 and "<script>alert" not in refused.text
    answer = client.post("/residents", data=typed(note=payload, address=payload[:60]))
    page = client.get(answer.headers["Location"]).text
    assert payload not in page or payload == "{{7*7}}"
    assert (
        "<script>alert" not in page
        and "<img src=x" not in page
        and "49" not in page.split("备注")[1][:60]
    )


def test_payload_in_a_stored_name_is_text_on_every_page(as_, app):
    payload = '<img src=x onerror="alert(1)">'
    resident = make_resident(payload, number=NUMBER, phone=PHONE, note=payload, address=payload)
    make_enrolment(resident)
    client = as_("chen")
    for path in ("", *(f"/{resident.uid}{ending}" for ending in PATHS if "confirm" not in ending)):
        page = client.get(f"/residents{path}")
        assert page.status_code == 200 and payload not in page.text, path


def test_number_held_in_sight_shows_the_holder_and_elsewhere_nothing(zhang, as_):
    client = as_("chen")
    answer = client.post("/residents", data=typed(name="张建军"))
    assert answer.status_code == 422 and f"/residents/{zhang.uid}" in answer.text
    elsewhere = as_("wu").post("/residents", data=typed(village_code=YUANZIWAN))
    assert elsewhere.status_code == 422
    assert "该身份证号已在本县建档，请联系县管理员。" in elsewhere.text
    assert zhang.uid not in elsewhere.text and "城关" not in elsewhere.text


def test_likely_double_must_be_answered_before_creating(as_, app):
    double = make_resident("张建国", birth=BIRTH, phone=PHONE)
    client, data = as_("chen"), typed()
    panel = client.post("/residents", data=data)
    assert panel.status_code == 422
    assert f'name="different" value="{double.uid}"' in panel.text and count() == 1
    assert client.post("/residents", data=data | {"different": double.uid}).status_code == 303
    assert count() == 2


def test_extra_fields_change_nothing(as_, app):
    extra = {
        "team_id": "3",
        "centre_id": "1",
        "state": "deceased",
        "id": "99",
        "identity_hash": "x",
        "created_at": "2000-01-01",
        "household_id": "1",
        "away_until": "2030-01-01",
    }
    as_("chen").post("/residents", data=typed() | extra)
    resident = db.session.scalars(select(Resident)).one()
    assert resident.team.uid == "team-150124100-1" and resident.state == "present"
    assert resident.id != 99 and resident.created_at.year == 2026 and resident.away_until is None


@pytest.mark.parametrize("username", ["sun", "admin", "board"])
def test_who_may_not_edit_cannot_create(as_, app, username):
    client = as_(username)
    assert client.get("/residents/new").status_code == 404
    assert client.post("/residents", data=typed()).status_code == 404
    assert count() == 0


def test_family_form_is_filled_from_the_household(zhang, as_):
    client = as_("chen")
    page = client.get(f"/residents/new?family={zhang.uid}")
    assert "和张建国同住一户" in page.text
    other = {"name": "王秀英", "identity_number": identity_number(BIRTH, 2), "telephone": ""}
    answer = client.post("/residents", data=typed(family=zhang.uid, **other))
    assert f"/residents/{zhang.uid}" in client.get(answer.headers["Location"]).text
    assert client.get(f"/residents/new?family={uuid.uuid4()}").status_code == 404


# Editing


def form_of(page):
    """What the browser would send back unchanged."""
    held = dict(re.findall(r'<input[^>]*name="([a-z_]+)"[^>]*value="([^"]*)"', page.text))
    chosen = re.search(r'<option value="([0-9]{12})" selected', page.text)
    return held | {"village_code": chosen.group(1), "registered": "yes"}


def test_edit_form_is_filled_and_saves(zhang, as_):
    client = as_("jia")
    form = form_of(client.get(f"/residents/{zhang.uid}/edit"))
    assert form["name"] == "张建国" and form["identity_number"] == NUMBER
    answer = client.post(f"/residents/{zhang.uid}/edit", data=form | {"telephone": "13900139000"})
    assert answer.status_code == 303 and now(zhang).telephone == "13900139000"
    stale = client.post(f"/residents/{zhang.uid}/edit", data=form | {"telephone": "13700137000"})
    assert stale.status_code == 409 and "13700137000" in stale.text
    assert now(zhang).telephone == "13900139000"
    again = client.post(f"/residents/{zhang.uid}/edit", data=form_of(stale))
    assert again.status_code == 303 and now(zhang).telephone == "13700137000"


def test_bad_edit_keeps_what_was_typed(zhang, as_):
    client = as_("chen")
    form = form_of(client.get(f"/residents/{zhang.uid}/edit"))
    answer = client.post(
        f"/residents/{zhang.uid}/edit", data=form | {"telephone": "123", "note": "怕狗"}
    )
    assert answer.status_code == 422 and "怕狗" in answer.text and 'value="123"' in answer.text
    assert now(zhang).telephone == PHONE


def test_manager_moves_somebody_to_another_centre_by_a_hand_over_only(zhang, as_):
    client, path = as_("zhao"), f"/residents/{zhang.uid}/edit"
    page = client.get(path)
    assert SHENCHIYAO in page.text and YUANZIWAN not in page.text
    answer = client.post(path, data=form_of(page) | {"village_code": YUANZIWAN})
    assert answer.status_code == 422 and "搬到县内别处" in answer.text
    assert now(zhang).village_code == CHENGGUAN_VILLAGE


def test_member_may_not_move_somebody_to_another_team(zhang, as_):
    client = as_("jia")
    form = form_of(client.get(f"/residents/{zhang.uid}/edit"))
    answer = client.post(f"/residents/{zhang.uid}/edit", data=form | {"village_code": SHENCHIYAO})
    assert answer.status_code == 422 and now(zhang).village_code == CHENGGUAN_VILLAGE


def test_tags_are_ticked_saved_and_propose_a_programme(zhang, as_):
    client = as_("jia")
    assert re.search(
        r'<input checked[^>]*value="hypertension"', client.get(f"/residents/{zhang.uid}/tags").text
    )
    data = {"tags": ["diabetes", "elderly", "nonsense"]}
    assert client.post(f"/residents/{zhang.uid}/tags", data=data).status_code == 303
    assert [row.tag for row in now(zhang).tags] == ["diabetes"]
    assert "纳入糖尿病管理" in client.get(f"/residents/{zhang.uid}").text


@pytest.mark.parametrize("form", [ResidentForm, TagsForm])
def test_unknown_ticks_are_left_to_the_rules_which_speak_chinese(app, form):
    with app.test_request_context(method="POST", data={"tags": ["nonsense"], "different": ["x"]}):
        sent = form(meta={"csrf": False})
        sent.validate()
    assert not sent.errors.get("tags") and not sent.errors.get("different")


def test_enrolment_is_made_paused_resumed_and_ended(zhang, as_):
    client, address = as_("jia"), f"/residents/{zhang.uid}/enrolments"
    assert client.post(address, data={"programme": "hypertension"}).status_code == 303
    page = f"{address}/hypertension"
    assert client.post(page, data={"act": "suspend", "reason": " "}).status_code == 422
    client.post(page, data={"act": "suspend", "reason": "住院"})
    assert "已暂停：住院" in client.get(f"/residents/{zhang.uid}").text
    client.post(page, data={"act": "resume"})
    assert "已暂停" not in client.get(f"/residents/{zhang.uid}").text
    client.post(page, data={"act": "end", "reason": "诊断更正"})
    assert client.get(page).status_code == 404
    assert "诊断更正" in client.get(f"/residents/{zhang.uid}").text
    answer = client.post(address, data={"programme": "nonsense"})
    assert answer.status_code == 422 and "请选择要纳入的管理项目" in answer.text


# Where somebody is


def test_member_asks_and_leader_confirms_a_death(zhang, as_):
    make_task(make_enrolment(zhang), TODAY)
    member, leader, here = as_("jia"), as_("chen"), f"/residents/{zhang.uid}"
    data = {"state": "deceased", "on": "2026-11-20", "fact": "family", "detail": "儿子 张强"}
    answer = member.post(f"{here}/state", data=data)
    assert answer.headers["Location"] == here
    assert "等待确认：死亡" in member.get(here).text
    assert member.post(f"{here}/state/confirm", data={"sure": "y"}).status_code == 404
    assert member.get("/residents/pending").status_code == 404
    assert "待确认 1 项" in leader.get("/residents").text
    assert "家属告知" in leader.get("/residents/pending").text
    assert "取消 1 项待办" in leader.get(f"{here}/state/confirm").text
    refused = leader.post(f"{here}/state/confirm")
    assert (
        refused.status_code == 422 and "请先勾选" in refused.text and now(zhang).state == "present"
    )
    assert "家属告知（儿子 张强）" in leader.get(f"{here}/state/confirm").text
    again = {"sure": "y", "fact": "neighbour", "detail": "儿子张强"}
    refused = leader.post(f"{here}/state/confirm", data=again)
    assert refused.status_code == 422 and "同一个" in refused.text
    second = {"sure": "y", "fact": "certificate", "detail": "1501240000123"}
    assert leader.post(f"{here}/state/confirm", data=second).status_code == 303
    assert now(zhang).state == "deceased"
    assert "已登记为死亡" in leader.get(here).text
    assert "张建国" not in leader.get("/residents").text
    assert leader.post(f"{here}/state/confirm", data={"sure": "y"}).status_code == 410


def test_leader_who_asks_is_led_to_a_second_step(zhang, as_):
    data = {"state": "moved", "on": "2026-11-20", "reason": "搬到呼和浩特"}
    answer = as_("chen").post(f"/residents/{zhang.uid}/state", data=data)
    assert answer.headers["Location"] == f"/residents/{zhang.uid}/state/confirm"
    assert now(zhang).state == "present"


def test_outsider_sees_no_pending_request(zhang, as_):
    as_("jia").post(
        f"/residents/{zhang.uid}/state",
        data={"state": "moved", "on": "2026-11-20", "reason": "搬走了"},
    )
    for username in ("wu", "li"):
        page = as_(username).get("/residents/pending")
        assert page.status_code == 200 and "张建国" not in page.text
    assert "张建国" in as_("zhao").get("/residents/pending").text


def test_leader_may_refuse_with_a_reason(zhang, as_):
    here, client = f"/residents/{zhang.uid}", as_("chen")
    client.post(f"{here}/state", data={"state": "moved", "on": "2026-11-20", "reason": "搬走了"})
    assert client.post(f"{here}/state/refuse", data={}).status_code == 422
    assert client.post(f"{here}/state/refuse", data={"reason": "still_here"}).status_code == 303
    page = client.get(here).text
    assert "<h2>等待确认" not in page and "没有同意登记：迁出（本人还在住）" in page


def test_undo_asks_for_a_reason_and_brings_somebody_back(zhang, as_):
    here, client = f"/residents/{zhang.uid}", as_("chen")
    first = {"fact": "family", "detail": "儿子 张强"}
    client.post(f"{here}/state", data={"state": "deceased", "on": "2026-11-20", **first})
    alone = client.post(f"{here}/state/confirm", data={"sure": "y", "fact": "seen"})
    assert alone.status_code == 422 and "至少要有一份证明" in alone.text
    paper = {"sure": "y", "fact": "cremation", "detail": "火 2026-88"}
    assert client.post(f"{here}/state/confirm", data=paper).status_code == 303
    assert as_("jia").post(f"{here}/undo", data={"reason": "登记错了"}).status_code == 404
    assert client.post(f"{here}/undo", data={"reason": ""}).status_code == 422
    assert client.post(f"{here}/undo", data={"reason": "登记错了"}).status_code == 303
    assert now(zhang).state == "present" and "张建国" in client.get("/residents").text


def test_away_is_in_force_at_once_and_shown(zhang, as_):
    here, client = f"/residents/{zhang.uid}", as_("jia")
    data = {"state": "away", "on": "2026-11-20", "until": "2026-12-31"}
    assert client.post(f"{here}/state", data=data).status_code == 303
    page = client.get(here).text
    assert "外出中" in page and "12月31日" in page
    back = {"state": "present", "on": "2026-11-21"}
    assert client.post(f"{here}/state", data=back).status_code == 303
    assert now(zhang).state == "present"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"state": ""}, "请选择现在的情况"),
        ({"state": "moved", "reason": ""}, "请写明原因"),
        ({"state": "deceased"}, "请选是怎么知道的"),
        ({"state": "deceased", "fact": "family"}, "是谁说的"),
        ({"state": "deceased", "fact": "certificate", "detail": "1"}, "证明的编号"),
        ({"state": "deceased", "on": "2026-02-30"}, "存在的日期"),
        ({"state": "moved", "on": "2026-11-22"}, "日期还没有到"),
        ({"state": "away", "until": "2026-11-01"}, "已经过了"),
    ],
)
def test_bad_state_form_keeps_what_was_typed(zhang, as_, changes, sentence):
    data = {"state": "lost", "on": "2026-11-20", "reason": "三次没有见到"} | changes
    answer = as_("jia").post(f"/residents/{zhang.uid}/state", data=data)
    assert answer.status_code == 422 and sentence in answer.text
    assert f'value="{data["on"]}"' in answer.text and data["reason"] in answer.text
    assert now(zhang).state == "present" and count(ResidentState) == 0


def test_dead_and_moved_people_are_no_family_on_a_page(zhang, as_):
    client = as_("chen")
    other = {"name": "王秀英", "identity_number": identity_number(BIRTH, 2), "telephone": ""}
    client.post("/residents", data=typed(family=zhang.uid, **other))
    assert "王秀英" in client.get(f"/residents/{zhang.uid}").text
    with transaction() as session:
        session.query(Resident).filter_by(name="王秀英").one().state = "deceased"
    assert "王秀英" not in client.get(f"/residents/{zhang.uid}").text
