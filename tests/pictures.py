"""Makes the pictures of the README again: .venv/bin/python -m tests.pictures

The small demo on a fixed morning, so that a picture changes only when its screen does.
"""

import sys
import tempfile
from pathlib import Path

import time_machine
from playwright.sync_api import Page

from tests.conftest import MORNING
from tests.databases import SQLiteFiles
from tests.journeys.conftest import demo_of, log_in, serve, start_chromium

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
LARGEST = 150_000


class Folders:
    """Stands in for pytest's maker of temporary folders."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def mktemp(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def take_all(root: Path) -> None:
    databases, folders = SQLiteFiles(root), Folders(root)
    with (
        time_machine.travel(MORNING, tick=True),
        demo_of(databases, folders) as url,
        serve(url, folders) as site,
        start_chromium() as browser,
    ):
        tablet = {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 0.8}
        page = browser.new_context(locale="zh-CN", **tablet).new_page()
        log_in(page, site, "leader1")
        page.goto(f"{site.address}/tasks")
        keep(page, "today")
        form = page.locator("a[href*='/visits/new']").nth(3).get_attribute("href")
        page.goto(f"{site.address}{form}")
        fill_visit(page)
        keep(page, "visit")
        page.goto(f"{site.address}/contracts")
        contract = page.locator("main li a[href*='/contracts/']").first.get_attribute("href")
        page.goto(f"{site.address}{contract}")
        keep(page, "contract")
        page.goto(f"{site.address}/reports")
        keep(page, "leader")
        hall = {"viewport": {"width": 1920, "height": 1080}, "device_scale_factor": 0.5}
        page = browser.new_context(**hall).new_page()
        page.goto(f"{site.address}/board/150124100")
        keep(page, "board")


def fill_visit(page: Page) -> None:
    """Type a pressure that is too high, so that the result has something to say."""
    page.locator("[data-field=sbp]").fill("156")
    page.locator("[data-field=dbp]").fill("92")
    page.locator("#result section").first.wait_for()


def keep(page: Page, name: str) -> None:
    page.evaluate("document.activeElement && document.activeElement.blur()")
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    size = path.stat().st_size
    print(f"{path.name} {size} bytes")
    if size > LARGEST:
        sys.exit(f"{path.name} is larger than {LARGEST} bytes")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        take_all(Path(folder))
