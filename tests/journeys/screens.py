"""Every kind of page a role can reach, found by following the links from its home."""

from collections import deque
from html.parser import HTMLParser
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from familydoc.demo.accounts import PASSWORD
from familydoc.extensions import db
from familydoc.models.contracts import Contract
from familydoc.queries.contracts import get_token

#: One account of the demo for each role that works with it.
ROLES = ("admin", "county", "center", "leader1", "doctor1")
#: Addresses that are no pages, and the gallery of components for developers.
NO_PAGES = ("static", "gallery.show")
#: Enough to reach every screen: a list's rows are alike.
MOST_PAGES = 400


class Links(HTMLParser):
    """The addresses a page leads to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):  # type: ignore[no-untyped-def]
        given = dict(attrs)
        if tag == "a" and given.get("href", "").startswith("/") and "download" not in given:
            self.found.append(given["href"].split("#")[0])


def screens_of(app: Flask, username: str) -> dict[str, str]:
    """Give an address for each kind of page (endpoint) that an account can reach."""
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    answer = client.post("/login", data={"username": username, "password": PASSWORD})
    assert answer.status_code == 303, username
    kinds: dict[str, str] = {}
    waiting, seen = deque(["/"]), {"/"}
    while waiting and len(seen) < MOST_PAGES:
        address = waiting.popleft()
        kind = kind_of(app, address)
        if kind is None or kind in kinds:
            continue
        answer = client.get(address)
        if answer.status_code == 303:
            waiting.appendleft(answer.headers["Location"])
        if answer.status_code != 200 or not answer.mimetype.endswith("html"):
            continue
        kinds[kind] = address
        for link in Links(answer.text).found:
            if link not in seen:
                seen.add(link)
                waiting.append(link)
    app.config["WTF_CSRF_ENABLED"] = True
    return kinds


def kind_of(app: Flask, address: str) -> str | None:
    """Give the endpoint behind an address, None when it is no page."""
    try:
        endpoint, _ = app.url_map.bind("").match(urlsplit(address).path, method="GET")
    except HTTPException:
        return None
    return None if endpoint in NO_PAGES else endpoint


def public_screens(app: Flask) -> list[str]:
    """Give the pages that need no login: sign-in, board, checks of contracts, what is not there."""
    with app.app_context():
        running = one_contract("active")
        ended = one_contract("expired", "renewed", "terminated")
        tokens = [get_token(contract) for contract in (running, ended)]
        db.session.remove()
    boards = ["/board/150124100"]
    return ["/login", *boards, *(f"/v/{token}" for token in tokens), "/v/unknown", "/nowhere"]


def one_contract(*states: str) -> Contract:
    contract = db.session.scalars(select(Contract).where(Contract.state.in_(states))).first()
    assert contract is not None, states
    return contract
