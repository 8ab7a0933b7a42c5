"""Signing on a tablet with a finger, and the resident's phone that checks it."""

import re
import subprocess
from urllib.parse import urljoin

import pytest
from sqlalchemy import select

from familydoc.extensions import db
from familydoc.models.contracts import Contract
from familydoc.models.enrolments import Enrolment
from familydoc.queries.contracts import read_evidence
from tests.cast import make_resident
from tests.live import serving, sign_in

TABLET = {"viewport": {"width": 800, "height": 1280}, "has_touch": True}
pytestmark = pytest.mark.browser


@pytest.fixture
def tablet(app, window):
    """`tablet()` gives a page with yun of the cast signed in; no script of ours may fail in it."""
    faults: list[str] = []
    with serving(app) as base:

        def make(**options: object):  # type: ignore[no-untyped-def]
            page = window(base_url=base, **TABLET, **options).new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            sign_in(page, "yun")
            return page

        yield make
    assert faults == []


def draw(page) -> None:  # type: ignore[no-untyped-def]
    """Write three strokes over most of the field."""
    pad = page.locator("#pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    for stroke in range(3):
        left = box["x"] + box["width"] * (0.1 + 0.25 * stroke)
        page.mouse.move(left, box["y"] + 40)
        page.mouse.down()
        for step in range(1, 20):
            page.mouse.move(left + step * 6, box["y"] + 40 + (step % 5) * 20)
        page.mouse.up()


def fill(page, resident) -> None:  # type: ignore[no-untyped-def]
    """Find the resident first, then fill the form up to the signature."""
    page.goto("/contracts/new")
    page.fill("[name=q]", "张建国")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="签约", exact=True).last.click()
    page.wait_for_selector("#pad")
    assert page.locator("[name=method][value=tablet]").is_checked()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator("label", has_text="2 年").click()
    page.wait_for_selector("text=共 24 个月")
    page.check("[name=consent]")


@pytest.mark.print
def test_tablet_signs_and_the_phone_checks(tablet, window, tmp_path):
    resident = make_resident(number="150124195803050016", tags=("hypertension",))
    page = tablet()
    fill(page, resident)
    draw(page)
    # The second tick is forgotten: everything stays, the signature too.
    page.click("button.primary.big")
    page.wait_for_selector("[role=alert] li")
    assert page.locator("[name=consent]").is_checked()
    assert page.locator("[name=term_months][value='24']").is_checked()
    assert page.locator(".pad.inked").count() == 1
    page.check("[name=electronic]")
    page.click("button.primary.big")
    page.wait_for_selector(".qr")
    assert "已核对" in page.content()
    code = tmp_path / "code.png"
    page.locator(".qr").screenshot(path=code)
    read_by_phone(window, page, code)
    db.session.rollback()
    contract = db.session.scalars(select(Contract)).one()
    assert (contract.term_months, contract.method) == (24, "tablet")
    evidence = read_evidence(contract)
    assert evidence.verdict == "intact" and len(evidence.signature.strokes) == 3
    assert {e.programme for e in db.session.scalars(select(Enrolment))} >= {"hypertension"}


def read_by_phone(window, page, code) -> None:  # type: ignore[no-untyped-def]
    """Scan the screen, and open what was scanned without a script and without a login."""
    scanned = subprocess.run(["zbarimg", "-q", "--raw", code], capture_output=True, text=True)
    found = re.fullmatch(r"http://familydoc\.test(/v/[A-Za-z0-9_-]{22})\s*", scanned.stdout)
    assert found is not None
    phone = window(java_script_enabled=False, viewport={"width": 390, "height": 844})
    visit = phone.new_page()
    visit.goto(urljoin(page.url, found[1]))
    assert visit.locator("h1").inner_text() == "协议有效"
    assert "张**" in visit.content() and "张建国" not in visit.content()
    call = visit.locator("a.call").bounding_box()
    assert call["height"] >= 48 and call["width"] > 250
    assert phone.cookies() == []


def test_untouched_form_needs_two_ticks_and_a_name(tablet):
    resident = make_resident()
    page = tablet()
    page.goto(f"/contracts/new?resident={resident.uid}")
    page.wait_for_selector("text=双方同意采用电子方式签署")
    draw(page)
    page.check("[name=consent]")
    page.check("[name=electronic]")
    page.click("button.primary.big")
    page.wait_for_selector(".qr")
    db.session.rollback()
    assert db.session.scalars(select(Contract)).one().method == "tablet"


def test_without_a_script_the_paper_way_is_open(tablet):
    resident = make_resident()
    page = tablet(java_script_enabled=False)
    page.goto(f"/contracts/new?resident={resident.uid}")
    assert page.locator("[name=method][value=paper]").is_checked()
    assert "不能手写签名" in page.content() and not page.locator("#pad").is_visible()
    page.check("[name=consent]")
    page.click("button.primary.big")
    assert page.locator("h1").inner_text() == "签约协议"
    db.session.rollback()
    assert db.session.scalars(select(Contract)).one().method == "paper"


def test_cleared_signature_is_gone(tablet):
    resident = make_resident()
    page = tablet()
    page.goto(f"/contracts/new?resident={resident.uid}")
    page.wait_for_selector("#pad")
    draw(page)
    assert page.locator("[name=signature]").input_value().startswith('{"w":')
    page.click("[data-clear]")
    assert page.locator("[name=signature]").input_value() == ""


def test_turned_tablet_keeps_the_signature(tablet):
    resident = make_resident()
    page = tablet()
    page.goto(f"/contracts/new?resident={resident.uid}")
    page.wait_for_selector("#pad")
    draw(page)
    before = page.locator("[name=signature]").input_value()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.wait_for_function(
        "old => document.querySelector('[name=signature]').value !== old", arg=before
    )
    after = page.locator("[name=signature]").input_value()
    assert before.count("[[") == after.count("[[") and '"w":' in after
