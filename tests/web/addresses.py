"""Every address of the app with rows to try it on: one's own and somebody else's.

A route whose address names a row needs a line in BUILDERS, by the word before it and its name:
`/teams/<uid>/members/<staff_uid>` needs ("teams", "uid") and ("members", "staff_uid"). The line
builds the row once for 城关一队 (`near`) and once for 宏河一队 (`far`), and says who may see each.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from flask import Flask, url_for
from werkzeug.routing import Rule

from familydoc import clock
from familydoc.extensions import db, keys
from familydoc.models.handovers import Handover
from familydoc.models.imports import RosterImport, RosterImportRow
from familydoc.models.organisations import Organisation
from familydoc.models.prescriptions import EducationPrescription
from familydoc.models.referrals import Referral
from familydoc.models.residents import Resident, ResidentState
from familydoc.models.rounds import Round
from familydoc.models.teams import Photograph
from familydoc.models.transfers import Transfer
from familydoc.models.visits import Visit
from familydoc.transaction import transaction
from tests.cast import (
    CHENGGUAN,
    CHENGGUAN_VILLAGE,
    HONGHE,
    SHENCHIYAO,
    SINCE,
    YUANZIWAN,
    account,
    add,
    make_contract,
    make_enrolment,
    make_referral,
    make_resident,
    make_task,
    staff,
    team_of,
)
from tests.formats.photographs import png

COUNTY = frozenset({"admin", "sun"})
EVERYBODY = frozenset({"admin", "sun", "zhao", "chen", "yun", "jia", "li", "board", "gao", "wu"})
#: Who may see a resident of 城关一队, a resident of 宏河, and all that hangs on either.
NEAR_PEOPLE = frozenset({"sun", "zhao", "chen", "yun", "jia"})
FAR_PEOPLE = frozenset({"sun", "wu"})
#: The two sides of a hand-over, by whether it is the near one.
SENDERS = {True: NEAR_PEOPLE, False: FAR_PEOPLE}
RECEIVERS = {True: frozenset({"wu"}), False: frozenset({"zhao", "li"})}
#: Who may see 城关一队, its centre, its members; and those of 宏河.
NEAR_TEAM, FAR_TEAM = COUNTY | {"zhao", "chen", "yun", "jia"}, COUNTY | {"wu"}
NEAR_CENTRE, FAR_CENTRE = NEAR_TEAM | {"li", "board"}, FAR_TEAM

_ARGUMENT = re.compile(r"([^/<>]*)/<(?:[a-z]+:)?([a-z_]+)>")


@dataclass(frozen=True)
class Key:
    """The value an address takes for a row, and the members of the cast who may see it."""

    value: str | int
    seers: frozenset[str]


class Rows:
    """The rows of one side, each built once; everything hangs on one resident."""

    def __init__(self, near: bool) -> None:
        self.near = near
        self._built: dict[str, object] = {}

    def once(self, name: str, build: Callable[[], object]):  # type: ignore[no-untyped-def]
        if name not in self._built:
            self._built[name] = build()
        return self._built[name]

    @property
    def people(self) -> frozenset[str]:
        return NEAR_PEOPLE if self.near else FAR_PEOPLE

    @property
    def team(self) -> frozenset[str]:
        return NEAR_TEAM if self.near else FAR_TEAM

    @property
    def centre_code(self) -> str:
        return CHENGGUAN if self.near else HONGHE

    @property
    def village_code(self) -> str:
        return CHENGGUAN_VILLAGE if self.near else YUANZIWAN

    @property
    def member(self) -> str:
        return "jia" if self.near else "wu"

    def resident(self) -> Resident:
        team = "chengguan1" if self.near else "honghe1"
        return self.once(
            "resident",
            lambda: make_resident(
                "巴特尔", village=self.village_code, team=team, phone="13800138000"
            ),
        )

    def enrolment(self):  # type: ignore[no-untyped-def]
        return self.once(
            "enrolment",
            lambda: make_enrolment(self.resident(), staff_id=staff(self.member).id),
        )

    def task(self, kind: str = "regular"):  # type: ignore[no-untyped-def]
        return self.once(
            f"task {kind}", lambda: make_task(self.enrolment(), date(2026, 11, 25), kind)
        )

    def contract(self):  # type: ignore[no-untyped-def]
        return self.once("contract", lambda: make_contract(self.resident()))

    def visit(self) -> Visit:
        def build() -> Visit:
            with transaction():
                return add(
                    Visit(
                        uid=str(uuid.uuid4()),
                        resident_id=self.resident().id,
                        visit_date=date(2026, 11, 20),
                        way=1,
                        answers={"sbp": 128, "dbp": 82},
                        team_id=self.resident().team_id,
                        staff_id=staff(self.member).id,
                        recorded_at=clock.now(),
                    )
                )

        return self.once("visit", build)

    def referral(self) -> Referral:
        """One made by hand for no programme, near to gao's hospital, far to another one."""

        def build() -> Referral:
            resident = self.resident()
            if self.near:
                return make_referral(resident, programme="")
            with transaction():
                other = add(
                    Organisation(code="150124-ZY02", name="县中医院", kind="county_hospital")
                )
            return make_referral(resident, programme="", to_organisation_id=other.id)

        return self.once("hand-made referral", build)

    def prescription(self) -> EducationPrescription:
        def build() -> EducationPrescription:
            resident = self.resident()
            with transaction():
                return add(
                    EducationPrescription(
                        uid=str(uuid.uuid4()),
                        resident_id=resident.id,
                        disease="hypertension",
                        body={"know": ["按时吃药"]},
                        goals=["每天走路半小时"],
                        issued_on=date(2026, 11, 20),
                        recorded_at=clock.now(),
                    )
                )

        return self.once("prescription", build)

    def report_task(self):  # type: ignore[no-untyped-def]
        return self.once("report", lambda: make_task(self.enrolment(), SINCE, "report"))

    def referral_task(self):  # type: ignore[no-untyped-def]
        def build():  # type: ignore[no-untyped-def]
            visit, enrolment = self.visit(), self.enrolment()
            with transaction():
                add(
                    Referral(
                        uid=str(uuid.uuid4()),
                        resident_id=self.resident().id,
                        programme=enrolment.programme,
                        visit_id=visit.id,
                        urgency="routine",
                        opened_on=date(2026, 11, 20),
                        check_due_on=date(2026, 12, 4),
                    )
                )
            return make_task(enrolment, date(2026, 12, 4), "referral_fu", source_visit_id=visit.id)

        return self.once("referral", build)

    def waiting_resident(self) -> Resident:
        """The resident with a change of state that waits to be confirmed."""

        def build() -> Resident:
            resident = self.resident()
            with transaction():
                add(
                    ResidentState(
                        resident_id=resident.id,
                        state="moved",
                        on=date(2026, 11, 20),
                        asked_at=clock.now(),
                        asked_by=account(self.member).id,
                    )
                )
            return resident

        return self.once("waiting", build)

    def transfer(self, state: str = "open") -> Transfer:
        """Near: from 城关一队 to 宏河; far: from 宏河 to 城关二队. An accepted one has arrived."""

        def build() -> Transfer:
            resident, near = self.resident(), self.near
            there = team_of("honghe1" if near else "chengguan2")
            with transaction():
                return add(
                    Transfer(
                        uid=str(uuid.uuid4()),
                        resident_id=resident.id,
                        state=state,
                        on=date(2026, 11, 20),
                        from_team_id=resident.team_id,
                        from_centre_id=resident.centre_id,
                        from_village_code=resident.village_code,
                        to_team_id=there.id,
                        to_centre_id=there.organisation_id,
                        to_village_code=YUANZIWAN if near else SHENCHIYAO,
                        asked_at=clock.now(),
                        answered_at=clock.now() if state == "accepted" else None,
                    )
                )

        return self.once(f"transfer {state}", build)

    def roster(self) -> RosterImport:
        """An import is its uploader's alone: near it is zhao's, far it is sun's."""

        def build() -> RosterImport:
            with transaction():
                roster = add(
                    RosterImport(
                        uid=str(uuid.uuid4()),
                        filename="名册.xlsx",
                        state="failed",
                        account_id=account("zhao" if self.near else "sun").id,
                        created_at=clock.now(),
                    )
                )
                add(
                    RosterImportRow(
                        import_id=roster.id,
                        row_number=4,
                        outcome="refused",
                        reason="name_missing",
                        payload=keys.vault.seal('{"message": "没有填姓名。", "cells": ["张三"]}'),
                    )
                )
                return roster

        return self.once("roster", build)

    def round_(self) -> Round:
        """The round of the village: its team's, its centre's and the county's business."""

        def build() -> Round:
            with transaction():
                return add(
                    Round(
                        kind="township",
                        organisation_id=staff(self.member).organisation_id,
                        team_id=self.resident().team_id,
                        village_code=self.village_code,
                        place_code=self.village_code,
                        window_start=date(2026, 11, 1),
                        due_on=date(2026, 11, 30),
                        created_at=clock.now(),
                    )
                )

        return self.once("round", build)

    def handover(self) -> Handover:
        """A hand-over between two members of the team, long ago and of nothing."""

        def build() -> Handover:
            team = self.resident().team
            with transaction():
                return add(
                    Handover(
                        uid=str(uuid.uuid4()),
                        team_id=team.id,
                        leaver_id=staff(self.member).id,
                        successor_id=staff("chen").id,
                        last_day=date(2026, 11, 20),
                        made_at=clock.now(),
                    )
                )

        return self.once("handover", build)

    def face(self) -> str:
        def build() -> str:
            with transaction():
                person = staff(self.member)
                person.photo_consent = True
                add(Photograph(staff_id=person.id, media_type="image/png", content=png()))
                return person.uid

        return self.once("face", build)


