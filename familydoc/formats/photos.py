"""Photographs as they were uploaded -> the picture alone, without what the camera wrote into it.

A telephone writes the place, the time and its own number into every picture. Nothing is decoded:
the parts that draw the picture are copied, all others are left out. A JPEG keeps one thing of its
EXIF, the turn (1-8) without which a portrait would lie on its side.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from familydoc.rules.errors import RuleError

MOST_BYTES = 2 * 1024 * 1024
LEAST_SIDE, MOST_SIDE = 100, 6000

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: PNG chunks that draw (ISO/IEC 15948); text, time, EXIF, profiles and animation are not kept.
PNG_DRAWS = frozenset((b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"IDAT", b"IEND"))
#: JPEG segments that draw (ITU T.81): tables, frame headers, restart interval.
JPEG_DRAWS = frozenset((0xDB, 0xC0, 0xC1, 0xC2, 0xC4, 0xDD, 0xDC))
JPEG_FRAMES = frozenset((0xC0, 0xC1, 0xC2))
SOI, EOI, SOS, APP1, APP14 = 0xD8, 0xD9, 0xDA, 0xE1, 0xEE
#: WebP chunks that draw; VP8X only announces them, with flags for EXIF, XMP, profile, animation.
WEBP_DRAWS = frozenset((b"VP8 ", b"VP8L", b"ALPH"))
WEBP_ALPHA, WEBP_ANIMATED = 0x10, 0x02


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture without metadata: its media type, its bytes, its size in pixels as stored."""

    media_type: str
    content: bytes
    width: int
    height: int


def read_picture(content: bytes) -> Picture:
    """Give the bare picture of an uploaded JPEG, PNG or WebP, known by its first bytes.

    RuleError on field `photograph`: `photo_empty`, `photo_large` (over 2 MB), `photo_kind`,
    `photo_broken`, `photo_size` (a side under 100 or over 6000 pixels), `photo_animated`.
    """
    if not content:
        raise _refusal("photo_empty", "请先选一张照片。")
    if len(content) > MOST_BYTES:
        raise _refusal("photo_large", "照片超过 2 MB，请缩小后再传。")
    try:
        picture = _read(content)
    except (IndexError, struct.error, ValueError):
        raise _refusal("photo_broken", "照片文件不完整或已损坏，请换一张。") from None
    if not all(LEAST_SIDE <= side <= MOST_SIDE for side in (picture.width, picture.height)):
        raise _refusal(
            "photo_size",
            f"照片是 {picture.width}×{picture.height} 像素，"
            f"每边应在 {LEAST_SIDE} 到 {MOST_SIDE} 之间，请换一张。",
        )
    return picture


