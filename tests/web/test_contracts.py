"""Signing on a tablet, the page of a contract, its print and its end; the list by its end."""

import json
import re
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from familydoc.extensions import db
from familydoc.models.contracts import Contract, ServicePackage
from familydoc.models.enrolments import Enrolment
from familydoc.models.organisations import Organisation
from familydoc.models.residents import Household
from familydoc.transaction import transaction
from tests.cast import (
    CHENGGUAN_VILLAGE,
    SHENCHIYAO,
    YUANZIWAN,
    account,
    add,
    make_contract,
    make_enrolment,
    make_resident,
    team_of,
)

TODAY = date(2026, 11, 21)
DRAWING = json.dumps({"w": 600, "h": 200, "strokes": [[[10, 20], [90, 160], [200, 40]]]})
NUMBER, PHONE = "150124195803050016", "13912345678"


def package_id(code):
    return db.session.scalar(select(ServicePackage.id).where(ServicePackage.code == code))


def typed(resident, **changed):
    """What a filled form sends."""
    return {
        "uid": str(uuid.uuid4()),
        "resident": resident.uid,
        "packages": [package_id("basic")],
        "term_months": "12",
        "start_on": "2026-11-21",
        "method": "tablet",
        "signature": DRAWING,
        "consent": "y",
        "electronic": "y",
        "guardian": "",
        "witness": "",
    } | changed


def sign(client, resident, **changed):
    return client.post("/contracts", data=typed(resident, **changed))


def only_contract():
    return db.session.scalars(select(Contract)).one()


def count(model=Contract):
    return db.session.scalar(select(func.count()).select_from(model))


def shown(page):
    """The hash of the agreement that a page shows."""
    return re.search(r'name="shown_hash" value="([0-9a-f]{64})"', page.text)[1]


@pytest.fixture
def resident(app):
    return make_resident(number=NUMBER, phone=PHONE, tags=("hypertension",))


def test_member_signs_and_lands_on_the_contract(as_, resident):
    client = as_("yun")
    answer = sign(client, resident, programmes=["hypertension"])
    contract = only_contract()
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/contracts/{contract.uid}"
    page = client.get(answer.headers["Location"])
    assert contract.number in page.text and contract.short_number in page.text
    assert "已核对" in page.text and "核对不上" not in page.text
    assert '<path d="M10 20L90 160L200 40"' in page.text
    assert db.session.scalars(select(Enrolment)).one().programme == "hypertension"


def test_form_proposes_what_the_record_says(as_, resident):
    page = as_("yun").get(f"/contracts/new?resident={resident.uid}").text
    chronic = re.search(rf'value="{package_id("hypertension")}"([^>]*)>', page)[1]
    assert "checked" in chronic
    assert re.search(r'name="programmes" value="hypertension" checked', page)
    assert "consent" in page and not re.search(r'name="consent"[^>]*checked', page)
    assert not re.search(r'name="electronic"[^>]*checked', page)
    assert "自 2026年11月21日 起，至 2027年11月20日 止" in page


def test_what_is_signed_is_what_was_shown(as_, resident):
    client = as_("yun")
    hashed = shown(client.post("/contracts", data=typed(resident, preview="1")))
    assert count() == 0
    assert sign(client, resident, shown_hash=hashed).status_code == 303
    assert only_contract().text_hash == hashed


def test_preview_follows_the_choices_and_signs_nothing(as_, resident):
    client = as_("yun")
    headers = {"HX-Request": "true"}
    data = typed(resident, preview="1", term_months="36", guardian="李梅（女儿）")
    part = client.post("/contracts", data=data, headers=headers)
    assert part.status_code == 200 and "<html" not in part.text
    assert "共 36 个月" in part.text and "李梅（女儿）" in part.text
    assert count() == 0


def test_preview_without_script_keeps_everything(as_, resident):
    page = as_("yun").post("/contracts", data=typed(resident, preview="1", witness="贾二牛"))
    assert page.status_code == 200 and 'value="贾二牛"' in page.text
    assert json.loads(drawing_of(page)) == json.loads(DRAWING)


def drawing_of(page):
    text = re.search(r'name="signature"[^>]*value="([^"]*)"', page.text)[1]
    return text.replace("&#34;", '"')


