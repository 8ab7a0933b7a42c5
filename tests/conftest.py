"""Fixtures: a fresh database for every test on either engine, a frozen day, the cast signed in."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask_migrate import upgrade

from familydoc import create_app
from familydoc.actions import accounts as account_actions
from familydoc.extensions import db
from tests.cast import PASSWORD, fill_cast
from tests.databases import PostgresServer, SQLiteFiles, settings
from tests.strict import StrictClient

#: Saturday 21 November 2026, ten in the morning in Shanghai.
MORNING = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
TOOLS = {
    "browser": ("chromium",),
    "node": ("node",),
    "print": ("chromium", "pdftoppm", "zbarimg"),
    "scan": ("zbarimg",),
}
#: The county's own sample roster, which does not travel with the project.
SAMPLE = Path(__file__).resolve().parents[2] / "shared" / "data" / "roster_sample.xlsx"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgres"), default="sqlite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """An absent tool skips its tests by name on a desk, and fails them in CI. What one engine
    alone can show, or the sample alone, is left out where it is not: nothing skips in CI."""
    leave_out(config, items, "sqlite", config.getoption("--database") != "sqlite")
    leave_out(config, items, "sample", not SAMPLE.exists())
    for item in items:
        for marker, tools in TOOLS.items():
            absent = [tool for tool in tools if shutil.which(tool) is None]
            if item.get_closest_marker(marker) and absent and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason=f"not installed: {', '.join(absent)}"))


def leave_out(
    config: pytest.Config, items: list[pytest.Item], marker: str, out_of_place: bool
) -> None:
    """Deselect the tests of a marker in a run where they have nothing to show."""
    out = [item for item in items if out_of_place and item.get_closest_marker(marker)]
    items[:] = [item for item in items if item not in out]
    if out:
        config.hook.pytest_deselected(items=out)


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """The engine under test with a template that holds the migrated schema and the cast."""
    postgres = request.config.getoption("--database") == "postgres"
    folder = tmp_path_factory.mktemp("databases")
    engine = PostgresServer(folder) if postgres else SQLiteFiles(folder)

    def fill(_app: Flask) -> None:
        upgrade()
        fill_cast()

    with time_machine.travel(MORNING):
        engine.make_template(fill)
    return engine


@pytest.fixture(autouse=True)
def morning(request: pytest.FixtureRequest) -> Iterator[time_machine.Traveller | None]:
    """Every test without a browser lives on one morning; it may travel on from there."""
    if request.node.get_closest_marker("browser"):
        yield None
        return
    with time_machine.travel(MORNING, tick=True) as traveller:
        yield traveller


@pytest.fixture
def app(databases, tmp_path) -> Iterator[Flask]:  # type: ignore[no-untyped-def]
    """The app on a fresh copy of the filled database, inside its context."""
    account_actions.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with databases.fresh() as url:
        app = create_app(settings(url, tmp_path))
        app.test_client_class = StrictClient
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> StrictClient:
    """Nobody is signed in."""
    return app.test_client()


@pytest.fixture
def as_(app: Flask) -> Callable[[str], StrictClient]:
    """`as_("chen")` gives a client with that member of the cast signed in."""

    def sign_in(username: str) -> StrictClient:
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = "127.0.0.1"
        answer = client.post("/login", data={"username": username, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    return sign_in