def _colleague(rows: Rows) -> Key:
    return Key(rows.face(), NEAR_CENTRE if rows.near else FAR_CENTRE)


def _arrived(rows: Rows) -> Key:
    """A hand-over that was confirmed: the person is with the receiver."""
    transfer = rows.transfer("accepted")
    with transaction():
        resident = rows.resident()
        resident.team_id, resident.centre_id = transfer.to_team_id, transfer.to_centre_id
        resident.village_code = transfer.to_village_code
    return Key(transfer.uid, RECEIVERS[rows.near])


#: (the word before it, its name) -> the row it names.
BUILDERS: dict[tuple[str, str], Callable[[Rows], Key]] = {
    ("accounts", "username"): lambda rows: Key(rows.member, EVERYBODY),
    ("board", "code"): lambda rows: Key(rows.centre_code, EVERYBODY),
    ("contracts", "uid"): lambda rows: Key(rows.contract().uid, rows.people),
    ("enrolments", "programme"): lambda rows: Key(rows.enrolment().programme, rows.people),
    ("handovers", "uid"): lambda rows: Key(rows.handover().uid, rows.team),
    ("imports", "uid"): lambda rows: Key(
        rows.roster().uid, frozenset({"zhao" if rows.near else "sun"})
    ),
    ("members", "staff_uid"): lambda rows: Key(f"staff-{rows.member}", rows.team),
    ("organisations", "code"): lambda rows: Key(
        rows.centre_code, NEAR_CENTRE if rows.near else FAR_CENTRE
    ),
    ("parameters", "programme"): lambda _: Key("hypertension", EVERYBODY),
    ("programme", "name"): lambda _: Key("line_sbp", EVERYBODY),
    ("photo", "uid"): _colleague,
    ("referrals", "uid"): lambda rows: Key(
        rows.referral().uid, rows.people | ({"gao"} if rows.near else set())
    ),
    ("prescriptions", "uid"): lambda rows: Key(rows.prescription().uid, rows.people),
    ("residents", "uid"): lambda rows: Key(rows.resident().uid, rows.people),
    ("rounds", "number"): lambda rows: Key(rows.round_().id, rows.people),
    ("staff", "uid"): _colleague,
    ("tasks", "number"): lambda rows: Key(rows.task().id, rows.people),
    ("teams", "uid"): lambda rows: Key(f"team-{rows.centre_code}-1", rows.team),
    ("transfers", "uid"): lambda rows: Key(
        rows.transfer().uid, SENDERS[rows.near] | RECEIVERS[rows.near]
    ),
    ("v", "token"): lambda rows: Key(rows.contract().token, EVERYBODY),
    ("villages", "code"): lambda rows: Key(rows.village_code, EVERYBODY),
    ("visits", "uid"): lambda rows: Key(rows.visit().uid, rows.people),
}
#: Routes that need another row of the same noun than the usual one.
SPECIAL: dict[tuple[str, str], Callable[[Rows], Key]] = {
    ("tasks.referral", "number"): lambda rows: Key(rows.referral_task().id, rows.people),
    ("tasks.check", "number"): lambda rows: Key(rows.referral_task().id, rows.people),
    ("tasks.report", "number"): lambda rows: Key(rows.report_task().id, rows.people),
    ("tasks.reported", "number"): lambda rows: Key(rows.report_task().id, rows.people),
    ("transfers.withdraw", "uid"): lambda rows: Key(rows.transfer().uid, SENDERS[rows.near]),
    ("transfers.undo", "uid"): _arrived,
    **{
        (f"transfers.{view}", "uid"): lambda rows: Key(rows.transfer().uid, RECEIVERS[rows.near])
        for view in ("accept", "refuse")
    },
    **{
        (f"referrals.answers.{view}", "uid"): lambda rows: Key(
            rows.referral().uid, frozenset({"gao"} if rows.near else ())
        )
        for view in ("receive", "show", "save")
    },
    **{
        (f"referrals.{view}", "uid"): lambda rows: Key(rows.referral().uid, rows.people)
        for view in ("elsewhere", "send_elsewhere", "cancel")
    },
    **{
        (f"residents.states.{view}", "uid"): lambda rows: Key(
            rows.waiting_resident().uid, rows.people
        )
        for view in ("confirm", "confirm_now", "refuse")
    },
}
#: Posts that name their row in the body: the field, and the row.
BODIES: dict[str, Callable[[Rows], tuple[str, Key]]] = {
    endpoint: lambda rows: ("resident", Key(rows.resident().uid, rows.people))
    for endpoint in ("contracts.create", "visits.create", "visits.preview")
} | {
    "handovers.make": lambda rows: ("team", Key(f"team-{rows.centre_code}-1", rows.team)),
}


