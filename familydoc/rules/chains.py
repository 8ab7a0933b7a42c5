"""The uncontrolled chain (DOMAIN 1.1, 1.2): from the first bad reading to a known outcome.

first bad reading -> recheck within two weeks -> bad again: referral -> outcome within two weeks
-> the hospital sends back: seen at home -> closed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

#: What an assessment asks for when something was not as it should be.
ASKED_WHEN_BAD = frozenset({"recheck", "referral_fu", "specialist_fu"})
#: Where a chain breaks, in the order in which leaders should look.
BREAKS = ("no_referral", "no_outcome", "recheck_overdue", "not_seen_after")
TITLES = {
    "first": "发现问题",
    "again": "复查仍不达标",
    "recheck": "复查",
    "referral": "转诊",
    "received": "医院接诊",
    "outcome": "就诊结果",
    "after": "转回后入户",
    "closed": "结束",
}


@dataclass(frozen=True)
class Judged:
    """One assessment: its day, the referral it asks for, its next obligations, its reading."""

    on: date
    referral: str
    next: tuple[tuple[str, date], ...]
    note: str = ""

    @property
    def bad(self) -> bool:
        return self.referral != "none" or any(kind in ASKED_WHEN_BAD for kind, _ in self.next)

    def due(self, kind: str) -> date | None:
        """Give the due date of a kind it asks for."""
        return next((due for one, due in self.next if one == kind), None)


@dataclass(frozen=True)
class Duty:
    """A task of the chain."""

    kind: str
    due: date
    state: str
    closed_on: date | None = None


@dataclass(frozen=True)
class Sent:
    """A referral as the chain needs it; `state` is open, closed or cancelled."""

    opened_on: date
    check_due_on: date
    state: str
    outcome: str | None = None
    closed_on: date | None = None
    received_on: date | None = None
    discharged_on: date | None = None
    follow_due_on: date | None = None
    urgent: bool = False
    uid: str = ""


@dataclass(frozen=True)
class Step:
    """A link. `state`: done, late (done after its day), now, broken (its day is past), next.

    `on` is the day it was done, `due` the day it is owed by.
    """

    code: str
    state: str
    on: date | None = None
    due: date | None = None
    note: str = ""

    @property
    def title(self) -> str:
        return TITLES[self.code]


@dataclass(frozen=True)
class Chain:
    """An open chain. `breaks` are the codes of BREAKS that hold; `referral` is the uid of the
    one that waits."""

    steps: tuple[Step, ...]
    breaks: tuple[str, ...]
    urgent: bool = False
    referral: str = ""

    @property
    def since(self) -> date:
        """The day of the first link."""
        return next(step.on or step.due for step in self.steps if step.on or step.due)  # type: ignore[return-value]


def open_chain(
    judged: Iterable[Judged], duties: Sequence[Duty], sent: Sequence[Sent], today: date
) -> Chain | None:
    """Give the open chain of one enrolment, None when nothing of it is owed.

    Takes all assessments that count, the tasks of the kinds recheck and home_visit, and all
    referrals of the programme, each in any order.
    """
    known = [one for one in sent if one.state != "cancelled"]
    readings = sorted(judged, key=lambda one: one.on)
    lost = readings[-1] if readings and _unanswered(readings[-1], known) else None
    recheck = _open_duty(duties, "recheck")
    referral, after = _the_referral(known, duties)
    if not (lost or recheck or referral):
        return None
    steps = [
        *_readings(_streak(readings, known, referral)),
        *_recheck(recheck, today),
        *_referral(referral, lost, today),
        *_after(after, today),
    ]
    steps += _ahead(steps, recheck)
    waits = referral is not None and referral.state == "open"
    return Chain(
        steps=tuple(steps),
        breaks=tuple(code for code in BREAKS if _holds(code, steps, lost)),
        urgent=bool(referral and waits and referral.urgent)
        or bool(lost and lost.referral == "urgent"),
        referral=referral.uid if referral and waits else "",
    )


def _streak(readings: list[Judged], sent: Sequence[Sent], referral: Sent | None) -> list[Judged]:
    """Give the bad readings in a row that no earlier referral has answered."""
    ended = max((s.closed_on for s in sent if s.closed_on and s is not referral), default=date.min)
    streak: list[Judged] = []
    for one in reversed(readings):
        own = referral is not None and referral.opened_on <= one.on
        if not one.bad or (one.on <= ended and not own):
            break
        streak.insert(0, one)
    return streak


def _the_referral(sent: Sequence[Sent], duties: Sequence[Duty]) -> tuple[Sent | None, Duty | None]:
    """Give the referral that waits for its outcome, else the one whose person is back; and the
    visit at home that is owed to whoever is back."""
    back = [(one, duty) for one in sent if (duty := _after_duty(one, duties)) is not None]
    after = min((duty for _, duty in back), key=lambda duty: duty.due, default=None)
    waiting = next((one for one in sent if one.state == "open"), None)
    return waiting or next((one for one, duty in back if duty is after), None), after


def _unanswered(last: Judged, sent: Sequence[Sent]) -> bool:
    """Tell whether the last reading asks for a referral that nobody has made."""
    if last.referral == "none":
        return False
    return not any(one.closed_on is None or one.closed_on >= last.on for one in sent)


def _open_duty(duties: Sequence[Duty], kind: str) -> Duty | None:
    waiting = [one for one in duties if one.kind == kind and one.state == "open"]
    return min(waiting, key=lambda one: one.due, default=None)


def _after_duty(referral: Sent, duties: Sequence[Duty]) -> Duty | None:
    """Give the open visit at home that a discharge asked for."""
    if referral.follow_due_on is None:
        return None
    due = referral.follow_due_on
    return next(
        (d for d in duties if (d.kind, d.due, d.state) == ("home_visit", due, "open")), None
    )


def _readings(streak: list[Judged]) -> list[Step]:
    steps = []
    for place, one in enumerate(streak):
        due = streak[place - 1].due("recheck") if place else None
        late = due is not None and one.on > due
        code = "again" if place else "first"
        steps.append(Step(code, "late" if late else "done", one.on, due, one.note))
    return steps


def _recheck(duty: Duty | None, today: date) -> list[Step]:
    return [Step("recheck", _waiting(duty.due, today), due=duty.due)] if duty else []


def _referral(referral: Sent | None, lost: Judged | None, today: date) -> list[Step]:
    if referral is None:
        return [Step("referral", "broken", due=lost.on)] if lost else []
    steps = [Step("referral", "done", referral.opened_on)]
    if referral.received_on is not None:
        steps.append(Step("received", "done", referral.received_on))
    due = referral.check_due_on
    if referral.state == "open":
        steps.append(Step("outcome", _waiting(due, today), due=due))
    elif referral.closed_on is not None:
        late = referral.closed_on > due
        steps.append(
            Step(
                "outcome",
                "late" if late else "done",
                referral.closed_on,
                due,
                referral.outcome or "",
            )
        )
    if lost is not None:
        steps.append(Step("referral", "broken", due=lost.on))
    return steps


def _after(duty: Duty | None, today: date) -> list[Step]:
    return [Step("after", _waiting(duty.due, today), due=duty.due)] if duty else []


def _ahead(steps: list[Step], recheck: Duty | None) -> list[Step]:
    """What comes after, so that a line shows where it ends."""
    codes = {step.code for step in steps}
    ahead = []
    if recheck is not None and "referral" not in codes:
        ahead.append(Step("referral", "next", note="仍不达标时"))
    if "referral" in codes and "outcome" not in codes:
        ahead.append(Step("outcome", "next"))
    return [*ahead, Step("closed", "next")]


def _waiting(due: date, today: date) -> str:
    return "broken" if today > due else "now"


def _holds(code: str, steps: list[Step], lost: Judged | None) -> bool:
    if code == "no_referral":
        return lost is not None
    broken = {step.code for step in steps if step.state == "broken"}
    return {"no_outcome": "outcome", "recheck_overdue": "recheck", "not_seen_after": "after"}[
        code
    ] in broken
