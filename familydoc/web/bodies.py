"""What a request may carry before any view reads it."""

from flask import Flask, abort, request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

#: No field of ours holds it, and PostgreSQL refuses it in every text.
NUL = "\x00"
#: As invisible, and what cleans a text takes it out, but a choice of it stays an unknown one.
DEL = "\x7f"
#: Who takes JSON: devices that record visits. Forms would read any JSON body as their fields.
#: Blueprints that read JSON bodies themselves, with their own checks of depth and shape.
TAKE_JSON = frozenset({"visits"})


def init_app(app: Flask) -> None:
    app.before_request(_refuse_json)
    app.before_request(_drop_nul)


def _refuse_json() -> None:
    if request.is_json and request.endpoint and request.blueprint not in TAKE_JSON:
        abort(415)


def _drop_nul() -> None:
    """Put something in its place that every database holds, in addresses and forms."""
    if b"%00" in request.query_string:
        request.args = _without_nul(request.args, "")
    if request.method == "POST" and any(NUL in v for _, v in request.form.items(multi=True)):
        request.form = _without_nul(request.form, DEL)


def _without_nul(typed: MultiDict[str, str], instead: str) -> ImmutableMultiDict[str, str]:
    pairs = typed.items(multi=True)
    return ImmutableMultiDict([(key, value.replace(NUL, instead)) for key, value in pairs])
