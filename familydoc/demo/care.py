"""Two years of care for one patient after another, judged by the programmes' own ladders."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from familydoc.clock import SHANGHAI
from familydoc.demo.people import Person
from familydoc.demo.readings import Body, answers_of_visit, make_body
from familydoc.rules.dates import add_months
from familydoc.rules.enrolments import day_of, first_dues
from familydoc.rules.ladder import Case, Decision, PastVisit, assess_case
from familydoc.rules.programmes import Programme
from familydoc.rules.tasks import window_start

YEARS_BACK = timedelta(days=730)
RECENT_DAYS = 13
TAGS = ("hypertension", "diabetes")
JUDGED = frozenset({"sbp", "dbp", "fpg", "adverse_reaction", "complication"})
#: How long before its due date a duty is done along with another programme's visit.
JOINED_WITHIN = {"regular": timedelta(days=30), "recheck": timedelta(days=4)}
Row = dict[str, Any]


@dataclass(frozen=True)
class Carer:
    """Who looks after a village, how reliably, and to which hospital they refer."""

    team_id: int
    staff_id: int
    account_id: int
    diligence: float
    centre_id: int
    hospital_id: int


@dataclass
class Duty:
    """One obligation: its task, and the day somebody will act on it (after today: not yet)."""

    kind: str
    due: date
    opened: date
    act_on: date
    source: int | None = None

    @property
    def window(self) -> date:
        return window_start(self.kind, self.due, self.opened)


@dataclass
class Course:
    """One programme of one patient as it runs."""

    enrolment: Row
    programme: Programme
    duties: list[Duty] = field(default_factory=list)
    history: list[PastVisit] = field(default_factory=list)
    referral: Row | None = None
    last: Decision | None = None


@dataclass
class Ledger:
    """The rows that care leaves behind, by table."""

    enrolments: list[Row] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)
    assessments: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    referrals: list[Row] = field(default_factory=list)


class Story:
    """Lives through the care of one patient until today and writes it into the ledger."""

    def __init__(
        self,
        ledger: Ledger,
        person: Person,
        carer: Carer,
        programmes: Mapping[str, Programme],
        now: datetime,
        random: Random,
        drama: float,
    ) -> None:
        self.drama = drama
        self.ledger, self.person, self.carer, self.random = ledger, person, carer, random
        self.now, self.today = now, now.astimezone(SHANGHAI).date()
        #: The last day on which somebody came: today, or the day before they died or left.
        gone = person.state in ("deceased", "moved", "lost") and person.since
        self.until = gone - timedelta(days=1) if gone else self.today
        self.body: Body = make_body(random, person.sex, person.age)
        self.courses = [self._begin(programmes[tag]) for tag in TAGS if tag in person.tags]

    def tell(self) -> None:
        """Let visits and referrals happen in order, then write what is still to be done."""
        while self.courses:
            course, duty = min(
                ((c, d) for c in self.courses for d in c.duties), key=lambda pair: pair[1].act_on
            )
            if duty.act_on > self.until:
                break
            if duty.kind == "referral_fu":
                self._close_referral(course, duty)
            else:
                self._visit(course, duty.act_on)
        for course in self.courses:
            self._end(course)

    def _begin(self, programme: Programme) -> Course:
        """Enrol somebody: most people years ago, the others since."""
        start = self.today - YEARS_BACK
        long_ago = self.random.random() < 0.75
        days = self.random.randint(30, 2000) if long_ago else -self.random.randint(0, 715)
        since = min(start - timedelta(days=days), self.until)
        enrolment = {
            "id": len(self.ledger.enrolments) + 1,
            "resident_id": self.person.id,
            "programme": programme.code,
            "since": since,
            "state": "active",
            "reason": "",
            "ended_on": None,
            "team_id": self.carer.team_id,
            "staff_id": self.carer.staff_id,
            "next_due_on": None,
            "exam_due_on": None,
            "facts": {},
            "last_assessment_id": None,
        }
        self.ledger.enrolments.append(enrolment)
        first = start + timedelta(days=self.random.randrange(90))
        if not long_ago:
            first = day_of(first_dues(programme, since, self.person.birth)["regular"])
        course = Course(enrolment, programme)
        course.duties.append(self._regular(first, max(since, start)))
        return course

    def _regular(self, due: date, opened: date, source: int | None = None) -> Duty:
        """Plan a regular visit: mostly in time, sometimes late, sometimes nobody comes."""
        chance = self.random.random() * (1.25 if self.person.state == "away" else 1.0)
        if chance < self.carer.diligence:
            act = due - timedelta(days=int(self.random.triangular(0, 24, 6)))
        elif chance < self.carer.diligence + (1 - self.carer.diligence) * 0.75:
            act = due + timedelta(days=int(self.random.triangular(1, 30, 4)))
        else:
            act = add_months(due, 3) + timedelta(days=self.random.randint(1, 20))
        return Duty("regular", due, opened, max(act, opened + timedelta(days=1)), source)

    def _next_duty(self, kind: str, due: date, on: date, visit: int) -> Duty:
        """Plan what a visit asked for."""
        if kind == "regular":
            return self._regular(due, on, visit)
        late = self.random.random() > self.carer.diligence
        soon = due - timedelta(days=self.random.randint(0, 4 if kind == "recheck" else 10))
        act = due + timedelta(days=self.random.randint(1, 16)) if late else soon
        return Duty(kind, due, on, act, visit)

    def _visit(self, first: Course, on: date) -> None:
        """Record a visit with every programme whose window is open."""
        carried = [c for c in self.courses if c is first or self._joins(c, on)]
        codes = tuple(c.programme.code for c in carried)
        treated = any(c.last is not None and c.last.class_value != 1 for c in carried)
        answers = answers_of_visit(self.random, self.body, codes, treated, self._scene(on))
        visit = self._visit_row(on, answers)
        for course in carried:
            self._assess(course, visit, answers)

    def _scene(self, on: date) -> str:
        """Give what happens at a visit of the last days, so that a small demo has it all."""
        if (self.today - on).days > RECENT_DAYS or self.random.random() > self.drama:
            return ""
        return "danger" if self.random.random() < 0.2 else "bad"

    def _joins(self, course: Course, on: date) -> bool:
        """Tell whether another programme is done on the same occasion because it is due too."""
        due = any(
            d.kind != "referral_fu" and d.opened < on and d.due - on <= JOINED_WITHIN[d.kind]
            for d in course.duties
        )
        return due and self.random.random() < 0.9

    def _visit_row(self, on: date, answers: dict[str, Any]) -> Row:
        away = self.person.state == "away" and self.person.since and on >= self.person.since
        late_entry = self.random.random() < 0.006 and (self.today - on).days > 20
        at = self._moment(on + timedelta(days=self.random.randint(8, 19) if late_entry else 0))
        visit = {
            "id": len(self.ledger.visits) + 1,
            "uid": str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
            "resident_id": self.person.id,
            "visit_date": on,
            "way": 3 if away else self.random.choices((1, 2, 3), (46, 46, 8))[0],
            "answers": answers,
            "note": "",
            "staff_id": self.carer.staff_id,
            "team_id": self.carer.team_id,
            "recorded_at": at,
            "recorded_by": self.carer.account_id,
            "late_entry": late_entry,
            "late_reason": "下乡时没有信号，回来补录" if late_entry else "",
            "corrects_id": None,
            "correction_reason": "",
            "replaced_at": None,
        }
        self.ledger.visits.append(visit)
        return visit

    def _moment(self, on: date) -> datetime:
        """Give a working hour of a day, never ahead of now."""
        hour = time(self.random.randint(8, 17), self.random.randrange(60), tzinfo=SHANGHAI)
        return min(datetime.combine(on, hour), self.now)

    def _assess(self, course: Course, visit: Row, answers: dict[str, Any]) -> None:
        on = visit["visit_date"]
        case = Case(
            birth=self.person.birth,
            visit_date=on,
            answers=_judged(answers),
            way=visit["way"],
            history=tuple(course.history),
            referral_open=course.referral is not None,
        )
        decision = assess_case(course.programme, case)
        self._close_by_visit(course, visit)
        course.history = [PastVisit(on, case.answers)]
        course.last = decision
        course.enrolment["last_assessment_id"] = len(self.ledger.assessments) + 1
        self.ledger.assessments.append(_assessment_row(course, visit, decision))
        self._refer(course, visit, decision)
        course.duties += [self._next_duty(k, due, on, visit["id"]) for k, due in decision.next]

    def _close_by_visit(self, course: Course, visit: Row) -> None:
        """Close what the visit fulfils; an older regular task that it skipped was missed."""
        on = visit["visit_date"]
        for duty in [d for d in course.duties if d.kind != "referral_fu"]:
            course.duties.remove(duty)
            if duty.kind == "regular" and add_months(duty.due, 3) < on:
                duty = self._miss(course, duty)
            if duty.window <= on:
                self._task(course, duty, "done", on, visit["id"])

    def _miss(self, course: Course, duty: Duty) -> Duty:
        """Mark a regular task as missed on the day the next one fell due; give that next one."""
        following = add_months(duty.due, 3)
        self._task(course, duty, "missed", following, None, "next_due")
        return Duty("regular", following, duty.opened, duty.act_on)

    def _refer(self, course: Course, visit: Row, decision: Decision) -> None:
        if decision.referral == "none":
            return
        if course.referral is not None:
            course.referral["urgency"] = decision.referral
            return
        check = next(due for kind, due in decision.next if kind == "referral_fu")
        course.referral = {
            "id": len(self.ledger.referrals) + 1,
            "uid": str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
            "resident_id": self.person.id,
            "programme": course.programme.code,
            "visit_id": visit["id"],
            "staff_id": self.carer.staff_id,
            "from_organisation_id": self.carer.centre_id,
            "to_organisation_id": self.carer.hospital_id,
            "urgency": decision.referral,
            "state": "open",
            "reason": "；".join(decision.because)[:500],
            "opened_on": visit["visit_date"],
            "check_due_on": check,
            "outcome": None,
            "result": "",
            "closed_on": None,
        }
        self.ledger.referrals.append(course.referral)

    def _close_referral(self, course: Course, duty: Duty) -> None:
        """Close a referral with what came of it, and every check of it that is still open."""
        outcome = self.random.choices(("went", "refused", "not_reached"), (86, 8, 6))[0]
        for check in [d for d in course.duties if d.kind == "referral_fu"]:
            course.duties.remove(check)
            self._task(course, check, "done", duty.act_on, None, outcome)
        if course.referral is not None:
            result = "县医院调整用药后转回，继续随访" if outcome == "went" else ""
            course.referral |= {
                "state": "closed",
                "outcome": outcome,
                "result": result,
                "closed_on": duty.act_on,
            }
            course.referral = None

    def _end(self, course: Course) -> None:
        """Write what is still to be done, or end the management of those who are gone."""
        if self.person.state in ("deceased", "moved"):
            return self._leave(course)
        held = any(d.kind == "recheck" for d in course.duties)
        for duty in course.duties:
            duty = self._overtaken(course, duty, self.today)
            if duty.kind == "regular":
                course.enrolment["next_due_on"] = None if held else duty.due
            if duty.window <= self.today:
                self._task(course, duty, "open", None, None)
        return None

    def _overtaken(self, course: Course, duty: Duty, on: date) -> Duty:
        """Give up a regular duty for the next one as often as that fell due by a day."""
        while duty.kind == "regular" and add_months(duty.due, 3) <= on:
            duty = self._miss(course, duty)
        return duty

    def _leave(self, course: Course) -> None:
        on = self.person.since or self.today
        course.enrolment |= {"state": "ended", "reason": self.person.state, "ended_on": on}
        for duty in course.duties:
            duty = self._overtaken(course, duty, on)
            if duty.window <= on:
                self._task(course, duty, "cancelled", on, None, self.person.state)
        if course.referral is not None:
            course.referral |= {"state": "cancelled", "closed_on": on}

    def _task(
        self,
        course: Course,
        duty: Duty,
        state: str,
        closed_on: date | None,
        visit_id: int | None,
        reason: str = "",
    ) -> None:
        opened = max(duty.window, duty.opened)
        self.ledger.tasks.append(
            {
                "id": len(self.ledger.tasks) + 1,
                "enrolment_id": course.enrolment["id"],
                "resident_id": self.person.id,
                "programme": course.programme.code,
                "kind": duty.kind,
                "rank": 0 if duty.kind == "referral_fu" else 1,
                "window_start": duty.window,
                "due_on": duty.due,
                "state": state,
                "reason": reason,
                "team_id": self.carer.team_id,
                "staff_id": self.carer.staff_id,
                "village_code": self.person.village,
                "remind_on": None,
                "closed_on": closed_on,
                "closed_by_visit_id": visit_id,
                "source_visit_id": duty.source,
                "created_at": min(datetime.combine(opened, time(2, 4), tzinfo=SHANGHAI), self.now),
            }
        )


def _judged(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Give the answers that a ladder looks at: the others cost time and change nothing."""
    return {code: value for code, value in answers.items() if code.rpartition(".")[2] in JUDGED}


def _assessment_row(course: Course, visit: Row, decision: Decision) -> Row:
    return {
        "id": course.enrolment["last_assessment_id"],
        "visit_id": visit["id"],
        "enrolment_id": course.enrolment["id"],
        "programme": course.programme.code,
        "class_code": decision.class_value,
        "referral": decision.referral,
        "next": [{"kind": kind, "due": due.isoformat()} for kind, due in decision.next],
        "because": list(decision.because),
        "closes": decision.closes,
    }
