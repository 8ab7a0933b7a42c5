"""The visit form: what came in, and the rows a page shows, both made from the programme files."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NoReturn

from flask import request
from werkzeug.datastructures import MultiDict

from familydoc.models.residents import Resident
from familydoc.rules.answers import show_answer
from familydoc.rules.dates import months_on
from familydoc.rules.definitions import Field, Programme
from familydoc.rules.errors import RuleError
from familydoc.rules.ladder import hints_of
from familydoc.rules.programmes import on_one_page
from familydoc.rules.values import SHANGHAI, parse_instant
from familydoc.rules.visits import LastValue

#: Everything else in a form is an answer; an answer nobody asked for is refused by the parser.
HEAD = (
    "uid",
    "resident",
    "task",
    "visit_date",
    "way",
    "late_reason",
    "danger_handled",
    "reason",
    "corrects",
)
QUIET = ("csrf_token", "fill")
#: Sections that "same as last time" fills; they stand first.
FILLED = ("lifestyle", "drugs")
MORE = "更多检查和备注"
#: A rest of more rows than these is parted by sections.
MANY_ROWS = 12
#: What the inputs for dates and moments can hold.
INPUT_SHAPES = {
    "date": re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "datetime-local": re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}"),
}
SEX_CODES = {"male": 1, "female": 2}  # GB/T 2261.1
LARGEST_BODY = 200_000


@dataclass
class Sent:
    """A visit as it was sent: the head, the answers, and whether it came as JSON."""

    head: dict[str, Any]
    answers: dict[str, Any]
    by_json: bool

    def text(self, name: str) -> str:
        """Give a value of the head as text; nothing but texts and numbers is one."""
        value = self.head.get(name)
        return str(value)[:200] if isinstance(value, str | int) else ""

    @property
    def danger_handled(self) -> bool | None:
        """Tell what was ticked on the danger panel; a device that has none says nothing."""
        value = self.head.get("danger_handled")
        if self.by_json and value is None:
            return None
        return value is True or value in ("1", "on", "true")


def read_sent() -> Sent:
    """Read a form or a JSON body; RuleError `json_invalid` when it is neither."""
    if not request.is_json:
        return split_form(request.form)
    body = read_json(request.get_data(cache=False))
    answers = body.pop("answers", {})
    if not isinstance(answers, dict):
        raise RuleError("json_invalid", 'answers 应是一个对象，例如 {"sbp": 130}', "answers")
    unknown = {key: value for key, value in body.items() if key not in (*HEAD, *QUIET)}
    head = {key: value for key, value in body.items() if key in HEAD}
    return Sent(head, {**answers, **unknown}, by_json=True)


def read_json(raw: bytes) -> dict[str, Any]:
    """Give a JSON object; NaN, deep nesting and other shapes are refused by one sentence."""
    try:
        body = json.loads(raw[: LARGEST_BODY + 1], parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise RuleError("json_invalid", "内容读不懂，应是一个 JSON 对象，什么都没有保存。", "body")
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def split_form(form: MultiDict[str, str]) -> Sent:
    """Part a posted form into head and answers; a value sent several times is a list."""
    head = {name: form.get(name, "") for name in HEAD if name in form}
    answers: dict[str, Any] = {}
    for name in form:
        if name not in HEAD and name not in QUIET:
            values = form.getlist(name)
            answers[name] = values[0] if len(values) == 1 else values
    return Sent(head, answers, by_json=False)


@dataclass
class Item:
    """One field as the page shows it."""

    field: Field
    name: str
    value: Any = ""
    error: str = ""
    last: Any = None
    last_on: date | None = None
    parent: str = ""
    #: Its parent was answered otherwise: the page shows it only when that changes.
    hidden: bool = False

    @property
    def id(self) -> str:
        return "f-" + self.name.replace(".", "-")

    @property
    def parent_values(self) -> str:
        """Give the answers of the parent under which this is asked, as a browser compares them."""
        values = self.field.follows.values if self.field.follows else ()
        return ",".join(typed_code(value) for value in values)

    @property
    def input_type(self) -> str:
        """Give the input for a date or a moment; what it cannot hold is kept as plain text."""
        kind = "date" if self.field.kind == "date" else "datetime-local"
        return kind if not self.value or INPUT_SHAPES[kind].fullmatch(str(self.value)) else "text"

    def holds(self, code: object) -> bool:
        """Tell whether a choice is among what was answered."""
        values = self.value if isinstance(self.value, list | tuple) else [self.value]
        return str(code) in [str(v) for v in values]

    @property
    def is_on(self) -> bool:
        return self.value is True or str(self.value) in ("1", "true", "on")


@dataclass
class Row:
    """Fields that stand on one line, with what was there last time."""

    label: str
    items: list[Item]
    last: str = ""
    last_on: date | None = None
    hint: str = ""

    @property
    def core(self) -> bool:
        return any(item.field.core for item in self.items)

    @property
    def has_error(self) -> bool:
        return any(item.error for item in self.items)

    @property
    def hidden(self) -> bool:
        return all(item.hidden for item in self.items)


@dataclass
class Group:
    """Rows behind one fold: lifestyle and drugs, or the rest of the form."""

    code: str
    label: str
    rows: list[Row]
    last: str = ""

    @property
    def open(self) -> bool:
        return any(row.has_error for row in self.rows)

    @property
    def hidden(self) -> bool:
        return all(row.hidden for row in self.rows)


@dataclass
class Part:
    """One programme's part of the form."""

    programme: Programme
    rows: list[Row]
    groups: list[Group]
    open: bool = True
    due_on: date | None = None

    @property
    def fillable(self) -> bool:
        """Tell whether "same as last time" has anything to fill."""
        return any(i.field.unchanged and i.last is not None for i in items_of(self))

    @property
    def last(self) -> str:
        """Give lifestyle and medicines of last time in one line."""
        return "，".join(group.last for group in self.groups if group.last)


