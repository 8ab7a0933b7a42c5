"""Commands of `flask --app app` and of the installed script `familydoc`."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import FlaskGroup, with_appcontext

from familydoc.actions import setup as setup_actions
from familydoc.cli_backup import backup, restore
from familydoc.cli_bench import bench
from familydoc.cli_imports import import_group
from familydoc.cli_jobs import job_group, scheduler
from familydoc.cli_rules import rules_group
from familydoc.rules.errors import RuleError


def init_app(app: Flask) -> None:
    for command in (
        *(setup, import_group, job_group, rules_group),
        *(scheduler, bench, backup, restore),
    ):
        app.cli.add_command(command)


def main() -> None:
    """The script `familydoc`: the same commands without naming the app."""
    from familydoc import create_app

    FlaskGroup(name="familydoc", create_app=create_app)()


def say(answer: Any, as_json: bool, text: str) -> None:
    """Print an answer: one JSON document, or words."""
    click.echo(json.dumps(answer, ensure_ascii=False, default=str) if as_json else text)


def refuse(sentence: str) -> None:
    """Leave with status 1 and one sentence that says what to do."""
    click.echo(sentence, err=True)
    sys.exit(1)


@click.command()
@click.option("--demo", type=click.Choice(["small", "county"]), help="Fill with demo data.")
@click.option("--seed", type=int, default=150124, show_default=True, help="Seed of the demo data.")
@click.option(
    "--divisions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV of the county's divisions (level,code,name,parent_code).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@with_appcontext
def setup(demo: str | None, seed: int, divisions: Path | None, as_json: bool) -> None:
    """Make the database, the county's divisions, the first administrator, and demo data."""
    try:
        answer = setup_actions.set_up(by=None, divisions=divisions)
        if demo:
            from familydoc import demo as demo_data

            answer = demo_data.fill(size=demo, seed=seed)
    except RuleError as refused:
        refuse(refused.message)
    say(answer, as_json, "\n".join(map(str, answer["accounts"])))
