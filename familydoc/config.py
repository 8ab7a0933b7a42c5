"""Settings from the environment; keys made once and kept in the instance folder."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from familydoc.formats.sealed import new_key, read_key

ROOT = Path(__file__).resolve().parent.parent
UPLOAD_LIMIT = 32 * 1024 * 1024


def load(overrides: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give Flask's settings; `overrides` win over the environment."""
    given = overrides or {}
    instance = Path(
        given.get("INSTANCE") or os.environ.get("FAMILYDOC_INSTANCE") or ROOT / "instance"
    )
    instance.mkdir(parents=True, exist_ok=True)
    public_url = _public_url(given)
    settings: dict[str, Any] = {
        "INSTANCE": instance,
        "SECRET_KEY": os.environ.get("FAMILYDOC_SECRET_KEY")
        or _kept(instance / "secret_key", lambda: secrets.token_urlsafe(32)),
        "DATA_KEY": read_key(
            os.environ.get("FAMILYDOC_DATA_KEY") or _kept(instance / "data_key", new_key)
        ),
        "SQLALCHEMY_DATABASE_URI": _database_url(instance),
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
        "PUBLIC_URL": public_url,
        "MAX_CONTENT_LENGTH": UPLOAD_LIMIT,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "PROGRAMMES": _folders(os.environ.get("FAMILYDOC_PROGRAMMES", "")),
        "METRICS": os.environ.get("FAMILYDOC_METRICS") == "1",
        "IDLE_MINUTES": 60,
        "PASSWORD_POLICY": os.environ.get("FAMILYDOC_PASSWORD_POLICY", "dengbao"),
        "WTF_CSRF_TIME_LIMIT": None,
        **_cookies(public_url.startswith("https://")),
    }
    return settings | given


def _public_url(given: dict[str, Any]) -> str:
    port = os.environ.get("FAMILYDOC_PORT", "5000")
    default = os.environ.get("FAMILYDOC_PUBLIC_URL") or f"http://127.0.0.1:{port}"
    return str(given.get("PUBLIC_URL") or default).rstrip("/")


def _folders(paths: str) -> list[Path]:
    """Further folders of programme files, parted as the paths of a shell are."""
    return [Path(path).expanduser() for path in paths.split(os.pathsep) if path.strip()]


def _database_url(instance: Path) -> str:
    url = os.environ.get("FAMILYDOC_DATABASE_URL") or f"sqlite:///{instance / 'familydoc.db'}"
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


def _cookies(https: bool) -> dict[str, Any]:
    return {
        "SESSION_COOKIE_NAME": "__Host-familydoc" if https else "familydoc",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
    }


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Read a secret, or make it: mode 600 from its first byte, one winner when two start."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        secret = make()
        file.write(secret)
    return secret
