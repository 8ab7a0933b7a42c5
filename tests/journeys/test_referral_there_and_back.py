"""Danger in a village: the letter is printed, the hospital receives, answers, sends back, and the
team has somebody to see at home."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from familydoc import clock
from familydoc.extensions import db
from familydoc.models.referrals import Referral
from familydoc.models.tasks import Task
from tests.cast import PASSWORD, make_enrolment, make_resident, make_task
from tests.journeys.conftest import TABLET, Site, serve

pytestmark = pytest.mark.browser
PHONE, PORTRAIT = {"width": 390, "height": 844}, {"width": 800, "height": 1280}
SIZES = (TABLET, PORTRAIT, PHONE)


@pytest.fixture
def county(databases, tmp_path_factory) -> Iterator[Site]:
    """张建国 of 城关村 is due today; gao sits in the county's hospital."""
    with databases.fresh() as url, serve(url, tmp_path_factory) as running:
        with running.app.app_context():
            resident = make_resident(phone="13800138000")
            make_task(make_enrolment(resident), clock.today())
            db.session.remove()
        yield running


@pytest.fixture
def at(county, window):
    """`at("jia")` gives a page with that member of the cast signed in."""

    def sign_in(username: str, **options: object) -> Page:
        page = window(**options).new_page()
        page.goto(f"{county.address}/login")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        return page

    return sign_in


def measure_danger(page: Page, county: Site) -> None:
    """A visit with 190/112, handled and saved."""
    page.goto(f"{county.address}/tasks")
    page.get_by_role("link", name="随访", exact=True).last.click()
    page.locator('[name="way"][value="2"]').check()
    page.fill("#f-sbp", "190")
    page.fill("#f-dbp", "112")
    expect(page.locator("#danger")).to_contain_text("0471-7910120")
    page.check("#danger-handled")
    page.click("#save")
    page.wait_for_url("**/visits/*saved=1")


def test_referral_goes_up_is_answered_and_comes_back_as_a_task(county, at):
    tablet = at("jia")
    measure_danger(tablet, county)

    # The letter is one press from the card; the chain is a line on the page.
    tablet.goto(f"{county.address}/tasks")
    tablet.get_by_role("link", name="打印张**的转诊单").click()
    expect(tablet.locator("h1")).to_contain_text("双向转诊（转出）单")
    expect(tablet.locator("article")).to_contain_text("血压 190/112 mmHg")
    expect(tablet.locator("article")).to_contain_text("清水河县人民医院")

    # The hospital sees this letter and nothing else.
    desk = at("gao")
    expect(desk.locator("h1")).to_have_text("收到的转诊")
    desk.get_by_role("link", name="打开张**的转诊").click()
    expect(desk.locator("main")).to_contain_text("190/112")
    expect(desk.locator("main")).to_contain_text("13800138000")
    desk.get_by_role("button", name="已接诊").click()
    expect(desk.locator("main")).to_contain_text("已接诊")
    desk.get_by_role("link", name="答复或转回").click()
    desk.fill("[name=diagnosis]", "高血压急症")
    desk.fill("[name=treatment]", "静脉降压后改口服")
    desk.locator('[name=back][value="no"]').check()
    desk.get_by_role("button", name="保存").click()
    expect(desk.locator("main")).to_contain_text("高血压急症")

    # The team reads the answer while the person is still away.
    tablet.goto(f"{county.address}/referrals?list=answered")
    tablet.get_by_role("link", name="打开张**的转诊").click()
    expect(tablet.locator("main")).to_contain_text("静脉降压后改口服")
    expect(tablet.get_by_role("button", name="已接诊")).to_have_count(0)

    # Sent back: what was written stands in the form, one press and a line more.
    desk.get_by_role("link", name="改答复或转回").click()
    expect(desk.locator("[name=diagnosis]")).to_have_value("高血压急症")
    desk.fill("[name=advice]", "一周后复查血压，头晕马上来院")
    desk.locator('[name=back][value="yes"]').check()
    desk.get_by_role("button", name="保存").click()
    expect(desk.locator("main")).to_contain_text("已转回基层")

    tablet.goto(f"{county.address}/tasks")
    expect(tablet.locator("#task-list")).to_contain_text("高血压 · 入户访视")
    tablet.locator("#task-list a.who").first.click()
    chain = tablet.locator(".chain")
    for words in ("转诊", "医院接诊", "就诊结果", "转回后入户"):
        expect(chain).to_contain_text(words)
    expect(tablet.locator("#resident-referrals")).to_contain_text("一周后复查血压")

    # Seen at home: the chain is closed.
    tablet.get_by_role("link", name="随访", exact=True).last.click()
    tablet.locator('[name="way"][value="2"]').check()
    tablet.fill("#f-sbp", "136")
    tablet.fill("#f-dbp", "84")
    expect(tablet.locator("#result")).to_contain_text("入户访视")
    tablet.click("#save")
    tablet.wait_for_url("**/visits/*saved=1")
    with county.app.app_context():
        referral = db.session.query(Referral).one()
        assert (referral.stage, referral.outcome) == ("discharged", "went")
        task = db.session.query(Task).filter_by(kind="home_visit").one()
        assert task.state == "done" and task.due_on == clock.today() + timedelta(days=7)
        uid = referral.resident.uid
    tablet.goto(f"{county.address}/residents/{uid}")
    expect(tablet.locator(".chain")).to_have_count(0)


def test_pages_fit_the_screen_and_their_targets_a_thumb(county, at):
    measure_danger(at("jia"), county)
    with county.app.app_context():
        referral = db.session.query(Referral).one()
        uid, person = referral.uid, referral.resident.uid
    teams = ("/referrals", f"/referrals/{uid}", f"/referrals/{uid}/elsewhere", "/referrals/broken")
    own = (f"/residents/{person}/referrals/new", f"/residents/{person}", f"/referrals/{uid}/letter")
    received = ("/referrals", f"/referrals/{uid}", f"/referrals/{uid}/answer")
    for username, paths in (("jia", teams + own), ("gao", received)):
        for size in SIZES:
            page = at(username, viewport=size)
            for path in paths:
                page.goto(county.address + path)
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= size["width"], (username, size, path, wide)
                small = page.evaluate(
                    """[...document.querySelectorAll("main .btn, main .tile, main textarea, main select")]
                    .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 44)
                    .map((e) => e.outerHTML.slice(0, 80))"""
                )
                assert small == [], (username, size, path)
