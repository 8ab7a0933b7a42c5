"""Everybody else a team owes something: the old, children, the expecting, and rarer illnesses.

Each has an intake and mostly one visit, judged by the programme's own ladder; what that visit
asks for is what is owed today.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from familydoc.clock import SHANGHAI
from familydoc.demo.care import Carer, Ledger
from familydoc.demo.people import Person
from familydoc.rules.dates import add_months, months_on
from familydoc.rules.definitions import Programme
from familydoc.rules.enrolments import day_of, first_dues, is_of_age, regular_schedule
from familydoc.rules.ladder import Case, Decision, assess_case
from familydoc.rules.tasks import WINDOW_DAYS, window_start

Row = dict[str, Any]
#: How likely somebody with this tag is managed, and how long ago the last visit at most was.
TAGGED = {
    "severe_mental_disorder": (1.0, 100),
    "tuberculosis": (1.0, 33),
    "maternal": (1.0, 30),
    "disabled": (0.3, 100),
}
CODES = {"disabled": "disabled_bedridden"}
#: Illnesses of the old that no roster names, and their share among them.
OLD_AGE = {"copd": (0.02, 100), "other_chronic": (0.05, 380)}
#: A yearly examination was mostly had within the year, by some a little longer ago.
YEARLY_DAYS = 385


@dataclass(frozen=True)
class Wanted:
    """Somebody's programme, since when, and the day of the last visit if there was one."""

    code: str
    since: date
    visited: date | None
    facts: Mapping[str, Any]


class Others:
    """Writes enrolments, visits and tasks of the other programmes into the ledger."""

    def __init__(
        self, ledger: Ledger, programmes: Mapping[str, Programme], now: datetime, random: Random
    ) -> None:
        self.ledger, self.programmes, self.random = ledger, programmes, random
        self.now, self.today = now, now.astimezone(SHANGHAI).date()

    def tell(self, person: Person, carer: Carer) -> None:
        """Take somebody into everything that age and tags ask for."""
        if person.state in ("deceased", "moved"):
            return
        for wanted in self._wanted(person, carer):
            self._take_in(person, carer, wanted)

    def _wanted(self, person: Person, carer: Carer) -> list[Wanted]:
        automatic = [
            code
            for code, programme in self.programmes.items()
            if programme.intake.automatic and is_of_age(programme.intake, person.birth, self.today)
        ]
        found = [self._by_age(person, code, carer) for code in automatic]
        chances = {CODES.get(tag, tag): TAGGED[tag] for tag in person.tags if tag in TAGGED}
        if person.age >= 65:
            chances |= OLD_AGE
        for code, (share, days) in sorted(chances.items()):
            if self.random.random() < share:
                found.append(self._by_illness(code, days))
        return found

    def _by_age(self, person: Person, code: str, carer: Carer) -> Wanted:
        came = self.random.random() < carer.diligence
        if self.programmes[code].schedules:
            ago = self.random.randint(0, min(80, max((self.today - person.birth).days - 7, 0)))
            first = person.birth + timedelta(days=7)
        else:
            ago, first = self.random.randint(0, YEARLY_DAYS), add_months(self.today, -24)
        on = max(self.today - timedelta(days=ago), person.birth)
        return Wanted(code, min(first, on), on if came else None, {})

    def _by_illness(self, code: str, days: int) -> Wanted:
        on = self.today - timedelta(days=self.random.randint(0, days))
        facts: dict[str, Any] = {}
        if code == "maternal":
            facts["lmp"] = (on - timedelta(days=self.random.randint(45, 230))).isoformat()
        if code == "tuberculosis":
            at = datetime.combine(on - timedelta(days=20), time(9, 30), tzinfo=SHANGHAI)
            facts["received_at"] = at.isoformat(timespec="minutes")
        if code == "other_chronic":
            facts["chronic_diseases"] = [self.random.choice((1, 3, 4, 5))]
        since = on - timedelta(days=20 if facts else self.random.randint(30, 900))
        return Wanted(code, since, on, facts)

    def _take_in(self, person: Person, carer: Carer, wanted: Wanted) -> None:
        programme, ledger = self.programmes[wanted.code], self.ledger
        enrolment = {
            "id": len(ledger.enrolments) + 1,
            "resident_id": person.id,
            "programme": wanted.code,
            "since": wanted.since,
            "state": "active",
            "reason": "",
            "ended_on": None,
            "team_id": carer.team_id,
            "staff_id": carer.staff_id,
            "next_due_on": None,
            "exam_due_on": None,
            "facts": dict(wanted.facts),
            "last_assessment_id": None,
        }
        ledger.enrolments.append(enrolment)
        dues, source = self._dues(person, carer, enrolment, programme, wanted)
        for kind, due in dues.items():
            if kind in WINDOW_DAYS:
                enrolment["exam_due_on" if kind == "exam" else "next_due_on"] = due
            if kind not in WINDOW_DAYS or window_start(kind, due, due) <= self.today:
                opened = source["visit_date"] if source else wanted.since
                self._task(person, enrolment, kind, due, opened, source)

    def _dues(
        self, person: Person, carer: Carer, enrolment: Row, programme: Programme, wanted: Wanted
    ) -> tuple[dict[str, date], Row | None]:
        """Give what is owed by kind, and the visit that said so, if there was one."""
        start = self.today if regular_schedule(programme) else add_months(self.today, -2)
        first = first_dues(programme, start, person.birth, wanted.facts)
        dues = {kind: day_of(due) for kind, due in first.items()}
        if wanted.visited is None:
            return dues, None
        answers = answers_for(self.random, person, wanted.code, wanted.visited)
        case = Case(person.birth, wanted.visited, answers, 2, facts=wanted.facts)
        decision = assess_case(programme, case)
        visit = self._visit(person, carer, wanted.visited, answers)
        self._assess(enrolment, visit, decision)
        if decision.closes:
            over = {"state": "ended", "reason": decision.closes, "ended_on": wanted.visited}
            enrolment.update(over)
            return {}, visit
        said = {kind: day_of(due) for kind, due in decision.next}
        yearly = {"exam": dues["exam"]} if programme.exam else {}
        return {**yearly, **said}, visit

    def _visit(self, person: Person, carer: Carer, on: date, answers: Row) -> Row:
        hour = time(self.random.randint(8, 17), self.random.randrange(60), tzinfo=SHANGHAI)
        visit = {
            "id": len(self.ledger.visits) + 1,
            "uid": str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
            "resident_id": person.id,
            "visit_date": on,
            "way": self.random.choice((1, 2)),
            "answers": answers,
            "note": "",
            "staff_id": carer.staff_id,
            "team_id": carer.team_id,
            "recorded_at": min(datetime.combine(on, hour), self.now),
            "recorded_by": carer.account_id,
            "late_entry": False,
            "late_reason": "",
            "corrects_id": None,
            "correction_reason": "",
            "replaced_at": None,
        }
        self.ledger.visits.append(visit)
        return visit

    def _assess(self, enrolment: Row, visit: Row, decision: Decision) -> None:
        said = decision.as_json()
        enrolment["last_assessment_id"] = len(self.ledger.assessments) + 1
        self.ledger.assessments.append(
            {
                "id": enrolment["last_assessment_id"],
                "visit_id": visit["id"],
                "enrolment_id": enrolment["id"],
                "programme": enrolment["programme"],
                "class_code": said["class"],
                "referral": said["referral"],
                "next": said["next"],
                "because": said["because"],
                "closes": said["closes"],
            }
        )

    def _task(
        self,
        person: Person,
        enrolment: Row,
        kind: str,
        due: date,
        opened: date,
        source: Row | None,
    ) -> None:
        start = window_start(kind, due, opened)
        made = datetime.combine(max(start, opened), time(2, 4), tzinfo=SHANGHAI)
        self.ledger.tasks.append(
            {
                "id": len(self.ledger.tasks) + 1,
                "enrolment_id": enrolment["id"],
                "resident_id": person.id,
                "programme": enrolment["programme"],
                "kind": kind,
                "rank": 1,
                "window_start": start,
                "due_on": due,
                "state": "open",
                "reason": "",
                "team_id": enrolment["team_id"],
                "staff_id": enrolment["staff_id"],
                "village_code": person.village,
                "remind_on": None,
                "closed_on": None,
                "closed_by_visit_id": None,
                "source_visit_id": source["id"] if source else None,
                "created_at": min(made, self.now),
            }
        )


