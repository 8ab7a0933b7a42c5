"""Text sealed with AES-GCM, and keyed fingerprints that find it again without opening it."""

import base64
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


class SealBroken(Exception):
    """The sealed bytes were cut, changed, or sealed with another key."""


class Vault:
    """Seals and opens with one 32-byte data key; equal texts have equal fingerprints."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("the data key must be 32 bytes")
        self._cipher = AESGCM(hmac.digest(key, b"familydoc seal", hashlib.sha256))
        self._mac_key = hmac.digest(key, b"familydoc fingerprint", hashlib.sha256)

    def seal(self, text: str) -> bytes:
        return self.seal_bytes(text.encode())

    def open(self, sealed: bytes) -> str:
        return self.open_bytes(sealed).decode()

    def seal_bytes(self, content: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, content, None)

    def open_bytes(self, sealed: bytes) -> bytes:
        """Give the content; raises SealBroken when it is not whole."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], None)
        except InvalidTag as broken:
            raise SealBroken("sealed with another key, or damaged") from broken

    def fingerprint(self, purpose: str, text: str) -> bytes:
        """Give 16 bytes that stand for `text` within one purpose (HMAC-SHA-256, cut)."""
        return hmac.digest(self._mac_key, f"{purpose}\0{text}".encode(), hashlib.sha256)[:16]


def new_key() -> str:
    """Give a fresh data key as text for an environment variable or a file."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def read_key(text: str) -> bytes:
    """Give the 32 bytes of a key written by `new_key`; raises ValueError when it is not one."""
    key = base64.urlsafe_b64decode(text.strip())
    if len(key) != 32:
        raise ValueError("FAMILYDOC_DATA_KEY must be 32 bytes in URL-safe base64")
    return key