def test_text_that_changed_meanwhile_is_shown_again(as_, resident):
    client = as_("yun")
    hashed = shown(client.get(f"/contracts/new?resident={resident.uid}"))
    with transaction() as session:
        session.execute(update(Organisation).values(name="改名卫生院"))
    answer = sign(client, resident, shown_hash=hashed)
    assert answer.status_code == 422 and "请居民再看一遍" in answer.text
    assert "改名卫生院" in answer.text and shown(answer) != hashed
    assert count() == 0


def test_bad_form_keeps_everything_typed_and_the_signature(as_, resident):
    answer = sign(
        as_("yun"),
        resident,
        packages=[package_id("hypertension")],
        term_months="36",
        start_on="2026-12-05",
        witness="贾二牛",
        consent="",
    )
    assert answer.status_code == 422
    assert "请选基础服务包" in answer.text and "居民同意后打勾" in answer.text
    assert 'value="2026-12-05"' in answer.text and 'value="贾二牛"' in answer.text
    assert re.search(r'<input checked[^>]*name="term_months"[^>]*value="36"', answer.text)
    assert json.loads(drawing_of(answer)) == json.loads(DRAWING)
    assert count() == 0


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"start_on": "heute"}, "日期不对"),
        ({"start_on": "9999-12-31"}, "起始日最多提前"),
        ({"start_on": "0001-01-01", "method": "paper"}, "补录的协议要在一年之内"),
        ({"term_months": "18"}, "签约期限只能是"),
        ({"term_months": "９９"}, "签约期限只能是"),
        ({"packages": ["99999999999999999999"]}, "服务包"),
        ({"packages": ["x"]}, "服务包"),
        ({"method": "fax"}, "请选签字方式"),
        ({"signature": "[["}, "签名没有收完整"),
        ({"signature": ""}, "请居民在签字框里签名"),
        ({"electronic": ""}, "不同意请选纸质签字"),
        ({"method": "telephone"}, "请填见证人"),
        ({"uid": "x"}, "请重新打开签约页"),
        ({"guardian": "长" * 51}, "最多 50 个字"),
    ],
)
def test_bad_value_is_refused_by_a_sentence(as_, resident, changed, sentence):
    answer = sign(as_("yun"), resident, **changed)
    assert answer.status_code == 422 and sentence in answer.text
    assert count() == 0


def test_empty_form_is_refused_and_nothing_breaks(as_, resident):
    answer = as_("yun").post("/contracts", data={"resident": resident.uid})
    assert answer.status_code == 422 and "请选基础服务包" in answer.text


def test_control_characters_are_left_out(as_, resident):
    answer = sign(as_("yun"), resident, guardian="李\x00梅\x0b", witness="贾\x00二牛")
    assert answer.status_code == 303
    assert (only_contract().guardian, only_contract().witness) == ("李梅", "贾二牛")


