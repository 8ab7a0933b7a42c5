"""The sheet of a roster: which columns it has, and where its header stands."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from familydoc.rules.errors import RuleError
from familydoc.rules.residents import squeeze

HEADER_ROWS = 10  # titles above the header: it is looked for in the first ten rows

COLUMNS: dict[str, tuple[str, ...]] = {
    "serial": ("序号", "编号"),
    "record_number": ("健康档案编号", "居民健康档案编号", "健康档案号", "档案编号", "档案号"),
    "name": ("姓名", "居民姓名", "患者姓名"),
    "sex": ("性别",),
    "identity_number": (
        "身份证号",
        "身份证号码",
        "身份证",
        "公民身份号码",
        "居民身份证号",
        "居民身份证号码",
        "证件号码",
        "证件号",
    ),
    "birth": ("出生日期", "出生年月日", "出生年月"),
    "nation": ("民族",),
    "telephone": ("联系电话", "本人电话", "本人联系电话", "电话", "电话号码", "手机号码", "手机号"),
    "registered": ("常住类型", "户籍类型", "居住类型"),
    "township": (
        "乡镇",
        "乡(镇)",
        "乡镇(街道)",
        "乡(镇、街道)",
        "乡镇街道",
        "镇(乡)",
        "街道(乡镇)",
    ),
    "village": (
        "村(居)委会",
        "村(居)",
        "村居委会",
        "村居",
        "村委会",
        "居(村)委会",
        "行政村",
        "村(社区)",
        "村/社区",
        "村",
    ),
    "address": ("现住址", "现住地址", "家庭住址", "住址", "地址", "详细地址"),
    "household": ("户编号", "家庭编号", "户号", "家庭档案编号"),
    "relation": ("与户主关系", "户主关系", "与户主的关系"),
    "hypertension": ("高血压", "高血压患者"),
    "diabetes": ("2型糖尿病", "糖尿病", "Ⅱ型糖尿病", "II型糖尿病", "二型糖尿病", "糖尿病患者"),
    "severe_mental_disorder": ("严重精神障碍", "严重精神障碍患者", "重性精神病", "重性精神疾病"),
    "tuberculosis": ("肺结核", "结核病", "肺结核患者"),
    "disabled": ("残疾", "残疾人"),
    "poverty_relieved": ("脱贫人口", "脱贫户", "建档立卡"),
    "poverty_monitored": ("易返贫监测", "监测对象", "易返贫监测对象", "防止返贫监测对象"),
    "special_family": ("计生特殊家庭", "计划生育特殊家庭", "计生特殊家庭成员", "计特家庭"),
    "maternal": ("孕产妇",),
    "state": ("状态", "人员状态", "档案状态"),
    "note": ("备注", "说明"),
}
#: What stands before a refused row when it goes back to be mended.
MEND_COLUMNS = ("原行号", "问题")
REQUIRED = ("name", "identity_number", "township", "village")
_BY_HEADING = {heading: code for code, names in COLUMNS.items() for heading in names}


class Layout(NamedTuple):
    """Where the columns of one sheet are: `places` by code, counted from 0."""

    sheet: str
    header_row: int
    headings: tuple[str, ...]
    places: dict[str, int]


#: Neighbouring rows of one sheet: its name, its last row, the number of the first row, the cells.
Rows = tuple[str, int, int, list[list[Any]]]


def open_roster(chunks: Iterable[Rows]) -> tuple[Layout, Iterator[Rows]]:
    """Give the layout of the first sheet that has a header, and the rows below it.

    Sheets before it are passed over, sheets after it are not read. Raises RuleError `no_header`
    (naming the missing columns) or `no_rows`.
    """
    remaining = iter(chunks)
    tops: list[list[tuple[int, list[Any]]]] = []
    for sheet, total, first, rows in remaining:
        if first > 1:
            continue
        top = list(enumerate(rows[:HEADER_ROWS], 1))
        if layout := find_header(sheet, top):
            below = (sheet, total, layout.header_row + 1, rows[layout.header_row :])
            return layout, _one_sheet(sheet, chain([below], remaining))
        tops.append(top)
    raise _no_header(tops)


def _one_sheet(sheet: str, chunks: Iterable[Rows]) -> Iterator[Rows]:
    found = False
    for chunk in chunks:
        if chunk[0] != sheet:
            break
        found = found or any(any(cells) for cells in chunk[3])
        yield chunk
    if not found:
        raise RuleError("no_rows", "表头下面没有居民，请检查是否选错了文件。", "file")


def _no_header(tops: list[list[tuple[int, list[Any]]]]) -> RuleError:
    missing = min((missing_columns(top) for top in tops), key=len, default=list(REQUIRED))
    names = "、".join(f"“{name}”" for name in missing)
    sentence = (
        f"前 {HEADER_ROWS} 行里没有找到完整的表头，缺少{names}列。请检查表头，或下载模板对照。"
    )
    return RuleError("no_header", sentence, "file")


def find_header(sheet: str, rows: Sequence[tuple[int, Sequence[Any]]]) -> Layout | None:
    """Give the layout of a sheet from its first rows (number, cells), or None.

    The header is the first of the first ten rows of the sheet that names all of 姓名, 身份证号,
    乡镇 and 村(居)委会, in any order and under any of their names.
    """
    for number, cells in rows:
        places = _places(cells)
        if all(code in places for code in REQUIRED):
            headings = tuple(str(cell) for cell in cells)
            return Layout(sheet, number, headings, places)
    return None


def missing_columns(rows: Sequence[tuple[int, Sequence[Any]]]) -> list[str]:
    """Give the names of the required columns that the likeliest header lacks."""
    best: dict[str, int] = {}
    for _number, cells in rows:
        best = max(best, _places(cells), key=len)
    return [COLUMNS[code][0] for code in REQUIRED if code not in best]


def _places(cells: Sequence[Any]) -> dict[str, int]:
    places: dict[str, int] = {}
    for index, cell in enumerate(cells):
        if isinstance(cell, str) and (code := _BY_HEADING.get(squeeze(cell).strip("*★"))):
            places.setdefault(code, index)
    return places


def column_letter(index: int) -> str:
    """Give the letters of a column counted from 0: 0 -> A, 26 -> AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
