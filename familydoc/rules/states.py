"""Where a resident is: which change of state may be asked for, and which needs a second look."""

from datetime import date

from familydoc.rules.dates import add_months
from familydoc.rules.errors import RuleError

#: States that take somebody off every list: asked by one, in force when another look confirmed.
CONFIRMED = ("moved", "deceased")
#: What may be asked for from where somebody is now; a death is only ever undone.
NEXT = {
    "present": ("away", "lost", "moved", "deceased"),
    "away": ("present", "away", "lost", "moved", "deceased"),
    "lost": ("present", "away", "moved", "deceased"),
    "moved": ("present", "deceased"),
    "deceased": (),
}
#: A death tells its facts instead (rules/facts.py).
REASON_NEEDED = ("lost", "moved")
SHORTEST_REASON, LONGEST_REASON = 2, 200
AWAY_MONTHS = 24
#: States that somebody was put into and may be taken out of again as if it had never been said.
UNDOABLE = ("away", "lost", "moved", "deceased")
#: What a call may stand for while somebody is away; the rest waits for the return.
BY_PHONE = ("regular", "recheck", "specialist_fu", "referral_fu", "report")


def needs_confirmation(state: str) -> bool:
    """Tell whether a state takes effect only when confirmed (DESIGN 1: 死亡 and 迁出)."""
    return state in CONFIRMED


def is_by_phone(state: str, away_until: date | None, kind: str, due_on: date) -> bool:
    """Tell whether a call stands for the visit: the person is away on the day it is due
    (DESIGN 9)."""
    if state != "away" or away_until is None or kind not in BY_PHONE:
        return False
    return due_on <= away_until


def choices(state: str) -> tuple[str, ...]:
    """Give the states that may be asked for from `state`, in the order a screen shows."""
    return NEXT.get(state, ())


def check_change(now: str, state: str, on: date, until: date | None, *, today: date) -> None:
    """Check one change of state against today and the state of now.

    Raises RuleError `state_unknown` or `state_same` (field state), `on_future` (on),
    `until_missing`, `until_past` or `until_far` (until).
    """
    if state not in NEXT:
        raise RuleError("state_unknown", "请选择现在的情况。", "state")
    if state not in choices(now):
        raise RuleError("state_same", "不能这样改：请先核对现在的状态。", "state")
    if on > today:
        raise RuleError("on_future", f"日期还没有到，今天是 {today}。", "on")
    if state == "away":
        _check_until(until, today)


def _check_until(until: date | None, today: date) -> None:
    if until is None:
        raise RuleError("until_missing", "请填大约什么时候回来，到那天会自动恢复为在住。", "until")
    if until < today:
        raise RuleError("until_past", "回来的日期已经过了，请填今天或以后的日期。", "until")
    if until > add_months(today, AWAY_MONTHS):
        sentence = f"外出最多登记 {AWAY_MONTHS} 个月，更久请登记为迁出。"
        raise RuleError("until_far", sentence, "until")


def check_reason(state: str, reason: str) -> str:
    """Give the reason trimmed; RuleError `reason_missing` or `reason_long` (field reason)."""
    text = reason.strip()
    if len(text) > LONGEST_REASON:
        raise RuleError("reason_long", f"原因最多 {LONGEST_REASON} 个字。", "reason")
    if state in REASON_NEEDED and len(text) < SHORTEST_REASON:
        raise RuleError("reason_missing", "请写明原因，例如从谁那里得知。", "reason")
    return text


UNDONE = "撤销："


def undo_reason(reason: str) -> str:
    """Give the reason of a row that takes the last change back; RuleError `reason_missing`."""
    text = reason.strip()
    if len(text) < SHORTEST_REASON:
        raise RuleError("reason_missing", "请写明为什么撤销。", "reason")
    return (UNDONE + text)[:LONGEST_REASON]


def state_before(history: list[tuple[str, str]]) -> int | None:
    """Give the index of the change that was in force before the last one of (state, reason)s.

    A row that took one back counts for nothing, nor does the row it took back. None is the
    state everybody begins with: present.
    """
    stack: list[int] = []
    for index, (_, reason) in enumerate(history):
        if not reason.startswith(UNDONE):
            stack.append(index)
        elif stack:
            stack.pop()
    return stack[-2] if len(stack) > 1 else None
