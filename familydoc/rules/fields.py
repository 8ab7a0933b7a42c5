"""One typed or JSON value against one field of a form: the answer, or one Chinese sentence."""

import re
from collections.abc import Callable
from decimal import Decimal

from .definitions import Answer, Choice, Field
from .errors import RuleError
from .values import (
    clean_text,
    exact_number,
    parse_date,
    parse_instant,
    plain_number,
    round_half_up,
    typed_text,
)

YES = ("1", "true", "on", "yes", "是", "有")
NO = ("0", "false", "off", "no", "否", "无")
SEPARATORS = re.compile(r"[,，、;；\s]+")


def parse_answer(field: Field, value: object) -> Answer | None:
    """Give one answer as it is stored, None when it was left empty.

    RuleError names the field: `number_invalid`, `out_of_range`, `not_whole`, `choice_unknown`,
    `choice_exclusive`, `flag_invalid`, `date_invalid`, `text_invalid` or `text_long`.
    """
    if isinstance(value, str) and not typed_text(value):
        return None
    return PARSERS[field.kind](field, value)


def refuse(field: Field, code: str, text: str) -> RuleError:
    """Make the refusal of a value, the field's label at the head of the sentence."""
    return RuleError(code, f"{field.label}{text}", field.code)


def parse_number(field: Field, value: object) -> Answer:
    """Give a number within the field's range, decimals rounded half up before it is judged.

    A whole-number field takes no fraction: 139.5 is refused rather than guessed at.
    """
    number = exact_number(value)
    if number is None:
        raise refuse(field, "number_invalid", "应填数字，例如 " + example_of(field))
    low, high = field.min or Decimal(0), field.max or Decimal(0)
    if not low <= number <= high:
        raise refuse(field, "out_of_range", range_sentence(field, low, high, number))
    if field.kind == "decimal":
        return round_half_up(number, field.decimals)
    if number != number.to_integral_value():
        raise refuse(field, "not_whole", "只填整数，不带小数点")
    return int(number)


def example_of(field: Field) -> str:
    """Give a number in the middle of the field's range."""
    middle = ((field.min or Decimal(0)) + (field.max or Decimal(0))) / 2
    return plain_number(Decimal(int(middle)), field.decimals)


def range_sentence(field: Field, low: Decimal, high: Decimal, number: Decimal) -> str:
    """Say the range and what was typed, with the likely slip where the file names one."""
    bounds = f"{plain_number(low, field.decimals)} 到 {plain_number(high, field.decimals)}"
    typed = format(number, "f")
    shown = typed if len(typed) <= 12 else typed[:12] + "…"
    hint = f"，{field.beyond}" if field.beyond and number > high else ""
    return f"应在 {bounds} 之间，填的是 {shown}{hint}"


def find_choice(field: Field, value: object) -> Choice | None:
    """Give the choice that a code (number or text) or a label stands for."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    text = typed_text(value)
    return next((c for c in field.choices if text in (str(c.code), typed_text(c.label))), None)


def parse_choice(field: Field, value: object) -> Answer:
    """Give the code of a choice."""
    choice = find_choice(field, value)
    if choice is None:
        words = "、".join(c.label for c in field.choices)
        raise refuse(field, "choice_unknown", f"要从这几项里选：{words}")
    return choice.code


def parse_multi(field: Field, value: object) -> Answer | None:
    """Give the codes of several choices in the order of the form, None for an empty list."""
    parts = SEPARATORS.split(value.strip()) if isinstance(value, str) else value
    parts = list(parts) if isinstance(parts, list | tuple) else [parts]
    chosen = {parse_choice(field, part) for part in parts if part != ""}
    if field.exclusive in chosen and len(chosen) > 1:
        word = field.word_for(field.exclusive)
        raise refuse(field, "choice_exclusive", f"选了“{word}”，就不能再选别的")
    return tuple(c.code for c in field.choices if c.code in chosen) or None


def parse_flag(field: Field, value: object) -> Answer | None:
    """Give true or false; null is left out."""
    if value is None or isinstance(value, bool):
        return value
    text = typed_text(value).lower() if isinstance(value, str | int) else ""
    if text not in (*YES, *NO):
        raise refuse(field, "flag_invalid", "只能填是或否")
    return text in YES


def parse_date_answer(field: Field, value: object) -> Answer:
    """Give a date as YYYY-MM-DD."""
    day = parse_date(value)
    if day is None or not 1900 <= day.year <= 2200:
        raise refuse(field, "date_invalid", "应是日期，例如 2026-03-05")
    return day.isoformat()


def parse_instant_answer(field: Field, value: object) -> Answer:
    """Give a moment with its offset, as ISO writes it; without one it is of Asia/Shanghai."""
    moment = parse_instant(value)
    if moment is None or moment.year < 1900:
        raise refuse(field, "instant_invalid", "应是日期和时间，例如 2026-03-05 14:30")
    return moment.isoformat(timespec="minutes" if not moment.second else "seconds")


def parse_text(field: Field, value: object) -> Answer | None:
    """Give a note without control characters, None when nothing is left of it."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = typed_text(value)
    text = clean_text(value) if isinstance(value, str) else None
    if text is None:
        raise refuse(field, "text_invalid", "里有不能保存的内容，请重新输入文字")
    if len(text) > field.max_length:
        limit, excess = field.max_length, len(text) - field.max_length
        raise refuse(field, "text_long", f"最多 {limit} 个字，多了 {excess} 个")
    return text or None


PARSERS: dict[str, Callable[[Field, object], Answer | None]] = {
    "integer": parse_number,
    "decimal": parse_number,
    "choice": parse_choice,
    "multi": parse_multi,
    "flag": parse_flag,
    "date": parse_date_answer,
    "instant": parse_instant_answer,
    "text": parse_text,
}
