"""A village doctor measures, the page decides aloud, danger stops, a lost signal loses nothing."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from waitress import create_server

from familydoc import clock, create_app
from familydoc.actions.visits import record_visit
from familydoc.extensions import db
from familydoc.models.referrals import Referral
from familydoc.models.tasks import Task
from familydoc.models.visits import Visit
from familydoc.transaction import transaction
from tests.cast import PASSWORD, account, make_enrolment, make_resident, make_task
from tests.databases import settings
from tests.journeys.conftest import TABLET, free_socket

pytestmark = pytest.mark.browser
PORTRAIT = {"width": 800, "height": 1280}
#: Counts what a finger does on a page: scrolling and typing are no presses.
COUNT_PRESSES = """
    window.presses = 0;
    addEventListener("pointerdown", () => { window.presses += 1; }, true);
"""


@dataclass(frozen=True)
class Ward:
    """The app of one test on a port, with one resident whose visit is due."""

    address: str
    app: Flask
    form: str
    path: str


@pytest.fixture
def ward(databases, tmp_path) -> Iterator[Ward]:
    """A man of 68 with hypertension and diabetes; his pressure was 162/96 eighty days ago."""
    with databases.fresh() as url, free_socket() as listener:
        own = {"TESTING": False, "WTF_CSRF_ENABLED": True}
        app = create_app(settings(url, tmp_path) | own)
        with app.app_context():
            path = fill_ward()
        server = create_server(app, sockets=[listener], threads=4)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield Ward(address, app, address + path, path.split("?")[0])
        server.close()
        thread.join(timeout=10)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def fill_ward() -> str:
    today = clock.today()
    resident = make_resident(phone="13800138000")
    enrolment = make_enrolment(resident)
    make_task(make_enrolment(resident, "diabetes"), today + timedelta(days=10))
    record_visit(
        by=account("jia"),
        uid="visit-before",
        resident=resident,
        visit_date=today - timedelta(days=80),
        way=2,
        answers={"sbp": 162, "dbp": 96, "smoking": 10, "salt": 2, "ht_drug_1_name": "氨氯地平"},
        late_reason="补录旧表",
    )
    task = make_task(enrolment, today - timedelta(days=3))
    path = f"/residents/{resident.uid}/visits/new?task={task.id}"
    db.session.remove()
    return path


@pytest.fixture
def tablet(browser: Browser, ward: Ward) -> Iterator[Callable[..., Page]]:
    """`tablet()` gives the open form with jia signed in, in a fresh profile."""
    opened: list[BrowserContext] = []

    def make(**options: object) -> Page:
        context = browser.new_context(**{"locale": "zh-CN", "viewport": TABLET} | options)
        context.set_default_timeout(15_000)
        opened.append(context)
        page = context.new_page()
        page.goto(f"{ward.address}/login")
        page.fill("input[name=username]", "jia")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        page.goto(ward.form)
        return page

    yield make
    for context in opened:
        context.close()


class Hand:
    """Presses and counts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.presses = 0

    def press(self, name: str, value: str) -> None:
        self.page.locator(f'[name="{name}"][value="{value}"]').check()
        self.presses += 1

    def click(self, selector: str) -> None:
        self.page.click(selector)
        self.presses += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)


@pytest.mark.parametrize("viewport", [TABLET, PORTRAIT, {"width": 390, "height": 844}])
def test_routine_visit_takes_twelve_presses_from_the_today_list(ward, tablet, viewport):
    """Every press of a finger counts, the digits of the three readings do not."""
    page = tablet(viewport=viewport)
    page.goto(f"{ward.address}/tasks")
    page.evaluate(COUNT_PRESSES)
    page.locator(f'a[href^="{ward.path}"]').first.click()
    page.wait_for_url(f"**{ward.path}*")
    presses = 1
    page.evaluate(COUNT_PRESSES)
    hand = Hand(page)
    hand.press("way", "2")
    hand.click("#f-sbp")
    hand.type("132")
    expect(page.locator("#f-dbp")).to_be_focused()
    hand.type("80")
    expect(page.locator("#f-heart_rate")).to_be_focused()
    hand.type("76")
    hand.press("hypertension.ht_symptoms", "1")
    hand.press("hypertension.medication", "1")
    hand.press("hypertension.adverse_reaction", "1")
    hand.press("hypertension.complication", "none")
    hand.click("[data-fill]")
    expect(page.locator("#result")).to_contain_text("1 控制满意")
    presses += page.evaluate("window.presses")
    hand.click("#save")
    page.wait_for_url("**/visits/*saved=1")
    presses += 1
    expect(page.locator("h1")).to_have_text("张建国 的随访")
    assert presses == 1 + hand.presses, "the hand has counted otherwise than the page"
    assert presses <= 12
    with ward.app.app_context():
        visit = db.session.query(Visit).order_by(Visit.id.desc()).first()
        assert (visit.answers["sbp"], visit.answers["dbp"]) == (132, 80)
        assert visit.answers["heart_rate"] == 76
        assert visit.answers["smoking"] == 10
        assert visit.answers["hypertension.ht_drug_1_name"] == "氨氯地平"
        assessment = visit.assessments[0]
        assert (assessment.programme, assessment.class_code) == ("hypertension", 1)
        done = db.session.query(Task).filter_by(programme="hypertension", state="done").all()
        assert {task.closed_by_visit_id for task in done} == {visit.id}


