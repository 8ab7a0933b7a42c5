"""`rules assess` and `rules list`: the ladder on a command line; assess needs no database."""

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import click
from flask.cli import with_appcontext

from familydoc import clock
from familydoc.queries.parameters import CountyValue, list_county_values
from familydoc.rules.errors import RuleError
from familydoc.rules.indicators import list_indicators
from familydoc.rules.programmes import (
    Programme,
    assess,
    effective_parameters,
    get_programme,
    load_programmes,
)


@click.group("rules")
def rules_group() -> None:
    """Judge cases by the programmes' ladders; show programmes and indicators."""


def refuse(sentence: str) -> NoReturn:
    """Leave with status 1 and one sentence that says what to do."""
    click.echo(sentence, err=True)
    sys.exit(1)


def print_json(answer: Any) -> None:
    """Print one JSON document in clear Chinese."""
    click.echo(json.dumps(answer, ensure_ascii=False, default=str))


def known_programme(_context: click.Context, _option: click.Parameter, code: str) -> Programme:
    """Give the programme of an argument; wrong use when there is none."""
    try:
        return get_programme(code)
    except RuleError as unknown:
        raise click.BadParameter(unknown.message) from unknown


@rules_group.command("assess")
@click.argument("programme", callback=known_programme)
@click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The case as JSON; standard input without it.",
)
@click.option("--json", "as_json", is_flag=True, help="The answer is always JSON.")
def assess_command(programme: Programme, path: Path | None, as_json: bool) -> None:  # noqa: ARG001
    """Judge one case and print class, referral, next obligations and why."""
    raw = path.read_bytes() if path else sys.stdin.buffer.read()
    try:
        decision = assess(programme, read_json(raw))
    except RuleError as refused:
        named = f"{refused.field}：" if refused.field else ""
        refuse(f"{named}{refused.message}")
    print_json(decision.as_json())


def read_json(raw: bytes) -> Any:
    """Give the document of some bytes; RuleError `json_invalid` when it is none.

    Numbers stay exact; NaN and Infinity, which Python would take, are none.
    """
    try:
        text = raw.decode("utf-8-sig")
        return json.loads(text, parse_float=Decimal, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as fault:
        sentence = '读不懂这个病例，应是 UTF-8 的 JSON，例如 {"birth": "1960-06-20", …}'
        raise RuleError("json_invalid", sentence) from fault


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity."""
    raise ValueError(name)


@rules_group.command("list")
@click.option("--indicators", is_flag=True, help="The indicators with their definitions.")
@click.option("--json", "as_json", is_flag=True, help="The answer is always JSON.")
@with_appcontext
def list_command(indicators: bool, as_json: bool) -> None:  # noqa: ARG001
    """Print the programmes with parameters, source and county value, or the indicators."""
    if indicators:
        print_json(
            [
                {"code": i.code, "name": i.name, "definition": i.definition}
                for i in list_indicators()
            ]
        )
        return
    county = list_county_values()
    print_json([describe(p, county) for p in load_programmes().values()])


def describe(
    programme: Programme, county: dict[tuple[str, str], list[CountyValue]]
) -> dict[str, Any]:
    """Give one programme with its parameters: default, county value, source, date and history.

    `county` in a parameter is empty where the county has no value that holds today.
    """
    return {
        "code": programme.code,
        "name": programme.name,
        "form": programme.form,
        "parameters": [
            {**p, **county_part(county.get((programme.code, p["code"]), []))}
            for p in effective_parameters(programme)
        ],
    }


def county_part(values: list[CountyValue]) -> dict[str, Any]:
    """Give the county's value of today with its source and first day, and all there are."""
    today = clock.today().isoformat()
    now = next((v for v in reversed(values) if v["valid_from"] <= today), None)
    return {
        "county": now["value"] if now else None,
        "county_source": now["source"] if now else None,
        "county_since": now["valid_from"] if now else None,
        "history": values,
    }
