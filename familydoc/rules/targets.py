"""The lines a reading is held against on a chart: named by the programmes, never typed here."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from .definitions import Programme, Value
from .reading import Reading


@dataclass(frozen=True)
class Line:
    """Whose programme sets the line of a field, and the names of its line and lower line."""

    programme: str
    below: str
    above: str = ""


#: Fields that are drawn over time, together where they are read together.
CHARTS: tuple[tuple[str, ...], ...] = (("sbp", "dbp"), ("fpg",))
LINES = {
    "sbp": Line("hypertension", "line_now"),
    "dbp": Line("hypertension", "line_dbp"),
    "fpg": Line("diabetes", "line_fpg", "danger_low"),
}


@dataclass(frozen=True)
class Target:
    """A reading is on target above `low` (where there is one) and below `high`."""

    low: Decimal | None
    high: Decimal


def target_of(programmes: Mapping[str, Programme], field: str, age: int) -> Target | None:
    """Give the target of a field at an age, from the parameters in force; None without one."""
    line = LINES.get(field)
    programme = programmes.get(line.programme) if line else None
    if line is None or programme is None:
        return None
    reading = Reading(programme, {}, {"age": age, "referral_open": False})
    high = _number(reading.value(line.below))
    low = _number(reading.value(line.above)) if line.above else None
    return Target(low, high) if high is not None else None


def tone_of(
    programmes: Mapping[str, Programme], field: str, answers: Mapping[str, object], age: int
) -> str:
    """Give how a reading looks by its programme's marks: danger, warn, or '' on target."""
    line = LINES.get(field)
    programme = programmes.get(line.programme) if line else None
    if programme is None:
        return ""
    reading = Reading(programme, answers, {"age": age, "referral_open": False})
    marks = (m for m in programme.marks if m.field == field)
    return next((m.tone for m in marks if reading.holds(m.when)), "")


def _number(value: Value) -> Decimal | None:
    number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return Decimal(value) if number else None  # type: ignore[arg-type]