@dataclass(frozen=True)
class Address:
    """An address that can be asked for, and who may see every row it names."""

    path: str
    seers: frozenset[str]
    body: dict[str, str | int]


def rules(app: Flask, method: str) -> list[Rule]:
    """Give the routes that answer to a method, static files left out."""
    found = [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())]
    return sorted((r for r in found if r.endpoint != "static"), key=lambda r: r.rule)


def arguments(rule: Rule) -> list[tuple[str, str]]:
    """Give (the word before it, its name) for every row an address names."""
    return [(before or "programme", name) for before, name in _ARGUMENT.findall(rule.rule)]


def address(app: Flask, rule: Rule, rows: Rows) -> Address:
    """Give the address of a route for the rows of one side."""
    keys = {
        name: (SPECIAL.get((rule.endpoint, name)) or BUILDERS[before, name])(rows)
        for before, name in arguments(rule)
    }
    body: dict[str, str | int] = {}
    named = [key.seers for key in keys.values()]
    if rule.endpoint in BODIES:
        field, key = BODIES[rule.endpoint](rows)
        body, named = {field: key.value}, [*named, key.seers]
    seers = EVERYBODY.intersection(*named)
    with app.test_request_context():
        path = url_for(rule.endpoint, **{name: key.value for name, key in keys.items()})
    db.session.rollback()
    return Address(path, seers, body)