def test_same_form_sent_twice_signs_once(as_, resident):
    client, data = as_("yun"), typed(resident)
    first, again = (client.post("/contracts", data=data) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"]
    assert count() == 1


def test_second_contract_is_refused_with_a_clear_sentence(as_, resident):
    client = as_("yun")
    sign(client, resident)
    answer = sign(client, resident)
    assert answer.status_code == 422 and "一个人同时只能签一份" in answer.text
    page = client.get(f"/contracts/new?resident={resident.uid}")
    assert only_contract().uid in page.text and "已经签约" in page.text


def test_minor_needs_a_guardian(as_, app):
    child = make_resident("张小宝", date(2020, 5, 1))
    client = as_("yun")
    assert "监护人签名" in client.get(f"/contracts/new?resident={child.uid}").text
    assert "由监护人签字" in sign(client, child).text
    assert sign(client, child, guardian="张强（父亲）").status_code == 303


def test_expert_of_two_teams_chooses_one(as_, resident):
    from familydoc.models.teams import TeamMember

    second = team_of("chengguan2")
    with transaction():
        add(
            TeamMember(
                team_id=second.id,
                staff_id=account("chen").staff_id,
                role="county_expert",
                since=TODAY,
            )
        )
    client = as_("chen")
    assert 'name="team"' in client.get(f"/contracts/new?resident={resident.uid}").text
    assert sign(client, resident, team=second.uid).status_code == 303
    assert only_contract().team_id == second.id


def test_unknown_team_or_doctor_falls_back_to_ones_own(as_, resident):
    assert sign(as_("yun"), resident, team="team-x", doctor="staff-x").status_code == 303
    assert only_contract().team_id == team_of("chengguan1").id


# --- who may ------------------------------------------------------------------------------------


@pytest.mark.parametrize("username", ["admin", "sun", "zhao", "board"])
def test_who_may_not_sign_gets_404(as_, resident, username):
    client = as_(username)
    assert client.get(f"/contracts/new?resident={resident.uid}").status_code == 404
    assert sign(client, resident).status_code == 404
    assert count() == 0


@pytest.mark.parametrize("username", ["li", "wu"])
def test_outsider_gets_404_everywhere(as_, resident, username):
    contract = make_contract(resident)
    client = as_(username)
    for address in ("", "/print", "/end", "/renew", "/switch"):
        assert client.get(f"/contracts/{contract.uid}{address}").status_code == 404, address
    for address in ("/end", "/renew", "/switch"):
        data = typed(resident, on="2026-11-21", reason="其他")
        assert client.post(f"/contracts/{contract.uid}{address}", data=data).status_code == 404
    assert client.get(f"/contracts/new?resident={resident.uid}").status_code == 404
    assert sign(client, resident).status_code == 404
    assert "data-count" not in client.get("/contracts").text
    assert only_contract().state == "active"


@pytest.mark.parametrize("uid", ["x", "%00", "1%0d%0aSet-Cookie:a", "居民", "a" * 300])
def test_odd_address_is_404_like_any_other(as_, uid):
    client = as_("chen")
    assert client.get(f"/contracts/{uid}").status_code == 404
    assert client.get(f"/contracts/new?resident={uid}").status_code in (400, 404)


@pytest.mark.parametrize(
    ("username", "status"), [("yun", 404), ("chen", 303), ("zhao", 303), ("sun", 404)]
)
def test_ending_asks_for_its_permission(as_, resident, username, status):
    contract = make_contract(resident)
    data = {"on": "2026-11-21", "reason": "居民要求解约"}
    answer = as_(username).post(f"/contracts/{contract.uid}/end", data=data)
    assert answer.status_code == status


# --- the page, the print, the end ---------------------------------------------------------------


def test_page_warns_in_red_when_the_text_was_changed(as_, resident):
    client = as_("yun")
    sign(client, resident)
    contract = only_contract()
    with transaction():
        contract.text_hash = "0" * 64
    page = client.get(f"/contracts/{contract.uid}").text
    assert "协议文本核对不上" in page and "已核对" not in page
    assert f"/contracts/{contract.uid}/print" not in page
    printed = client.get(f"/contracts/{contract.uid}/print").text
    assert "不能打印" in printed and NUMBER not in printed


def test_page_says_when_nothing_was_kept(as_, resident):
    contract = make_contract(resident)
    page = as_("yun").get(f"/contracts/{contract.uid}").text
    assert "没有留存签署文本" in page and "已核对" not in page
    assert NUMBER in as_("yun").get(f"/contracts/{contract.uid}/print").text


def test_page_is_noted_in_the_audit_trail(as_, resident):
    from familydoc.models.audit import AuditEvent

    contract = make_contract(resident)
    as_("yun").get(f"/contracts/{contract.uid}")
    seen = db.session.scalars(select(AuditEvent).filter_by(verb="open_resident")).all()
    assert [event.resident_id for event in seen] == [resident.id]


def test_print_says_all_that_an_agreement_must_hold(as_, resident):
    client = as_("yun")
    sign(client, resident, packages=[package_id("basic"), package_id("hypertension")])
    contract = only_contract()
    page = client.get(f"/contracts/{contract.uid}/print").text
    for words in (
        contract.number,
        contract.short_number,
        "familydoc.test",
        "城关镇卫生院",
        "陈玉兰",
        "全科医生",
        "13800000000",
        "张建国",
        NUMBER,
        PHONE,
        "☑&nbsp;高血压",
        "□&nbsp;一般人群",
        "面对面随访",
        "每年 4 次",
        "120 元，其中居民自付 20 元",
        "2026年11月21日",
        "2027年11月20日",
        "查阅、记录、更新乙方的健康档案",
        "保密",
        "续签",
        "改签",
        "解约",
        "争议解决",
        "一式两份",
        "甲方（盖章）",
        "乙方（签名）",
        "日期",
    ):
        assert words in page, words


def test_print_stays_as_it_was_signed_when_the_team_changes(as_, resident):
    client = as_("yun")
    sign(client, resident)
    with transaction():
        resident.telephone = "13000000000"
        account("chen").staff.name = "陈新人"
    page = client.get(f"/contracts/{only_contract().uid}/print").text
    assert PHONE in page and "陈玉兰" in page and "陈新人" not in page


def test_code_carries_the_configured_address_whatever_the_request_says(app, as_, resident):
    client = as_("yun")
    sign(client, resident)
    address = f"/contracts/{only_contract().uid}/print"
    cookie = f"familydoc={client.get_cookie('familydoc').value}"
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Cookie": cookie}
    fooled = app.test_client(use_cookies=False).get(address, headers=evil)
    assert fooled.status_code == 200 and fooled.text == client.get(address).text


def test_ended_contract_shows_no_code(as_, resident):
    contract = make_contract(resident, state="terminated", ended_on=TODAY)
    page = as_("yun").get(f"/contracts/{contract.uid}").text
    assert 'class="qr"' not in page and "已终止" in page


def test_end_asks_once_in_words_and_keeps_the_reason(as_, resident):
    contract = make_contract(resident)
    client = as_("chen")
    assert "不能恢复" in client.get(f"/contracts/{contract.uid}/end").text
    data = {"on": "2026-11-21", "reason": "其他", "note": "搬到女儿家\x00"}
    assert client.post(f"/contracts/{contract.uid}/end", data=data).status_code == 303
    db.session.refresh(contract)
    assert (contract.state, contract.end_reason) == ("terminated", "其他：搬到女儿家")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"on": "2026-11-22", "reason": "其他"}, "不能晚于今天"),
        ({"on": "2026-11-20", "reason": "其他"}, "不能早于签约"),
        ({"on": "", "reason": "其他"}, "请填日期"),
        ({"on": "morgen", "reason": "其他"}, "日期不对"),
        ({"on": "2026-11-21"}, "请选原因"),
        ({"on": "2026-11-21", "reason": "无"}, "请选原因"),
    ],
)
def test_bad_end_keeps_what_was_typed(as_, resident, data, sentence):
    contract = make_contract(resident)
    answer = as_("chen").post(f"/contracts/{contract.uid}/end", data=data | {"note": "原话"})
    assert answer.status_code == 422
    assert sentence in answer.text and 'value="原话"' in answer.text
    db.session.refresh(contract)
    assert contract.state == "active"


