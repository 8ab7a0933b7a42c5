"""Rows that an address names: in the viewer's scope, or a 404 like one that is not there."""

import re
from typing import Any
from urllib.parse import quote, urlencode

from flask import abort, current_app, g, url_for
from sqlalchemy.orm import joinedload

from familydoc.actions.residents import open_resident
from familydoc.models.residents import Resident
from familydoc.queries.scope import get_visible, get_visible_value
from familydoc.web.access import viewer

#: What a uid may look like; anything else is not even asked for.
UID = re.compile(r"[0-9A-Za-z_-]{1,36}")
#: Holds the place of what differs from row to row; a number passes every converter.
HOLDER = 271828


def find_resident(uid: str) -> Resident:
    """Give a resident in the viewer's scope."""
    known = UID.fullmatch(uid) is not None
    return (get_visible(Resident, viewer(), Resident.uid == uid) if known else None) or abort(404)


def look_at(uid: str) -> Resident:
    """Give a resident for a page that shows number and telephone whole, and note who looked."""
    known = UID.fullmatch(uid) is not None
    number = get_visible_value(Resident.id, viewer(), Resident.uid == uid) if known else None
    open_resident(by=viewer(), resident_id=number or abort(404))
    beside = (Resident.village, Resident.team, Resident.household)
    options = [joinedload(one) for one in beside]
    return get_visible(Resident, viewer(), Resident.uid == uid, options=options) or abort(404)


def address_of(endpoint: str, **values: Any) -> str:
    """Give the address of another noun's page, '' where there is none."""
    if endpoint not in current_app.view_functions:
        return ""
    return url_for(endpoint, **values)


def row_address(endpoint: str, key: str | int, **query: str | int) -> str:
    """Give the address of a row's page, for endpoints with one variable: a list has a hundred of
    them, so the router is asked once a request and the key put into its answer."""
    known: dict[str, list[str]] = g.setdefault("row_addresses", {})
    if endpoint not in known:
        rule = next(current_app.url_map.iter_rules(endpoint))
        holder: dict[str, Any] = dict.fromkeys(rule.arguments, HOLDER)
        known[endpoint] = url_for(endpoint, **holder).split(str(HOLDER))
    head, tail = known[endpoint]
    return f"{head}{quote(str(key), safe='')}{tail}" + (f"?{urlencode(query)}" if query else "")
