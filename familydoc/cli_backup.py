"""`backup FILE` and `restore FILE`."""

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext

from familydoc.actions import backup as actions
from familydoc.rules.errors import RuleError

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.argument("file", type=FILE)
@with_appcontext
def backup(file: Path) -> None:
    """Write an encrypted copy of everything, also while people work."""
    try:
        actions.back_up(by=None, path=file)
    except OSError as trouble:
        click.echo(f"写不了备份文件：{trouble.strerror}。请换一个位置。", err=True)
        sys.exit(1)
    click.echo(f"已备份到 {file}。备份里没有钥匙：请把 data_key 另存一处，没有它谁也打不开。")


@click.command("restore")
@click.argument("file", type=FILE)
@click.option("--replace", is_flag=True, help="Put it over the data that are there.")
@with_appcontext
def restore(file: Path, replace: bool) -> None:
    """Put a backup back; needs the FAMILYDOC_DATA_KEY it was made with."""
    try:
        rows = actions.restore(by=None, path=file, replace=replace)
    except RuleError as refused:
        click.echo(refused.message, err=True)
        sys.exit(1)
    except OSError as trouble:
        click.echo(f"读不了备份文件：{trouble.strerror}。", err=True)
        sys.exit(1)
    click.echo(f"已恢复 {rows:,} 行。所有人要重新登录。")
