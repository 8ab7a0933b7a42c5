"""A hand-over (交接): who may take whose work on, and whom the successor calls first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from .definitions import Programme
from .errors import RuleError

#: Rank of the danger chain, as tasks carry it.
DANGER = 0


@dataclass(frozen=True)
class Case:
    """The facts a hand-over is judged by; names are those of the sentences."""

    leaver: str
    successor: str
    is_same: bool = False
    is_own: bool = False
    leaver_here: bool = True
    leaver_teams: tuple[str, ...] = ()
    successor_active: bool = True
    successor_here: bool = True
    successor_is_doctor: bool = True
    contracts: int = 0


@dataclass(frozen=True)
class OwedTask:
    """An open task as the call list needs it."""

    programme: str
    rank: int
    due_on: date


def check_leaver(case: Case) -> None:
    """Raise RuleError on field `leaver` when this work cannot be handed over at all:
    `handed_over`, `serves_several` or `self`."""
    if not case.leaver_here:
        text = f"{case.leaver}已经不在这个团队了，可能刚刚有人办过交接，请刷新页面看一下。"
        raise RuleError("handed_over", text, "leaver")
    if len(case.leaver_teams) > 1:
        teams = "、".join(case.leaver_teams)
        text = (
            f"{case.leaver}同时在{teams}服务，不能一次交给一个人。"
            "请到要离开的团队里办“离开团队”，其他团队不受影响。"
        )
        raise RuleError("serves_several", text, "leaver")
    if case.is_own:
        text = "不能给自己办交接，请中心主任来办，这样离开后还有人核对。"
        raise RuleError("self", text, "leaver")


def check(case: Case) -> None:
    """Raise the RuleError of check_leaver, or on field `successor`: `same_person`, `staff_left`,
    `no_member` or `no_doctor`."""
    check_leaver(case)
    if case.is_same:
        raise RuleError("same_person", "接手的人不能就是离开的人。", "successor")
    if not case.successor_active:
        raise RuleError("staff_left", f"{case.successor}已经离岗，请选在岗的人。", "successor")
    if not case.successor_here:
        text = f"{case.successor}还不是这个团队的成员，请先加入团队再交接。"
        raise RuleError("no_member", text, "successor")
    if case.contracts and not case.successor_is_doctor:
        text = (
            f"{case.leaver}是 {case.contracts} 份协议的家庭医生，"
            f"{case.successor}在团队里不是家庭医生。请选一位家庭医生。"
        )
        raise RuleError("no_doctor", text, "successor")


def reasons_to_call(
    tasks: Iterable[OwedTask], programmes: Mapping[str, Programme], on: date
) -> tuple[str, ...]:
    """Give why somebody is called first, the gravest first: danger, overdue, private; () for
    nobody who cannot wait for the visit."""
    found = set()
    for task in tasks:
        programme = programmes.get(task.programme)
        found |= {"danger"} if task.rank == DANGER else set()
        found |= {"overdue"} if task.due_on < on else set()
        found |= {"private"} if programme is not None and programme.private else set()
    return tuple(reason for reason in ("danger", "overdue", "private") if reason in found)


def call_order(reasons: tuple[str, ...], oldest: date) -> tuple[bool, bool, date]:
    """Give the place in the call list: danger, then the longest overdue, then the others."""
    return "danger" not in reasons, "overdue" not in reasons, oldest
