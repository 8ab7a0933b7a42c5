"""Logging in and out, passwords, and what happens to a copied cookie."""

from datetime import timedelta

import pytest

from tests.cast import CAST, PASSWORD, account


def log_in(client, username, password=PASSWORD, **options):
    return client.post("/login", data={"username": username, "password": password}, **options)


def test_login_page_is_whole_and_asks_no_identity_number(client):
    page = client.get("/login")
    assert page.status_code == 200
    assert 'name="password"' in page.text
    assert "identity" not in page.text


@pytest.mark.parametrize("username", CAST)
def test_log_in_opens_home_when_the_password_is_right(client, username):
    assert log_in(client, username).headers["Location"] == "/"


def test_log_in_keeps_the_name_when_the_password_is_wrong(client):
    answer = log_in(client, "chen", "wrong")
    assert answer.status_code == 422
    assert "用户名或密码不对" in answer.text and 'value="chen"' in answer.text


def test_unknown_name_gets_the_same_answer_as_a_wrong_password(client):
    known = log_in(client, "chen", "wrong").text.replace("chen", "")
    assert log_in(client, "nobody", "wrong").text.replace("nobody", "") == known


def test_sixth_try_is_refused_even_with_the_right_password(client, morning):
    for _ in range(5):
        assert log_in(client, "chen", "wrong").status_code == 422
    assert log_in(client, "chen").status_code == 429
    elsewhere = {"REMOTE_ADDR": "10.0.0.9"}
    assert log_in(client, "chen", environ_overrides=elsewhere).status_code == 303
    morning.shift(timedelta(minutes=16))
    assert log_in(client, "chen").status_code == 303


def test_forwarded_address_does_not_reset_the_throttle(client):
    for step in range(5):
        log_in(client, "chen", "wrong", headers={"X-Forwarded-For": f"10.0.0.{step}"})
    assert log_in(client, "chen", headers={"X-Forwarded-For": "10.1.1.1"}).status_code == 429


def test_copied_cookie_is_dead_after_logout(app, as_):
    client = as_("chen")
    stolen = client.get_cookie("familydoc").value
    assert client.get("/password").status_code == 200
    client.post("/logout")
    thief = app.test_client()
    thief.set_cookie("familydoc", stolen)
    assert thief.get("/password").headers["Location"].startswith("/login")


def test_login_gives_a_fresh_session_when_one_was_planted(app, client):
    client.get("/login")
    before = client.get_cookie("familydoc").value
    log_in(client, "chen")
    assert client.get_cookie("familydoc").value != before


def test_idle_login_ends_when_nobody_was_there_for_an_hour(as_, morning):
    client = as_("chen")
    morning.shift(timedelta(minutes=61))
    assert client.get("/password").status_code == 303


def test_new_password_ends_every_other_login(as_):
    here, there = as_("chen"), as_("chen")
    new = "Qingshui-2027"
    answer = here.post("/password", data={"old": PASSWORD, "password": new, "again": new})
    assert answer.status_code == 303
    assert here.get("/password").status_code == 200
    assert there.get("/password").status_code == 303


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ("Short-1", "至少要 12 个"),
        ("alllowercaseletters", "至少三种"),
        ("Chen-2026-chen", "太容易"),
    ],
)
def test_weak_password_is_refused_by_a_sentence(as_, new, sentence):
    answer = as_("chen").post("/password", data={"old": PASSWORD, "password": new, "again": new})
    assert answer.status_code == 422 and sentence in answer.text


def test_first_login_must_change_the_password(app, client):
    from familydoc.transaction import transaction

    with transaction():
        account("chen").must_change_password = True
    log_in(client, "chen")
    assert client.get("/").headers["Location"] == "/password"


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "\\/evil", "/a\r\nb"]
)
def test_log_in_never_leads_to_another_host(client, address):
    answer = client.post(
        "/login", query_string={"next": address}, data={"username": "chen", "password": PASSWORD}
    )
    assert answer.headers["Location"] == "/"


def test_htmx_call_without_login_leaves_to_the_login_page(client):
    answer = client.get("/password", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/login")
    assert "<form" not in answer.text


def test_personal_page_is_never_stored(as_):
    headers = as_("chen").get("/password").headers
    assert headers["Cache-Control"] == "no-store"
    assert "script-src 'self'" in headers["Content-Security-Policy"]


def test_missing_token_keeps_what_was_typed(app, client):
    app.config["WTF_CSRF_ENABLED"] = True
    answer = client.post("/login", data={"username": "chen", "password": PASSWORD})
    assert answer.status_code == 400
    assert 'value="chen"' in answer.text and PASSWORD not in answer.text
