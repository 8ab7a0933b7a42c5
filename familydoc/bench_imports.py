"""How long an import takes beside its floor: calamine reading the same workbook, nothing else."""

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from python_calamine import CalamineWorkbook

from familydoc import clock
from familydoc.actions.imports import import_roster
from familydoc.actions.setup import DIVISIONS, add_centres, add_places, read_divisions
from familydoc.bench_roster import make_roster, write_roster
from familydoc.bench_scratch import Scratch, scratch
from familydoc.extensions import db
from familydoc.transaction import transaction

NAME = "import"
RUNS = 5
SIZE = 76_674  # a real county


def measure(size: int, runs: int = RUNS) -> Iterator[dict[str, Any]]:
    """Give one line per measure on the engine of the configured database, the worst ratio last.

    `size` people in 25 columns, with the defects of a real roster: into an empty county, and the
    same file again.
    """
    rows, truth = make_roster(size, clock.today())
    content = write_roster(rows)
    worst = 0.0
    with scratch() as here:
        _prepare(here, content)
        for name, database, fresh in (
            ("first import", "empty", truth["accepted"]),
            ("the same file again", "filled", 0),
        ):
            seconds, floor = _race(here, database, content, fresh, runs)
            line = _line(here, name, size, seconds, floor)
            worst = max(worst, line["ratio"])
            yield line
        yield _line(here, "worst ratio", size, None, None) | {"ratio": worst}


def _prepare(here: Scratch, content: bytes) -> None:
    here.make("empty")
    with transaction():
        county = add_places(by=None, rows=read_divisions(DIVISIONS))
        add_centres(by=None, county=county)
    here.analyze()
    here.copy("empty", "filled")
    here.use("filled")
    import_roster(by=None, content=content)
    here.analyze()


def _race(
    here: Scratch, database: str, content: bytes, fresh: int, runs: int
) -> tuple[float, float]:
    """Give the medians of import and floor, run by turns."""
    ours, floors = [], []
    for _ in range(runs):
        here.copy(database, "run")
        here.use("run")
        db.session.rollback()
        seconds, counts = _timed(lambda: import_roster(by=None, content=content))
        assert counts["new"] == fresh, f"{counts['new']} new, not {fresh}"
        ours.append(seconds)
        floors.append(_timed(lambda: _read(content))[0])
    return statistics.median(ours), statistics.median(floors)


def _read(content: bytes) -> list[list[Any]]:
    with CalamineWorkbook.from_filelike(BytesIO(content)) as workbook:
        return workbook.get_sheet_by_index(0).to_python()


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    started = time.perf_counter()
    answer = work()
    return time.perf_counter() - started, answer


def _line(
    here: Scratch, name: str, size: int, seconds: float | None, floor: float | None
) -> dict[str, Any]:
    return {
        "name": NAME,
        "measure": name,
        "size": size,
        "engine": here.engine,
        "seconds": round(seconds, 3) if seconds else None,
        "floor_seconds": round(floor, 3) if floor else None,
        "ratio": round(seconds / floor, 2) if seconds and floor else None,
    }
