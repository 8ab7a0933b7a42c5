"""axe on every kind of page for every role: nothing serious, nothing wider than its screen."""

from pathlib import Path

import pytest

from tests.journeys.conftest import log_in
from tests.journeys.screens import ROLES, public_screens, screens_of

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent.parent / "vendor" / "axe-4.14.1.min.js").read_text()
#: A tablet; the same held upright, and a telephone.
TABLET, NARROW = ((1280, 800),), ((800, 1280), (390, 844))
BOARDS = ((1920, 1080), (1080, 1920))
GRAVE = ("serious", "critical")
RUN = """() => axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations
    .map(v => ({id: v.id, impact: v.impact, where: v.nodes.slice(0, 3).map(n => n.target.join(" "))})))"""


def faults_of(page):
    """What is wrong with a page at the size it has now."""
    page.evaluate(AXE)
    found = [one for one in page.evaluate(RUN) if one["impact"] in GRAVE]
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if wide > 0:
        found.append({"id": "wider than the screen", "impact": f"{wide} px", "where": []})
    return found


def walk(page, site, addresses, sizes):
    faults = []
    for address in addresses:
        for width, height in sizes:
            page.set_viewport_size({"width": width, "height": height})
            page.goto(site.address + address)
            for fault in faults_of(page):
                faults.append(f"{address} {width}x{height}: {fault}")
    return faults


@pytest.mark.parametrize("username", ROLES)
def test_every_screen_of_a_role_is_accessible(site, window, username):
    addresses = screens_of(site.app, username)
    assert len(addresses) >= 8, addresses
    page = window(bypass_csp=True).new_page()
    log_in(page, site, username)
    assert walk(page, site, addresses.values(), TABLET) == []


def test_every_kind_of_screen_is_accessible_when_narrow(site, window):
    """Roles share most screens: held upright and on a telephone each kind is looked at once."""
    seen, faults = set(), []
    for username in ROLES:
        kinds = screens_of(site.app, username)
        page = window(bypass_csp=True).new_page()
        log_in(page, site, username)
        faults += walk(page, site, (kinds[k] for k in kinds.keys() - seen), NARROW)
        seen |= kinds.keys()
    assert faults == []


def test_every_public_screen_is_accessible(site, window):
    page = window(bypass_csp=True).new_page()
    assert walk(page, site, public_screens(site.app), TABLET + NARROW) == []


def test_board_is_accessible_on_a_large_screen(site, window):
    page = window(bypass_csp=True).new_page()
    assert walk(page, site, ["/board/150124100"], BOARDS) == []


@pytest.mark.parametrize("username", ["leader1", "admin"])
def test_dark_screens_are_accessible(site, window, username):
    page = window(bypass_csp=True, color_scheme="dark").new_page()
    log_in(page, site, username)
    assert walk(page, site, screens_of(site.app, username).values(), TABLET) == []


def test_planted_faults_are_found(window):
    page = window(viewport={"width": 390, "height": 844}).new_page()
    grey = "<p style='color:#bbb;background:#fff;width:900px'>灰字</p><img src='x.png'>"
    page.set_content(f"<!doctype html><html lang=zh><title>x</title><main>{grey}</main>")
    found = {fault["id"] for fault in faults_of(page)}
    assert {"color-contrast", "image-alt", "wider than the screen"} <= found
