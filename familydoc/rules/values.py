"""Typed text to exact values: numbers, dates, words. Explicit tables, never int() on raw text.

`int` and `float` take Arabic digits, underscores and exponents, and NFKC turns a superscript
into a digit; so full-width characters are mapped by hand and the shape is checked first.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

FULL_WIDTH = str.maketrans("０１２３４５６７８９．。－＋／", "0123456789..-+/")
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u3000\u00a0 \t\r\n"))
NUMBER = re.compile(r"-?[0-9]{1,80}(?:\.[0-9]{1,20})?")
DATE_SHAPES = (
    re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"),
    re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})"),
    re.compile(r"([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})"),
    re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日"),
    re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})"),
)
ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
#: The one zone of the country: what a clock on the wall says without an offset.
SHANGHAI = timezone(timedelta(hours=8))
SURROGATE = re.compile(r"[\ud800-\udfff]")


def typed_text(value: object) -> str:
    """Give what was typed as plain text: blanks and invisible marks out, full width to half."""
    if value is None:
        return ""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return number_text(value)
    return str(value).translate(INVISIBLE).translate(FULL_WIDTH)


def number_text(value: int | float | Decimal) -> str:
    """Give a number as text; a float by its shortest form, so 6.95 stays 6.95."""
    if isinstance(value, int):
        # str() of a huge int is slow and, beyond 4,300 digits, an error.
        return str(value) if value.bit_length() < 256 else "9" * 70
    text = str(value)
    return text[:-2] if isinstance(value, float) and text.endswith(".0") else text


def exact_number(value: object) -> Decimal | None:
    """Give a typed or JSON number exactly, None when it is none (true, null, 1e2, nan, 1_30)."""
    if (
        value is None
        or isinstance(value, bool)
        or not isinstance(value, str | int | float | Decimal)
    ):
        return None
    text = typed_text(value)
    return Decimal(text) if NUMBER.fullmatch(text) else None


def round_half_up(value: Decimal, decimals: int) -> Decimal:
    """Round half away from zero to a number of decimals, as the reports do (DOMAIN 3)."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def plain_number(value: Decimal, decimals: int) -> str:
    """Write a number with exactly so many decimals, no exponent."""
    return format(round_half_up(value, decimals), "f")


def parse_date(value: object) -> date | None:
    """Give the date of a typed text, None when it is none or does not exist.

    Takes 2026-03-05, 2026/3/5, 2026.3.5, 2026年3月5日 and 20260305, half or full width.
    ISO week dates, which date.fromisoformat would take, are none.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = typed_text(value)
    return next((_real_date(*m.groups()) for p in DATE_SHAPES if (m := p.fullmatch(text))), None)


def parse_iso_date(value: object) -> date | None:
    """Give the date of YYYY-MM-DD, None for any other shape or a day that does not exist."""
    match = ISO_DATE.fullmatch(value) if isinstance(value, str) else None
    return _real_date(*match.groups()) if match else None


def parse_instant(value: object) -> datetime | None:
    """Give the moment of YYYY-MM-DD HH:MM[:SS][offset], None for any other text.

    The offset is kept as written; without one the moment is of Asia/Shanghai.
    """
    text = value.strip().translate(FULL_WIDTH) if isinstance(value, str) else ""
    match = INSTANT.fullmatch(text.replace("：", ":"))
    day = parse_iso_date(match[1]) if match else None
    if match is None or day is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.group(2, 3, 4))
    if hour > 23 or minute > 59 or second > 59:
        return None
    zone = _zone(match[5])
    if zone is None:
        return None
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone)


def _zone(offset: str | None) -> timezone | None:
    if offset in (None, "Z"):
        return UTC if offset else SHANGHAI
    assert offset is not None
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if hours > 14 or minutes > 59:
        return None
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if offset[0] == "-" else span)


def _real_date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def clean_text(value: str) -> str | None:
    """Give a note as it is stored: ends trimmed, control characters out; None if unstorable."""
    if SURROGATE.search(value):
        return None
    return CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def as_json_value(value: Any) -> Any:
    """Turn parsed TOML into what JSON can hold."""
    if isinstance(value, Mapping):
        return {key: as_json_value(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [as_json_value(v) for v in value]
    return as_number(value) if isinstance(value, Decimal) else value


def as_number(value: Decimal) -> int | float:
    """Give an exact number as JSON's: whole numbers without a point."""
    return int(value) if value == value.to_integral_value() else float(value)
