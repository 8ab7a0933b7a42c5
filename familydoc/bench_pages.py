"""How long the server takes for a page beside an empty page of somebody signed in.

Both go through the same middleware: session, scope, headers, layout. The pages are those people
open all day, on the full demo county; of each the 95th of a hundred requests counts.
"""

import gc
import statistics
import time
from collections.abc import Iterator
from contextvars import Context
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import func, select

from familydoc.actions.setup import set_up
from familydoc.bench_scratch import Scratch, scratch
from familydoc.demo import SEED, fill
from familydoc.demo.accounts import PASSWORD
from familydoc.demo.sizes import SIZES
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.contracts import Contract
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.models.teams import Team
from familydoc.queries.contracts import get_token

NAME = "pages"
SIZE = 76_674
#: Runs by turns, and requests of each page in a run.
RUNS, REQUESTS = 5, 40
FLOOR = "/password"


@dataclass(frozen=True)
class Page:
    """A page: its name in the report, its address, who opens it, and what is sent."""

    measure: str
    address: str
    username: str
    form: tuple[tuple[str, str], ...] = ()


def measure(size: int) -> Iterator[dict[str, Any]]:
    """Give one line per page on the engine of the configured database, the worst ratio last.

    A size of 1,000 or less takes the small demo, any other the county.
    """
    demo = "small" if size <= 1_000 else "county"
    with scratch() as here:
        here.make("county")
        set_up(by=None)
        fill(size=demo, seed=SEED)
        here.analyze()
        pages, worst = _choose_pages(), 0.0
        times, floors = _race(_app(), pages)
        for page in pages:
            seconds, floor = statistics.median(times[page]), statistics.median(floors)
            line = _line(here, page.measure, SIZES[demo].residents, seconds, floor)
            worst = max(worst, line["ratio"])
            yield line
        yield _line(here, "worst ratio", SIZES[demo].residents, None, None) | {"ratio": worst}


def _app() -> Flask:
    """Give the scratch app, which takes forms without a token here."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def _choose_pages() -> list[Page]:
    """Give the pages of the member with the most open tasks, the leader, the centre, the public."""
    owner = db.session.scalars(
        select(Task.staff_id)
        .where(Task.state == "open")
        .group_by(Task.staff_id)
        .order_by(func.count().desc(), Task.staff_id)
    ).first()
    member = db.session.scalars(select(Account).where(Account.staff_id == owner)).one()
    task = db.session.scalars(
        select(Task).where(Task.staff_id == owner, Task.state == "open")
    ).first()
    assert task is not None
    team = db.session.get(Team, task.team_id)
    resident = db.session.get(Resident, task.resident_id)
    contract = db.session.scalars(
        select(Contract).where(Contract.team_id == task.team_id, Contract.state == "active")
    ).first()
    assert team is not None and resident is not None and contract is not None
    leader = db.session.scalars(select(Account).where(Account.staff_id == team.leader_id)).one()
    me, board = member.username, team.organisation.code
    return [
        Page("today", "/tasks", me),
        Page("today of the leader", "/tasks", leader.username),
        Page("leader's page", "/reports", leader.username),
        Page("county's page", "/reports", "county"),
        Page("board", f"/board/{board}", me),
        Page("residents", "/residents", me),
        Page("search by name", "/residents?q=王", me),
        Page("search by number", "/residents/search", me, (("q", "1234"),)),
        Page("resident", f"/residents/{resident.uid}", me),
        Page("visit form", f"/residents/{resident.uid}/visits/new", me),
        Page("contracts", "/contracts", leader.username),
        Page("contract with its code", f"/contracts/{contract.uid}", leader.username),
        Page("public check", f"/v/{get_token(contract)}", me),
    ]


def _race(app: Flask, pages: list[Page]) -> tuple[dict[Page, list[float]], list[float]]:
    """Give for each page and for the floor the 95th percentile of every run."""
    clients = {page.username: sign_in(app, page.username) for page in pages}
    floor = Page("floor", FLOOR, pages[0].username)
    answers = {page: _open(clients, page)[1] for page in (floor, *pages)}
    wrong = {page.address: status for page, status in answers.items() if status != 200}
    if wrong:
        raise RuntimeError(f"pages that do not open: {wrong}")
    times: dict[Page, list[float]] = {page: [] for page in (floor, *pages)}
    for _ in range(RUNS):
        run: dict[Page, list[float]] = {page: [] for page in times}
        gc.collect()
        for _ in range(REQUESTS):
            for page in times:
                run[page].append(_open(clients, page)[0])
        for page, seconds in run.items():
            times[page].append(statistics.quantiles(seconds, n=20)[-1])
    return times, times.pop(floor)


def sign_in(app: Flask, username: str) -> FlaskClient:
    client = app.test_client()
    answer = Context().run(client.post, "/login", data={"username": username, "password": PASSWORD})
    assert answer.status_code == 303, f"{username} cannot sign in"
    return client


def _open(clients: dict[str, FlaskClient], page: Page) -> tuple[float, int]:
    """Give the seconds and the status of one request, in a context of its own as on a server."""
    client = clients[page.username]
    started = time.perf_counter()
    if page.form:
        answer = Context().run(client.post, page.address, data=dict(page.form))
    else:
        answer = Context().run(client.get, page.address)
    seconds = time.perf_counter() - started
    return seconds, answer.status_code


def _line(
    here: Scratch, measure: str, size: int, seconds: float | None, floor: float | None
) -> dict[str, Any]:
    return {
        "name": NAME,
        "measure": measure,
        "size": size,
        "engine": here.engine,
        "seconds": round(seconds, 5) if seconds else None,
        "floor_seconds": round(floor, 5) if floor else None,
        "ratio": round(seconds / floor, 2) if seconds and floor else None,
    }
