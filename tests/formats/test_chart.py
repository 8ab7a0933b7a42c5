"""A chart stays on its canvas, keeps its order, and says nothing of what is not there."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from familydoc.formats.chart import HEIGHT, POINTS, WIDTH, Point, Series, draw

DAY = date(2026, 1, 1)


def series(values, low=None, high=None, step=30):
    points = [Point(DAY + timedelta(days=i * step), Decimal(v)) for i, v in enumerate(values)]
    return Series("x", tuple(points), low, high)


def test_nothing_is_drawn_without_readings():
    assert draw([]) is None and draw([series([])]) is None


def test_one_reading_stands_in_the_middle():
    (curve,) = draw([series([120])]).curves
    assert len(curve.dots) == 1 and 0 < curve.dots[0].x < WIDTH


def test_only_the_newest_readings_are_drawn():
    (curve,) = draw([series(range(100, 160))]).curves
    assert len(curve.dots) == POINTS and curve.dots[-1].value == "159"


def test_target_bands_reach_from_one_line_to_the_next():
    chart = draw([series([150, 130], high=Decimal(140)), series([90, 80], high=Decimal(90))])
    upper, lower = chart.bands
    assert upper.top + upper.height == lower.top
    assert "140" in [level.text for level in chart.levels]


@given(
    st.lists(st.decimals(1, 300, places=1), min_size=1, max_size=40),
    st.integers(1, 400),
    st.none() | st.decimals(1, 300, places=1),
)
def test_everything_lies_on_the_canvas(values, step, high):
    chart = draw([series(values, high=high, step=step)])
    places = [(dot.x, dot.y) for curve in chart.curves for dot in curve.dots]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    marks = [mark.at for mark in chart.days]
    assert marks == sorted(marks) and all(b - a >= 30 for a, b in pairwise(marks))
