"""Closed by default: every route, every member of the cast, one's own rows and others'.

Routes of anybody are found by themselves; one whose address names a new kind of row fails here
until tests/web/addresses.py can build it.
"""

from urllib.parse import quote

import pytest

from familydoc import create_app
from familydoc.rules.permissions import may
from tests.cast import CAST, account
from tests.databases import settings
from tests.web.addresses import BODIES, BUILDERS, SPECIAL, Rows, address, arguments, rules

#: Nobody in the cast can reach these on purpose: off unless configured.
SWITCHED_OFF = frozenset({"health.metrics"})
#: Values an address may be called with by mischief; each is 404 (or another address), never 500.
ODD = ("9223372036854775808", "-1", "０１", "%00", "%2e%2e", "' OR 1=1--", "x" * 300, "<b>", "张")


@pytest.fixture(scope="module")
def route_map(tmp_path_factory):
    """The routes alone; no database is asked."""
    folder = tmp_path_factory.mktemp("routes")
    return create_app(settings("sqlite://", folder))


def posts() -> list[str]:
    """The endpoints that are posted to, for one test each: what they change stays apart."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings("sqlite://", Path(folder)))
        return [rule.endpoint for rule in rules(app, "POST")]


def permission(app, rule) -> str | None:
    return app.view_functions[rule.endpoint].access


def role_may(username: str, needed: str) -> bool:
    return may(account(username).role, needed)


def test_every_named_row_can_be_built(route_map):
    for method in ("GET", "POST"):
        for rule in rules(route_map, method):
            for argument in arguments(rule):
                assert argument in BUILDERS, f"{rule.rule} names a row: add {argument} to BUILDERS"


def test_every_builder_is_of_a_route(route_map):
    known = [rule for method in ("GET", "POST") for rule in rules(route_map, method)]
    named = {argument for rule in known for argument in arguments(rule)}
    assert set(BUILDERS) <= named, set(BUILDERS) - named
    special = {endpoint for endpoint, _ in SPECIAL} | set(BODIES)
    assert special <= {rule.endpoint for rule in known}


def test_only_get_and_post_are_answered(route_map):
    for rule in route_map.url_map.iter_rules():
        assert rule.methods <= {"GET", "HEAD", "OPTIONS", "POST"}, rule.rule


def test_nobody_is_sent_to_the_login_page(app, client):
    sides = (Rows(near=True), Rows(near=False))
    for method in ("GET", "POST"):
        for rule in rules(app, method):
            for rows in sides:
                asked = address(app, rule, rows)
                answer = client.open(asked.path, method=method)
                if permission(app, rule) is None:
                    login = answer.headers.get("Location", "").startswith("/login")
                    assert answer.status_code < 500 and not login, asked.path
                    continue
                assert answer.status_code == 303, (asked.path, answer.status_code)
                assert answer.headers["Location"].startswith("/login"), asked.path
                data = client.open(
                    asked.path, method=method, headers={"Accept": "application/json"}
                )
                assert data.status_code == 401 and data.is_json, asked.path


@pytest.mark.parametrize("username", CAST)
def test_pages_open_by_permission_and_scope_only(app, as_, username):
    client, sides = as_(username), (Rows(near=True), Rows(near=False))
    for rule in rules(app, "GET"):
        needed = permission(app, rule)
        for rows in sides:
            asked = address(app, rule, rows)
            status = client.get(asked.path).status_code
            if needed is None:
                assert status < 500, asked.path
            elif not role_may(username, needed) or username not in asked.seers:
                assert status == 404, f"{username} {asked.path}: {status}"
            else:
                assert status in (200, 303, 404), f"{username} {asked.path}: {status}"


def test_every_page_opens_for_somebody_on_the_own_row(app, as_):
    """Without this, a builder of a row that is nowhere would make every 404 above right."""
    clients, rows = {username: as_(username) for username in CAST}, Rows(near=True)
    closed = []
    for rule in rules(app, "GET"):
        asked, needed = address(app, rule, rows), permission(app, rule)
        opens = [
            clients[username].get(asked.path).status_code in (200, 303)
            for username in CAST
            if needed is None or (role_may(username, needed) and username in asked.seers)
        ]
        if not any(opens) and rule.endpoint not in SWITCHED_OFF:
            closed.append(asked.path)
    assert closed == []


@pytest.mark.parametrize("endpoint", posts())
def test_posts_work_by_permission_and_scope_only(app, as_, endpoint):
    rule = next(rule for rule in rules(app, "POST") if rule.endpoint == endpoint)
    needed = permission(app, rule)
    if needed is None:
        assert endpoint == "accounts.log_in"  # nobody is refused here by a role
        return
    clients = {username: as_(username) for username in CAST}
    sides = {near: address(app, rule, Rows(near)) for near in (True, False)}
    before = Fingerprint()
    for username in CAST:
        for asked in sides.values():
            if not role_may(username, needed) or username not in asked.seers:
                answer = clients[username].post(asked.path, data=asked.body)
                assert answer.status_code == 404, f"{username} {asked.path}: {answer.status_code}"
    assert Fingerprint() == before, f"{endpoint} changed something for somebody it refused"
    may_post = [u for u in CAST if role_may(u, needed) and u in sides[True].seers]
    statuses = [
        clients[username].post(sides[True].path, data=sides[True].body).status_code
        for username in may_post
    ]
    assert set(statuses) & {200, 303, 400, 409, 422}, f"{endpoint} is open to nobody: {statuses}"
    assert max(statuses) < 500


class Fingerprint:
    """How many rows every table has; the audit trail may grow by reading and logins."""

    IGNORED = frozenset({"audit_events", "login_sessions", "login_failures"})

    def __init__(self) -> None:
        from familydoc.extensions import db

        self.counts = {
            name: db.session.execute(db.select(db.func.count()).select_from(table)).scalar_one()
            for name, table in db.metadata.tables.items()
            if name not in self.IGNORED
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fingerprint) and self.counts == other.counts


@pytest.mark.parametrize("username", ["admin", "chen"])
def test_odd_keys_in_an_address_are_not_there(app, as_, username):
    client, rows = as_(username), Rows(near=True)
    for method in ("GET", "POST"):
        for rule in rules(app, method):
            for before, name in arguments(rule):
                value = str(
                    (SPECIAL.get((rule.endpoint, name)) or BUILDERS[before, name])(rows).value
                )
                whole = address(app, rule, rows).path
                for odd in ODD:
                    path = whole.replace(f"/{value}", f"/{quote(odd, safe='%')}", 1)
                    answer = client.open(path, method=method)
                    allowed = (303, 308, 400, 404, 405)
                    assert answer.status_code in allowed, f"{method} {path}: {answer.status_code}"
