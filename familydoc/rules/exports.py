"""A programme's visits as a table: one column for each field of its form, in the form's order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from familydoc.rules.answers import answers_of, show_answer
from familydoc.rules.dates import age_on
from familydoc.rules.definitions import Field, Programme
from familydoc.rules.errors import RuleError
from familydoc.rules.identity import mask_identity, mask_name, mask_phone
from familydoc.rules.ladder import WAYS
from familydoc.rules.values import as_number, exact_number, parse_date, typed_text

#: What one workbook holds at most; a county of a year fits.
MOST_ROWS = 200_000
PERSON = ("姓名", "性别", "出生日期", "年龄", "身份证号", "电话", "村（居）", "团队")
VISIT = ("随访日期", "随访方式", "随访人", "补录")
RESULT = ("分类", "转诊", "下次", "备注")
REFERRALS = {"none": "", "routine": "建议转诊", "urgent": "紧急转诊"}


@dataclass(frozen=True, slots=True)
class Span:
    """The first and last day of the visits wanted, both included."""

    since: date
    until: date


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One visit of one programme with whom it was made to; numbers in clear, masked on the way
    out."""

    name: str
    sex: str
    birth: date
    identity_number: str | None
    telephone: str | None
    village: str
    team: str
    visit_date: date
    way: int
    staff: str
    late: bool
    answers: Mapping[str, object]
    class_code: int | None
    referral: str
    next: tuple[tuple[str, date], ...]
    note: str


def read_span(since: object, until: object, today: date) -> Span:
    """Give the span of an export; without days the year so far.

    RuleError `date_invalid` on its field, `span_reversed` when the last day is before the first.
    """
    first = _read_day(since, "since") or date(today.year, 1, 1)
    last = _read_day(until, "until") or today
    if last < first:
        raise RuleError("span_reversed", "结束的日期比开始的早，请对调。", "until")
    return Span(first, last)


def _read_day(typed: object, field: str) -> date | None:
    if not typed_text(typed):
        return None
    day = parse_date(typed)
    if day is None:
        sentence = "日期看不懂，请照 2026-11-21 的样子填。"
        raise RuleError("date_invalid", sentence, field)
    return day


def check_rows(number: int) -> None:
    """Refuse what does not fit one workbook; RuleError `rows_many` or `rows_none`."""
    if number == 0:
        raise RuleError("rows_none", "这段时间没有这个项目的随访，没有生成表格。", "since")
    if number > MOST_ROWS:
        text = f"有 {number:,} 次随访，一张表最多 {MOST_ROWS:,} 行。请缩短时间，分几次导出。"
        raise RuleError("rows_many", text, "since")


def columns_of(programme: Programme) -> list[str]:
    """Give the headings: the person, the visit, every field of the form, what was found."""
    return [*PERSON, *VISIT, *(_heading(one) for one in programme.fields.values()), *RESULT]


def _heading(field: Field) -> str:
    label = f"{field.row}·{field.label}" if field.row and field.row != field.label else field.label
    return f"{label}（{field.unit}）" if field.unit else label


def cells_of(programme: Programme, row: VisitRow) -> list[Any]:
    """Give one visit's cells: numbers as numbers, choices in words, identity numbers and
    telephones masked, the name masked too where the programme is private."""
    held = answers_of(programme, row.answers)
    return [
        mask_name(row.name) if programme.private else row.name,
        {"male": "男", "female": "女"}.get(row.sex, ""),
        row.birth,
        age_on(row.birth, row.visit_date),
        mask_identity(row.identity_number),
        mask_phone(row.telephone),
        row.village,
        row.team,
        row.visit_date,
        WAYS.get(row.way, str(row.way)),
        row.staff,
        "是" if row.late else "",
        *(_cell(one, held.get(one.code)) for one in programme.fields.values()),
        programme.class_label(row.class_code),
        REFERRALS.get(row.referral, row.referral),
        "；".join(f"{due.isoformat()} {word}" for word, due in row.next),
        row.note,
    ]


def _cell(field: Field, value: object) -> Any:
    number = exact_number(value) if field.kind in ("integer", "decimal", "bmi") else None
    return as_number(number) if number is not None else show_answer(field, value)
