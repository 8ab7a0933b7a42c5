"""Stacked bars by month as the coordinates of a small SVG; a template only prints them."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 480, 300
LEFT, RIGHT, TOP, BOTTOM = 12, 12, 30, 34
#: Of the room of one bar, how much it fills.
FILL = 0.56


@dataclass(frozen=True)
class Part:
    """One share of a bar, by its look."""

    tone: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """One month: where it stands, its label below, its number above."""

    x: float
    middle: float
    top: float
    label: str
    text: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Bars:
    """All that is drawn, in the units of a canvas of `width` by `height`."""

    width: int
    height: int
    bottom: int
    bar_width: float
    bars: tuple[Bar, ...]


def draw_bars(columns: Sequence[tuple[str, str, Sequence[tuple[str, int]]]]) -> Bars | None:
    """Give the drawing of (label, text, parts from the bottom up); None where all are empty.

    A part is (tone, count). The highest column fills the height.
    """
    most = max((sum(n for _, n in parts) for _, _, parts in columns), default=0)
    if most == 0:
        return None
    room = (WIDTH - LEFT - RIGHT) / len(columns)
    unit = (HEIGHT - TOP - BOTTOM) / most
    bars = tuple(
        _bar(LEFT + room * place, room, unit, *column) for place, column in enumerate(columns)
    )
    return Bars(WIDTH, HEIGHT, HEIGHT - BOTTOM, round(room * FILL, 1), bars)


def _bar(
    left: float, room: float, unit: float, label: str, text: str, parts: Sequence[tuple[str, int]]
) -> Bar:
    y, drawn = float(HEIGHT - BOTTOM), []
    for tone, count in parts:
        y -= count * unit
        drawn.append(Part(tone, round(y, 1), round(count * unit, 1)))
    middle = left + room / 2
    return Bar(
        x=round(middle - room * FILL / 2, 1),
        middle=round(middle, 1),
        top=round(y, 1),
        label=label,
        text=text,
        parts=tuple(part for part in drawn if part.height > 0),
    )
