"""What no browser sends: every address of the app answers 4xx and a sentence, never 500.

The addresses are those of the app's own map, so a new screen is tested from its first day.
Values of forms are tested with their noun; these are the doors themselves.
"""

import json
import socket
import threading
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from waitress import create_server

from familydoc.extensions import db
from familydoc.rules.permissions import PERMISSIONS
from tests.cast import PASSWORD, make_contract, make_enrolment, make_resident, make_task
from tests.test_migrations import TODAY

#: One of the cast for each role, so that every address is opened by somebody who may.
ROLES = {"admin": "administrator", "sun": "supervisor", "zhao": "manager", "chen": "leader"}
#: What may stand where an address expects a uid, a code, a name or a number.
HOSTILE = (
    "-1",
    "0",
    str(2**63),
    "99999999999999999999999999",
    "１２３",
    "²",
    "null",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "%0d%0aSet-Cookie:%20a=b",
    "'%20OR%201=1--",
    "{{7*7}}",
    "%F0%A0%AE%B7",
    "x" * 5000,
)
HOSTILE_VALUES = ("", "-1", str(2**63), "١٢", "²", "\x00", "\ud800", "' OR 1=1", "%", "x" * 5000)
#: Words that pages ask for in their addresses.
KEYS = ("q", "page", "after", "before", "period", "state", "team", "staff", "village", "show", "on")


@pytest.fixture
def world(app):
    """Something behind the addresses: a resident with a task and a contract."""
    resident = make_resident(tags=("hypertension",))
    make_task(make_enrolment(resident), TODAY)
    make_contract(resident)
    return app


def rules(app, method):
    """The addresses that take a method, without the static files."""
    found = [r for r in app.url_map.iter_rules() if method in r.methods and r.endpoint != "static"]
    return sorted(found, key=lambda rule: rule.rule)


def permission(app, rule):
    return getattr(app.view_functions[rule.endpoint], "access", None)


def openers(app, rule):
    """Who of ROLES may open an address; a public one is opened by any of them."""
    needed = permission(app, rule)
    return [u for u, role in ROLES.items() if needed is None or needed in PERMISSIONS[role]][:1]


def address(rule, value):
    """Put a value where the rule has a name."""
    parts = []
    for is_text, part in _split(rule.rule):
        parts.append(part if is_text else value)
    return "".join(parts)


def _split(rule):
    while "<" in rule:
        before, _, rest = rule.partition("<")
        _, _, rule = rest.partition(">")
        yield True, before
        yield False, ""
    yield True, rule


def count_audit():
    return db.session.scalar(text("SELECT count(*) FROM audit_events WHERE verb <> 'log_in'"))


def test_wrong_method_is_405_and_names_the_right_ones(world, as_):
    client, known = as_("chen"), world.url_map.bind("familydoc.test")
    for rule in rules(world, "POST") + rules(world, "GET"):
        path = address(rule, "1")
        for method in {"GET", "POST", "DELETE", "PUT"} - set(known.allowed_methods(path)):
            answer = client.open(path, method=method)
            assert answer.status_code == 405, (method, rule.rule)
            assert answer.headers["Allow"], rule.rule


def test_unknown_method_is_refused(client):
    assert client.open("/", method="FOO").status_code in (400, 405, 501)


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_part_of_an_address_is_not_found(world, as_, value):
    clients = {username: as_(username) for username in ROLES}
    for rule in rules(world, "GET"):
        if "<" not in rule.rule:
            continue
        for username in openers(world, rule):
            answer = clients[username].get(address(rule, value))
            assert answer.status_code in (303, 308, 400, 404), (rule.rule, answer.status_code)
            assert "49" not in answer.headers.get("Location", ""), rule.rule
            assert "Set-Cookie: a=b" not in str(answer.headers)


@pytest.mark.parametrize("value", HOSTILE_VALUES, ids=lambda value: ascii(value)[:20])
def test_hostile_words_in_an_address_do_no_harm(world, as_, value):
    clients = {username: as_(username) for username in ROLES}
    for rule in rules(world, "GET"):
        if "<" in rule.rule:
            continue
        for username in openers(world, rule):
            asked = {key: value.encode("utf-8", "surrogatepass") for key in KEYS}
            answer = clients[username].get(rule.rule, query_string=asked)
            assert answer.status_code in (200, 303, 400, 404, 422), (rule.rule, answer.status_code)


