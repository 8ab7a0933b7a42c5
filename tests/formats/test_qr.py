"""Codes that a scanner reads, and signatures that come back as they were drawn."""

import json
import re
import subprocess
from xml.etree import ElementTree

import pytest

from familydoc.formats.qr import qr_svg
from familydoc.formats.signature import (
    SignatureError,
    read_signature,
    signature_path,
    write_signature,
)

ADDRESS = "https://jyqy.example.org/v/9uM0Hk2J8Z-xQ3_wR5tYbA"


def modules(svg):
    """Paint the path of a code into rows of dark (1) and light (0) modules."""
    side = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])
    rows = [[0] * side for _ in range(side)]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg):
        rows[int(y)][int(x) : int(x) + int(width)] = [1] * int(width)
    return rows


def test_code_is_well_formed_with_a_quiet_zone_of_four():
    svg = qr_svg(ADDRESS)
    assert ElementTree.fromstring(svg).tag == "svg"
    rows = modules(svg)
    assert not any(sum(row) for row in rows[:4] + rows[-4:])
    assert not any(any(row[:4]) or any(row[-4:]) for row in rows)
    assert rows[4][4:11] == [1] * 7  # the finder pattern begins right after it


def test_code_has_error_correction_of_level_m():
    rows = modules(qr_svg(ADDRESS))
    found = (rows[12][4], rows[12][5])  # the first two format bits, masked with 1 0
    assert (found[0] ^ 1, found[1] ^ 0) == (0, 0)


def test_code_carries_no_style_and_no_script():
    svg = qr_svg(ADDRESS)
    assert "style" not in svg and "script" not in svg and ADDRESS not in svg


@pytest.mark.scan
def test_scanner_reads_the_address_at_160_pixels(tmp_path):
    rows = modules(qr_svg(ADDRESS))
    scale = 160 // len(rows)
    lines = [" ".join(str(bit) for bit in row for _ in range(scale)) for row in rows]
    side = len(rows) * scale
    picture = tmp_path / "code.pbm"
    picture.write_text(f"P1\n{side} {side}\n" + "\n".join(li for li in lines for _ in range(scale)))
    read = subprocess.run(["zbarimg", "-q", "--raw", picture], capture_output=True, text=True)
    assert read.stdout.strip() == ADDRESS


@pytest.mark.parametrize(
    "text",
    [
        "张建国",
        "https://example.org/居民",
        "",
        "javascript:alert(1)",
        "https://a b",
        "https://a\r\nb",
        "https://" + "a" * 300,
        "150124195803050016",
    ],
)
def test_code_holds_nothing_but_an_address(text):
    with pytest.raises(ValueError):
        qr_svg(text)


DRAWING = '{"w":600,"h":200,"strokes":[[[10,20],[90,160],[200,40]],[[300,100]]]}'


def test_signature_comes_back_as_it_was_drawn():
    signature = read_signature(DRAWING)
    assert signature.drawn
    assert signature_path(signature) == "M10 20L90 160L200 40M300 100L300 100"
    assert read_signature(write_signature(signature)) == signature


def test_points_outside_the_field_are_moved_to_its_edge():
    signature = read_signature('{"w":100,"h":50,"strokes":[[[-5,10],[500,9999]]]}')
    assert signature.strokes == (((0, 10), (100, 50)),)


@pytest.mark.parametrize("text", ["", "  "])
def test_no_text_is_no_signature(text):
    assert read_signature(text) is None


@pytest.mark.parametrize("strokes", [[], [[[10, 10]]], [[[10, 10], [40, 40]]], [[]]])
def test_dot_or_slip_is_not_drawn(strokes):
    signature = read_signature(json.dumps({"w": 600, "h": 200, "strokes": strokes}))
    assert signature is not None and not signature.drawn


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[]",
        "null",
        "{}",
        '{"w":600,"h":200}',
        '{"w":0,"h":200,"strokes":[]}',
        '{"w":1e9,"h":200,"strokes":[]}',
        '{"w":99999,"h":200,"strokes":[]}',
        '{"w":600,"h":200,"strokes":[[["<svg>",1]]]}',
        '{"w":600,"h":200,"strokes":[[[1,2,3]]]}',
        '{"w":600,"h":200,"strokes":[[[true,NaN]]]}',
        '{"w":600,"h":200,"strokes":' + "[" * 50_000,
        json.dumps({"w": 600, "h": 200, "strokes": [[[1, 1]] * 6001]}),
        " " * 120_001 + "x",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(SignatureError):
        read_signature(text)
