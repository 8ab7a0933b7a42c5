"""The printed agreement: what comes out of the printer is read by a scanner."""

import subprocess
from pathlib import Path

import pytest

from familydoc import clock
from familydoc.actions.contracts import sign_contract
from familydoc.actions.packages import seed_packages
from familydoc.extensions import db
from familydoc.queries.agreements import Terms
from familydoc.queries.contracts import get_token
from familydoc.queries.packages import list_packages
from tests.cast import account, make_resident
from tests.live import serving, sign_in

NUMBER = "150124195803050016"
pytestmark = [pytest.mark.browser, pytest.mark.print]


def signed(packages: set[str]):  # type: ignore[no-untyped-def]
    """A contract on paper with all that makes it long."""
    seed_packages(by=None)
    ids = {package.id for package in list_packages() if package.code in packages}
    resident = make_resident(
        "其其格·乌云其木格",
        number=NUMBER,
        phone="13912345678",
        address="城关镇城关村永安街南巷12号院3单元402室",
        record_number="15012410020000012",
        tags=("hypertension", "diabetes", "disabled"),
    )
    terms = Terms(
        package_ids=ids,
        term_months=12,
        start_on=clock.today(),
        method="paper",
        guardian="乌云其木格（女儿）",
        witness="贾二牛",
        consent=True,
    )
    uid = "11111111-2222-4333-8444-555555555555"
    return sign_contract(by=account("yun"), uid=uid, resident=resident, terms=terms)


def printed(app, window, contract, folder: Path) -> Path:  # type: ignore[no-untyped-def]
    """Print the page as the browser's print button would."""
    target = folder / "agreement.pdf"
    with serving(app) as base:
        page = window(base_url=base).new_page()
        sign_in(page, "yun")
        page.goto(f"/contracts/{contract.uid}/print")
        page.pdf(path=target, prefer_css_page_size=True, print_background=True)
    db.session.rollback()
    return target


def run(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("packages", [{"basic"}, {"basic", "hypertension", "diabetes", "disabled"}])
def test_printed_code_is_read_at_150_dpi_and_fits_two_pages(app, window, tmp_path, packages):
    contract = signed(packages)
    pdf = printed(app, window, contract, tmp_path)
    run("pdftoppm", "-r", "150", "-gray", "-png", pdf, tmp_path / "page")
    pages = sorted(tmp_path.glob("page-*.png"))
    assert 1 <= len(pages) <= 2
    address = f"http://familydoc.test/v/{get_token(contract)}"
    assert run("zbarimg", "-q", "--raw", pages[0]).strip() == address
    size = run("pdfinfo", pdf)
    assert "A4" in size
    text = run("pdftotext", "-layout", pdf, "-")
    for words in (contract.number, contract.short_number, NUMBER, "familydoc.test", "第 1 页"):
        assert words in text, words
    assert "打印" not in text.replace("打印件", "")  # the bar of buttons stays on the screen
