"""A table somebody uploads: a workbook, or text with separators (the standard library's csv)."""

import csv
from collections.abc import Iterator
from io import StringIO
from itertools import islice

from familydoc.formats.excel import Chunk, read_workbook
from familydoc.formats.excel_guard import MAX_COLUMNS, MAX_ROWS, guard_workbook, refusal
from familydoc.rules.errors import RuleError

ZIP = b"PK"
OLE = b"\xd0\xcf\x11\xe0"  # .xls, and workbooks with a password
ROWS = 1000
TOP = 10  # rows that tell encoding and separator
SEPARATORS = ",;\t"
SHEET = "CSV"


def read_table(content: bytes) -> Iterator[Chunk]:
    """Give the rows of an uploaded file, told apart by its content and never by its name.

    Raises RuleError as `read_workbook` does; for text also `csv_unreadable`, with the row named.
    """
    _check_kind(content)
    return read_workbook(content) if content.startswith(ZIP) else read_csv(content)


def guard_table(content: bytes) -> None:
    """Raise RuleError where a look at the outside of a file is enough to refuse it."""
    _check_kind(content)
    if content.startswith(ZIP):
        guard_workbook(content)


def _check_kind(content: bytes) -> None:
    if not content.strip(b"\x00 \r\n\t"):
        raise refusal("workbook_empty")
    if content.startswith(OLE):
        raise refusal("workbook_old")
    if not content.startswith(ZIP) and b"\x00" in content[:4096]:
        raise refusal("workbook_unreadable")


def read_csv(content: bytes) -> Iterator[Chunk]:
    """Give the rows of a text file in UTF-8 or GB 18030, separated by comma, semicolon or tab.

    Raises RuleError: `csv_unreadable` names the row whose bytes or quotes are broken,
    `workbook_too_large`.
    """
    text = _decode(content.removeprefix(b"\xef\xbb\xbf"))
    lines = StringIO(text, newline="")  # splitlines would also cut at \x0b and \u2028
    reader = csv.reader(lines, delimiter=_separator(text), strict=True)
    first, total = 1, text.count("\n") + 1
    while rows := _some(reader, first):
        yield Chunk(SHEET, total, first, rows)
        first += len(rows)
        if first > MAX_ROWS + 1:
            raise refusal("workbook_too_large")


def _some(reader: Iterator[list[str]], first: int) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in islice(reader, ROWS):
            if len(row) > MAX_COLUMNS:
                raise refusal("workbook_too_large")
            rows.append(row)
    except csv.Error as broken:
        raise _unreadable(first + len(rows), "引号不成对或一格过长") from broken
    return rows


def _decode(content: bytes) -> str:
    """Decode by the encoding of the first lines, so that one bad byte further down cannot turn
    the rest to nonsense in the other encoding."""
    head = b"\n".join(content[: 64 * 1024].split(b"\n", TOP)[:TOP])
    encoding = "utf-8" if _is_utf8(head) else "gb18030"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as broken:
        row = content.count(b"\n", 0, broken.start) + 1
        raise _unreadable(row, "有无法识别的字符") from broken


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _separator(text: str) -> str:
    start = "".join(text[: 64 * 1024].splitlines()[:TOP])
    return max(SEPARATORS, key=start.count)


def _unreadable(row: int, why: str) -> RuleError:
    sentence = f"第 {row} 行{why}，整个文件没有导入。请修好这一行，或另存为 .xlsx 后再导入。"
    return RuleError("csv_unreadable", sentence, "file")
