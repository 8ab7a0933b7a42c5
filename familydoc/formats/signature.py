"""A drawn signature: strokes as JSON from the tablet, back as the path of an SVG."""

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

#: Limits of one drawing; a long name in a careful hand has some 600 points.
LONGEST_TEXT, MOST_POINTS, LARGEST_SIDE = 120_000, 6_000, 4_000
#: Ink shorter than this share of the field's width is a slip of the finger, no name.
LEAST_INK = 0.1

Point = tuple[int, int]


class SignatureError(ValueError):
    """The text is no drawing, or a drawing beyond the limits."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The field's width and height, and the strokes in it as points (whole pixels)."""

    width: int
    height: int
    strokes: tuple[tuple[Point, ...], ...]

    @property
    def drawn(self) -> bool:
        """Tell whether there is enough ink for a name."""
        ink = sum(
            max(abs(x - a), abs(y - b))
            for stroke in self.strokes
            for (a, b), (x, y) in pairwise(stroke)
        )
        return ink >= self.width * LEAST_INK


def read_signature(text: str) -> Signature | None:
    """Give the drawing of `{"w":600,"h":200,"strokes":[[[x,y],...],...]}`, None for no text.

    Points lie within the field. Raises SignatureError for anything else.
    """
    if not text.strip():
        return None
    if len(text) > LONGEST_TEXT:
        raise SignatureError("too long")
    try:
        raw = json.loads(text)
        width, height = _whole(raw["w"]), _whole(raw["h"])
        strokes = tuple(_stroke(stroke, width, height) for stroke in raw["strokes"])
    except (ValueError, TypeError, KeyError, RecursionError) as fault:
        raise SignatureError("not a drawing") from fault
    if not 0 < width <= LARGEST_SIDE or not 0 < height <= LARGEST_SIDE:
        raise SignatureError("a field of no size")
    if sum(map(len, strokes)) > MOST_POINTS:
        raise SignatureError("too many points")
    return Signature(width, height, strokes)


def write_signature(signature: Signature) -> str:
    """Give the drawing as the text that `read_signature` reads."""
    drawing = {"w": signature.width, "h": signature.height, "strokes": signature.strokes}
    return json.dumps(drawing, separators=(",", ":"))


def signature_path(signature: Signature) -> str:
    """Give the `d` of an SVG path in the field's own coordinates; a dot is a line of no length."""
    return "".join(_line(stroke) for stroke in signature.strokes if stroke)


def _line(stroke: tuple[Point, ...]) -> str:
    (x, y), *rest = stroke
    return f"M{x} {y}" + "".join(f"L{a} {b}" for a, b in rest or [(x, y)])


def _stroke(raw: Any, width: int, height: int) -> tuple[Point, ...]:
    return tuple((min(max(_whole(x), 0), width), min(max(_whole(y), 0), height)) for x, y in raw)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("not a whole number")
    return value