@dataclass
class VisitPage:
    """Everything the form's page shows."""

    resident: Resident
    uid: str
    head: Mapping[str, Any]
    parts: list[Part]
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def loose_errors(self) -> list[str]:
        """Give the sentences that stand beside no field of the page."""
        shown = {item.name for part in self.parts for item in items_of(part)}
        shown |= {"visit_date", "way", "late_reason", "reason", "danger_handled"}
        return [text for name, text in self.errors.items() if name not in shown]


def rows_of(part: Part) -> list[Row]:
    """Give every row of a part."""
    return [*part.rows, *(row for group in part.groups for row in group.rows)]


def items_of(part: Part) -> list[Item]:
    """Give every field of a part."""
    return [item for row in rows_of(part) for item in row.items]


def build_page(
    resident: Resident,
    programmes: Sequence[Programme],
    sent: Sent,
    last: Mapping[str, LastValue],
    day: date,
    errors: Mapping[str, str] | None = None,
    dues: Mapping[str, date] | None = None,
    facts: Mapping[str, Mapping[str, object]] | None = None,
) -> VisitPage:
    """Make the page of a form from the programmes, what was typed and what was there before.

    `dues` is the oldest open due date of each programme, `facts` what is known since its intake.
    """
    shown: set[str] = set()
    free = asked_by_all(programmes)
    seen = max(day, resident.birth)
    parts = []
    for programme in on_one_page(programmes):
        held = (facts or {}).get(programme.code, {})
        hints = hints_of(programme, resident.birth, seen, held)
        part = build_part(resident, programme, sent.answers, last, seen, errors or {}, shown, free)
        for row in rows_of(part):
            row.hint = next((hints[i.field.code] for i in row.items if i.field.code in hints), "")
        part.due_on = (dues or {}).get(programme.code)
        parts.append(part)
    for part in parts[1:]:
        part.open = any(item.value or item.error for item in items_of(part))
    return VisitPage(resident, sent.text("uid"), sent.head, parts, dict(errors or {}))


def asked_by_all(programmes: Iterable[Programme]) -> set[str]:
    """Give the shared fields that one of the programmes asks whatever was answered before."""
    fields = (one for programme in programmes for one in programme.fields.values())
    return {one.code for one in fields if not one.own and one.follows is None}


