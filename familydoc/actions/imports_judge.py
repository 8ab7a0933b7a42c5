"""Reads an uploaded roster and judges every row against the county as it is now."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from familydoc.formats.table import read_table
from familydoc.models.accounts import Account
from familydoc.queries import imports as queries
from familydoc.rules.roster import Holder, Roster, RosterRow, RowRules, judge_row
from familydoc.rules.roster_sheet import Layout, Rows, open_roster


class Batch(NamedTuple):
    """Some neighbouring rows, judged, each with its cells; `done` of `total` rows are read."""

    layout: Layout
    done: int
    total: int
    rows: list[tuple[RosterRow, list[Any]]]


def judge_file(*, by: Account | None, content: bytes, today: date) -> Iterator[Batch]:
    """Give the verdicts on a whole file; RuleError where it cannot be read."""
    layout, chunks = open_roster(read_table(content))
    rules = RowRules(layout, queries.village_index(), today, queries.villages_in_scope(by))
    roster = Roster()
    look_up = queries.has_residents()
    for chunk in chunks:
        judged = _judge(chunk, rules)
        holders = _holders(judged, by) if look_up else {}
        settled = [(roster.settle(row, holders), cells) for row, cells in judged]
        done = chunk[2] + len(chunk[3]) - 1 - layout.header_row
        yield Batch(layout, done, max(chunk[1] - layout.header_row, done), settled)


def _judge(chunk: Rows, rules: RowRules) -> list[tuple[RosterRow, list[Any]]]:
    _, _, first, rows = chunk
    judged = []
    for number, cells in enumerate(rows, first):
        if (row := judge_row(number, cells, rules)) is not None:
            judged.append((row, cells))
    return judged


def _holders(judged: list[tuple[RosterRow, list[Any]]], by: Account | None) -> dict[str, Holder]:
    numbers = [row.person.number for row, _ in judged if row.person and row.person.number]
    return queries.find_holders(numbers, by)
