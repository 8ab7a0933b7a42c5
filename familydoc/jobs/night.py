"""The jobs of a night, by name, in their order."""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from datetime import time as wall_time
from typing import Any

from familydoc import clock
from familydoc.actions.absences import mark_by_phone
from familydoc.actions.contracts import expire_contracts
from familydoc.actions.due_tasks import make_due_tasks
from familydoc.actions.figures import count_figures
from familydoc.actions.intake import enrol_by_age
from familydoc.actions.ledger import claim, one_at_a_time
from familydoc.actions.night import end_absences, tidy
from familydoc.actions.parameters import apply_values
from familydoc.actions.pauses import end_pauses
from familydoc.actions.rounds import make_rounds
from familydoc.queries.jobs import MAKE_DUE_TASKS, find_clock_trouble, get_last_slot
from familydoc.queries.moves import MOVE_DATES
from familydoc.queries.rounds import MAKE_ROUNDS
from familydoc.rules.errors import RuleError

log = logging.getLogger(__name__)
#: The wall clock in Shanghai at which a day's slot is due.
NIGHT = wall_time(2, 30)

Work = Callable[[date], int]
WORKS: dict[str, Work] = {
    "end-absences": lambda on: end_absences(by=None, today=on),
    "end-pauses": lambda on: end_pauses(by=None, today=on),
    "mark-by-phone": lambda _on: mark_by_phone(by=None),
    "enrol-by-age": lambda on: enrol_by_age(by=None, today=on),
    "expire-contracts": lambda on: expire_contracts(by=None, today=on),
    MAKE_ROUNDS: lambda on: make_rounds(by=None, on=on),
    "tidy": lambda _on: tidy(by=None),
    "count-figures": lambda on: count_figures(by=None, on=on),
}
#: Work that does a batch a transaction.
LONG: dict[str, Work] = {MOVE_DATES: lambda on: apply_values(by=None, today=on)}
#: Absences end before tasks are made; figures are counted last.
ORDER = (
    *("end-absences", "end-pauses", "expire-contracts", "enrol-by-age", MOVE_DATES),
    *(MAKE_DUE_TASKS, "mark-by-phone", MAKE_ROUNDS, "tidy", "count-figures"),
)


@dataclass(frozen=True)
class Run:
    """What a run did; nothing when its slot was claimed before."""

    job: str
    slot: date
    claimed: int
    created: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"slot": self.slot.isoformat()}


def run_job(name: str, on: date, *, trust_clock: bool = False) -> Run:
    """Run a job as if today were `on`; RuleError `clock_wrong` when the clock is not believable."""
    started = time.perf_counter()
    trouble = None if trust_clock else find_clock_trouble(clock.now(), on)
    if trouble:
        raise RuleError("clock_wrong", trouble)
    if name == MAKE_DUE_TASKS:
        made = make_due_tasks(by=None, until=on)
        claimed, created = made.claimed, made.created
    elif name in LONG:
        claimed, created = _run_long(name, on, started)
    else:
        claimed, created = _run_claimed(name, on, started)
    return Run(name, on, claimed, created, round(time.perf_counter() - started, 3))


def _run_claimed(name: str, on: date, started: float) -> tuple[int, int]:
    """Do the work and claim its slots in one transaction."""
    with one_at_a_time(name) as session:
        last = get_last_slot(name)
        if last is not None and last >= on:
            return 0, 0
        created = WORKS[name](on)
        return claim(session, name, on, created, time.perf_counter() - started), created


def _run_long(name: str, on: date, started: float) -> tuple[int, int]:
    """Do work that has transactions of its own and may begin again, then claim its slots."""
    last = get_last_slot(name)
    if last is not None and last >= on:
        return 0, 0
    created = LONG[name](on)
    with one_at_a_time(name) as session:
        last = get_last_slot(name)
        if last is not None and last >= on:
            return 0, created
        return claim(session, name, on, created, time.perf_counter() - started), created


def run_night(on: date | None = None) -> list[Run]:
    """Run every job of the night; one that fails is logged and does not stop the others."""
    done = []
    for name in ORDER:
        try:
            done.append(run_job(name, on or due_slot()))
        except RuleError as refused:
            log.error("%s: %s", name, refused.message)
        except Exception:
            log.exception("%s failed", name)
    return done


def due_slot() -> date:
    """The newest slot that is due by now: today's from 02:30 on, before that yesterday's."""
    here = clock.local(clock.now())
    return here.date() if here.time() >= NIGHT else here.date() - timedelta(days=1)


def is_behind() -> bool:
    """Tell whether the slot that is due by now has not been run: the database was away."""
    last = get_last_slot(MAKE_DUE_TASKS)
    return last is None or last < due_slot()
