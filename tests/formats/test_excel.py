"""Workbooks: hostile files are refused by name, sound ones come back cell by cell."""

import zipfile
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from familydoc.formats import excel, excel_guard
from familydoc.formats.excel import clean_cell, read_workbook, write_workbook
from familydoc.formats.table import read_table
from familydoc.rules.errors import RuleError

TYPES = b"""<?xml version="1.0"?><Types
xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"""
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s</worksheet>'
)
PART = "xl/worksheets/sheet1.xml"


def rows_of(content: bytes) -> list[list[Any]]:
    return [row for chunk in read_table(content) for row in chunk.rows]


def refused(content: bytes) -> str:
    with pytest.raises(RuleError) as caught:
        rows_of(content)
    assert caught.value.message.endswith("。")
    return caught.value.code


def sound() -> bytes:
    return write_workbook(["姓名", "电话"], [["张三", "13800138000"], ["李四", None]])


def changed(parts: dict[str, bytes | None], base: bytes | None = None) -> bytes:
    """Give a sound workbook with some of its parts replaced, added or left out."""
    buffer = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(base or sound())) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            if content is not None:
                new.writestr(name, content)
    return buffer.getvalue()


def sheet(data: str) -> bytes:
    return changed({PART: (SHEET % f"<sheetData>{data}</sheetData>").encode()})


