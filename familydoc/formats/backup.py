"""A backup file: numbered frames of rows, compressed and sealed; the last says it is whole."""

import base64
import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any, BinaryIO

from familydoc.formats.sealed import SealBroken, Vault

MAGIC = b"FAMILYDOC BACKUP 1\n"
LENGTH = struct.Struct(">I")
#: Larger than any frame this program writes: a damaged length must not fill the memory.
MOST_BYTES = 256 * 1024 * 1024


class BackupBroken(Exception):
    """The file is no backup, is cut or changed, or was sealed with another key."""


def write_backup(file: BinaryIO, vault: Vault, frames: Iterable[dict[str, Any]]) -> int:
    """Write frames and the closing one; give the number of frames."""
    file.write(MAGIC)
    number = 0
    for number, frame in enumerate(frames, start=1):
        _write(file, vault, {"n": number} | frame)
    _write(file, vault, {"n": number + 1, "end": True})
    return number


def read_backup(file: BinaryIO, vault: Vault) -> Iterator[dict[str, Any]]:
    """Give the frames in order; raises BackupBroken where the file is not whole."""
    if file.read(len(MAGIC)) != MAGIC:
        raise BackupBroken("not a backup")
    number = 0
    while True:
        number += 1
        frame = _read(file, vault)
        if frame.pop("n") != number:
            raise BackupBroken("frames in another order")
        if frame.get("end"):
            break
        yield frame
    if file.read(1):
        raise BackupBroken("more after the end")


def _write(file: BinaryIO, vault: Vault, frame: dict[str, Any]) -> None:
    text = json.dumps(frame, default=_tag, ensure_ascii=False)
    sealed = vault.seal_bytes(zlib.compress(text.encode(), 3))
    file.write(LENGTH.pack(len(sealed)))
    file.write(sealed)


def _read(file: BinaryIO, vault: Vault) -> dict[str, Any]:
    head = file.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise BackupBroken("cut")
    (length,) = LENGTH.unpack(head)
    sealed = file.read(length) if length <= MOST_BYTES else b""
    if len(sealed) != length:
        raise BackupBroken("cut")
    try:
        text = zlib.decompress(vault.open_bytes(sealed))
    except (SealBroken, zlib.error, ValueError) as broken:
        raise BackupBroken("changed, or another key") from broken
    frame: dict[str, Any] = json.loads(text, object_hook=_untag)
    return frame


def _tag(value: Any) -> dict[str, str]:
    if isinstance(value, datetime):
        instant = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return {"__instant": instant.isoformat()}
    if isinstance(value, date):
        return {"__date": value.isoformat()}
    return {"__bytes": base64.b64encode(value).decode()}


def _untag(found: dict[str, Any]) -> Any:
    if "__instant" in found:
        return datetime.fromisoformat(found["__instant"])
    if "__date" in found:
        return date.fromisoformat(found["__date"])
    if "__bytes" in found:
        return base64.b64decode(found["__bytes"])
    return found
