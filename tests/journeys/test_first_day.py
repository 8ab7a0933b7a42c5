"""The story of the issue in a real browser: sign somebody, scan the print, be reminded, visit, see.

21 November: a new resident signs in the courtyard. 31 December: the night has made the task, the
doctor measures a high pressure, and the numbers of the team and of the board have moved by one.
"""

import json
import re
import subprocess
from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import select

from familydoc.extensions import db
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.rules.identity import check_digit
from tests.conftest import MORNING
from tests.journeys.conftest import demo_of, log_in, serve

pytestmark = [pytest.mark.browser, pytest.mark.print]

LAST_DAY = datetime(2026, 12, 31, 1, 0, tzinfo=UTC)
STEM = "15012419620718" + "905"
NUMBER = STEM + check_digit(STEM)
BOARD = "/board/150124100"


@pytest.fixture(scope="module")
def november(databases, tmp_path_factory):
    """The demo as it was on that morning, and the clock to move on from there."""
    with (
        time_machine.travel(MORNING, tick=True) as clock,
        demo_of(databases, tmp_path_factory) as url,
        serve(url, tmp_path_factory) as site,
    ):
        yield site, clock


def figure(page, code):
    """The number a page shows for an indicator: its value and what stands below it."""
    tile = page.locator(f"[data-indicator={code}]").first
    return tile.get_attribute("data-value"), tile.inner_text()


def decoded(picture):
    """What a scanner reads in a picture."""
    found = subprocess.run(
        ["zbarimg", "-q", "--raw", str(picture)], capture_output=True, text=True, check=False
    )
    return found.stdout.split()


def draw_name(page):
    """Write something on the signature field, as a finger would."""
    box = page.locator("#pad").bounding_box()
    x, y = box["x"] + 30, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(12):
        page.mouse.move(x + 15 * step, y + (20 if step % 2 else -20))
    page.mouse.up()


def sign(page, site):
    """Register a resident with high pressure and sign on the tablet; give the contract's page."""
    page.goto(f"{site.address}/residents/new")
    page.fill("#name", "云桂香")
    page.fill("#identity_number", NUMBER)
    page.fill("#telephone", "16904012345")
    page.select_option("#village_code", index=1)
    page.get_by_label("高血压", exact=True).check()
    page.get_by_role("button", name="建档").click()
    page.wait_for_url(re.compile("/residents/[0-9a-f-]{36}"))
    page.goto(f"{site.address}/contracts/new?resident={page.url.rsplit('/', 1)[1]}")
    for name in ("consent", "electronic"):
        page.locator(f"input[name={name}]").check()
    draw_name(page)
    page.get_by_role("button", name="确认签约").click()
    page.wait_for_url(re.compile("/contracts/[0-9a-f-]{36}"))


def scan(page, contract, folder):
    """Scan the code on the screen and the one on the print: they hold the same address."""
    page.locator("svg.qr").first.screenshot(path=folder / "code.png")
    on_screen = decoded(folder / "code.png")
    page.goto(f"{contract}/print")
    (folder / "print.pdf").write_bytes(page.pdf(format="A4", print_background=True))
    draw = ["pdftoppm", "-r", "150", "-png", folder / "print.pdf", folder / "print"]
    subprocess.run(draw, check=True)
    on_paper = [text for sheet in sorted(folder.glob("print-*.png")) for text in decoded(sheet)]
    assert on_screen == on_paper[:1] != []
    return on_screen[0]


def run_the_night(site):
    night = site.app.test_cli_runner().invoke(args=["job", "run", "make-due-tasks", "--json"])
    assert night.exit_code == 0, night.output
    assert json.loads(night.stdout.splitlines()[-1])["created"] > 0


def tasks_behind(site):
    """What is stored for the resident: uid, village, and (state, due date) of tasks by kind."""
    with site.app.app_context():
        resident = db.session.scalars(select(Resident).filter_by(name="云桂香")).one()
        tasks = db.session.scalars(select(Task).filter_by(resident_id=resident.id)).all()
        found = {task.kind: (task.state, task.due_on) for task in tasks}
        db.session.remove()
        return resident.uid, resident.village_code, found


def record_high_pressure(page, address):
    """Measure 152/94 at home; the result stands there before it is saved."""
    page.goto(address)
    page.get_by_label("家庭", exact=True).check(force=True)
    page.locator("[data-field=sbp]").fill("152")
    page.locator("[data-field=dbp]").fill("94")
    for label in ("无症状", "规律"):
        page.get_by_label(label, exact=True).first.check(force=True)
    page.locator("input[name$=adverse_reaction][value='1']").check(force=True)
    page.locator("#result", has_text="控制不满意").wait_for()
    assert "1月14日" in page.inner_text("#result")  # two weeks later
    page.click("#save")
    page.wait_for_url(lambda url: "/visits/new" not in url)


def test_first_day(november, window, tmp_path):
    site, clock = november
    page = window().new_page()
    log_in(page, site, "leader1")
    page.goto(f"{site.address}/reports?period=quarter")
    signed_before = figure(page, "signed")
    sign(page, site)
    assert "已核对" in page.inner_text("main")

    address = scan(page, page.url, tmp_path)
    assert re.fullmatch(re.escape(site.address) + r"/v/[\w-]{22}", address)
    phone = window(viewport={"width": 390, "height": 844}, java_script_enabled=False).new_page()
    assert phone.goto(address).status == 200
    shown = phone.inner_text("body")
    assert "协议有效" in shown and "城关镇卫生院" in shown
    assert not [word for word in ("云桂香", NUMBER, "高血压") if word in shown]
    page.goto(f"{site.address}/reports?period=quarter")
    assert figure(page, "signed") != signed_before

    # The last day of the year: the night has been, nobody has visited yet.
    clock.move_to(LAST_DAY)
    run_the_night(site)
    resident, village, tasks = tasks_behind(site)
    assert tasks == {"regular": ("open", LAST_DAY.date())}
    log_in(page, site, "leader1")
    page.goto(f"{site.address}/tasks?village={village}")
    assert "云**" in page.inner_text("main")
    page.goto(f"{site.address}/reports?period=quarter")
    team_before = figure(page, "completed_quarter")
    board = window(viewport={"width": 1920, "height": 1080}).new_page()
    board.goto(site.address + BOARD)
    board_before = figure(board, "completed_quarter")

    record_high_pressure(page, f"{site.address}/residents/{resident}/visits/new")
    tasks = tasks_behind(site)[2]
    assert tasks["regular"] == ("done", LAST_DAY.date())
    assert tasks["recheck"] == ("open", date(2027, 1, 14))
    page.goto(f"{site.address}/reports?period=quarter")
    assert figure(page, "completed_quarter") != team_before
    board.goto(site.address + BOARD)
    assert figure(board, "completed_quarter") != board_before
