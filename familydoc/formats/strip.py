"""Small bars lying in a table: shares of one whole, drawn to a common scale."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 180, 16


@dataclass(frozen=True)
class Share:
    """One share of a bar, by its look."""

    tone: str
    x: float
    width: float


def draw_strip(parts: Sequence[tuple[str, int]], most: int) -> tuple[Share, ...]:
    """Give the shares of (tone, count) from the left; a bar of `most` fills the width.

    Empty shares are left out; nothing is drawn when `most` is 0.
    """
    if most <= 0:
        return ()
    shares, at = [], 0.0
    for tone, count in parts:
        width = count * WIDTH / most
        if count > 0:
            shares.append(Share(tone, round(at, 1), round(width, 1)))
        at += width
    return tuple(shares)
