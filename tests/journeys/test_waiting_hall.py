"""The screen in the waiting hall: it turns, fits, refreshes itself, and owns up to a lost line."""

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Site

pytestmark = pytest.mark.browser
BOARD = "/board/150124100"
SCREENS = [(1920, 1080), (1080, 1920), (1280, 800), (800, 1280), (1366, 768)]
CUT = """() => [...document.querySelectorAll('.group.now, .group.now .team, .group.now .faces')]
    .filter((box) => box.scrollHeight > box.clientHeight + 1).map((box) => box.className)"""


@pytest.fixture
def board(site: Site, window):
    def show(width=1920, height=1080, address=BOARD, **options):
        page = window(viewport={"width": width, "height": height}, **options).new_page()
        page.clock.install()
        page.goto(site.address + address)
        return page

    return show


@pytest.mark.parametrize(("width", "height"), SCREENS)
@pytest.mark.parametrize("address", [BOARD, "/board/150124", "/board/150124100200"])
def test_nothing_is_cut_on_any_page_of_any_screen(board, width, height, address):
    page = board(width, height, address)
    for _ in range(page.locator(".group").count()):
        assert page.evaluate(CUT) == []
        page.locator("[data-turn='1']").click()
    assert page.evaluate("document.documentElement.scrollHeight") <= height
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_pages_turn_by_themselves_until_somebody_stops_them(board):
    page = board()
    place = page.locator("#place")
    expect(place).to_have_text("第 1 / 2 页")
    page.clock.run_for(15_500)
    expect(place).to_have_text("第 2 / 2 页")
    page.locator("[data-pause]").click()
    page.clock.run_for(40_000)
    expect(place).to_have_text("第 2 / 2 页")


def test_lost_connection_keeps_the_picture_and_says_since_when(board):
    page = board()
    shown = page.locator("[data-indicator=signed] b").inner_text()
    page.context.set_offline(True)
    page.clock.run_for(31_000)
    expect(page.locator("#offline")).to_contain_text("连接中断")
    assert page.locator("[data-indicator=signed] b").inner_text() == shown
    page.clock.fast_forward(3 * 24 * 3600 * 1000)
    expect(page.locator("#stale")).to_contain_text("数据已有 3 天没有更新")
    page.context.set_offline(False)
    page.clock.run_for(31_000)
    expect(page.locator("#offline")).to_be_hidden()
    expect(page.locator("#stale")).to_be_hidden()


def test_new_figures_arrive_without_a_touch(board, site):
    from familydoc.extensions import db
    from familydoc.models.residents import Resident
    from familydoc.transaction import transaction

    page = board()
    before = page.locator("[data-indicator=signed]").get_attribute("data-value")
    with site.app.app_context():
        from familydoc.actions.audit import record

        with transaction():
            for one in db.session.query(Resident).limit(200):
                one.state = "moved"
            record(by=None, verb="test", entity="resident")
        db.session.remove()
    page.clock.run_for(31_000)
    expect(page.locator("[data-indicator=signed]")).not_to_have_attribute("data-value", before)


def test_every_team_stands_on_the_page_without_scripts(board):
    page = board(java_script_enabled=False)
    assert page.locator(".team:visible").count() == page.locator(".team").count() > 0
    assert page.locator(".turn button:visible").count() == 0


def test_phone_scrolls_and_nothing_sticks_out(board):
    page = board(390, 844)
    assert page.locator(".team:visible").count() == page.locator(".team").count()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".turn button:visible").count() == 0
