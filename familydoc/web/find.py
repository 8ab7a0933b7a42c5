"""Rows that an address names: in the viewer's scope, or a 404 like one that is not there."""

import re
from typing import Any

from flask import abort, current_app, url_for

from familydoc.models.residents import Resident
from familydoc.queries.scope import get_visible
from familydoc.web.access import viewer

#: What a uid may look like; anything else is not even asked for.
UID = re.compile(r"[0-9A-Za-z_-]{1,36}")


def find_resident(uid: str) -> Resident:
    """Give a resident in the viewer's scope."""
    known = UID.fullmatch(uid) is not None
    return (get_visible(Resident, viewer(), Resident.uid == uid) if known else None) or abort(404)


def address_of(endpoint: str, **values: Any) -> str:
    """Give the address of another noun's page, '' where there is none."""
    if endpoint not in current_app.view_functions:
        return ""
    return url_for(endpoint, **values)