def answers_for(random: Random, person: Person, code: str, on: date) -> Row:
    """Give the answers of an ordinary visit: most people are well."""
    months = months_on(person.birth, on)
    pressure = {"sbp": random.randint(112, 138), "dbp": random.randint(66, 84)}
    if code == "elderly":
        return {**pressure, "health_evaluation": 1, "weight": random.randint(48, 76)}
    if code == "tcm_elderly":
        asked = {f"tcm_{n:02d}": random.choice((1, 1, 2, 2, 3)) for n in range(1, 34)}
        return {**asked, "tcm_guidance": [1, 2]}
    if code == "child":
        return {"child_weight": round(3.4 + 0.62 * min(months, 8) + 0.19 * max(months - 8, 0), 1)}
    if code == "tcm_child":
        return {"tcm_child_taught": [1 if months < 15 else 2 if months < 27 else 3]}
    if code == "maternal":
        return {**pressure, "stage": 2}
    if code == "severe_mental_disorder":
        social = random.choice(("good", "fair"))
        return {"risk": 0, "insight": 1, "symptoms": "none", "social": social}
    if code == "tuberculosis":
        return {"phase": "continuation", "supervisor": 1, "taken_as_prescribed": True}
    if code == "disabled_bedridden":
        return {**pressure, "care_state": random.choice((1, 1, 1, 4)), "care_services": [1, 5]}
    if code == "copd":
        return {"mmrc": random.choice((1, 2)), "exacerbation": 1}
    return {**pressure, "chronic_diseases": [random.choice((1, 3, 4, 5))], "condition": 1}
