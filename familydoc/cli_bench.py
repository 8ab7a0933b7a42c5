"""`bench NAME [--size N]`: one JSON line per measure, the worst ratio last."""

import json

import click
from flask.cli import with_appcontext

from familydoc.bench import BENCHES, run


@click.command()
@click.argument("name", type=click.Choice(list(BENCHES)))
@click.option("--size", type=click.IntRange(1), help="Rows or people; each bench has its own.")
@with_appcontext
def bench(name: str, size: int | None) -> None:
    """Measure work beside its floor in a scratch database on the configured engine."""
    for line in run(name, size):
        click.echo(json.dumps(line, ensure_ascii=False))
