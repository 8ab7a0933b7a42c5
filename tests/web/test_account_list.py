"""Screens of the accounts: opened, shut and re-roled by the administrator, passwords shown once."""

import re

import pytest

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.transaction import transaction
from tests.cast import CAST, CHENGGUAN, PASSWORD, account, add, organisation, staff

NEW = {"username": "Hao.Nurse", "role": "manager", "organisation": CHENGGUAN, "staff": ""}
POSTS = ("", "/reset", "/disable", "/enable")


def shown_password(page) -> str:
    found = re.search(r"<code>([^<]+)</code>", page.text)
    return found[1] if found else ""


def test_only_the_administrator_reaches_the_accounts(as_):
    for username in CAST:
        client = as_(username)
        expected = 200 if username == "admin" else 404
        assert client.get("/accounts").status_code == expected
        assert client.get("/accounts/new").status_code == expected
        assert client.get("/accounts/yun").status_code == expected
        if username != "admin":
            assert client.post("/accounts", data=NEW).status_code == 404
            for post in POSTS:
                assert (
                    client.post(f"/accounts/yun{post}", data={"role": "member"}).status_code == 404
                )
    assert account("yun").version == 1


def test_list_shows_role_institution_last_login_and_state(as_):
    as_("chen")
    with transaction():
        account("li").active = False
    page = as_("admin").get("/accounts").text
    assert (
        f'data-count="{len(CAST)}"' in page and "还没有登录过" in page and "11月21日 10:00" in page
    )
    assert "已停用" in page and "团队长" in page and "城关镇卫生院" in page
    narrowed = as_("admin").get("/accounts?role=board&state=active&q=城关").text
    assert 'data-count="1"' in narrowed


def test_list_is_paged_by_key(as_):
    with transaction():
        for number in range(60):
            add(
                Account(
                    username=f"x{number:02}",
                    password_hash="-",
                    role="board",
                    organisation_id=organisation(CHENGGUAN).id,
                )
            )
    client = as_("admin")
    first = client.get("/accounts?role=board").text
    assert first.count('href="/accounts/x') == 49
    follow = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert client.get(follow).text.count('href="/accounts/x') == 11


def test_first_password_is_shown_once_and_must_be_changed(app, as_):
    client = as_("admin")
    address = client.post("/accounts", data=NEW).headers["Location"]
    assert address == "/accounts/hao.nurse"
    password = shown_password(client.get(address))
    assert password and not shown_password(client.get(address))
    other = app.test_client()
    given = {"username": "hao.nurse", "password": password}
    assert other.post("/login", data=given).status_code == 303
    assert other.get("/").headers["Location"] == "/password"


def test_password_of_the_cookie_is_sealed_and_for_its_own_page(app, as_):
    client = as_("admin")
    client.post("/accounts/yun/reset")
    cookie = client.get_cookie("familydoc").value
    assert not shown_password(client.get("/accounts/chen"))
    client.post("/accounts/yun/reset")
    password = shown_password(client.get("/accounts/yun"))
    assert password and password not in cookie


def test_reset_ends_every_login_and_the_old_password(app, as_):
    yun, admin = as_("yun"), as_("admin")
    assert admin.post("/accounts/yun/reset").status_code == 303
    assert yun.get("/password").headers["Location"].startswith("/login")
    old = app.test_client().post("/login", data={"username": "yun", "password": PASSWORD})
    assert old.status_code == 422


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"username": "chen"}, "已经有人用"),
        ({"username": "陈"}, "英文字母"),
        ({"username": ""}, "英文字母"),
        ({"role": "root"}, "请选择角色"),
        ({"role": "member"}, "对应到一位人员"),
        ({"role": "member", "staff": "staff-yun"}, "一人只用一个账号"),
        ({"role": "member", "staff": "\x00"}, "请从列表里选"),
        ({"organisation": "150124"}, "要设在一家乡镇卫生院"),
        ({"organisation": ""}, "请选择所属机构"),
    ],
)
def test_bad_account_keeps_what_was_typed(as_, typed, sentence):
    answer = as_("admin").post("/accounts", data=NEW | typed)
    assert answer.status_code == 422 and sentence in answer.text
    assert f'value="{(NEW | typed)["username"]}"' in answer.text
    assert db.session.query(Account).count() == len(CAST)


def test_shut_account_is_out_at_the_next_request_and_stays_out(app, as_):
    yun, admin = as_("yun"), as_("admin")
    assert yun.get("/password").status_code == 200
    assert admin.post("/accounts/yun/disable").status_code == 303
    assert yun.get("/password").headers["Location"].startswith("/login")
    given = {"username": "yun", "password": PASSWORD}
    assert app.test_client().post("/login", data=given).status_code == 422
    assert admin.post("/accounts/yun/enable").status_code == 303
    assert yun.get("/password").status_code == 303
    assert app.test_client().post("/login", data=given).status_code == 303


def test_changed_role_counts_at_the_next_request(as_):
    yun, admin = as_("yun"), as_("admin")
    typed = {"role": "leader", "staff": "staff-yun", "organisation": ""}
    assert admin.post("/accounts/yun", data=typed).status_code == 303
    assert yun.get("/password").headers["Location"].startswith("/login")
    assert account("yun").role == "leader" and account("yun").staff_id == staff("yun").id


def test_last_administrator_is_kept_by_a_clear_sentence(as_):
    client = as_("admin")
    answer = client.post("/accounts/admin/disable")
    assert answer.status_code == 422 and "最后一个在用的系统管理员" in answer.text
    answer = client.post("/accounts/admin", data={"role": "supervisor", "organisation": "150124"})
    assert answer.status_code == 422 and "不能修改自己的账号" in answer.text
    answer = client.post("/accounts/admin/reset")
    assert answer.status_code == 422 and not shown_password(answer)
    assert account("admin").active and account("admin").role == "administrator"


def test_upper_case_name_signs_in(client):
    given = {"username": " CHEN ", "password": PASSWORD}
    assert client.post("/login", data=given).status_code == 303


@pytest.mark.parametrize("name", ["nobody", "%00", "chen%20", "x" * 99])
def test_unknown_account_is_not_there(as_, name):
    client = as_("admin")
    assert client.get(f"/accounts/{name}").status_code == 404
    assert client.post(f"/accounts/{name}/disable").status_code == 404
