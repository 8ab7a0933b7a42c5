"""A picture keeps what draws it and nothing of who took it, where and with what."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from familydoc.formats.photos import MOST_BYTES, read_picture
from familydoc.rules.errors import RuleError
from tests.formats.photographs import (
    SECRET,
    announced,
    chunk,
    exif,
    jpeg,
    lossless,
    lossy,
    part,
    png,
    segment,
    webp,
)


def refused(content: bytes) -> str:
    with pytest.raises(RuleError) as error:
        read_picture(content)
    assert error.value.field == "photograph"
    return error.value.code


def test_jpeg_loses_its_metadata_and_keeps_its_scans():
    dirty = jpeg(
        120, 160, segment(0xE0, b"JFIF\0" + SECRET), exif(), segment(0xFE, SECRET), tail=SECRET
    )
    picture = read_picture(dirty)
    assert (picture.media_type, picture.width, picture.height) == ("image/jpeg", 120, 160)
    assert picture.content == jpeg()


@pytest.mark.parametrize("order", [">", "<"])
def test_jpeg_keeps_its_turn_and_nothing_else_of_its_exif(order):
    picture = read_picture(jpeg(120, 160, exif(6, order)))
    assert SECRET not in picture.content
    again = read_picture(picture.content)
    assert again == picture and b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06" in picture.content


def test_jpeg_keeps_adobes_colour_note():
    note = segment(0xEE, b"Adobe\0\x64\0\0\0\0\2")
    assert note in read_picture(jpeg(120, 160, note)).content


def test_png_loses_text_time_and_what_stands_behind_its_end():
    dirty = png(120, 160, chunk(b"tEXt", SECRET), chunk(b"eXIf", SECRET), tail=SECRET)
    picture = read_picture(dirty)
    assert picture.media_type == "image/png" and picture.content == png()


@pytest.mark.parametrize("body", [lossy(), lossless()])
def test_webp_loses_exif_and_profile(body):
    dirty = webp(announced(0x2C), part(b"ICCP", SECRET), body, part(b"EXIF", SECRET))
    picture = read_picture(dirty)
    assert picture.content == webp(body)
    assert (picture.media_type, picture.width, picture.height) == ("image/webp", 120, 160)


def test_webp_keeps_its_transparency():
    alpha = part(b"ALPH", b"\0abc")
    picture = read_picture(webp(announced(0x18), alpha, lossy(), part(b"EXIF", SECRET)))
    assert picture.content == webp(announced(0x10), alpha, lossy())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "photo_empty"),
        (b"GIF89a" + b"\0" * 200, "photo_kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "photo_kind"),
        (jpeg()[:-40], "photo_broken"),
        (b"\xff\xd8\xff\xd9", "photo_broken"),
        (png()[:60], "photo_broken"),
        (png()[:40] + b"!" + png()[41:], "photo_broken"),
        (webp(lossy())[:-3], "photo_broken"),
        (webp(announced(0)), "photo_broken"),
        (webp(announced(0x02), lossy()), "photo_animated"),
        (jpeg(99, 160), "photo_size"),
        (jpeg(120, 6001), "photo_size"),
        (png(6001, 100), "photo_size"),
        (webp(lossless(16384, 16384)), "photo_size"),
        (jpeg() + b"\0" * MOST_BYTES, "photo_large"),
    ],
)
def test_picture_is_refused_when_it_is_none(content, code):
    assert refused(content) == code


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([jpeg(120, 160, exif(3)), png(), webp(announced(0x18), lossy())]), st.data())
def test_damaged_picture_is_refused_or_read_but_never_breaks(content, data):
    at = data.draw(st.integers(0, len(content) - 1))
    damaged = (
        content[:at]
        + data.draw(st.binary(max_size=9))
        + content[at + data.draw(st.integers(0, 9)) :]
    )
    try:
        picture = read_picture(damaged)
    except RuleError as error:
        assert error.code.startswith("photo_")
    else:
        assert read_picture(picture.content) == picture
