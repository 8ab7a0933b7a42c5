"""Words of a visit's result, for the page and for the browser's own preview."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from familydoc import clock
from familydoc.labels import word
from familydoc.models.residents import Resident
from familydoc.models.visits import Assessment, Visit
from familydoc.queries import visits as queries
from familydoc.queries.tasks import list_open_tasks
from familydoc.rules.answers import answers_of, labels_of, show_answer
from familydoc.rules.definitions import Programme
from familydoc.rules.dues import Due, read_due
from familydoc.rules.enrolments import day_of
from familydoc.rules.ladder import WAYS
from familydoc.rules.programmes import load_programmes
from familydoc.rules.tasks import CLOSED_BY_A_VISIT, TOO_SOON, OpenTask, early_until, step_title
from familydoc.rules.visits import LATE_DAYS
from familydoc.web.filters import short_day
from familydoc.web.privacy import CONCEALED, concealed

NEXT_WORDS = {
    "regular": "随访",
    "recheck": "复查",
    "referral_fu": "核实转诊",
    "specialist_fu": "专科随访",
    "home_visit": "入户访视",
    "exam": "体检",
    "report": "上报",
}
#: DOMAIN 1.2: at two weeks; warned of, never refused.
EARLY = "提前做了：规范要求满 2 周复查，太早看不出效果"
#: How many earlier visits the browser gets to judge by.
HISTORY = 8


@dataclass(frozen=True)
class ResultWords:
    """One programme's result as a page shows it."""

    programme: str
    code: str
    class_words: str
    tone: str
    referral: str
    next: list[str]
    because: list[str]
    advice: list[str]
    missing: str = ""


def next_words(
    programme: Programme,
    steps: Iterable[tuple[str, Due]],
    closes: str,
    anchor: Callable[[str], date | None],
) -> list[str]:
    """Give what comes next: 12月5日前核实转诊, 11月23日14:30前入户访视, or why nothing does."""
    words = []
    for kind, due in steps:
        own = programme.kind_words.get(kind, NEXT_WORDS.get(kind, kind))
        name = step_title(programme, kind, day_of(due), anchor) or own
        words.append(f"{due_words(due)}前{name}")
    if closes:
        words.append(f"{'办完后' if words else ''}结束管理：{closes}")
    return words


def due_words(due: Due) -> str:
    """Give a due date as 12月5日, a moment by the clock on the wall as 11月23日14:30."""
    if not isinstance(due, datetime):
        return short_day(due)
    local = clock.local(due)
    return f"{short_day(local.date())}{local:%H:%M}"


def tone_of(referral: str, tone: str) -> str:
    """Give the tone of a result: the class's, by the referral where there is no class."""
    if referral == "urgent":
        return "danger"
    return tone or ("warn" if referral == "routine" else "good")


def class_words(programme: Programme, value: int | None) -> str:
    """Give 2 控制不满意, empty in a programme without classes."""
    return f"{value} {programme.class_label(value)}" if value is not None else ""


def result_words(found: queries.Preview) -> list[ResultWords]:
    """Give the results of a preview; a programme that was not measured says what is missing."""
    return [_outcome_words(outcome) for outcome in found.outcomes]


def _outcome_words(outcome: queries.Outcome) -> ResultWords:
    programme, decision = outcome.programme, outcome.decision
    if decision is None:
        missing = f"没有{labels_of(outcome.missing)}：{programme.visit_name}仍未完成。"
        return ResultWords(programme.name, programme.code, "", "", "", [], [], [], missing)
    return ResultWords(
        programme=programme.name,
        code=programme.code,
        class_words=class_words(programme, decision.class_value),
        tone=tone_of(decision.referral, decision.tone),
        referral=word("referral", decision.referral),
        next=next_words(programme, decision.next, decision.closes, outcome.enrolment.anchor),
        because=list(decision.because),
        advice=list(decision.advice),
    )


def assessment_words(assessment: Assessment) -> ResultWords:
    """Give the words of a stored assessment; of a private one only those who may read them."""
    programme = load_programmes()[assessment.programme]
    if concealed(programme.code):
        return ResultWords(programme.discreet, "", "", "", "", [], [], [], f"{CONCEALED}。")
    tone = next((c.tone for c in programme.classes if c.value == assessment.class_code), "")
    steps = [(step["kind"], read_due(step["due"])) for step in assessment.next]
    anchor = assessment.enrolment.anchor if programme.schedules else unknown_anchor
    return ResultWords(
        programme=programme.name,
        code=programme.code,
        class_words=class_words(programme, assessment.class_code),
        tone=tone_of(assessment.referral, tone),
        referral=word("referral", assessment.referral),
        next=next_words(programme, steps, assessment.closes, anchor),
        because=list(assessment.because),
        advice=[],
    )


def unknown_anchor(name: str) -> None:
    """Give no date: nothing of the programme is counted from one."""


