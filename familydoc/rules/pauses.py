"""Care that waits: while somebody is in hospital, and while somebody refuses a programme."""

from collections.abc import Collection
from datetime import date, timedelta

from familydoc.rules.dates import add_months
from familydoc.rules.errors import RuleError

#: 住院, 拒绝随访, and another reason in words.
KINDS = ("hospital", "refused", "other")
#: A stay concerns the person and every programme; the others are said of each programme.
OF_THE_PERSON = ("hospital",)
#: What goes on during a pause: asking after a referral, and what is told to others.
GOES_ON = ("referral_fu", "report")
#: A convention of this project: somebody who is back is seen within a week.
BACK_WITHIN_DAYS = 7
#: DOMAIN 2.10: reasons that pass are asked after again in three months [APP].
ASK_AGAIN_MONTHS = 3
#: A convention of this project: a longer stay is looked at again.
LONGEST_STAY_MONTHS = 12
SHORTEST_REASON, LONGEST_REASON = 2, 100


def waits(kind: str) -> bool:
    """Tell whether a task of this kind waits while the care is paused."""
    return kind not in GOES_ON


def check_pause(
    kind: str, on: date, until: date | None, reason: str, programmes: Collection[str], today: date
) -> date | None:
    """Give the last day of a pause, None for "until somebody says so".

    A refusal is asked after again in three months. RuleError `pause_unknown`, `on_future`,
    `until_early`, `until_far`, `reason_missing`, `reason_long` or `programme_missing`, each with
    its field.
    """
    if kind not in KINDS:
        raise RuleError("pause_unknown", "请选为什么暂停。", "kind")
    if not programmes:
        raise RuleError("programme_missing", "请选要暂停的管理项目。", "programmes")
    if on > today:
        raise RuleError("on_future", f"日期还没有到，今天是 {today}。", "on")
    _check_reason(kind, reason)
    if kind == "refused":
        return add_months(today, ASK_AGAIN_MONTHS)
    return _check_until(on, until, today)


def _check_reason(kind: str, reason: str) -> None:
    text = reason.strip()
    if len(text) > LONGEST_REASON:
        raise RuleError("reason_long", f"原因最多 {LONGEST_REASON} 个字。", "reason")
    if kind != "hospital" and len(text) < SHORTEST_REASON:
        raise RuleError("reason_missing", "请写明原因，例如本人说在别处看病。", "reason")


def _check_until(on: date, until: date | None, today: date) -> date | None:
    if until is None:
        return None
    if until < max(on, today):
        sentence = "已经过了的日期不用登记暂停，请填今天或以后的日期，或者先空着。"
        raise RuleError("until_early", sentence, "until")
    if until > add_months(today, LONGEST_STAY_MONTHS):
        sentence = f"最多暂停 {LONGEST_STAY_MONTHS} 个月，到时候可以再登记。"
        raise RuleError("until_far", sentence, "until")
    return until


def check_return(on: date, since: date, today: date) -> date:
    """Give the day somebody is back; RuleError `on_future` or `on_early` (field on)."""
    if on > today:
        raise RuleError("on_future", f"日期还没有到，今天是 {today}。", "on")
    if on < since:
        raise RuleError("on_early", f"不能早于暂停的那天（{since}）。", "on")
    return on


def due_after(on: date) -> date:
    """Give the day by which somebody who is back since `on` is to be seen."""
    return on + timedelta(days=BACK_WITHIN_DAYS)


def back_on(until: date) -> date:
    """Give the first day after a pause whose last day was `until`."""
    return until + timedelta(days=1)