def test_renewal_asks_for_a_new_signature_and_starts_the_day_after(as_, resident, morning):
    client = as_("yun")
    sign(client, resident)
    old = only_contract()
    assert client.get(f"/contracts/{old.uid}/renew").headers["Location"].endswith(old.uid)
    morning.shift(timedelta(days=330))
    client = as_("yun")
    page = client.get(f"/contracts/{old.uid}/renew").text
    assert "自 2027年11月21日 起" in page
    address = f"/contracts/{old.uid}/renew"
    answer = client.post(address, data=typed(resident, signature=""))
    assert answer.status_code == 422
    data = typed(resident)
    assert client.post(address, data=data).status_code == 303
    assert client.post(address, data=data).status_code == 303  # pressed twice
    db.session.refresh(old)
    assert old.state == "renewed" and count() == 2


def test_switch_goes_to_another_team_and_out_of_sight(as_, resident):
    client = as_("chen")
    sign(client, resident)
    old = only_contract()
    page = client.get(f"/contracts/{old.uid}/switch").text
    assert "城关二队" in page and "李建国" in page
    answer = client.post(f"/contracts/{old.uid}/switch", data=typed(resident))
    assert answer.headers["Location"] == "/contracts"
    assert as_("li").get("/contracts").text.count('class="who"') == 1
    assert client.get(f"/contracts/{old.uid}").status_code == 404


def test_switch_of_an_ended_contract_leads_back(as_, resident):
    contract = make_contract(resident, state="terminated")
    answer = as_("chen").get(f"/contracts/{contract.uid}/switch")
    assert answer.status_code == 303 and answer.headers["Location"].endswith(contract.uid)


def test_family_without_a_contract_is_proposed_next(as_, app):
    with transaction():
        home = add(Household(number="H1", village_code=CHENGGUAN_VILLAGE))
    first = make_resident("张建国", household_id=home.id)
    make_resident("李秀兰", household_id=home.id)
    make_resident("张故人", household_id=home.id, state="deceased")
    signed = make_resident("张签过", household_id=home.id)
    make_contract(signed)
    contract = make_contract(first)
    page = as_("yun").get(f"/contracts/{contract.uid}").text
    assert "给同户的李秀兰签约" in page
    assert "张故人" not in page and "给同户的张签过" not in page


