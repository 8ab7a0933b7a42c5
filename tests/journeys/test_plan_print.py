"""The printed village day: every code of the sheet is read by a scanner and opens a visit form."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from familydoc import clock
from familydoc.extensions import db
from tests.cast import CHENGGUAN_VILLAGE, make_enrolment, make_resident, make_task
from tests.live import serving, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.print]
#: More than one sheet, so that nobody's line is cut by the end of a page.
PEOPLE = 14


def people() -> dict[str, str]:
    """Residents with a long address and two programmes, by the address their code opens."""
    found = {}
    for number in range(PEOPLE):
        resident = make_resident(
            f"张建国{number}",
            address=f"城关镇城关村永安街南巷{number + 1}号院3单元402室",
            phone=f"139{number:08d}",
        )
        for programme in ("hypertension", "diabetes"):
            make_task(make_enrolment(resident, programme), clock.today() + timedelta(days=3))
        found[f"http://familydoc.test/residents/{resident.uid}/visits/new"] = resident.name
    return found


def printed(app, window, folder: Path) -> Path:  # type: ignore[no-untyped-def]
    """Print the page as the browser's print button would."""
    target = folder / "plan.pdf"
    with serving(app) as base:
        page = window(base_url=base).new_page()
        sign_in(page, "chen")
        page.goto(f"/plans?village={CHENGGUAN_VILLAGE}")
        page.click("text=打印 A4")
        page.pdf(path=target, prefer_css_page_size=True, print_background=True)
    db.session.rollback()
    return target


def run(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_code_of_the_sheet_is_read_at_150_dpi(app, window, tmp_path):
    expected = people()
    pdf = printed(app, window, tmp_path)
    run("pdftoppm", "-r", "150", "-gray", "-png", pdf, tmp_path / "page")
    pages = sorted(tmp_path.glob("page-*.png"))
    read = [line for page in pages for line in run("zbarimg", "-q", "--raw", page).split()]
    assert sorted(read) == sorted(expected)
    assert "A4" in run("pdfinfo", pdf) and len(pages) == 2
    text = run("pdftotext", "-layout", pdf, "-")
    assert "下村计划" in text and "电话尾号 0013" in text and f"{PEOPLE} 人" in text
    for private in (*expected.values(), "13900000013"):
        assert private not in text
    assert text.count("扫码开表") == len(pages)  # the head of the table stands on every sheet
