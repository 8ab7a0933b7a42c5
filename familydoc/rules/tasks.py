"""When a task may be done, and which open tasks a visit closes."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from familydoc.labels import word

from .answers import answers_of, labels_of, unmeasured
from .definitions import Field, Programme
from .dues import step_on

# DESIGN 3 "tasks": days before the due date on which the window opens; others open at once.
WINDOW_DAYS = {"regular": 30, "exam": 60}
KIND_WORDS = {
    "regular": "随访",
    "recheck": "复查",
    "referral_fu": "转诊核实",
    "specialist_fu": "专科指导后随访",
    "home_visit": "入户访视",
    "exam": "年度体检",
    "report": "上报",
}
# What a visit that holds the measurement fulfils; a referral's check is a contact with an
# outcome, and a report is made to somebody (DESIGN 6, settled 9).
NOT_CARRIED = "已有更晚的随访，这次只补记录"
TOO_SOON = "还没到做这一项的时候"
CLOSED_BY_A_VISIT = ("regular", "recheck", "specialist_fu", "home_visit", "exam")


@dataclass(frozen=True)
class OpenTask:
    """An open task as the rule needs it; `programme` is a code, None where it has none."""

    id: int
    programme: str | None
    kind: str
    due: date
    window_start: date | None = None
    name: str = ""

    @property
    def called(self) -> str:
        """Give the task's own name, or what its programme and kind are called."""
        return self.name or task_name(word("programme", self.programme), self.kind)


@dataclass(frozen=True)
class Closing:
    """What a visit does to the open tasks: those it closes, and those that stay with a reason."""

    closes: tuple[OpenTask, ...]
    stays: tuple[tuple[OpenTask, str], ...]


def window_start(kind: str, due: date, opened_on: date) -> date:
    """Give the first day a task may be done: 30 days before a regular one, 60 before a yearly
    one, for the others the day it is made (DESIGN 3)."""
    return due - timedelta(days=WINDOW_DAYS[kind]) if kind in WINDOW_DAYS else opened_on


def opens_at_once(kind: str) -> bool:
    """Tell whether the action that records a visit makes this task itself."""
    return kind not in WINDOW_DAYS


def task_name(programme_name: str, kind: str) -> str:
    """Give what a task is called: 高血压随访, 糖尿病复查."""
    return f"{programme_name}{KIND_WORDS.get(kind, kind)}"


def title_of(
    programme: Programme, kind: str, due: date, anchor: Callable[[str], date | None]
) -> str:
    """Give a task's name: the step of a schedule due that day (12 月龄健康检查), the programme's
    own word for the kind (老年人 · 健康体检), else programme and kind (高血压随访).

    `anchor` gives the date a schedule counts from, None when nobody said it.
    """
    if step := step_title(programme, kind, due, anchor):
        return step
    if kind in programme.kind_words:
        return f"{programme.name} · {programme.kind_words[kind]}"
    return task_name(programme.name, kind)


def step_title(
    programme: Programme, kind: str, due: date, anchor: Callable[[str], date | None]
) -> str:
    """Give the name of the schedule's step that is due on a day, empty where none is."""
    for schedule in programme.schedules.values() if kind == "regular" else ():
        start = anchor(schedule.anchor)
        if start is not None and (step := step_on(schedule, start, due)) is not None:
            return step.name
    return ""


def early_until(task: OpenTask, programme: Programme | None) -> date | None:
    """Give the day before which a recheck is too early to tell anything, None where none is.

    Type 2 diabetes is rechecked at two weeks (DOMAIN 1.2); sooner is warned of, never refused.
    """
    wait = programme.parameters.get("recheck_not_before_days") if programme else None
    if programme is None or wait is None or task.kind != "recheck":
        return None
    return task.due - timedelta(days=int(programme.parameters["recheck_days"].value - wait.value))


def close_by_visit(
    tasks: Iterable[OpenTask],
    programmes: Mapping[str, Programme],
    answers: Mapping[str, object],
    carried: Sequence[str] | None = None,
    owed: Collection[tuple[str, str, date]] = (),
) -> Closing:
    """Tell which open tasks a visit with these answers closes and why the others stay.

    Closes the oldest open task of each kind for every programme whose class measurement the
    visit holds; `carried` leaves out those that have a later visit already. `owed` is what the
    visit's own decisions ask for (programme, kind, due): a task that is asked for again, because
    its window has not begun, is not done by it.
    """
    closes: list[OpenTask] = []
    stays: list[tuple[OpenTask, str]] = []
    for task in sorted(tasks, key=lambda t: (t.due, t.id)):
        reason = reason_to_stay(task, programmes, answers, carried, closes)
        if reason is None and (task.programme, task.kind, task.due) in owed:
            reason = f"{task.called}，{TOO_SOON}"
        if reason is None:
            closes.append(task)
        else:
            stays.append((task, reason))
    return Closing(tuple(closes), tuple(stays))


def lacking(kind: str, programme: Programme, answers: Mapping[str, object]) -> tuple[Field, ...]:
    """Give what a visit still has to answer to fulfil a task of this kind."""
    if kind != "exam" or programme.exam is None:
        return unmeasured(programme, answers)
    held = answers_of(programme, answers)
    needs = (programme.fields[code] for code in programme.exam.needs)
    return tuple(f for f in needs if held.get(f.code) in (None, ""))


def reason_to_stay(
    task: OpenTask,
    programmes: Mapping[str, Programme],
    answers: Mapping[str, object],
    carried: Sequence[str] | None,
    closed: Sequence[OpenTask],
) -> str | None:
    """Give the Chinese reason why a task stays open, None when the visit closes it."""
    programme = programmes.get(task.programme or "")
    name = task.called
    if task.kind == "referral_fu":
        return f"{name}，要联系后登记转诊结果"
    if programme is None or task.kind not in CLOSED_BY_A_VISIT:
        return f"{name}，要另外办理"
    if missing := lacking(task.kind, programme, answers):
        return f"没有{labels_of(missing)}：{name}仍未完成"
    if task.kind != "exam" and carried is not None and programme.code not in carried:
        return f"{name}，{NOT_CARRIED}"
    if any((t.programme, t.kind) == (task.programme, task.kind) for t in closed):
        return f"{name}（{task.due.month}月{task.due.day}日到期），一次随访只完成最早的一项"
    return None
