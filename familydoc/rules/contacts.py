"""When somebody who could not be seen today is to be tried again."""

from datetime import date, timedelta

from .errors import RuleError

#: A convention of this project: an appointment further away hides the person for too long.
LONGEST_WAIT_DAYS = 60


def check_remind_on(remind_on: date | None, today: date) -> date | None:
    """Give the day to try again; RuleError `remind_past` or `remind_far` when it cannot be."""
    if remind_on is None:
        return None
    if remind_on <= today:
        raise RuleError("remind_past", "再联系的日期要在今天以后。", "remind_on")
    if remind_on > today + timedelta(days=LONGEST_WAIT_DAYS):
        sentence = f"再联系的日期最远 {LONGEST_WAIT_DAYS} 天，请选近一点的。"
        raise RuleError("remind_far", sentence, "remind_on")
    return remind_on
