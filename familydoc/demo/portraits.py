"""Faces for the board, drawn with nothing but the standard library: nobody's photograph."""

import struct
import zlib
from collections.abc import Callable
from functools import cache
from random import Random

SIDE = 240
Colour = tuple[int, int, int]
Shape = Callable[[float, float], bool]

GROUNDS: tuple[Colour, ...] = (
    (205, 224, 216),
    (214, 221, 235),
    (235, 224, 205),
    (226, 214, 228),
    (209, 229, 232),
    (230, 230, 212),
)
SKINS: tuple[Colour, ...] = ((236, 199, 168), (228, 187, 153), (242, 208, 180), (214, 172, 138))
HAIRS: tuple[Colour, ...] = ((38, 34, 33), (58, 48, 43), (92, 88, 86), (150, 147, 144))
COATS: tuple[Colour, ...] = ((250, 251, 252), (250, 251, 252), (196, 219, 232), (178, 210, 198))
SHIRTS: tuple[Colour, ...] = ((86, 120, 160), (120, 150, 130), (160, 110, 100), (90, 90, 110))
INK: Colour = (60, 52, 50)
LIPS: Colour = (184, 104, 96)


def draw_portrait(random: Random, sex: str) -> bytes:
    """Give a PNG of 240 by 240 with a flat figure in a white coat."""
    palette = [random.choice(group) for group in (GROUNDS, SKINS, HAIRS, COATS, SHIRTS)]
    return _png(_pixels(sex, random.random() < 0.3), [*palette, INK, LIPS])


@cache
def _pixels(sex: str, glasses: bool) -> bytes:
    """Give the compressed rows of a figure; people differ by palette, so there are four."""
    shapes = _figure(sex, glasses)
    rows = bytearray()
    for y in range(SIDE):
        rows.append(0)  # PNG filter "none" before every row
        rows += bytes(_colour_at(shapes, x + 0.5, y + 0.5) for x in range(SIDE))
    return zlib.compress(bytes(rows), 9)


def _colour_at(shapes: list[tuple[Shape, int]], x: float, y: float) -> int:
    return next((colour for inside, colour in shapes if inside(x, y)), 0)


def _ellipse(cx: float, cy: float, rx: float, ry: float) -> Shape:
    return lambda x, y: ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1


def _above(shape: Shape, limit: float) -> Shape:
    return lambda x, y: y < limit and shape(x, y)


def _below(shape: Shape, limit: float) -> Shape:
    return lambda x, y: y > limit and shape(x, y)


def _collar(x: float, y: float) -> bool:
    """The triangle of the shirt between the two sides of the coat."""
    return 172 < y < 226 and abs(x - 120) < (226 - y) * 0.42


def _figure(sex: str, glasses: bool) -> list[tuple[Shape, int]]:
    """Give the shapes from front to back, each with its place in the palette."""
    face = _ellipse(120, 102, 42, 52)
    eyes = [(_ellipse(120 + side * 17, 100, 4, 4.6), 5) for side in (-1, 1)]
    mouth = [(_below(_ellipse(120, 124, 13, 9), 126), 6)]
    frames = [(_ring(120 + side * 17, 100), 5) for side in (-1, 1)] if glasses else []
    fringe = _above(_ellipse(120, 96, 46, 54), 74 if sex == "male" else 78)
    back = _ellipse(120, 96, 48, 57) if sex == "male" else _ellipse(120, 112, 56, 76)
    hair = _above(back, 96 if sex == "male" else 176)
    neck: Shape = lambda x, y: abs(x - 120) < 17 and 130 < y < 184  # noqa: E731
    return [
        *eyes,
        *mouth,
        *frames,
        (fringe, 2),
        (face, 1),
        (neck, 1),
        (hair, 2),
        (_collar, 4),
        (_ellipse(120, 262, 98, 92), 3),
    ]


def _ring(cx: float, cy: float) -> Shape:
    outer, inner = _ellipse(cx, cy, 13, 12), _ellipse(cx, cy, 11, 10)
    return lambda x, y: outer(x, y) and not inner(x, y)


def _png(pixels: bytes, palette: list[Colour]) -> bytes:
    header = struct.pack(">LLBBBBB", SIDE, SIDE, 8, 3, 0, 0, 0)
    colours = b"".join(bytes(colour) for colour in palette)
    parts = ((b"IHDR", header), (b"PLTE", colours), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))
