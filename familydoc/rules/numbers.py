"""A number as people and programs read it: value, words, definition, and the parts behind it."""

from dataclasses import dataclass
from datetime import datetime

from .indicators import find_indicator, rate

#: Indicators that are counts, with their unit; all others are percentages.
COUNTS = {
    "due": "人次",
    "done_on_time": "人次",
    "done_late": "人次",
    "overdue_open": "人次",
    "missed": "人次",
}
#: The parts of a rate in words: {n} of {d}.
DETAILS = {
    "signed": "{n} 人签约 / {d} 名服务人口",
    "signed_key": "{n} 人 / {d} 人，一人只计一次",
    "completed_quarter": "应随访 {d} 人次，已完成 {n}",
    "completed_month": "应随访 {d} 人次，已完成 {n}",
    "timely": "应随访 {d} 人次，按时完成 {n}",
    "overdue": "待办 {d} 项，其中逾期 {n} 项",
    "satisfaction": "{d} 份评价，满意 {n} 份",
}
#: What is said when there is nothing to divide by.
NO_DATA = {
    "signed": "还没有在册居民",
    "signed_key": "还没有重点人群",
    "completed_quarter": "本季度还没有到期的随访",
    "completed_month": "本月还没有到期的随访",
    "timely": "还没有到期的随访",
    "overdue": "现在没有待办任务",
    "satisfaction": "还没有评价",
}
#: Key populations whose small counts would point at a person (DOMAIN 2.8).
SENSITIVE = frozenset({"severe_mental_disorder", "tuberculosis", "disabled"})
SMALLEST_PUBLIC = 5


@dataclass(frozen=True, slots=True)
class Number:
    """One figure: `value` for programs, `text` and `detail` for people, empty value: no data."""

    code: str
    name: str
    definition: str
    numerator: int
    denominator: int | None
    value: str
    text: str
    unit: str
    detail: str
    over_100: bool
    counted_at: datetime | None = None


def make_rate(
    code: str, numerator: int, denominator: int, counted_at: datetime | None = None
) -> Number:
    """Give a percentage with two decimals half up; an empty denominator is no data, never 0.

    A rate above 100 is shown as it is and flagged. KeyError for an unknown code.
    """
    indicator, percent = find_indicator(code), rate(numerator, denominator)
    value = "" if percent is None else format(percent, "f")
    return Number(
        code=code,
        name=indicator.name,
        definition=indicator.definition,
        numerator=numerator,
        denominator=denominator,
        value=value,
        text=value or "—",
        unit="%" if value else "",
        detail=_detail(code, numerator, denominator),
        over_100=percent is not None and percent > 100,
        counted_at=counted_at,
    )


def make_count(code: str, numerator: int, counted_at: datetime | None = None) -> Number:
    """Give a plain count; KeyError for an unknown code."""
    indicator = find_indicator(code)
    return Number(
        code=code,
        name=indicator.name,
        definition=indicator.definition,
        numerator=numerator,
        denominator=None,
        value=str(numerator),
        text=f"{numerator:,}",
        unit=COUNTS[code],
        detail="",
        over_100=False,
        counted_at=counted_at,
    )


def _detail(code: str, numerator: int, denominator: int) -> str:
    if denominator == 0:
        return NO_DATA.get(code, "没有数据")
    return DETAILS[code].format(n=f"{numerator:,}", d=f"{denominator:,}")


def hide_small(counts: dict[str, int]) -> dict[str, int | None]:
    """Give counts by key population as the public may see them, None for a hidden one.

    Counts below 5 of severe mental disorder, tuberculosis and disability are hidden (DOMAIN 2.8).
    When they alone were hidden, a published total would give them back by subtraction: then the
    smallest other count is hidden too, until what is missing adds up to at least 5 in two groups.
    """
    shown: dict[str, int | None] = dict(counts)
    hidden = [c for c, n in counts.items() if c in SENSITIVE and n < SMALLEST_PUBLIC]
    others = sorted((n, c) for c, n in counts.items() if c not in hidden)
    while hidden and others and _given_away(counts, hidden):
        hidden.append(others.pop(0)[1])
    return shown | dict.fromkeys(hidden)


def _given_away(counts: dict[str, int], hidden: list[str]) -> bool:
    return len(hidden) < 2 or sum(counts[code] for code in hidden) < SMALLEST_PUBLIC
