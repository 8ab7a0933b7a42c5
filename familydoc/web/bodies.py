"""What a request may carry before any view reads it."""

from flask import Flask, abort, request

#: No field of ours holds it, and PostgreSQL refuses it in every text.
NUL = "\x00"
#: Who takes JSON: devices that record visits. Forms would read any JSON body as their fields.
#: Blueprints that read JSON bodies themselves, with their own checks of depth and shape.
TAKE_JSON = frozenset({"visits"})


def init_app(app: Flask) -> None:
    app.before_request(_refuse_json)
    app.before_request(_refuse_nul)


def _refuse_json() -> None:
    if request.is_json and request.endpoint and request.blueprint not in TAKE_JSON:
        abort(415)


def _refuse_nul() -> None:
    """In an address only: a form's own fields say it in words."""
    if any(NUL in value for _name, value in request.args.items(multi=True)):
        abort(400)
