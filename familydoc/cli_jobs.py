"""`job run NAME` and `scheduler`."""

import json
import sys
from datetime import datetime

import click
from flask import current_app
from flask.cli import with_appcontext

from familydoc import clock
from familydoc.jobs.night import ORDER, run_job
from familydoc.jobs.scheduler import run_forever
from familydoc.rules.errors import RuleError


@click.group("job")
def job_group() -> None:
    """The jobs of the night."""


@job_group.command("run")
@click.argument("name", type=click.Choice(ORDER))
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Behave as if today were this day.")
@click.option("--trust-clock", is_flag=True, help="Run although the clock looks wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@with_appcontext
def run(name: str, on: datetime | None, trust_clock: bool, as_json: bool) -> None:
    """Run a job now and catch up every slot until then; a second run does nothing."""
    slot = on.date() if on else clock.today()
    try:
        done = run_job(name, slot, trust_clock=trust_clock)
    except RuleError as refused:
        click.echo(refused.message, err=True)
        sys.exit(1)
    words = f"{done.job} {done.slot}：认领 {done.claimed} 夜，{done.created} 条，{done.seconds} 秒"
    click.echo(json.dumps(done.as_json(), ensure_ascii=False) if as_json else words)


@click.command("scheduler")
@with_appcontext
def scheduler() -> None:
    """Run the night shift as its own process."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    click.echo("夜班已开始：每天 02:30（上海时间），现在先补上漏掉的。")
    run_forever(app)
