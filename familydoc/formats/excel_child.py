"""Reads one workbook in a process of its own, so that a hostile file harms nobody else.

Run by path, never imported by the app: workbook on standard input, one JSON document a line on
standard output. JSON, not pickle: what comes out of here is data and can be nothing else.
"""

import json
import sys
from contextlib import suppress
from io import BytesIO
from typing import Any

CHUNK = 1000  # rows a line


def main(megabytes: int, seconds: int, rows: int, columns: int) -> None:
    """Write the rows of every visible sheet, or the reason why not."""
    limit(megabytes, seconds)
    try:
        read(sys.stdin.buffer.read(), rows, columns)
    except MemoryError:
        write({"error": "workbook_too_large"})
    except BaseException as error:  # calamine's panics are no Exceptions
        locked = type(error).__name__ == "PasswordError"
        write({"error": "workbook_locked" if locked else "workbook_unreadable"})


def limit(megabytes: int, seconds: int) -> None:
    """Take no more memory and processor time than given; Windows has no such limits."""
    with suppress(ImportError):
        import resource

        size = megabytes * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read(content: bytes, rows: int, columns: int) -> None:
    """Write a line per thousand rows: sheet, last row, number of the first row, cells."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    workbook = CalamineWorkbook.from_filelike(BytesIO(content))
    for meta in workbook.sheets_metadata:
        if meta.typ is not SheetTypeEnum.WorkSheet or meta.visible is not SheetVisibleEnum.Visible:
            continue
        sheet = workbook.get_sheet_by_name(meta.name)
        if sheet.end is None or sheet.start is None:
            continue
        if sheet.end[0] >= rows or sheet.end[1] >= columns:
            raise MemoryError
        write_sheet(sheet, sheet.start[1], sheet.end[0] + 1)


def write_sheet(sheet: Any, blank_columns: int, total: int) -> None:
    """Write one sheet; calamine leaves out the empty columns at its left."""
    left: list[Any] = [""] * blank_columns
    batch: list[list[Any]] = []
    first = 1
    for cells in sheet.iter_rows():
        batch.append(left + cells if left else cells)
        if len(batch) == CHUNK:
            write({"sheet": sheet.name, "total": total, "first": first, "rows": batch})
            first, batch = first + CHUNK, []
    if batch:
        write({"sheet": sheet.name, "total": total, "first": first, "rows": batch})


def write(document: dict[str, Any]) -> None:
    """Write one line."""
    text = json.dumps(document, ensure_ascii=True, default=str)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:]))
