"""The public check of a contract: no login, no cookie, no script, and as little as will do."""

import ipaddress
import re

from flask import Blueprint, Response, current_app, make_response, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import PathConverter

from familydoc import clock
from familydoc.queries.public import check_token
from familydoc.rules.guessing import WINDOW, Misses
from familydoc.web.access import public

blueprint = Blueprint("public", __name__)
#: A telephone that can be dialled, the first of a text that may name several.
DIALLED = re.compile(r"\+?[0-9][0-9-]{4,}[0-9]")
KEY = "public_check_misses"


class Rest(PathConverter):
    """All that follows, nothing and slashes too: no odd address is answered by the router, which
    would redirect to whatever host the request names."""

    regex = "(?s:.*)"
    part_isolating = False


@blueprint.record_once
def _begin(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["rest"] = Rest
    state.app.extensions[KEY] = Misses()


@blueprint.get("/v/<rest:token>")
@public
def check(token: str) -> Response:
    """Say how a contract stands. Whatever is no token gets one and the same answer."""
    misses: Misses = current_app.extensions[KEY]
    address, now = _network(request.remote_addr), clock.now().timestamp()
    if misses.must_wait(address, now):
        response = _page("public/wait.html", 429)
        response.headers["Retry-After"] = str(WINDOW)
        return response
    # A scanner may add a slash or a blank; all else goes to the database as it came.
    found = check_token(token.strip().rstrip("/")[:200], clock.today())
    if found is None:
        misses.note(address, now)
        return _page("public/unknown.html", 404)
    page = "public/ended.html" if found.stands == "ended" else "public/valid.html"
    return _page(page, 200, check=found, dial=dial)


def dial(telephone: str) -> str:
    """Give the `tel:` address of a telephone as it is written, '' where there is none."""
    found = DIALLED.search(telephone)
    return f"tel:{found[0].replace('-', '')}" if found else ""


def _page(template: str, status: int, **context: object) -> Response:
    """Render without Flask's context processors: one of them would load who is signed in."""
    body = current_app.jinja_env.get_template(template).render(**context)
    response = make_response(body, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _network(address: str | None) -> str:
    """Give what counts as one guesser: an address of version 4, a /64 of version 6."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network(f"{found}/64", strict=False))
