"""Workbooks: read behind a wall, written without formulas. The library to read is calamine
(in `excel_child.py`), the one to write is xlsxwriter."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NamedTuple

from familydoc.formats.excel_guard import MAX_COLUMNS, MAX_ROWS, guard_workbook, refusal

MEGABYTES = 512
SECONDS = 60
CHILD = Path(__file__).with_name("excel_child.py")


class Chunk(NamedTuple):
    """Up to a thousand neighbouring rows of one sheet; the first of them has number `first`.

    `total` is the number of the sheet's last row. Cells are text, numbers, booleans; a date is
    text in ISO form; an empty cell is an empty text.
    """

    sheet: str
    total: int
    first: int
    rows: list[list[Any]]


def read_workbook(content: bytes) -> Iterator[Chunk]:
    """Give the rows of all visible sheets, in order, chunk by chunk.

    Raises RuleError before the first chunk or between two: `workbook_unreadable`,
    `workbook_too_large` (200,000 rows, 100 columns, 512 MB, 60 s), `workbook_macro`,
    `workbook_locked`, `workbook_empty`.
    """
    guard_workbook(content)
    empty = True
    for document in _documents(content):
        if "error" in document:
            raise refusal(document["error"])
        empty = False
        yield Chunk(**document)
    if empty:
        raise refusal("workbook_empty")


def _documents(content: bytes) -> Iterator[dict[str, Any]]:
    """Give what the child writes; however this ends, the child ends too."""
    child = _start()
    assert child.stdin is not None and child.stdout is not None
    watchdog = threading.Timer(SECONDS, child.kill)
    feeder = threading.Thread(target=_feed, args=(child.stdin, content), daemon=True)
    watchdog.start()
    feeder.start()
    try:
        for line in child.stdout:
            # Parsing is over: from here on only our own reading takes time on the wall clock.
            watchdog.cancel()
            yield json.loads(line)
        if child.wait() != 0:
            raise refusal("workbook_too_large")
    finally:
        watchdog.cancel()
        child.kill()
        child.stdout.close()
        child.wait()
        feeder.join()


def _start() -> subprocess.Popen[bytes]:
    limits = (MEGABYTES, SECONDS, MAX_ROWS, MAX_COLUMNS)
    # Keys and database address are none of the child's business.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FAMILYDOC_")}
    return subprocess.Popen(
        [sys.executable, "-P", str(CHILD), *map(str, limits)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )


def _feed(pipe: IO[bytes], content: bytes) -> None:
    try:
        with pipe:
            pipe.write(content)
    except OSError:
        return  # the child is gone, and its exit status says why


def write_workbook(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], sheet: str = "名单"
) -> bytes:
    """Give a workbook with a bold header row. Text stays text: no formula, no link, no number.

    Cells are text, numbers, booleans, dates or None; characters a workbook cannot hold are
    dropped.
    """
    buffer = BytesIO()
    fill_workbook(buffer, columns, rows, sheet)
    return buffer.getvalue()


def fill_workbook(
    file: IO[bytes], columns: Sequence[str], rows: Iterable[Sequence[Any]], sheet: str = "名单"
) -> None:
    """Write a workbook as write_workbook does into an open file, a row in memory at a time."""
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(file, options) as workbook:
        page = workbook.add_worksheet(sheet)
        page.freeze_panes(1, 0)
        page.set_column(0, max(len(columns) - 1, 0), 16)
        bold = workbook.add_format({"bold": True})
        page.write_row(0, 0, [clean_cell(name) for name in columns], bold)
        for number, cells in enumerate(rows, 1):
            for place, cell in enumerate(cells):
                page.write(number, place, clean_cell(cell))


def clean_cell(value: Any) -> Any:
    """Give a cell without the characters that make a workbook unreadable; at most 32,767 long."""
    if not isinstance(value, str):
        return value
    if value.isprintable():
        return value[:32_767]
    return "".join(character for character in value if _fits(character))[:32_767]


def _fits(character: str) -> bool:
    code = ord(character)
    if code < 32:
        return character in "\t\n\r"
    return not (0x7F <= code <= 0x9F or 0xD800 <= code <= 0xDFFF or code & 0xFFFE == 0xFFFE)