def cell(reference: str, text: str = "x") -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def bomb() -> bytes:
    row = '<row r="1"><c r="A1"><v>1</v></c></row>'
    return changed({PART: (SHEET % (row + " " * 60_000_000)).encode()})


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">
<!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>
<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&lol1;</t></si></sst>"""

HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "zero_bytes": (lambda: b"", "workbook_empty"),
    "blank": (lambda: b" \r\n\x00\x00", "workbook_empty"),
    "not_a_zip": (lambda: b"PK\x03\x04" + b"nonsense" * 50, "workbook_unreadable"),
    "random_bytes": (lambda: bytes(range(256)) * 8, "workbook_unreadable"),
    "cut": (lambda: sound()[:2000], "workbook_unreadable"),
    "old_xls": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "workbook_old"),
    "zip_of_text": (lambda: zip_of({"a.txt": b"hello"}), "workbook_unreadable"),
    "empty_zip": (lambda: zip_of({}), "workbook_unreadable"),
    "docx": (
        lambda: zip_of({"[Content_Types].xml": TYPES, "word/document.xml": b"<w/>"}),
        "workbook_unreadable",
    ),
    "macro": (lambda: changed({"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"}), "workbook_macro"),
    "macro_in_capitals": (lambda: changed({"XL/VBAPROJECT.BIN": b"x"}), "workbook_macro"),
    "macro_sheet": (lambda: changed({"xl/macrosheets/sheet1.xml": b"<x/>"}), "workbook_macro"),
    "bomb": (bomb, "workbook_too_large"),
    "far_cell": (
        lambda: sheet(f'<row r="1048576">{cell("XFD1048576")}</row>'),
        "workbook_too_large",
    ),
    "far_column": (
        lambda: sheet(f'<row r="1">{cell("A1")}{cell("XFD1")}</row>'),
        "workbook_too_large",
    ),
    "far_cell_hidden_in_the_middle": (lambda: hidden_far_cell(), "workbook_too_large"),
    "101_columns": (lambda: write_workbook(["x"] * 101, []), "workbook_too_large"),
    "million_columns": (
        lambda: sheet(f'<row r="1">{"".join(cell(f"{c}1") for c in ("A", "BDWGN"))}</row>'),
        "workbook_too_large",
    ),
    "wide_dimension": (
        lambda: changed({PART: (SHEET % '<dimension ref="A1:XFD9"/><sheetData/>').encode()}),
        "workbook_too_large",
    ),
    "billion_laughs": (lambda: changed({"xl/sharedStrings.xml": LAUGHS}), "workbook_unreadable"),
    "outside_entity": (
        lambda: changed(
            {PART: b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'}
        ),
        "workbook_unreadable",
    ),
    "entity_in_utf16": (
        lambda: changed({PART: '<!DOCTYPE x [<!ENTITY e "e">]><x/>'.encode("utf-16")}),
        "workbook_unreadable",
    ),
    "broken_xml": (lambda: changed({PART: b"<worksheet><sheetData><row"}), "workbook_unreadable"),
    "many_parts": (lambda: changed({f"x/{n}.bin": b"" for n in range(2100)}), "workbook_too_large"),
    "no_rows_at_all": (lambda: sheet(""), "workbook_empty"),
    "sheet_missing": (lambda: changed({PART: None}), "workbook_unreadable"),
}


def zip_of(parts: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def hidden_far_cell() -> bytes:
    """A far cell between rows that look harmless, past the head and before the tail."""
    rows = [f'<row r="{n}">{cell(f"A{n}", f"x{n}")}</row>' for n in range(1, 40_000)]
    rows.insert(20_000, f'<row r="150000">{cell("XFD150000")}</row>')
    return sheet("".join(rows))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_reason(name: str) -> None:
    build, code = HOSTILE[name]
    assert refused(build()) == code


def test_a_broken_central_directory_is_refused() -> None:
    content = bytearray(sound())
    for place in range(len(content) - 60, len(content) - 22):
        content[place] ^= 0x5A
    assert refused(bytes(content)) in excel_guard.SENTENCES


def test_an_external_link_is_never_followed_and_does_no_harm() -> None:
    link = b'<externalLink><externalBook r:id="http://127.0.0.1:9/x"/></externalLink>'
    content = changed({"xl/externalLinks/externalLink1.xml": link})
    assert rows_of(content)[1] == ["张三", "13800138000"]


def test_a_zip_entry_that_climbs_out_writes_nothing(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert rows_of(changed({"../../evil.txt": b"x"}))[0] == ["姓名", "电话"]
    assert list(tmp_path.iterdir()) == []


def test_too_much_memory_ends_the_child_and_not_us(monkeypatch: Any) -> None:
    monkeypatch.setattr(excel, "MEGABYTES", 48)
    rows = [["x" * 40] * 40] * 20_000
    assert refused(write_workbook(["a"] * 40, rows)) == "workbook_too_large"


def test_too_much_time_ends_the_child(monkeypatch: Any) -> None:
    monkeypatch.setattr(excel, "SECONDS", 0)
    assert refused(write_workbook(["a"], [["x"]] * 3000)) == "workbook_too_large"


def test_the_child_gets_no_keys(monkeypatch: Any) -> None:
    monkeypatch.setenv("FAMILYDOC_DATA_KEY", "secret")
    child = excel._start()
    assert child.stdin is not None and child.stdout is not None
    environment = Path(f"/proc/{child.pid}/environ").read_bytes()
    child.kill()
    child.stdin.close()
    child.stdout.close()
    child.wait()
    assert b"FAMILYDOC" not in environment


def test_leaving_the_reader_early_leaves_no_child(monkeypatch: Any) -> None:
    started = []
    start = excel._start
    monkeypatch.setattr(excel, "_start", lambda: started.append(start()) or started[-1])
    reader = read_workbook(write_workbook(["a"], [[n] for n in range(5000)]))
    assert len(next(reader).rows) == 1000
    reader.close()
    assert started[0].returncode is not None


def test_cells_come_back_as_they_were_written() -> None:
    rows = [["张三", 1, 2.5, True, date(1960, 6, 20), None, "007", "=1+1", "http://x.example"]]
    first, second = rows_of(write_workbook(list("abcdefghi"), rows))
    assert first == list("abcdefghi")
    assert second[:5] == ["张三", 1.0, 2.5, True, "1960-06-20"]
    assert second[5:] == ["", "007", "=1+1", "http://x.example"]


def test_empty_columns_and_rows_keep_their_places() -> None:
    content = sheet(f'<row r="3">{cell("C3")}</row><row r="5">{cell("D5")}</row>')
    assert rows_of(content) == [
        ["", "", "", ""],
        ["", "", "", ""],
        ["", "", "x", ""],
        ["", "", "", ""],
        ["", "", "", "x"],
    ]


def test_chunks_say_where_they_are() -> None:
    chunks = list(read_workbook(write_workbook(["a"], [[n] for n in range(2500)])))
    assert [(chunk.first, len(chunk.rows), chunk.total) for chunk in chunks] == [
        (1, 1000, 2501),
        (1001, 1000, 2501),
        (2001, 501, 2501),
    ]


FORMULAS = ["=cmd|'/C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "＝1", "{=1}"]


def test_no_text_becomes_a_formula() -> None:
    content = write_workbook(["备注"], [[text] for text in FORMULAS])
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert b"<f>" not in archive.read(PART)
    texts = [row[0] for row in rows_of(content)[1:]]
    assert [text.strip() for text in texts] == [text.strip() for text in FORMULAS]


def test_characters_that_break_workbooks_are_dropped() -> None:
    bad = "a\x0bb\x00c\ufffed\uffffe\ud800f\x85g\n"
    assert clean_cell(bad) == "abcdefg\n"
    assert rows_of(write_workbook(["备注"], [[bad]]))[1][0].strip() == "abcdefg"
    assert len(clean_cell("长" * 40_000)) == 32_767


CSV = "姓名,电话\r\n张三,13800138000\r\n"


@pytest.mark.parametrize(
    "content",
    [
        CSV.encode(),
        b"\xef\xbb\xbf" + CSV.encode(),
        CSV.encode("gb18030"),
        CSV.replace(",", ";").encode(),
        CSV.replace(",", "\t").encode("gbk"),
        CSV.replace("\r\n", "\n").encode(),
        '"姓名","电话"\n"张三","13800138000"\n'.encode(),
    ],
)
def test_text_is_read_in_its_encoding_and_with_its_separator(content: bytes) -> None:
    assert rows_of(content) == [["姓名", "电话"], ["张三", "13800138000"]]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_bad_bytes_in_text_name_their_row(encoding: str) -> None:
    lines = ["姓名,电话"] + ["张三,13800138000"] * 59_999
    encoded = [line.encode(encoding) for line in lines]
    encoded[56_999] = b"\xff\xfe\x00\x80,1"
    with pytest.raises(RuleError) as caught:
        rows_of(b"\n".join(encoded))
    assert caught.value.code == "csv_unreadable"
    assert "第 57000 行" in caught.value.message


def test_an_unclosed_quote_names_its_row() -> None:
    with pytest.raises(RuleError) as caught:
        rows_of('姓名,电话\n"张三,1\n李四,2\n'.encode())
    assert caught.value.code == "csv_unreadable"
    assert "第 2 行" in caught.value.message


def test_text_of_too_many_columns_or_rows_is_refused() -> None:
    assert refused(("x," * 120 + "\n").encode()) == "workbook_too_large"
    assert refused(b"a,b\n" * 200_002) == "workbook_too_large"


def test_a_row_separator_inside_a_cell_is_no_new_row() -> None:
    assert rows_of("a,b\nx\u2028y,z\n".encode()) == [["a", "b"], ["x\u2028y", "z"]]