def _read(content: bytes) -> Picture:
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg(content)
    if content.startswith(PNG_SIGNATURE):
        return _png(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp(content)
    raise _refusal("photo_kind", "只收 JPEG、PNG 或 WebP 照片，请换一张。")


def _refusal(code: str, message: str) -> RuleError:
    return RuleError(code, message, field="photograph")


# --- JPEG -------------------------------------------------------------------------------------


def _jpeg(content: bytes) -> Picture:
    kept: list[bytes] = []
    size, turn, drawn = None, 1, False
    for marker, segment in _jpeg_segments(content):
        drawn = drawn or marker == SOS
        if marker in JPEG_FRAMES:
            height, width = struct.unpack(">HH", segment[5:9])
            size = (width, height)
        if marker == APP1:
            turn = _turn(segment[4:]) or turn
        elif marker in JPEG_DRAWS or marker == SOS or _adobe(marker, segment):
            kept.append(segment)
    if size is None or not drawn:
        raise ValueError("a JPEG without a frame")
    head = b"\xff\xd8" + (_turn_only(turn) if turn != 1 else b"")
    return Picture("image/jpeg", head + b"".join(kept) + b"\xff\xd9", *size)


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Give (marker, whole segment) up to the end mark; a scan brings its data along."""
    at = 2
    while True:
        if content[at] != 0xFF:
            raise ValueError("no marker where one must stand")
        while content[at + 1] == 0xFF:  # fill bytes
            at += 1
        marker = content[at + 1]
        if marker == EOI:
            return
        length = struct.unpack(">H", content[at + 2 : at + 4])[0]
        end = at + 2 + length
        if length < 2 or end > len(content):
            raise ValueError("a segment beyond the end")
        if marker == SOS:
            end = _end_of_scan(content, end)
        yield marker, content[at:end]
        at = end


def _end_of_scan(content: bytes, at: int) -> int:
    """Give where the next real marker stands: not a stuffed zero, not a restart mark."""
    while True:
        at = content.index(b"\xff", at)
        follows = content[at + 1]
        if follows != 0x00 and not 0xD0 <= follows <= 0xD7:
            return at
        at += 2


def _adobe(marker: int, segment: bytes) -> bool:
    """Tell whether this is Adobe's colour note, without which CMYK pictures turn negative."""
    return marker == APP14 and segment[4:9] == b"Adobe" and len(segment) == 16


def _turn(exif: bytes) -> int | None:
    """Give the orientation (tag 0x0112, 1-8) of an EXIF block, None when it says nothing."""
    tiff = exif[6:]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if exif[:6] != b"Exif\0\0" or order is None or len(tiff) < 10:
        return None
    (at,) = struct.unpack(order + "L", tiff[4:8])
    if at + 2 > len(tiff):
        return None
    (entries,) = struct.unpack(order + "H", tiff[at : at + 2])
    for number in range(min(entries, 200)):
        entry = tiff[at + 2 + 12 * number : at + 14 + 12 * number]
        if len(entry) == 12 and struct.unpack(order + "H", entry[:2])[0] == 0x0112:
            (turn,) = struct.unpack(order + "H", entry[8:10])
            return int(turn) if 1 <= turn <= 8 else None
    return None


def _turn_only(turn: int) -> bytes:
    """Give an EXIF segment that holds the orientation and nothing else."""
    tiff = b"MM\0*\0\0\0\x08" + struct.pack(">HHHLHHL", 1, 0x0112, 3, 1, turn, 0, 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


# --- PNG --------------------------------------------------------------------------------------


def _png(content: bytes) -> Picture:
    kept = [PNG_SIGNATURE]
    size: tuple[int, int] | None = None
    for kind, body, whole in _png_chunks(content):
        if size is None:
            if kind != b"IHDR":
                raise ValueError("a PNG without a header")
            width, height = struct.unpack(">LL", body[:8])
            size = (width, height)
        if kind in PNG_DRAWS:
            kept.append(whole)
    if size is None or not any(chunk[4:8] == b"IDAT" for chunk in kept):
        raise ValueError("a PNG without a picture")
    return Picture("image/png", b"".join(kept), *size)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Give (kind, body, whole chunk) up to the end chunk; every check sum must be right."""
    at = len(PNG_SIGNATURE)
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack(">L4s", content[at : at + 8])
        end = at + 12 + length
        body = content[at + 8 : end - 4]
        if struct.unpack(">L", content[end - 4 : end])[0] != zlib.crc32(kind + body):
            raise ValueError("a chunk with a wrong check sum")
        yield kind, body, content[at:end]
        at = end


# --- WebP -------------------------------------------------------------------------------------


def _webp(content: bytes) -> Picture:
    kept: list[bytes] = []
    size: tuple[int, int] | None = None
    alpha = False
    for kind, body in _webp_chunks(content):
        if kind in (b"ANIM", b"ANMF") or (kind == b"VP8X" and body[0] & WEBP_ANIMATED):
            raise _refusal("photo_animated", "这是动图，请换一张不动的照片。")
        if kind not in WEBP_DRAWS:
            continue
        alpha = alpha or kind == b"ALPH"
        kept.append(kind + struct.pack("<L", len(body)) + body + b"\0" * (len(body) % 2))
        if kind != b"ALPH":
            size = _vp8_size(body) if kind == b"VP8 " else _vp8l_size(body)
    if size is None:
        raise ValueError("a WebP without a picture")
    inside = b"WEBP" + (_vp8x(*size) if alpha else b"") + b"".join(kept)
    return Picture("image/webp", b"RIFF" + struct.pack("<L", len(inside)) + inside, *size)


def _webp_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    (inside,) = struct.unpack("<L", content[4:8])
    end, at = inside + 8, 12
    if end > len(content):
        raise ValueError("a WebP that was cut off")
    while at + 8 <= end:
        kind, length = struct.unpack("<4sL", content[at : at + 8])
        if at + 8 + length > end:
            raise ValueError("a chunk beyond the end")
        yield kind, content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _vp8_size(body: bytes) -> tuple[int, int]:
    """Read the key frame's header (RFC 6386, 9.1): two times 14 bits after the start code."""
    if body[3:6] != b"\x9d\x01\x2a":
        raise ValueError("no key frame")
    width, height = struct.unpack("<HH", body[6:10])
    return width & 0x3FFF, height & 0x3FFF


def _vp8l_size(body: bytes) -> tuple[int, int]:
    """Read the lossless header (RFC 9649, 3.4): 14 bits each, one less than the side."""
    if body[0] != 0x2F:
        raise ValueError("no lossless signature")
    (bits,) = struct.unpack("<L", body[1:5])
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _vp8x(width: int, height: int) -> bytes:
    """Announce transparency and nothing else."""
    sides = struct.pack("<L", width - 1)[:3] + struct.pack("<L", height - 1)[:3]
    return b"VP8X" + struct.pack("<L", 10) + bytes((WEBP_ALPHA, 0, 0, 0)) + sides