@dataclass(frozen=True)
class VisitWords:
    """A stored visit as pages show it."""

    way: str
    results: list[ResultWords]
    readings: str
    rows: list[tuple[str, list[tuple[str, str]]]]
    note: str = ""


def visit_words(visit: Visit) -> VisitWords:
    """Give results, the readings in one line, and every answer in words by section."""
    results = [assessment_words(a) for a in visit.assessments if a.programme in load_programmes()]
    return VisitWords(
        way=word("way", visit.way) if str(visit.way) in "123" else WAYS.get(visit.way, ""),
        results=results,
        readings=readings_line(visit),
        rows=answer_rows(visit),
        note=CONCEALED if any(concealed(a.programme) for a in visit.assessments) else visit.note,
    )


def open_programmes() -> list[Programme]:
    """Give the programmes whose answers the viewer may read."""
    return [one for one in load_programmes().values() if not concealed(one.code)]


def readings_line(visit: Visit) -> str:
    """Give the readings that matter: 132/80 mmHg · 空腹血糖 6.1 mmol/L."""
    held = visit.answers
    pressure = f"{held['sbp']}/{held['dbp']} mmHg" if "sbp" in held and "dbp" in held else ""
    others = []
    for programme in open_programmes():
        numbers = [one for one in programme.measured if one.kind in ("integer", "decimal")]
        for one in programme.needed or numbers:
            if one.code in held and one.code not in ("sbp", "dbp"):
                said = f"{one.label} {show_answer(one, held[one.code])} {one.unit}".strip()
                others.append(said)
    return " · ".join(text for text in (pressure, *dict.fromkeys(others)) if text)


def answer_rows(visit: Visit) -> list[tuple[str, list[tuple[str, str]]]]:
    """Give every answer with its label, by programme; what both share stands once."""
    shown: set[str] = set()
    found = []
    judged = [assessment.programme for assessment in visit.assessments]
    for programme in sorted(open_programmes(), key=lambda p: p.code not in judged[:1]):
        pairs = list(_pairs(programme, visit, shown))
        if pairs:
            found.append((programme.name, pairs))
    return found


def _pairs(programme: Programme, visit: Visit, shown: set[str]) -> list[tuple[str, str]]:
    held = answers_of(programme, visit.answers)
    pairs = []
    for one in programme.fields.values():
        key = f"{programme.code}.{one.code}"
        key = key if key in visit.answers else one.code
        if one.code not in held or key in shown:
            continue
        shown.add(key)
        unit = f" {one.unit}" if one.unit else ""
        pairs.append((one.label, show_answer(one, held[one.code]) + unit))
    return pairs


@dataclass(frozen=True)
class ClosingWords:
    """What a visit closes and what stays open, in words."""

    closes: list[str]
    stays: list[str]


def closing_words(found: queries.Preview, day: date) -> ClosingWords:
    """Give the words shown before saving."""
    return ClosingWords(
        [close_words(task, day) for task in found.closing.closes],
        [reason for _, reason in found.closing.stays],
    )


def close_words(task: OpenTask, day: date) -> str:
    """Name a task that closes, and how late it is: 高血压随访（逾期 3 天，记为补访）."""
    name, days = task.called, (day - task.due).days
    early = early_until(task, load_programmes().get(task.programme or ""))
    if early is not None and day < early:
        return f"{name}（{EARLY}）"
    return f"{name}（逾期 {days} 天，记为补访）" if days > 0 else name


def page_data(
    resident: Resident,
    programmes: list[Programme],
    facts: dict[str, dict[str, Any]],
    corrects: Visit | None,
) -> dict[str, Any]:
    """Give what the browser needs to show the result while somebody types."""
    without = queries.revisions_of(corrects) if corrects else []
    past = queries.list_visits_of(resident.id, without)[:HISTORY]
    today = clock.today()
    return {
        "birth": resident.birth.isoformat(),
        "today": today.isoformat(),
        "lateDays": LATE_DAYS,
        "programmes": [p.as_json() for p in programmes],
        "facts": facts,
        "history": [{"visit_date": v.visit_date.isoformat(), "answers": v.answers} for v in past],
        "referralOpen": dict.fromkeys(
            queries.list_open_referrals(resident.id, today, without), True
        ),
        "tasks": [] if corrects else [_task_data(t) for t in list_open_tasks(resident.id)],
        "closable": list(CLOSED_BY_A_VISIT),
        "words": {
            "referral": {code: word("referral", code) for code in ("none", "routine", "urgent")},
            "next": NEXT_WORDS,
            "early": EARLY,
            "tooSoon": TOO_SOON,
        },
    }


def _task_data(task: Any) -> dict[str, Any]:
    known = queries.as_open_task(task)
    early = early_until(known, load_programmes().get(task.programme))
    return {
        "earlyUntil": early.isoformat() if early else "",
        "programme": task.programme,
        "kind": task.kind,
        "due": task.due_on.isoformat(),
        "name": known.called,
    }
