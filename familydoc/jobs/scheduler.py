"""The clock of the night shift. Correctness is in the ledger of runs, not here."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger
from flask import Flask

from familydoc import clock
from familydoc.jobs.night import NIGHT, is_behind, run_night

log = logging.getLogger(__name__)
PARKED = timedelta(days=2)
WATCH_SECONDS = 3600.0


def start_in_background(app: Flask) -> BaseScheduler:
    """Run the night shift inside the web process: the embedded default."""
    scheduler = _build(BackgroundScheduler(timezone=clock.SHANGHAI), app)
    scheduler.start()
    return scheduler


def run_forever(app: Flask) -> None:
    """Run the night shift as its own process until it is stopped."""
    _build(BlockingScheduler(timezone=clock.SHANGHAI), app).start()


def _build(scheduler: BaseScheduler, app: Flask) -> BaseScheduler:
    def night() -> None:
        with app.app_context():
            for run in run_night():
                log.info("%s %s: %s slots, %s rows", run.job, run.slot, run.claimed, run.created)

    def watch() -> None:
        free_parked_jobs(scheduler)
        with app.app_context():
            if is_behind():
                scheduler.add_job(night, id="catch-up", replace_existing=True, **always)

    always = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    at_night = CronTrigger(hour=NIGHT.hour, minute=NIGHT.minute, timezone=clock.SHANGHAI)
    scheduler.add_job(night, at_night, id="night", **always)
    scheduler.add_job(night, id="catch-up", **always)
    # Its own thread, by the monotonic clock: a wrong wall clock parks every job of a scheduler,
    # also the one that would look for parked jobs.
    threading.Thread(target=_every_hour, args=(watch,), daemon=True, name="night watch").start()
    return scheduler


def _every_hour(watch: Callable[[], None]) -> None:
    pause = threading.Event()
    while not pause.wait(WATCH_SECONDS):
        try:
            watch()
        except Exception:
            log.exception("the watch over the night shift failed")


def free_parked_jobs(scheduler: BaseScheduler) -> None:
    """Reschedule what a clock that ran ahead and was set back has parked in the far future."""
    for job in scheduler.get_jobs():
        if job.next_run_time and job.next_run_time - clock.now() > PARKED:
            log.error("%s was parked until %s; scheduled again", job.id, job.next_run_time)
            job.reschedule(job.trigger)