def test_second_bad_reading_is_explained_while_typing_and_becomes_a_referral(ward, tablet):
    page = tablet()
    hand = Hand(page)
    hand.press("way", "2")
    page.fill("#f-sbp", "158")
    page.fill("#f-dbp", "88")
    result = page.locator("#result")
    expect(result).to_contain_text("2 控制不满意")
    expect(result).to_contain_text("建议转上级医院")
    expect(result).to_contain_text("收缩压 158 ≥ 150，上次 162/96 也未达标，连续两次")
    expect(result).to_contain_text("高血压随访（逾期 3 天，记为补访）")
    expect(result).to_contain_text("没有空腹血糖：糖尿病随访仍未完成")
    page.click("#save")
    page.wait_for_url("**/visits/*saved=1")
    expect(page.locator("main")).to_contain_text("高血压转诊核实")
    with ward.app.app_context():
        assert db.session.query(Referral).one().urgency == "routine"
        assert db.session.query(Task).filter_by(kind="referral_fu", state="open").count() == 1


def test_preview_without_scripts_says_the_same(tablet):
    page = tablet(java_script_enabled=False)
    page.locator('[name="way"][value="2"]').check()
    page.fill("#f-sbp", "158")
    page.fill("#f-dbp", "88")
    page.locator("[data-preview]").click()
    result = page.locator("#result")
    expect(result).to_contain_text("2 控制不满意")
    expect(result).to_contain_text("收缩压 158 ≥ 150，上次 162/96 也未达标，连续两次")
    expect(page.locator("#f-sbp")).to_have_value("158")
    page.locator("#save").click()
    expect(page.locator("h1")).to_have_text("张建国 的随访")


def test_danger_stops_until_it_is_handled(ward, tablet):
    page = tablet()
    Hand(page).press("way", "2")
    page.fill("#f-sbp", "190")
    page.fill("#f-dbp", "112")
    panel = page.locator("#danger")
    expect(panel).to_be_visible()
    expect(panel).to_contain_text("收缩压 190 ≥ 180、舒张压 112 ≥ 110")
    expect(panel).to_contain_text("打电话")
    expect(page.locator("#save")).to_be_disabled()
    page.check("#danger-handled")
    page.click("#save")
    page.wait_for_url("**/visits/*saved=1")
    with ward.app.app_context():
        assert db.session.query(Referral).one().urgency == "urgent"


def test_danger_panel_goes_when_the_reading_was_a_slip(tablet):
    page = tablet()
    page.fill("#f-sbp", "190")
    page.fill("#f-dbp", "80")
    expect(page.locator("#danger")).to_be_visible()
    page.fill("#f-sbp", "130")
    expect(page.locator("#danger")).to_be_hidden()
    expect(page.locator("#save")).to_be_enabled()


def test_lost_signal_loses_nothing(ward, tablet):
    page = tablet()
    Hand(page).press("way", "2")
    page.fill("#f-sbp", "132")
    page.fill("#f-dbp", "80")
    page.context.set_offline(True)
    page.click("#save")
    expect(page.locator("#toast")).to_contain_text("没有网络")
    expect(page.locator("#f-sbp")).to_have_value("132")
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#f-sbp")).to_have_value("132")
    expect(page.locator('[name="way"][value="2"]')).to_be_checked()
    page.click("#save")
    page.wait_for_url("**/visits/*saved=1")
    assert "visit-draft" not in page.evaluate("Object.keys(sessionStorage).join()")
    with ward.app.app_context():
        assert db.session.query(Visit).count() == 2


def test_answer_lost_on_the_way_back_is_no_second_visit(ward, tablet):
    page = tablet()
    Hand(page).press("way", "2")
    page.fill("#f-sbp", "132")
    page.fill("#f-dbp", "80")

    def swallow(route) -> None:  # type: ignore[no-untyped-def]
        route.fetch()
        route.abort()

    page.route("**/visits", swallow)
    page.click("#save")
    expect(page.locator("#toast")).to_contain_text("没有网络")
    page.unroute("**/visits")
    page.click("#save")
    page.wait_for_url("**/visits/*saved=1")
    with ward.app.app_context():
        assert db.session.query(Visit).count() == 2


