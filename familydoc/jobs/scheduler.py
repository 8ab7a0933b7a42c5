"""The clock of the night shift. Correctness is in the ledger of runs, not here."""

import logging
from datetime import timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from flask import Flask

from familydoc import clock
from familydoc.jobs.night import NIGHT, run_night

log = logging.getLogger(__name__)
PARKED = timedelta(days=2)


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

    night_trigger = CronTrigger(hour=NIGHT.hour, minute=NIGHT.minute, timezone=clock.SHANGHAI)
    always = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    scheduler.add_job(night, night_trigger, id="night", **always)
    scheduler.add_job(night, id="catch-up", **always)
    hourly = IntervalTrigger(hours=1, timezone=clock.SHANGHAI)
    scheduler.add_job(watch, hourly, id="watch", **always)
    return scheduler


def free_parked_jobs(scheduler: BaseScheduler) -> None:
    """Reschedule what a clock that ran ahead and was set back has parked in the far future."""
    for job in scheduler.get_jobs():
        if job.next_run_time and job.next_run_time - clock.now() > PARKED:
            log.error("%s was parked until %s; scheduled again", job.id, job.next_run_time)
            job.reschedule(job.trigger)
