"""What may come of a call or a knock, when to try again, and when somebody counts as not found."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from .errors import RuleError

#: A convention of this project: an appointment further away hides the person for too long.
LONGEST_WAIT_DAYS = 60
#: Codes of visits.way: how somebody was tried.
KNOCK, CALL = 2, 3
WAYS = (CALL, KNOCK)
#: Why, by outcome; what is not named here has no second choice.
REASONS = {
    "no_answer": ("rang_out", "switched_off", "not_home"),
    "refused": ("no_need", "treated_elsewhere", "busy", "distrust", "family_objects", "other"),
    "away": ("work", "with_children", "treatment", "visiting", "away_other"),
    "later": ("busy_now", "wants_family", "harvest"),
}
#: Outcomes that do not stand without the second choice.
REASON_NEEDED = ("refused",)
#: Outcomes that show that somebody spoke with the person.
MET = ("reached", "refused", "later")
#: DOMAIN 4 and 1.6, severe mental disorder: three failed visits in a row are a lost person [K].
FAILED_VISITS = 3
#: The programme whose specification knows the rule.
LOST_PROGRAMME = "severe_mental_disorder"


class Attempt(NamedTuple):
    """One attempt as the rules need it: the day, the way, what came of it."""

    day: date
    way: int
    outcome: str


def check_remind_on(remind_on: date | None, today: date, outcome: str = "") -> date | None:
    """Give the day to try again, or None.

    RuleError `remind_missing` (an appointment needs its day), `remind_past` or `remind_far`.
    """
    if remind_on is None:
        if outcome == "later":
            raise RuleError("remind_missing", "约了哪一天？请选再联系的日期。", "remind_on")
        return None
    if remind_on <= today:
        raise RuleError("remind_past", "再联系的日期要在今天以后。", "remind_on")
    if remind_on > today + timedelta(days=LONGEST_WAIT_DAYS):
        sentence = f"再联系的日期最远 {LONGEST_WAIT_DAYS} 天，请选近一点的。"
        raise RuleError("remind_far", sentence, "remind_on")
    return remind_on


def check_reason(outcome: str, reason: str) -> str:
    """Give the second choice of an outcome, '' for none; one of another outcome counts for none.

    RuleError `reason_missing` (field reason).
    """
    if reason in REASONS.get(outcome, ()):
        return reason
    if outcome in REASON_NEEDED:
        raise RuleError("reason_missing", "请选为什么拒绝。", "reason")
    return ""


def check_way(way: int) -> int:
    """Give the way of an attempt; RuleError `way_unknown`."""
    if way not in WAYS:
        raise RuleError("way_unknown", "请选怎么联系的。", "way")
    return way


def failed_visits(attempts: Iterable[Attempt], seen_on: date | None) -> Sequence[date]:
    """Give the days of visits in a row, up to the last attempt, on which nobody was met.

    Several knocks of one day are one. A talk with the person, or a recorded visit (`seen_on` is
    the last one's day), ends the row; a call that nobody answered neither adds nor ends.
    """
    days: list[date] = []
    for attempt in sorted(attempts, key=lambda a: a.day):
        if attempt.outcome in MET:
            days = []
        elif attempt.way == KNOCK and attempt.day not in days:
            days.append(attempt.day)
    return [day for day in days if seen_on is None or day > seen_on]


def is_lost(days: Sequence[date]) -> bool:
    """Tell whether so many failed visits in a row propose to call somebody lost."""
    return len(days) >= FAILED_VISITS
