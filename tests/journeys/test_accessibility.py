"""axe on every kind of page for every role: nothing serious, nothing wider than its screen."""

from pathlib import Path

import pytest

from tests.journeys.conftest import log_in
from tests.journeys.screens import ROLES, public_screens, screens_of

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent.parent / "vendor" / "axe-4.14.1.min.js").read_text()
#: Tablet, the same held upright, and a telephone.
SIZES = ((1280, 800), (800, 1280), (390, 844))
BOARDS = ((1920, 1080), (1080, 1920))
GRAVE = ("serious", "critical")
RUN = """() => axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations
    .map(v => ({id: v.id, impact: v.impact, where: v.nodes.slice(0, 3).map(n => n.target.join(" "))})))"""


def faults_of(page, address):
    """What is wrong with a page at the size it has now."""
    page.goto(address)
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
            for fault in faults_of(page, site.address + address):
                faults.append(f"{address} {width}x{height}: {fault}")
    return faults


@pytest.mark.parametrize("username", ROLES)
def test_every_screen_of_a_role_is_accessible(site, window, username):
    addresses = screens_of(site.app, username)
    assert len(addresses) >= 3, addresses
    page = window(bypass_csp=True).new_page()
    log_in(page, site, username)
    # Members see what their leader sees: they are looked at in one size.
    sizes = SIZES if username in ("admin", "center", "leader1") else SIZES[:1]
    assert walk(page, site, addresses, sizes) == []


def test_every_public_screen_is_accessible(site, window):
    page = window(bypass_csp=True).new_page()
    assert walk(page, site, public_screens(site.app), SIZES) == []


def test_board_is_accessible_on_a_large_screen(site, window):
    page = window(bypass_csp=True).new_page()
    assert walk(page, site, ["/board/150124100"], BOARDS) == []


@pytest.mark.parametrize("username", ["leader1", "admin"])
def test_dark_screens_are_accessible(site, window, username):
    page = window(bypass_csp=True, color_scheme="dark").new_page()
    log_in(page, site, username)
    assert walk(page, site, screens_of(site.app, username), SIZES[:1]) == []
