"""Readings over time as the coordinates of a small SVG; a template only prints them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

WIDTH, HEIGHT = 360, 210
LEFT, RIGHT, TOP, BOTTOM = 40, 14, 12, 32
#: Of the height of what is drawn, kept free above and below.
ROOM = Decimal("0.08")
POINTS = 24
#: Letters a date label needs of the width: labels nearer than this are left out.
LABEL_WIDTH = 72


@dataclass(frozen=True)
class Point:
    """One reading; `tone` is '' on target, warn or danger."""

    day: date
    value: Decimal
    tone: str = ""


@dataclass(frozen=True)
class Series:
    """One field over time with its target: below `high`, and above `low` where there is one."""

    name: str
    points: tuple[Point, ...]
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True)
class Dot:
    """A reading on the canvas."""

    x: float
    y: float
    value: str
    day: date
    tone: str


@dataclass(frozen=True)
class Curve:
    """One series on the canvas: `line` is what a polyline takes."""

    name: str
    line: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Mark:
    """A label at a place along an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Band:
    """The target of one series, from `top` so high."""

    top: float
    height: float


@dataclass(frozen=True)
class Chart:
    """All that is drawn, in the units of a canvas of `width` by `height`."""

    width: int
    height: int
    curves: tuple[Curve, ...]
    bands: tuple[Band, ...]
    levels: tuple[Mark, ...]
    days: tuple[Mark, ...]
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def draw(series: Sequence[Series]) -> Chart | None:
    """Give the drawing of the newest readings, None where there is none.

    Days lie on the horizontal axis to scale; the levels written at the left are the targets and
    the extremes.
    """
    cut = [Series(s.name, s.points[-POINTS:], s.low, s.high) for s in series if s.points]
    if not cut:
        return None
    scale = _Scale(cut)
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        curves=tuple(scale.curve(one) for one in cut),
        bands=_bands(cut, scale),
        levels=_levels(cut, scale),
        days=_days(cut, scale),
    )


class _Scale:
    """Where a day and a value lie on the canvas."""

    def __init__(self, series: Sequence[Series]) -> None:
        days = [point.day for one in series for point in one.points]
        values = [point.value for one in series for point in one.points]
        targets = [t for one in series for t in (one.low, one.high) if t is not None]
        self.first, self.last = min(days), max(days)
        low, high = min(values + targets), max(values + targets)
        room = (high - low) * ROOM or Decimal(1)
        self.low, self.high = low - room, high + room

    def x(self, day: date) -> float:
        span = (self.last - self.first).days
        share = (day - self.first).days / span if span else 0.5
        return round(LEFT + 8 + share * (WIDTH - LEFT - RIGHT - 16), 1)

    def y(self, value: Decimal) -> float:
        share = float((self.high - value) / (self.high - self.low))
        return round(TOP + share * (HEIGHT - TOP - BOTTOM), 1)

    def curve(self, series: Series) -> Curve:
        dots = tuple(
            Dot(self.x(p.day), self.y(p.value), format(p.value, "f"), p.day, p.tone)
            for p in series.points
        )
        return Curve(series.name, " ".join(f"{dot.x},{dot.y}" for dot in dots), dots)


def _bands(series: Sequence[Series], scale: _Scale) -> tuple[Band, ...]:
    """Give each target's band: down to its own low, to the next target, or to the bottom."""
    found = []
    highs = sorted((s.high for s in series if s.high is not None), reverse=True)
    for one in series:
        if one.high is None:
            continue
        beneath = next((h for h in highs if h < one.high), None)
        floor = one.low if one.low is not None else beneath
        top = scale.y(one.high)
        bottom = scale.y(floor) if floor is not None else float(HEIGHT - BOTTOM)
        found.append(Band(top, round(bottom - top, 1)))
    return tuple(found)


def _levels(series: Sequence[Series], scale: _Scale) -> tuple[Mark, ...]:
    """Label the targets, then the extremes where they do not touch a label."""
    values = [p.value for one in series for p in one.points]
    wanted = [t for one in series for t in (one.high, one.low) if t is not None]
    placed: list[Mark] = []
    for value in [*wanted, max(values), min(values)]:
        at = scale.y(value)
        if all(abs(at - mark.at) >= 16 for mark in placed):
            placed.append(Mark(at, format(value, "f")))
    return tuple(placed)


def _days(series: Sequence[Series], scale: _Scale) -> tuple[Mark, ...]:
    """Label the last day, then as many before it as fit."""
    placed: list[Mark] = []
    for day in sorted({p.day for one in series for p in one.points}, reverse=True):
        at = min(scale.x(day), WIDTH - LABEL_WIDTH / 2)
        if all(abs(at - mark.at) >= LABEL_WIDTH for mark in placed):
            placed.append(Mark(at, f"{day.year % 100}年{day.month}月"))
    return tuple(reversed(placed))