def build_part(
    resident: Resident,
    programme: Programme,
    typed: Mapping[str, Any],
    last: Mapping[str, LastValue],
    day: date,
    errors: Mapping[str, str],
    shown: set[str],
    free: set[str],
) -> Part:
    """Make one programme's rows; fields that an earlier part shows are left out."""
    sex, months = SEX_CODES.get(resident.sex), months_on(resident.birth, day)
    rows: dict[str, Row] = {}
    for one in programme.fields.values():
        if (one.code in shown and not one.own) or (one.only and not one.only.allows(sex, months)):
            continue
        shown.add(one.code)
        item = build_item(programme, one, typed, last, errors)
        if one.follows and one.code not in free:
            follow_parent(programme, item, typed)
        row = rows.setdefault(one.row or one.code, Row(one.row or one.label, []))
        row.items.append(item)
    for row in rows.values():
        row.last = last_words(row)
        row.last_on = max((i.last_on for i in row.items if i.last_on), default=None)
    core = [row for row in rows.values() if row.core]
    rest = [row for row in rows.values() if not row.core]
    return Part(programme, core, build_groups(programme, rest))


def build_groups(programme: Programme, rows: Sequence[Row]) -> list[Group]:
    """Part the rows that are not always shown into lifestyle, medicines, and the rest.

    A long rest is parted by the sections of the form.
    """
    rest = [row for row in rows if row.items[0].field.section not in FILLED]
    sections = dict(programme.sections)
    labels = {code: sections.get(code, "") for code in FILLED}
    labels |= sections if len(rest) > MANY_ROWS else {}
    groups = {code: Group(code, label, []) for code, label in {**labels, "more": MORE}.items()}
    for row in rows:
        groups.get(row.items[0].field.section, groups["more"]).rows.append(row)
    for code in FILLED:
        held = (f"{row.label} {row.last}" for row in groups[code].rows if row.last)
        groups[code].last = "，".join(held)
    return [group for group in groups.values() if group.rows]


def build_item(
    programme: Programme,
    one: Field,
    typed: Mapping[str, Any],
    last: Mapping[str, LastValue],
    errors: Mapping[str, str],
) -> Item:
    """Make one field with its typed value, its error and its last value."""
    name = f"{programme.code}.{one.code}" if one.own else one.code
    before = last.get(name) or last.get(one.code)
    value = typed.get(name, typed.get(one.code, ""))
    return Item(
        field=one,
        name=name,
        value=show_typed(one, value),
        error=errors.get(name) or errors.get(one.code, ""),
        last=before.value if before else None,
        last_on=before.day if before else None,
    )


def follow_parent(programme: Programme, item: Item, typed: Mapping[str, Any]) -> None:
    """Say which field an item follows, and hide it when that was answered otherwise."""
    assert item.field.follows is not None
    code = item.field.follows.field
    item.parent = f"{programme.code}.{code}" if programme.fields[code].own else code
    given = typed.get(item.parent, typed.get(code))
    if given in (None, "", []) or item.value or item.error:
        return
    answers = given if isinstance(given, list | tuple) else [given]
    item.hidden = not {typed_code(a) for a in answers} & set(item.parent_values.split(","))


def typed_code(value: object) -> str:
    """Give an answer as a form sends it: true, 2, new."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def show_typed(one: Field, value: Any) -> Any:
    """Give a value as an input holds it: typed text as it is, a stored number in its decimals,
    a stored moment by the clock on the wall."""
    if one.kind in ("integer", "decimal") and isinstance(value, int | float):
        return show_answer(one, value)
    moment = parse_instant(value) if one.kind == "instant" else None
    if moment is not None:
        return moment.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")
    return "" if value is None else value


def last_words(row: Row) -> str:
    """Write what stood there last time: 162/96, or 20 次/周，30 分钟/次."""
    held = [
        (show_answer(item.field, item.last), item.field)
        for item in row.items
        if item.last is not None and item.field.kind not in ("bmi", "flag")
    ]
    numbers = all(one.kind in ("integer", "decimal") for _, one in held)
    if numbers and len({one.unit for _, one in held}) <= 1:
        return "/".join(word for word, _ in held)
    return "，".join(f"{word} {one.unit}".strip() for word, one in held if word)


def fill_unchanged(
    programmes: Iterable[Programme], typed: dict[str, Any], last: Mapping[str, LastValue]
) -> dict[str, Any]:
    """Fill empty lifestyle and medicine fields with their last values, nothing else."""
    filled = dict(typed)
    for programme in programmes:
        for one in programme.fields.values():
            name = f"{programme.code}.{one.code}" if one.own else one.code
            before = last.get(name) or last.get(one.code)
            if one.unchanged and before is not None and not filled.get(name):
                filled[name] = before.value
    return filled
