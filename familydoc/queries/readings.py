"""Readings of one resident over time, as charts with the targets that hold for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from familydoc.formats.chart import Chart, Point, Series, draw
from familydoc.models.residents import Resident
from familydoc.models.visits import Visit
from familydoc.rules.dates import age_on
from familydoc.rules.definitions import Field, Programme
from familydoc.rules.targets import CHARTS, LINES, Target, target_of, tone_of
from familydoc.rules.values import exact_number, plain_number


@dataclass(frozen=True)
class ReadingChart:
    """A chart with its words: title, unit, the target in a sentence, and the newest reading."""

    key: str
    title: str
    unit: str
    target: str
    newest: str
    chart: Chart

    @property
    def rows(self) -> list[tuple[date, list[tuple[str, str]]]]:
        """The numbers of the drawing by day, the newest first: (value, tone) of each curve."""
        days: dict[date, dict[str, tuple[str, str]]] = {}
        for curve in self.chart.curves:
            for dot in curve.dots:
                days.setdefault(dot.day, {})[curve.name] = (dot.value, dot.tone)
        names = [curve.name for curve in self.chart.curves]
        return [
            (day, [days[day].get(name, ("", "")) for name in names])
            for day in sorted(days, reverse=True)
        ]


def list_charts(
    resident: Resident, visits: Sequence[Visit], programmes: Mapping[str, Programme], on: date
) -> list[ReadingChart]:
    """Give the charts for which there is at least one reading in a resident's visits, which come
    newest first as they count today."""
    readings = [(visit.visit_date, visit.answers) for visit in reversed(visits)]
    made = (_chart(fields, resident, readings, programmes, on) for fields in CHARTS)
    return [chart for chart in made if chart is not None]


def _chart(
    codes: Sequence[str],
    resident: Resident,
    readings: list[tuple[date, dict[str, object]]],
    programmes: Mapping[str, Programme],
    on: date,
) -> ReadingChart | None:
    fields = [programmes[LINES[code].programme].fields[code] for code in codes]
    age = age_on(resident.birth, on)
    targets = [target_of(programmes, code, age) for code in codes]
    series = [
        Series(field.label, _points(field, resident, readings, programmes), *_bounds(target))
        for field, target in zip(fields, targets, strict=True)
    ]
    chart = draw(series)
    if chart is None:
        return None
    return ReadingChart(
        key="-".join(codes),
        title="和".join(field.label for field in fields),
        unit=fields[0].unit,
        target=_words(fields, targets),
        newest="/".join(curve.dots[-1].value for curve in chart.curves),
        chart=chart,
    )


def _points(
    field: Field,
    resident: Resident,
    readings: list[tuple[date, dict[str, object]]],
    programmes: Mapping[str, Programme],
) -> tuple[Point, ...]:
    found = []
    for day, answers in readings:
        number = exact_number(answers.get(field.code))
        if number is not None:
            tone = tone_of(programmes, field.code, _numbers(answers), age_on(resident.birth, day))
            found.append(Point(day, Decimal(plain_number(number, field.decimals)), tone))
    return tuple(found)


def _numbers(answers: Mapping[str, object]) -> dict[str, object]:
    """Give the readings as exact numbers: a stored 6.8 is a float, the lines are decimals."""
    numbers = {code: exact_number(value) for code, value in answers.items() if code in LINES}
    return {code: number for code, number in numbers.items() if number is not None}


def _bounds(target: Target | None) -> tuple[Decimal | None, Decimal | None]:
    return (target.low, target.high) if target else (None, None)


def _words(fields: Sequence[Field], targets: Sequence[Target | None]) -> str:
    """Say the target: 低于 150/90, or 3.9–7.0 之间."""
    known = [(f, t) for f, t in zip(fields, targets, strict=True) if t is not None]
    if not known:
        return ""
    highs = "/".join(plain_number(target.high, field.decimals) for field, target in known)
    lows = [plain_number(t.low, f.decimals) for f, t in known if t.low is not None]
    return f"高于 {'/'.join(lows)}，低于 {highs}" if lows else f"低于 {highs}"