BODIES = {
    "multipart without boundary": ("multipart/form-data", b"x"),
    "multipart cut off": ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-"),
    "odd charset": ("application/json; charset=utf-7", b"{}"),
    "charset nobody knows": ("text/plain; charset=klingon", b"x"),
    "json of great depth": ("application/json", b"[" * 100_000),
    "json that is a list": ("application/json", b"[1,2]"),
    "json with NaN": ("application/json", b'{"sbp": NaN, "rid": 1e400}'),
    "json cut off": ("application/json", b'{"uid": "'),
    "json of wrong bytes": ("application/json", b"\xff\xfe\x00\x80"),
    "form of wrong bytes": ("application/x-www-form-urlencoded", b"uid=%ff%fe&sbp=%00"),
    "form of many fields": ("application/x-www-form-urlencoded", b"a=1&" * 2_000),
    "nothing at all": ("", b""),
    "xml": ("application/xml", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"),
}


@pytest.mark.parametrize("body", BODIES, ids=lambda name: name.replace(" ", "_"))
def test_hostile_body_is_refused_everywhere(world, as_, body):
    kind, content = BODIES[body]
    for username in ROLES:
        client = as_(username)
        for rule in rules(world, "POST"):
            if username not in openers(world, rule) or rule.endpoint == "accounts.logout":
                continue
            answer = client.post(address(rule, "1"), data=content, content_type=kind)
            assert answer.status_code < 500, (rule.rule, answer.status_code)
            if "json" in kind and not rule.rule.startswith("/visits"):
                assert answer.status_code == 415, rule.rule


def test_no_form_is_taken_without_its_token(world, as_):
    clients = {username: as_(username) for username in ROLES}
    world.config["WTF_CSRF_ENABLED"] = True
    before = count_audit()
    for rule in rules(world, "POST"):
        for username in openers(world, rule):
            answer = clients[username].post(address(rule, "1"), data={"name": "甲乙丙"})
            assert answer.status_code == 400, (rule.rule, answer.status_code)
            assert "甲乙丙" in answer.text, f"{rule.rule} loses what was typed"
    assert count_audit() == before


def test_foreign_token_is_as_good_as_none(world, as_):
    client = as_("chen")
    world.config["WTF_CSRF_ENABLED"] = True
    for token in ("x", "令牌", "a" * 9000, ""):
        answer = client.post("/password", data={"csrf_token": token, "old": PASSWORD})
        assert answer.status_code == 400
        assert PASSWORD not in answer.text


def test_cookie_of_other_letters_is_nobody(client):
    for cookie in ("familydoc=会话", "familydoc=", "familydoc=a.b.c", "=;;;", "x" * 8000):
        answer = client.get("/residents", headers={"Cookie": cookie.encode().decode("latin-1")})
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/login")


@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Request": "true", "HX-Current-URL": "javascript:alert(1)"},
        {"HX-Request": "true", "HX-Target": '"><script>alert(1)</script>'},
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "1'"},
        {"Range": "bytes=99999999999999999999-"},
        {"Accept": "*/*;q=nan, text/html;q=99999999999999999999"},
        {"If-Modified-Since": "不是日期"},
        {"Content-Length": "-5"},
        {"Accept-Language": "x" * 6000},
    ],
    ids=lambda headers: "+".join(headers),
)
def test_hostile_header_is_never_echoed(world, as_, headers):
    plain = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    answer = as_("chen").get("/residents", headers=plain)
    assert answer.status_code in (200, 303, 400)  # a cookie is not sent to another host
    assert "javascript:alert" not in str(answer.headers) and "<script>alert" not in answer.text
    assert "evil.example" not in answer.text and "evil.example" not in str(answer.headers)


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "https:evil.example",
        "/\\evil.example",
        "/%09/evil.example",
        "javascript:1",
    ],
)
def test_nothing_leads_away_from_this_site(client, address):
    answer = client.post(
        "/login", query_string={"next": address}, data={"username": "chen", "password": PASSWORD}
    )
    target = answer.headers["Location"]
    assert target.startswith("/") and not target.startswith(("//", "/\\"))


def test_unknown_address_is_a_page_that_says_so(as_):
    answer = as_("chen").get("/没有这页")
    assert answer.status_code == 404
    assert "没有找到" in answer.text and "Traceback" not in answer.text


def test_device_without_login_gets_json_not_a_login_page(client):
    answer = client.get("/residents", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert json.loads(answer.text)["error"]


# --- what only a socket can say --------------------------------------------------------------


@contextmanager
def served(app):
    server = create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield server.effective_port
    server.close()
    thread.join(timeout=10)


def say(port, content, wait=10):
    """Send bytes and give the first line of the answer, empty when there is none."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as line:
        line.sendall(content)
        try:
            return line.recv(4096).split(b"\r\n")[0].decode("latin-1")
        except TimeoutError:
            return ""


@pytest.mark.parametrize(
    "content",
    [
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 300_000 + b"\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["version", "noise", "bytes in the path", "huge header", "length", "chunk"],
)
def test_server_answers_noise_without_500(app, content):
    with served(app) as port:
        first = say(port, content)
        assert first and " 500 " not in first
        assert " 200 " in say(port, b"GET /login HTTP/1.0\r\n\r\n")


def test_slow_senders_keep_nobody_waiting(app):
    with served(app) as port:
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
        for place, line in enumerate(slow):
            begun = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\nuser"
            line.sendall(begun if place % 2 else b"GET /login HT")
        try:
            assert " 200 " in say(port, b"GET /login HTTP/1.0\r\n\r\n")
        finally:
            for line in slow:
                line.close()
