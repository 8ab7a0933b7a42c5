"""Reads a programme file into records and says clearly what is wrong with one."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from .conditions import find_fault
from .definitions import (
    FIELD_KINDS,
    NUMBER_KINDS,
    REFERRALS,
    TASK_KINDS,
    Choice,
    ClassLine,
    Condition,
    DangerPanel,
    Derived,
    Exam,
    Field,
    Follows,
    Indicator,
    Intake,
    Line,
    Mark,
    Obligation,
    Only,
    Parameter,
    Programme,
    Schedule,
    Step,
    Text,
)

CASE_NAMES = ("age", "age_months", "birth", "visit_date", "referral_open", "way")
TOKEN = re.compile(r"\{(previous\.)?([a-z_0-9]+)(:span|:weeks)?\}")
# What two forms declare alike when they share a field.
SHARED = ("kind", "unit", "min", "max", "decimals", "choices", "unchanged", "own", "of")


class ProgrammeFileError(ValueError):
    """A programme file cannot be used; the message names the file and the place."""


def read_programme(path: Path) -> Programme:
    """Read and check one TOML file; ProgrammeFileError names file, place and fault."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        programme = build_programme(raw)
        check_programme(programme)
    except KeyError as missing:
        raise ProgrammeFileError(f"{path.name}: {missing} is missing") from missing
    except (TypeError, ValueError) as fault:
        raise ProgrammeFileError(f"{path.name}: {fault}") from fault
    if programme.code != path.stem:
        raise ProgrammeFileError(f"{path.name}: code is {programme.code!r}, not the file's name")
    return programme


def build_programme(raw: Mapping[str, Any]) -> Programme:
    """Build the records from a parsed file; KeyError or TypeError where a key is wrong."""
    panel = raw.get("danger_panel")
    return Programme(
        code=raw["code"],
        name=raw["name"],
        short=raw["short"],
        visit_name=raw["visit_name"],
        form=raw["form"],
        visits_per_year=raw["visits_per_year"],
        class_standard=raw.get("class_standard", ""),
        sections=tuple((s["code"], s["label"]) for s in raw["sections"]),
        parameters={n: build_parameter(n, p) for n, p in raw["parameters"].items()},
        fields=by_name("code", [build_field(f) for f in raw["fields"]]),
        checks=tuple(build_text(t) for t in raw.get("checks", ())),
        derived=by_name("name", [build_derived(d) for d in raw.get("derived", ())]),
        classes=tuple(build_class(c) for c in raw.get("classes", ())),
        ladder=tuple(build_line(line) for line in raw["ladder"]),
        phrases=tuple(build_text(t) for t in raw.get("phrases", ())),
        advice=tuple(build_text(t) for t in raw.get("advice", ())),
        hints=tuple(build_text(t) for t in raw.get("hints", ())),
        outputs=tuple(build_text(t) for t in raw.get("outputs", ())),
        marks=tuple(Mark(**frozen_values(m)) for m in raw.get("marks", ())),
        measured_by=tuple(raw.get("measured_by", ())),
        private=raw.get("private", False),
        discreet=raw.get("discreet", raw["name"]),
        intake=build_intake(raw.get("intake", {})),
        exam=Exam(**frozen_values(raw["exam"])) if "exam" in raw else None,
        schedules={n: build_schedule(n, s) for n, s in raw.get("schedules", {}).items()},
        kind_words=dict(raw.get("kind_words", {})),
        class_may_be_empty=raw.get("class_may_be_empty", False),
        danger_panel=DangerPanel(**frozen_values(panel)) if panel else None,
        indicators=tuple(Indicator(**i) for i in raw.get("indicators", ())),
        source=raw,
    )


def by_name(key: str, records: Iterable[Any]) -> dict[str, Any]:
    """Key records by an attribute; ValueError names one that comes twice."""
    found: dict[str, Any] = {}
    for record in records:
        name = getattr(record, key)
        if name in found:
            raise ValueError(f"{name} is declared twice")
        found[name] = record
    return found


def frozen(value: Any) -> Any:
    """Turn lists into tuples all the way down."""
    return tuple(frozen(v) for v in value) if isinstance(value, list) else value