def test_server_s_refusal_stands_beside_the_field(tablet):
    page = tablet()
    page.fill("#f-sbp", "261")
    page.fill("#f-dbp", "80")
    page.click("#save")
    expect(page.locator('[data-error-for="sbp"]')).to_contain_text("应在 60 到 260 之间")
    expect(page.locator('[data-error-for="way"]')).to_contain_text("请选随访方式")
    expect(page.locator("#f-sbp")).to_have_value("261")


def test_two_programmes_in_one_visit(ward, tablet):
    page = tablet()
    Hand(page).press("way", "1")
    page.fill("#f-sbp", "132")
    page.fill("#f-dbp", "80")
    page.click("[data-tab=diabetes]")
    page.fill("#f-fpg", "7.4")
    result = page.locator("#result")
    expect(result.locator("[data-result=hypertension]")).to_contain_text("1 控制满意")
    expect(result.locator("[data-result=diabetes]")).to_contain_text("2 控制不满意")
    expect(result).not_to_contain_text("没有空腹血糖")
    page.click("#save")
    page.wait_for_url("**/visits/*saved=1")
    with ward.app.app_context():
        visit = db.session.query(Visit).order_by(Visit.id.desc()).first()
        assert {a.programme: a.class_code for a in visit.assessments} == {
            "hypertension": 1,
            "diabetes": 2,
        }


@pytest.mark.parametrize("viewport", [TABLET, PORTRAIT, {"width": 390, "height": 844}])
def test_form_fits_the_screen_and_its_targets_fit_a_thumb(tablet, viewport):
    page = tablet(viewport=viewport)
    page.fill("#f-sbp", "190")
    page.fill("#f-dbp", "112")
    expect(page.locator("#danger")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    small = page.evaluate(
        """[...document.querySelectorAll(".visit-form input, .visit-form button, .seg label")]
        .filter((e) => e.offsetParent && e.type !== "checkbox" && e.type !== "radio")
        .filter((e) => e.getBoundingClientRect().height < 44 && !e.matches(".vh"))
        .map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert small == []


# --- a form whose fields follow one another -------------------------------------------------


@pytest.fixture
def expecting(ward) -> str:
    """The form of a woman in the 20th week."""
    with ward.app.app_context():
        woman = make_resident("刘小芳", clock.today() - timedelta(days=365 * 28))
        lmp = clock.today() - timedelta(days=140)
        make_enrolment(woman, "maternal", since=lmp, facts={"lmp": lmp.isoformat()})
        with transaction():
            woman.sex = "female"
        path = f"/residents/{woman.uid}/visits/new"
        db.session.remove()
    return ward.address + path


def test_stage_decides_what_is_asked_and_empties_what_it_no_longer_asks(tablet, expecting):
    page = tablet(viewport=PORTRAIT)
    page.goto(expecting)
    expect(page.locator("#f-sbp")).to_be_hidden()
    page.check('[name="stage"][value="2"]')
    page.fill("#f-fetal_heart", "144")
    page.check('[name="maternal_overall"][value="2"]')
    page.fill("#f-maternal_overall_text", "水肿")
    expect(page.locator("#result")).to_contain_text("总体评估异常 → 转诊")
    page.check('[name="stage"][value="3"]')
    expect(page.locator("#f-fetal_heart")).to_be_hidden()
    expect(page.locator("#result")).to_contain_text("缺分娩日期")
    page.fill("#f-delivery_date", (clock.today() - timedelta(days=2)).isoformat())
    expect(page.locator("#result")).to_contain_text("还没有出院日期")
    assert page.input_value("#f-fetal_heart") == ""
    assert page.input_value("#f-maternal_overall_text") == ""
    page.check('[name="way"][value="3"]')
    page.click("#save")
    page.wait_for_url("**/visits/*saved=1")
    expect(page.locator("main")).to_contain_text("孕产妇 · 产后访视")


def test_browser_and_server_say_the_same_of_a_pregnancy(tablet, expecting):
    said = []
    for scripts in (True, False):
        page = tablet(java_script_enabled=scripts)
        page.goto(expecting)
        page.locator('[name="way"][value="1"]').check()
        page.locator('[name="stage"][value="2"]').check()
        page.locator('[name="risk_colour"][value="4"]').check()
        if not scripts:
            page.locator("[data-preview]").click()
        box = page.locator('[data-result="maternal"]')
        expect(box).to_contain_text("第 3 次产前检查")
        said.append(" ".join(box.all_inner_texts()[0].split()))
    assert said[0] == said[1]
