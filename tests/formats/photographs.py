"""Small pictures made by hand: right in their parts, with what a camera writes into them."""

import struct
import zlib

SECRET = b"13800000000 N40.5 E111.7 Xiaomi"


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def exif(turn: int | None = None, order: str = ">") -> bytes:
    """An EXIF segment with a camera's name and, when asked, a turn."""
    entries = [(0x010F, 2, len(SECRET), 200)]
    if turn is not None:
        entries.append((0x0112, 3, 1, turn << 16 if order == ">" else turn))
    mark = b"MM\0*" if order == ">" else b"II*\0"
    tiff = mark + struct.pack(order + "L", 8) + struct.pack(order + "H", len(entries))
    for entry in entries:
        tiff += struct.pack(order + "HHLL", *entry)
    return segment(0xE1, b"Exif\0\0" + tiff + SECRET)


def jpeg(width: int = 120, height: int = 160, *between: bytes, tail: bytes = b"") -> bytes:
    """Two scans with stuffed zeros and restart marks; `between` stands after the start."""
    frame = segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    scan = segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x12\xff\x00\x34\xff\xd0\x56"
    tables = segment(0xDB, b"\0" * 65) + segment(0xC4, b"\0" * 17)
    return b"\xff\xd8" + b"".join(between) + tables + frame + scan + scan + b"\xff\xd9" + tail


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))


def png(width: int = 120, height: int = 160, *between: bytes, tail: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, 8, 0, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" * ((width + 1) * height)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(between) + data + chunk(b"IEND", b"") + tail


def part(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<L", len(body)) + body + b"\0" * (len(body) % 2)


def webp(*parts: bytes) -> bytes:
    inside = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<L", len(inside)) + inside


def lossy(width: int = 120, height: int = 160) -> bytes:
    return part(b"VP8 ", b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height) + b"data!")


def lossless(width: int = 120, height: int = 160) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    return part(b"VP8L", b"\x2f" + struct.pack("<L", bits) + b"data")


def announced(flags: int) -> bytes:
    return part(b"VP8X", bytes((flags, 0, 0, 0)) + b"\x77\0\0\x9f\0\0")
