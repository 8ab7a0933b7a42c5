"""Cells of a roster: what people and provincial systems write for a date, a sex, a yes."""

import re
import unicodedata
from datetime import date, timedelta
from typing import Any

from familydoc.rules.identity import BLANKS, FULL_WIDTH

_DATE = re.compile(r"([0-9]{4})[-/.年]?([0-9]{1,2})[-/.月]?([0-9]{1,2})日?(?:[T ].*)?")
_EXCEL_EPOCH = date(1899, 12, 30)
_SEXES = {
    "男": "male",
    "女": "female",
    "男性": "male",
    "女性": "female",
    "1": "male",
    "2": "female",
}
_YES = frozenset(("是", "有", "1", "√", "✓", "Y", "y", "yes", "Yes", "true", "True", "TRUE"))
_STATES = {
    "死亡": "deceased",
    "已死亡": "deceased",
    "已故": "deceased",
    "去世": "deceased",
    "死亡注销": "deceased",
    "迁出": "moved",
    "已迁出": "moved",
    "失访": "lost",
    "外出": "away",
}


def read_text(value: Any, limit: int = 200) -> str:
    """Give a cell as text: numbers without `.0`, no control characters, at most `limit` long."""
    if value == "" or value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        if value.isprintable():
            return value.strip()[:limit]
        kept = (c for c in value if c in "\t\n\r" or unicodedata.category(c)[0] != "C")
        return " ".join("".join(kept).split())[:limit]
    if isinstance(value, float) and value == value // 1:
        return str(int(value))[:limit]
    return str(value)[:limit]


def read_date(value: Any) -> date | None:
    """Give the date a cell means, or None: 1960-06-20, 1960/6/20, 19600620, 1960年6月20日."""
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    if isinstance(value, float | int) and not isinstance(value, bool) and 0 < value < 80_000:
        return _EXCEL_EPOCH + timedelta(days=int(value))
    text = read_text(value).translate(FULL_WIDTH)
    if not (match := _DATE.fullmatch(text)):
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def read_sex(value: Any) -> str | None:
    """Give `male`, `female`, or None where the cell does not say."""
    known = _SEXES.get(value) if isinstance(value, str) else None
    return known or _SEXES.get(BLANKS.sub("", read_text(value)).translate(FULL_WIDTH))


def says_yes(value: Any) -> bool:
    """Say whether a cell of a key population is ticked."""
    if not value:
        return False
    return value == "是" or read_text(value) in _YES or value is True


def read_state(state: Any, note: Any) -> str:
    """Give the state a row speaks of; the dead are marked in 状态 or, in old lists, in 备注."""
    if state == "正常" and not note:
        return "present"
    found = _STATES.get(BLANKS.sub("", read_text(state)), "present")
    if found != "deceased" and _STATES.get(BLANKS.sub("", read_text(note))) == "deceased":
        return "deceased"
    return found
