"""A look at a workbook before anybody opens it: its zip directory and its last cell."""

import re
import zipfile
import zlib
from io import BytesIO

from familydoc.rules.errors import RuleError

MAX_ROWS = 200_000
MAX_COLUMNS = 100
MAX_BYTES = 32 * 1024 * 1024  # as in uploads
MAX_PARTS = 2_000
MAX_UNPACKED = 400 * 1024 * 1024
#: Deflate reaches 1,000:1 on nothing but repetition; a real sheet stays below 40:1.
MAX_RATIO = 100
SMALL_PART = 10 * 1024 * 1024
HEAD = 64 * 1024
BLOCK = 1024 * 1024

SENTENCES = {
    "workbook_unreadable": "文件打不开，可能已损坏或不是工作簿。请用 Excel 或 WPS 打开，"
    "另存为 .xlsx 后再导入。",
    "workbook_too_large": f"文件太大：最多 {MAX_ROWS:,} 行、{MAX_COLUMNS} 列，解压后不超过 400 MB。"
    "请删去多余的空行空列，或按乡镇分成几个文件。",
    "workbook_macro": "文件里有宏。为了安全不予打开，请另存为不含宏的 .xlsx 后再导入。",
    "workbook_locked": "文件有密码保护。请取消密码后另存为 .xlsx 再导入。",
    "workbook_empty": "文件里没有内容，请检查是否选错了文件。",
    "workbook_old": "这是旧版 .xls 文件，或是有密码的文件。请用 Excel 或 WPS 打开，"
    "另存为不带密码的 .xlsx 后再导入。",
}
BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError)
_ENTITIES = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Za-z]{1,5})([0-9]{1,9})"')
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="([0-9]{1,9})"')
_DIMENSION = re.compile(
    rb'<(?:\w+:)?dimension\b[^>]*?\bref="(?:[A-Za-z0-9]+:)?([A-Za-z]+)([0-9]+)"'
)


def refusal(code: str) -> RuleError:
    """Give the refusal of a file, with the sentence that says what to do."""
    return RuleError(code, SENTENCES[code], "file")


def guard_workbook(content: bytes) -> None:
    """Raise RuleError where a workbook is broken, too large, has macros or entities."""
    if not content:
        raise refusal("workbook_empty")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            _check_directory(archive)
            for part in archive.infolist():
                _check_part(archive, part)
    except BROKEN as broken:
        raise refusal("workbook_unreadable") from broken
    except RuntimeError as locked:  # zipfile's word for an encrypted part
        raise refusal("workbook_locked") from locked


def _check_directory(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = [part.filename.lower() for part in parts]
    if any("vbaproject" in name or name.startswith("xl/macrosheets/") for name in names):
        raise refusal("workbook_macro")
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise refusal("workbook_too_large")
    if any(_is_bomb(part) for part in parts):
        raise refusal("workbook_too_large")
    if len(set(names)) != len(names) or "[content_types].xml" not in names:
        raise refusal("workbook_unreadable")
    if not any(name.startswith("xl/workbook") and name.endswith(".xml") for name in names):
        raise refusal("workbook_unreadable")


def _is_bomb(part: zipfile.ZipInfo) -> bool:
    return part.file_size > SMALL_PART and part.file_size > MAX_RATIO * max(part.compress_size, 1)


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    name = part.filename.lower()
    if not name.endswith((".xml", ".rels")):
        return
    with archive.open(part) as file:
        head = file.read(HEAD)
        if _ENTITIES.search(head) or b"\x00" in head:  # UTF-16 would hide them from the search
            raise refusal("workbook_unreadable")
        if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
            return
        tail = head
        while block := file.read(BLOCK):
            tail = tail[-HEAD:] + block
    _check_reach(head)
    _check_reach(tail)


def _check_reach(text: bytes) -> None:
    """Raise where a row, a cell or the stated size lies beyond the limits."""
    reached = [(row[1], b"A") for row in _ROW.finditer(text)]
    reached += [(cell[2], cell[1]) for cell in _CELL.finditer(text)]
    reached += [(size[2], size[1]) for size in _DIMENSION.finditer(text)]
    for row, column in reached:
        if int(row) > MAX_ROWS or _column_number(column) > MAX_COLUMNS:
            raise refusal("workbook_too_large")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
