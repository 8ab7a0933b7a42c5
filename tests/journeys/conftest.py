"""The app on a port of this machine with the small demo in it, and a browser in front of it."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from waitress import create_server

from familydoc import create_app
from familydoc.actions.setup import set_up
from familydoc.demo import SEED, fill
from familydoc.demo.accounts import PASSWORD
from familydoc.extensions import db
from tests.databases import settings

TABLET = {"width": 1280, "height": 800}


@dataclass(frozen=True)
class Site:
    """A running app; `app` is for looking behind the screens."""

    address: str
    app: Flask


@pytest.fixture(scope="session")
def demo_url(databases, tmp_path_factory) -> Iterator[str]:
    """A database with the small demo; tests get copies of it."""
    with demo_of(databases, tmp_path_factory) as url:
        yield url


@pytest.fixture(scope="module")
def site(databases, demo_url, tmp_path_factory) -> Iterator[Site]:
    """The demo of a test module, served as the embedded default serves it."""
    with databases.copy(demo_url) as url, serve(url, tmp_path_factory) as running:
        yield running


@contextmanager
def demo_of(databases, folders) -> Iterator[str]:
    """Fill an empty database with the small demo of today."""
    with databases.empty() as url:
        app = create_app(settings(url, folders.mktemp("demo")))
        with app.app_context():
            set_up(by=None)
            fill(size="small", seed=SEED)
            db.session.remove()
            db.engine.dispose()
        yield url


@contextmanager
def serve(url: str, folders) -> Iterator[Site]:
    """Serve a database on a free port until the end of the block."""
    with free_socket() as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        own = {"TESTING": False, "WTF_CSRF_ENABLED": True, "PUBLIC_URL": address}
        app = create_app(settings(url, folders.mktemp("site")) | own)
        server = create_server(app, sockets=[listener], threads=4)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield Site(address, app)
        server.close()
        thread.join(timeout=10)
        with app.app_context():
            db.engine.dispose()


@contextmanager
def free_socket() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with start_chromium() as chromium:
        yield chromium


@contextmanager
def start_chromium() -> Iterator[Browser]:
    """Debian's Chromium; a browser of Playwright's own is never downloaded."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--lang=zh-CN"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def window(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """`window(viewport={...})` gives a fresh profile in Chinese, closed after the test."""
    opened: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(**{"locale": "zh-CN", "viewport": TABLET} | options)
        context.set_default_timeout(15_000)
        opened.append(context)
        return context

    make.pages = lambda: [page for context in opened for page in context.pages]  # type: ignore[attr-defined]
    yield make
    for context in opened:
        context.close()


@pytest.fixture
def at_work(site: Site, window) -> Callable[..., Page]:
    """`at_work("leader1")` gives a page with that account of the demo signed in."""

    def sign_in(username: str, **options: Any) -> Page:
        page = window(**options).new_page()
        log_in(page, site, username)
        return page

    return sign_in


def log_in(page: Page, site: Site, username: str) -> None:
    page.goto(f"{site.address}/login")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep what a browser showed when its test failed, in test-results/."""
    report = yield
    if call.when == "call" and report.failed and "window" in item.funcargs:
        for number, page in enumerate(item.funcargs["window"].pages()):
            name = f"{item.name.replace('/', '_')}-{number}"
            page.screenshot(path=item.config.rootpath / "test-results" / f"{name}.png")
    return report
