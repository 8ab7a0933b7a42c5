"""How long the server takes to record a visit with three programmes beside an empty POST.

Both go through the same middleware: session, scope, headers. The visit is the one a village doctor
makes most: pressure, glucose and the yearly examination of somebody old, with everything that
follows (three assessments, tasks closed, tasks made, the audit). The empty POST is a form sent
with nothing in it, which is refused and shown again.
"""

import gc
import statistics
import time
import uuid
from collections.abc import Iterator
from contextvars import Context
from typing import Any

from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import func, select

from familydoc import clock
from familydoc.actions.enrolments import enrol
from familydoc.actions.setup import set_up
from familydoc.bench_pages import sign_in
from familydoc.bench_scratch import Scratch, scratch
from familydoc.demo import SEED, fill
from familydoc.demo.sizes import SIZES
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.enrolments import Enrolment
from familydoc.models.residents import Resident
from familydoc.models.teams import Team
from familydoc.queries.enrolments import find_live_enrolment
from familydoc.rules.dates import add_months
from familydoc.rules.programmes import load_programmes

NAME = "visits"
SIZE = 1_000
#: Runs by turns, and visits in a run; nobody is visited twice, as nobody is on one day.
RUNS, VISITS = 5, 8
PROGRAMMES = ("hypertension", "diabetes", "elderly")
FLOOR = "/password"
#: Everybody of the bench is old enough for the yearly examination.
ELDERLY = 65


def measure(size: int) -> Iterator[dict[str, Any]]:
    """Give the line of the visit on the engine of the configured database, the ratio last.

    A size of 1,000 or less takes the small demo, any other the county.
    """
    demo = "small" if size <= 1_000 else "county"
    with scratch() as here:
        here.make("county")
        set_up(by=None)
        fill(size=demo, seed=SEED)
        here.analyze()
        seconds, floor = _race(_app())
        line = _line(here, SIZES[demo].residents, seconds, floor)
        yield line
        yield line | {"measure": "worst ratio", "seconds": None, "floor_seconds": None}


def _app() -> Flask:
    """Give the scratch app, which takes forms without a token here."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def _race(app: Flask) -> tuple[float, float]:
    """Give the median seconds of a visit and of an empty POST, by turns."""
    leader, residents = _choose_people()
    client = sign_in(app, leader)
    # The first of each fill the caches every later one finds.
    _post(client, "/visits", _form(residents.pop()), 303)
    _post(client, FLOOR, {}, 422)
    visits, floors = [], []
    for start in range(0, len(residents), VISITS):
        gc.collect()
        for resident in residents[start : start + VISITS]:
            visits.append(_post(client, "/visits", _form(resident), 303))
            floors.append(_post(client, FLOOR, {}, 422))
    return statistics.median(visits), statistics.median(floors)


def _choose_people() -> tuple[str, list[str]]:
    """Give a leader's name and the old of the team, each managed in three programmes."""
    leader = _find_leader()
    found = []
    for resident in _list_old(leader):
        for code in PROGRAMMES:
            if find_live_enrolment(resident.id, code) is None:
                enrol(by=None, resident=resident, programme=code, since=clock.today())
        found.append(resident.uid)
    if len(found) < 2:
        raise RuntimeError("nobody of the demo is old and managed")
    return leader.username, found


def _find_leader() -> Account:
    """Give the leader whose team looks after the most people of the first programme."""
    query = (
        select(Account)
        .join(Team, Team.leader_id == Account.staff_id)
        .join(Enrolment, Enrolment.team_id == Team.id)
        .where(Enrolment.programme == PROGRAMMES[0], Enrolment.state == "active")
        .group_by(Account.id)
        .order_by(func.count().desc(), Account.id)
    )
    found = db.session.scalars(query).first()
    if found is None:
        raise RuntimeError("no team of the demo looks after anybody")
    return found


def _list_old(leader: Account) -> list[Resident]:
    """Give the old of the leader's team who have been managed for years, so that they have a
    history, in the order of their numbers."""
    team = db.session.scalars(select(Team).where(Team.leader_id == leader.staff_id)).one()
    query = (
        select(Resident)
        .join(Enrolment, Enrolment.resident_id == Resident.id)
        .where(
            Resident.team_id == team.id,
            Enrolment.programme == PROGRAMMES[0],
            Enrolment.state == "active",
            Resident.state == "present",
            Resident.birth < add_months(clock.today(), -12 * (ELDERLY + 1)),
        )
    )
    return list(db.session.scalars(query.order_by(Resident.id).limit(RUNS * VISITS + 1)))


def _form(resident: str) -> dict[str, str]:
    """Give a form that every one of the three programmes counts."""
    form = {
        "uid": str(uuid.uuid4()),
        "resident": resident,
        "visit_date": clock.today().isoformat(),
        "way": "2",
        "late_reason": "",
    }
    for code in PROGRAMMES:
        programme = load_programmes()[code]
        exam = programme.exam.needs if programme.exam else ()
        fields = {*programme.measured, *programme.needed, *(programme.fields[c] for c in exam)}
        for one in fields:
            name = f"{code}.{one.code}" if one.own else one.code
            form[name] = str(one.choices[0].code) if one.choices else "1"
    return form | {"sbp": "132", "dbp": "80", "fpg": "6.1"}


def _post(client: FlaskClient, address: str, form: dict[str, str], expected: int) -> float:
    """Give the seconds of one POST, in a context of its own as on a server."""
    started = time.perf_counter()
    answer = Context().run(client.post, address, data=form)
    seconds = time.perf_counter() - started
    if answer.status_code != expected:
        raise RuntimeError(f"{address} answered {answer.status_code}, not {expected}")
    return seconds


def _line(here: Scratch, size: int, seconds: float, floor: float) -> dict[str, Any]:
    return {
        "name": NAME,
        "measure": "record a visit with three programmes",
        "size": size,
        "engine": here.engine,
        "seconds": round(seconds, 5),
        "floor_seconds": round(floor, 5),
        "ratio": round(seconds / floor, 2),
    }