# --- the list -----------------------------------------------------------------------------------


def ending_in(days, name, **columns):
    end = TODAY + timedelta(days=days)
    start = TODAY - timedelta(days=300)
    return make_contract(make_resident(name), start_on=start, end_on=end, **columns)


def listed(client, query=""):
    page = client.get(f"/contracts{query}")
    found = re.search(r'data-count="(\d+)"', page.text)
    return int(found[1]) if found else 0, page.text.count('class="who"')


def test_list_counts_by_reminder_and_the_tile_is_the_list(as_, app):
    for days, name in ((5, "甲某"), (20, "乙某"), (50, "丙某"), (90, "丁某")):
        ending_in(days, name)
    ending_in(-1, "戊某")
    ending_in(40, "己某", state="terminated")
    client = as_("chen")
    for show, expected in (("active", 4), ("60", 3), ("30", 2), ("7", 1), ("ended", 2)):
        assert listed(client, f"?show={show}") == (expected, expected), show
    tiles = re.findall(r'<b class="number">(\d+)</b>', client.get("/contracts").text)
    assert tiles == ["4", "3", "2", "1", "2"]


def test_list_pages_by_key_and_loses_nobody(as_, app):
    for step in range(53):
        ending_in(100 + step % 3, f"某{step}")
    client = as_("chen")
    first = client.get("/contracts")
    assert first.text.count('class="who"') == 50
    following = re.search(r'href="([^"]*after=[^"]*)"', first.text)[1].replace("&amp;", "&")
    second = client.get(following)
    links = re.findall(r'class="who" href="([^"]+)"', first.text + second.text)
    assert len(links) == len(set(links)) == 53


@pytest.mark.parametrize("after", ["x", "%27", "00000000-0000-0000-0000-000000000000"])
def test_unknown_key_begins_at_the_beginning(as_, resident, after):
    make_contract(resident)
    assert listed(as_("chen"), f"?after={after}") == (1, 1)


def test_search_finds_by_name_initials_and_numbers(as_, resident):
    client = as_("yun")
    sign(client, resident)
    contract = only_contract()
    ending_in(90, "李四")
    for query in ("张建", "建国", "zjg"):
        assert listed(client, f"?q={query}") == (1, 1), query
    for text in (contract.number, contract.short_number, "0016", NUMBER, PHONE):
        page = client.post("/contracts/search", data={"q": text, "show": "active"})
        assert page.status_code == 200 and page.text.count('class="who"') == 1, text


def test_search_by_name_has_an_address_and_a_number_has_none(as_, resident):
    client = as_("yun")
    found = client.post("/contracts/search", data={"q": "张建国"})
    assert found.status_code == 303 and "q=" in found.headers["Location"]
    back = client.get(f"/contracts?q={NUMBER}")
    assert back.status_code == 303 and NUMBER not in back.headers["Location"]


def test_step_one_finds_before_it_creates(as_, resident):
    client = as_("yun")
    assert "先查居民" in client.get("/contracts/new").text
    answer = client.post("/contracts/find", data={"q": "张建国"})
    page = client.get(answer.headers["Location"]).text
    assert f"resident={resident.uid}" in page and "未签约" in page
    by_number = client.post("/contracts/find", data={"q": NUMBER}).text
    assert f"resident={resident.uid}" in by_number and NUMBER not in by_number
    assert "没有找到" in client.post("/contracts/find", data={"q": "13700000000"}).text


def test_manager_sees_the_whole_centre_and_supervisor_the_county(as_, app):
    make_contract(make_resident("一队"))
    make_contract(make_resident("二队", village=SHENCHIYAO, team="chengguan2"))
    make_contract(make_resident("宏河", village=YUANZIWAN, team="honghe1"))
    counts = {name: listed(as_(name))[0] for name in ("chen", "li", "zhao", "wu", "sun")}
    assert counts == {"chen": 1, "li": 1, "zhao": 2, "wu": 1, "sun": 3}


def test_enrolled_programme_is_not_proposed_again(as_, resident):
    make_enrolment(resident)
    page = as_("yun").get(f"/contracts/new?resident={resident.uid}").text
    assert 'value="elderly"' in page and 'name="programmes" value="hypertension"' not in page
