"""The ladder of a programme: facts of a visit in, class, referral and next obligations out.

What counts as the previous reading (DESIGN 6): an earlier date with all measurements the class
needs, whatever the way and the order; missed and refused visits are skipped. Of two readings on
one earlier date the higher counts, so that the order of the list never matters.

An open referral (`referral_open`): no second routine referral is opened; the next obligation is
the regular one, and the open referral's own check stays on the list. Danger still answers
`urgent`: the open referral is raised to urgent, none is added beside it.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from .answers import answers_of, failed_checks, missing_measurements, unanswered, unmeasured
from .dates import age_on, months_on
from .definitions import Line, Programme, Value
from .dues import Due, due_of, step_names
from .errors import RuleError
from .fields import parse_answer
from .programme_files import TOKEN
from .reading import Reading
from .values import parse_iso_date

WAYS = {1: "门诊", 2: "家庭", 3: "电话", 4: "短信", 5: "网络", 9: "其他"}  # CV06.00.207


@dataclass(frozen=True)
class PastVisit:
    """An earlier visit: its date and its answers, parsed or as they came."""

    visit_date: date
    answers: Mapping[str, object]


@dataclass(frozen=True)
class Case:
    """The facts of one visit that a programme judges."""

    birth: date
    visit_date: date
    answers: Mapping[str, object]
    way: int | None = None
    history: tuple[PastVisit, ...] = ()
    referral_open: bool = False
    parameters: Mapping[str, object] = dataclasses.field(default_factory=dict)
    #: What is known since the person was taken in, such as the last period; answers come first.
    facts: Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What the ladder found; `line` is the name of the line that won."""

    line: str
    class_value: int | None
    class_label: str
    tone: str
    referral: str
    next: tuple[tuple[str, Due], ...]
    because: tuple[str, ...]
    advice: tuple[str, ...]
    danger: tuple[str, ...]
    danger_steps: tuple[str, ...]
    missing: tuple[str, ...]
    closes: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give the decision as DESIGN section 6 prints it, with what else was found."""
        return {
            "class": self.class_value,
            "referral": self.referral,
            "next": [{"kind": kind, "due": due.isoformat()} for kind, due in self.next],
            "because": list(self.because),
            "advice": list(self.advice),
            "danger": list(self.danger),
            "danger_steps": list(self.danger_steps),
            "class_label": self.class_label,
            "tone": self.tone,
            "line": self.line,
            "missing": list(self.missing),
            "closes": self.closes,
        }


def read_case(raw: object) -> Case:
    """Read a case as JSON gives it; RuleError names the part that cannot be read."""
    if not isinstance(raw, Mapping):
        raise RuleError(
            "case_invalid", "病例应是一个 JSON 对象，含 birth、visit_date、answers", "case"
        )
    answers, history = raw.get("answers", {}), raw.get("history") or []
    if not isinstance(answers, Mapping):
        raise RuleError("answers_invalid", "answers 应是一个对象", "answers")
    if not isinstance(history, list) or not all(isinstance(h, Mapping) for h in history):
        raise RuleError("history_invalid", "history 应是一个列表，每项是一次随访", "history")
    parameters, facts = raw.get("parameters") or {}, raw.get("facts") or {}
    for name, value in (("parameters", parameters), ("facts", facts)):
        if not isinstance(value, Mapping):
            raise RuleError(f"{name}_invalid", f"{name} 应是一个对象", name)
    case = Case(
        birth=case_date(raw, "birth"),
        visit_date=case_date(raw, "visit_date"),
        answers=answers,
        way=read_way(raw.get("way")),
        history=tuple(read_past(h) for h in history),
        referral_open=raw.get("referral_open") is True,
        parameters=parameters,
        facts=facts,
    )
    if case.visit_date < case.birth:
        raise RuleError("before_birth", "随访日期早于出生日期", "visit_date")
    return case


def case_date(raw: Mapping[str, Any], key: str) -> date:
    """Give a date of the case; RuleError `date_invalid` names the key."""
    day = parse_iso_date(raw.get(key))
    if day is None or not 1900 <= day.year <= 2200:
        raise RuleError("date_invalid", f"{key} 应是存在的日期，写成 2026-03-05", key)
    return day


def read_way(value: object) -> int | None:
    """Give the way of a visit (CV06.00.207), None when it is not said."""
    if value is None:
        return None
    text = "" if isinstance(value, bool) else str(value)
    found = next((code for code in WAYS if str(code) == text), None)
    if found is None:
        words = "、".join(f"{code} {word}" for code, word in WAYS.items())
        raise RuleError("way_unknown", f"随访方式要从这几项里选：{words}", "way")
    return found


def read_past(raw: Mapping[str, Any]) -> PastVisit:
    """Read one visit of the history; without answers it is one that was missed."""
    answers = raw.get("answers")
    return PastVisit(case_date(raw, "visit_date"), answers if isinstance(answers, Mapping) else {})


def assess_case(programme: Programme, case: Case) -> Decision:
    """Judge one visit by a programme's ladder; RuleError names what is missing or out of range.

    Class, referral and periods follow the national specification as the programme file quotes
    it (DOMAIN 1.1, 1.2; DESIGN 6). Numbers are rounded to the field's decimals half up first.
    """
    answers = judged_answers(programme, {**case.facts, **case.answers})
    raise_missing(programme, answers)
    facts = facts_on(case.birth, case.visit_date)
    for code, sentence in failed_checks(programme, answers, facts):
        raise RuleError("impossible", sentence, code)
    reading = chain(programme, case, answers)
    line = next(one for one in programme.ladder if reading.holds(one.when))
    return decide(reading, line, case.visit_date)


def judged_answers(programme: Programme, raw: Mapping[str, object]) -> dict[str, object]:
    """Parse the answers a programme uses; RuleError at the first that is refused."""
    held = answers_of(programme, raw)
    parsed = {
        code: parse_answer(programme.fields[code], value)
        for code, value in held.items()
        if programme.fields[code].kind != "bmi" and not is_missing(programme, code, value)
    }
    return {code: value for code, value in parsed.items() if value is not None}


class PastAnswers(dict[str, object]):
    """An earlier visit's answers, each parsed when a condition first asks for it.

    An unreadable note of then does not stop the visit of today; a measurement the class needs is
    parsed, and refused, at once: skipping it could hide a bad reading.
    """

    def __init__(self, programme: Programme, raw: Mapping[str, object]) -> None:
        held = answers_of(programme, raw)
        needed = {f.code: held[f.code] for f in programme.needed if f.code in held}
        super().__init__(judged_answers(programme, needed))
        self._programme, self._held = programme, held

    def get(self, code: str, default: object = None) -> object:
        """Give an answer, None where there was none or nobody can read it."""
        if code not in self and code in self._held:
            self[code] = self._parse(code)
        return super().get(code, default)

    def _parse(self, code: str) -> object:
        try:
            return judged_answers(self._programme, {code: self._held[code]}).get(code)
        except RuleError:
            return None


def is_missing(programme: Programme, code: str, value: object) -> bool:
    """Tell whether a needed measurement is there in name only, so that it is called missing."""
    return value is None and programme.fields[code].needed


def raise_missing(programme: Programme, answers: Mapping[str, object]) -> None:
    """Raise RuleError `missing` naming every measurement the class needs and has not."""
    missing = missing_measurements(programme, answers)
    if missing:
        labels = "、".join(f.label for f in missing)
        raise RuleError("missing", f"缺{labels}，填了才能评估{programme.name}", missing[0].code)


def chain(programme: Programme, case: Case, answers: Mapping[str, object]) -> Reading:
    """Give this visit's reading with the earlier readings behind it, oldest last."""
    previous: Reading | None = None
    for visit_date, held in past_readings(programme, case):
        previous = Reading(programme, held, facts_on(case.birth, visit_date), previous)
    facts = facts_on(case.birth, case.visit_date, case.referral_open, case.way)
    reading = Reading(programme, answers, facts, previous)
    reading.learn(step_names(programme.schedules, reading.value, case.visit_date))
    return reading


