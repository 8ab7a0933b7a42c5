"""Who takes JSON: devices that record visits. Forms would read any JSON body as their fields."""

from flask import Flask, abort, request

#: Blueprints that read JSON bodies themselves, with their own checks of depth and shape.
TAKE_JSON = frozenset({"visits"})


def init_app(app: Flask) -> None:
    app.before_request(_refuse_json)


def _refuse_json() -> None:
    if request.is_json and request.endpoint and request.blueprint not in TAKE_JSON:
        abort(415)