def frozen_values(table: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the lists in a table into tuples."""
    return {key: frozen(value) for key, value in table.items()}


def build_field(raw: Mapping[str, Any]) -> Field:
    """Build one field; TypeError names a key that is not known."""
    known = {f.name for f in dataclass_fields(Field)}
    if unknown := set(raw) - known:
        raise TypeError(f"field {raw['code']}: unknown key {sorted(unknown)[0]!r}")
    made = frozen_values(raw)
    made["choices"] = tuple(Choice(**c) for c in raw.get("choices", ()))
    if follows := raw.get("follows"):
        made["follows"] = Follows(**frozen_values(follows))
    if only := raw.get("only"):
        made["only"] = Only(**only)
    for bound in ("min", "max"):
        if bound in made:
            made[bound] = Decimal(made[bound])
    return Field(**made)


def build_parameter(name: str, raw: Mapping[str, Any]) -> Parameter:
    """Build one parameter with exact numbers."""
    exact = {key: Decimal(raw[key]) for key in ("value", "min", "max")}
    return Parameter(name=name, national=exact["value"], **{**raw, **exact})


def build_text(raw: Mapping[str, Any]) -> Text:
    """Build a sentence with its condition."""
    return Text(**frozen_values(raw))


def build_derived(raw: Mapping[str, Any]) -> Derived:
    """Build a derived value."""
    return Derived(**frozen_values(raw))


def build_class(raw: Mapping[str, Any]) -> ClassLine:
    """Build one class line."""
    return ClassLine(**frozen_values(raw))


def build_line(raw: Mapping[str, Any]) -> Line:
    """Build one line of the ladder."""
    made = frozen_values(raw)
    made["next"] = tuple(Obligation(**o) for o in raw["next"])
    return Line(**made)


def build_intake(raw: Mapping[str, Any]) -> Intake:
    """Build who is taken in and what is owed first."""
    made = frozen_values(raw)
    if first := raw.get("first"):
        made["first"] = Obligation(**first)
    return Intake(**made)


def build_schedule(name: str, raw: Mapping[str, Any]) -> Schedule:
    """Build a schedule with its steps."""
    steps = tuple(Step(**step) for step in raw["steps"])
    return Schedule(name=name, anchor=raw["anchor"], end=raw["end"], steps=steps)


def check_programme(programme: Programme) -> None:
    """Raise ValueError at the first fault of a programme."""
    names = check_names(programme)
    for field in programme.fields.values():
        check_field(programme, field)
    for parameter in programme.parameters.values():
        check_parameter(parameter)
        if parameter.per_year and parameter.per_year not in programme.parameters:
            raise ValueError(
                f"parameter {parameter.name}: unknown parameter {parameter.per_year!r}"
            )
    check_conditions(programme, names)
    for line in programme.ladder:
        check_line(programme, line)
    if unknown := set(programme.measured_by) - set(programme.fields):
        raise ValueError(f"measured_by: unknown field {sorted(unknown)[0]!r}")
    if not programme.measured:
        raise ValueError("no field tells that a visit was one of this programme")
    check_intake(programme)
    for schedule in programme.schedules.values():
        check_schedule(programme, schedule)
    if not programme.ladder or programme.ladder[-1].when is not True:
        raise ValueError("the last line of the ladder must be true for every case")
    if programme.classes and programme.classes[-1].when is not True:
        raise ValueError("the last class must be true for every case")


def check_names(programme: Programme) -> set[str]:
    """Give all names a condition may use; ValueError when one means two things."""
    names: set[str] = {*CASE_NAMES, *(f"{name}_next" for name in programme.schedules)}
    for group in (programme.parameters, programme.fields, programme.derived):
        if twice := names & set(group):
            raise ValueError(f"{sorted(twice)[0]} means two things")
        names |= set(group)
    if twice := names & {p.name for p in programme.phrases}:
        raise ValueError(f"phrase {sorted(twice)[0]} has the name of a value")
    return names


def check_field(programme: Programme, field: Field) -> None:
    """Raise ValueError at the first fault of a field."""
    faults = {
        f"kind {field.kind!r} is not known": field.kind not in FIELD_KINDS,
        "a number needs min and max": field.kind in NUMBER_KINDS
        and (field.min is None or field.max is None or field.min > field.max),
        "a decimal needs decimals": field.kind == "decimal" and field.decimals < 1,
        "choices are missing": field.kind in ("choice", "multi") and not field.choices,
        f"section {field.section!r} is not declared": field.section not in dict(programme.sections),
        "it follows a field that is not there": field.follows is not None
        and field.follows.field not in programme.fields,
        "it is worked out of fields that are not there": not set(field.of) <= set(programme.fields),
        "readings, symptoms and reactions cannot be unchanged": field.unchanged
        and (field.needed or field.section not in ("lifestyle", "drugs")),
    }
    if fault := next((text for text, holds in faults.items() if holds), None):
        raise ValueError(f"field {field.code}: {fault}")


def check_parameter(parameter: Parameter) -> None:
    """Raise ValueError when a parameter is out of its own range or knows no direction."""
    if parameter.stricter not in ("lower", "higher", ""):
        raise ValueError(f"parameter {parameter.name}: stricter is 'lower', 'higher' or empty")
    if not parameter.min <= parameter.value <= parameter.max:
        raise ValueError(f"parameter {parameter.name}: value is out of its range")


def check_conditions(programme: Programme, names: set[str]) -> None:
    """Raise ValueError at the first condition or sentence that cannot be interpreted."""
    known = names - set(programme.derived)
    for derived in programme.derived.values():
        raise_fault(f"derived {derived.name}", derived.value, known)
        known.add(derived.name)
    placed: list[tuple[str, Condition]] = [
        *((f"class {c.value}", c.when) for c in programme.classes),
        *((f"ladder line {line.name}", line.when) for line in programme.ladder),
        *((t.text, t.when) for t in (*said_texts(programme), *programme.outputs)),
        *((f"mark of {m.field}", m.when) for m in programme.marks),
    ]
    for place, condition in placed:
        raise_fault(place, condition, names)
    check_texts(programme, names)


def said_texts(programme: Programme) -> tuple[Text, ...]:
    """Give every sentence of a programme that stands under a condition of its own."""
    return (*programme.checks, *programme.phrases, *programme.advice, *programme.hints)


def raise_fault(place: str, condition: Condition, names: set[str]) -> None:
    """Raise ValueError when a condition is not well-formed."""
    if fault := find_fault(condition, names):
        raise ValueError(f"{place}: {fault}")


def check_texts(programme: Programme, names: set[str]) -> None:
    """Raise ValueError when a sentence names something that is not there."""
    phrases = {p.name for p in programme.phrases}
    panel = programme.danger_panel
    phrased = [text for line in programme.ladder for text in line.because]
    for text in (*phrased, *(one.text for one in programme.outputs)):
        raise_unknown_token(text, names | phrases)
    for said in said_texts(programme):
        raise_unknown_token(said.text, names)
    if panel and panel.found not in phrases:
        raise ValueError(f"danger_panel: no phrase is called {panel.found!r}")


def raise_unknown_token(text: str, names: set[str]) -> None:
    """Raise ValueError when a text names an unknown value."""
    for _, name, _ in TOKEN.findall(text):
        if name not in names:
            raise ValueError(f"{text}: unknown name {name!r}")


def check_line(programme: Programme, line: Line) -> None:
    """Raise ValueError when a line's referral, kinds or periods are not known."""
    if line.referral not in REFERRALS:
        raise ValueError(f"ladder line {line.name}: referral {line.referral!r} is not known")
    if not line.next and not line.closes:
        raise ValueError(f"ladder line {line.name}: every line needs a next obligation")
    for step in line.next:
        check_obligation(programme, f"ladder line {line.name}", step)


def check_obligation(programme: Programme, place: str, step: Obligation) -> None:
    """Raise ValueError when an obligation's kind, period or start is not known."""
    if step.kind not in TASK_KINDS or len(step.periods) != 1:
        raise ValueError(f"{place}: {step.kind} needs one of hours, days, months, schedule")
    (period,) = step.periods
    names = programme.schedules if step.schedule is not None else programme.parameters
    if isinstance(period, str) and period not in names:
        raise ValueError(f"{place}: unknown parameter {period!r}")
    wanted = "instant" if step.hours is not None else "date"
    since = programme.fields.get(step.since or "")
    if (step.since or step.hours is not None) and (since is None or since.kind != wanted):
        raise ValueError(f"{place}: `since` is the name of a field of kind {wanted}")


def check_intake(programme: Programme) -> None:
    """Raise ValueError when what is owed first cannot be found."""
    intake = programme.intake
    if intake.kind not in ("regular", "exam"):
        raise ValueError(f"intake: kind {intake.kind!r} is 'regular' or 'exam'")
    if unknown := {*intake.facts, *(programme.exam.needs if programme.exam else ())} - set(
        programme.fields
    ):
        raise ValueError(f"intake: unknown field {sorted(unknown)[0]!r}")
    if intake.first is not None:
        check_obligation(programme, "intake", intake.first)


def check_schedule(programme: Programme, schedule: Schedule) -> None:
    """Raise ValueError when a schedule counts from nothing or a step has no date."""
    field = programme.fields.get(schedule.anchor)
    if schedule.anchor != "birth" and (field is None or field.kind != "date"):
        raise ValueError(f"schedule {schedule.name}: anchor is birth or a date field")
    if not schedule.steps or any((s.days is None) == (s.months is None) for s in schedule.steps):
        raise ValueError(f"schedule {schedule.name}: every step needs days or months")


def with_own_fields(programmes: Mapping[str, Programme]) -> dict[str, Programme]:
    """Share a field only among programmes that declare it alike; else each keeps its own answer.

    So a new file never has to know the fields of the others, and a pressure is typed once.
    """
    declared: dict[str, set[tuple[object, ...]]] = {}
    for programme in programmes.values():
        for field in programme.fields.values():
            alike = tuple(getattr(field, key) for key in SHARED)
            declared.setdefault(field.code, set()).add(alike)
    own = {code for code, ways in declared.items() if len(ways) > 1}
    return {code: _keep_own(one, own) for code, one in programmes.items()}


def _keep_own(programme: Programme, own: set[str]) -> Programme:
    if not own & set(programme.fields):
        return programme
    fields = {c: replace(f, own=True) if c in own else f for c, f in programme.fields.items()}
    return replace(programme, fields=fields)