def facts_on(
    birth: date, day: date, referral_open: bool = False, way: int | None = None
) -> dict[str, Value]:
    """Give what every condition may ask about a day, by the names of CASE_NAMES."""
    return {
        "age": age_on(birth, day),
        "age_months": months_on(birth, day),
        "birth": birth.isoformat(),
        "visit_date": day.isoformat(),
        "referral_open": referral_open,
        "way": way,
    }


def past_readings(programme: Programme, case: Case) -> list[tuple[date, PastAnswers]]:
    """Give the earlier dates that count as history, oldest first (see the module's head)."""
    readings = [
        (past.visit_date, PastAnswers(programme, {**case.facts, **past.answers}))
        for past in case.history
        if past.visit_date < case.visit_date and not unmeasured(programme, past.answers)
    ]
    codes = [f.code for f in programme.needed]
    return sorted(readings, key=lambda r: (r[0], [order_of(r[1][code]) for code in codes]))


def order_of(answer: object) -> tuple[bool, Any]:
    """Give a key by which the higher of two answers comes last: numbers before words."""
    return isinstance(answer, str), answer


def hints_of(
    programme: Programme, birth: date, day: date, facts: Mapping[str, object] | None = None
) -> dict[str, str]:
    """Give the line that holds on a day, by the code of the field it stands beside; `facts` are
    what is known since the person was taken in."""
    reading = Reading(programme, facts or {}, facts_on(birth, day))
    return {t.field: reading.say(t.text) for t in programme.hints if reading.holds(t.when)}


def decide(reading: Reading, line: Line, visit_date: date) -> Decision:
    """Put the decision together from the winning line."""
    programme = reading.programme
    found = next((c for c in programme.classes if reading.holds(c.when)), None)
    panel = programme.danger_panel
    danger = reading.phrases(panel.found) if panel else []
    dues = [(o, due_of(programme, o, visit_date, reading.value)) for o in line.next]
    over = [programme.schedules[o.schedule].end for o, due in dues if o.schedule and due is None]
    return Decision(
        line=line.name,
        class_value=found.value if found else None,
        class_label=found.label if found else "",
        tone=("danger" if danger else found.tone) if found else "",
        referral=line.referral,
        next=tuple((o.kind, due) for o, due in dues if due is not None),
        because=tuple(reading.say(text) for text in line.because if is_said(reading, text)),
        advice=tuple(reading.true_texts(programme.advice)),
        danger=tuple(danger),
        danger_steps=tuple(reading.say(s) for s in panel.steps) if panel and danger else (),
        missing=tuple(f.code for f in unanswered(programme, reading.answers)),
        closes=line.closes or next(iter(over), ""),
    )


def is_said(reading: Reading, text: str) -> bool:
    """Tell whether a sentence has something to say: not all of its phrases are empty."""
    names = {p.name for p in reading.programme.phrases}
    used = [name for _, name, _ in TOKEN.findall(text) if name in names]
    return not used or any(reading.phrases(name) for name in used)
