"""The one module that knows htmx: which answer a request wants, which headers go back."""

import json
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, make_response, render_template, request
from htmx_flask import Htmx


def init_app(app: Flask) -> None:
    Htmx(app)
    app.after_request(_vary)


def wants_fragment() -> bool:
    """Tell whether htmx swaps a part; a restored history and a boosted link get the whole page."""
    asked: Any = request.htmx  # type: ignore[attr-defined]
    return bool(asked) and not asked.history_restore_request and not asked.boosted


def page_or_fragment(page: str, fragment: str, **context: Any) -> str:
    """Render the page, or only the fragment that the page includes."""
    return render_template(fragment if wants_fragment() else page, **context)


def announce(body: str | Response, event: str, **details: Any) -> Response:
    """Send an event in the past tense with an answer (`visit-recorded`); lists listen."""
    response = make_response(body)
    response.headers["HX-Trigger"] = json.dumps({event: details})
    return response


def leave_to(address: str) -> Response:
    """Send the whole window elsewhere from inside an htmx call."""
    response = make_response("", 401)
    response.headers["HX-Redirect"] = quote(address, safe="/?=&%:")
    return response


def _vary(response: Response) -> Response:
    response.vary.add("HX-Request")
    return response


def at_address(body: str | Response, address: str) -> Response:
    """Say where the swapped part can be found again, so that going back finds it."""
    response = make_response(body)
    response.headers["HX-Replace-Url"] = quote(address, safe="/?=&%:")
    return response
