"""The public check of a contract: little, true now, and no help for guessers or forgers."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

from familydoc.extensions import db
from familydoc.models.teams import Staff, Team, TeamMember
from familydoc.rules.guessing import ADDRESS_LIMIT, GLOBAL_LIMIT, WINDOW, Misses
from familydoc.transaction import transaction
from tests.cast import add, make_contract, make_resident, staff, team_of

TODAY = date(2026, 11, 21)
NUMBER, PHONE = "150124195803050016", "13912345678"
UNKNOWN = "A" * 22


@pytest.fixture
def resident(app):
    return make_resident(number=NUMBER, phone=PHONE, tags=("hypertension",), address="城关村12号")


@pytest.fixture
def contract(resident):
    return make_contract(resident, doctor_id=staff("chen").id)


def check(client, token, address="10.0.0.1", **options):
    return client.get(f"/v/{token}", environ_overrides={"REMOTE_ADDR": address}, **options)


def test_valid_contract_shows_team_hours_period_and_a_masked_name(client, contract):
    page = check(client, contract.token)
    assert page.status_code == 200 and "协议有效" in page.text
    for words in ("张**", "2026年11月21日", "2027年11月20日", "城关一队", "陈玉兰", "全科医生"):
        assert words in page.text
    assert "周一至周六 8:00–17:30" in page.text
    assert 'href="tel:04717912001"' in page.text and "0471-7912001" in page.text


def test_page_holds_nothing_else_of_the_resident(client, contract):
    text = check(client, contract.token).text
    secrets = ("张建国", "建国", NUMBER, NUMBER[-4:], PHONE, PHONE[-4:], "城关村", "12号")
    for secret in (
        *secrets,
        "高血压",
        "1958",
        contract.number,
        contract.uid,
        contract.short_number,
    ):
        assert secret not in text, secret


def test_page_of_staff_has_no_private_telephone(client, contract):
    assert "13800000000" not in check(client, contract.token).text


def test_page_asks_for_nothing_and_says_so(client, contract):
    for token in (contract.token, UNKNOWN):
        text = check(client, token).text
        assert not re.search(r"<(input|form|script|textarea|select|button)", text)
        assert "不会要您的身份证号和密码" in text


def test_page_sets_no_cookie_and_is_not_stored(client, contract):
    for token in (contract.token, UNKNOWN):
        headers = check(client, token).headers
        assert "Set-Cookie" not in headers
        assert headers["Cache-Control"] == "no-store"
        assert "script-src 'self'" in headers["Content-Security-Policy"]


def test_page_does_not_look_who_is_signed_in(as_, client, contract):
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    signed_in = as_("chen")
    asked.clear()
    page = check(signed_in, contract.token)
    assert page.text == check(client, contract.token).text
    assert not [sql for sql in asked if "login_sessions" in sql or "accounts" in sql]
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize("state", ["expired", "renewed", "switched", "terminated"])
def test_ended_contract_says_so_without_team_or_name(client, resident, state):
    contract = make_contract(resident, state=state)
    page = check(client, contract.token)
    assert page.status_code == 200 and "已终止" in page.text
    for words in ("张", "城关", "陈玉兰", "2027", "tel:"):
        assert words not in page.text, words


def test_every_ended_contract_gives_the_same_page(client, app):
    states = ("expired", "renewed", "switched", "terminated")
    tokens = [make_contract(make_resident(f"张{s}"), state=s).token for s in states]
    assert len({check(client, token).text for token in tokens}) == 1


@pytest.mark.parametrize("state", ["moved", "deceased"])
def test_contract_of_somebody_gone_has_ended(client, state):
    contract = make_contract(make_resident(state=state))
    page = check(client, contract.token)
    assert page.status_code == 200 and "已终止" in page.text and "张" not in page.text


@pytest.mark.parametrize("state", ["away", "lost"])
def test_contract_of_somebody_away_stays_valid(client, state):
    contract = make_contract(make_resident(state=state))
    assert "协议有效" in check(client, contract.token).text


def test_last_day_counts_and_the_next_does_not(client, contract, morning):
    morning.move_to("2027-11-20T23:59:00+08:00")
    assert "协议有效" in check(client, contract.token).text
    morning.move_to("2027-11-21T00:00:30+08:00")
    assert "已终止" in check(client, contract.token).text


def test_contract_signed_ahead_says_when_it_begins(client, resident):
    contract = make_contract(resident, start_on=TODAY + timedelta(days=10))
    assert "从 2026年12月1日 开始" in check(client, contract.token).text


def test_termination_shows_at_the_next_look(as_, client, contract):
    assert "协议有效" in check(client, contract.token).text
    data = {"on": "2026-11-21", "reason": "居民要求解约"}
    assert as_("chen").post(f"/contracts/{contract.uid}/end", data=data).status_code == 303
    assert "已终止" in check(client, contract.token).text


ODD = [
    "x",
    "a" * 22,
    "a" * 21,
    "a" * 23,
    "a" * 5000,
    "%00",
    "居民",
    "%E5%B1",
    "{{7*7}}",
    "..%2f..%2fetc%2fpasswd",
    "' OR 1=1 --",
    "%0d%0aSet-Cookie:a=b",
    "<script>alert(1)</script>",
    "150124195803050016",
    "%F0%9F%98%80",
    "a/b/c",
    "",
    "%20",
    "////",
]


def test_whatever_is_no_token_gets_the_same_bytes(client, contract, app):
    from familydoc.web.public import KEY

    answers = {}
    for odd in [UNKNOWN, *ODD, contract.short_number, contract.number, contract.uid]:
        app.extensions[KEY] = Misses()
        page = check(client, odd)
        answers[odd] = (page.status_code, page.data, sorted(page.headers))
    assert {status for status, _, _ in answers.values()} == {404}
    assert [odd for odd, answer in answers.items() if answer != answers[UNKNOWN]] == []


def test_odd_tails_of_a_right_token_never_break(client, contract):
    token = contract.token
    for tail in ("/", "%20", "//", "?next=http://evil.example/", "%0d%0aSet-Cookie:%20a=b", "%00"):
        page = check(client, token + tail)
        assert page.status_code in (200, 404), tail
        assert "Set-Cookie" not in page.headers and "evil" not in page.text
    for tail in ("/", "%20", "?next=http://evil.example/"):
        assert "协议有效" in check(client, token + tail).text, tail


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_other_methods_are_refused(client, contract, method):
    assert getattr(client, method)(f"/v/{contract.token}").status_code in (400, 405)


def test_evil_host_changes_nothing(client, contract):
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    page = check(client, contract.token, headers=evil)
    assert page.text == check(client, contract.token).text
    assert "evil" not in page.text and "Location" not in page.headers


def test_guesser_has_to_wait_and_others_do_not(client, contract, morning):
    for step in range(ADDRESS_LIMIT):
        assert check(client, f"{step:022d}").status_code == 404
    waiting = check(client, contract.token)
    assert waiting.status_code == 429 and waiting.headers["Retry-After"] == str(WINDOW)
    assert "协议有效" not in waiting.text and "Set-Cookie" not in waiting.headers
    assert check(client, contract.token, "10.0.0.2").status_code == 200
    morning.shift(timedelta(seconds=WINDOW + 1))
    assert check(client, contract.token).status_code == 200


def test_forwarded_address_does_not_reset_the_throttle(client, contract):
    for step in range(ADDRESS_LIMIT):
        check(client, f"{step:022d}", headers={"X-Forwarded-For": f"10.9.0.{step}"})
    assert check(client, UNKNOWN, headers={"X-Forwarded-For": "10.9.9.9"}).status_code == 429


def test_right_codes_are_never_counted(client, contract):
    for _ in range(ADDRESS_LIMIT * 2):
        assert check(client, contract.token).status_code == 200


def test_neighbours_in_one_network_of_version_six_are_one_guesser(client):
    for step in range(ADDRESS_LIMIT):
        check(client, UNKNOWN, f"2001:db8::{step:x}")
    assert check(client, UNKNOWN, "2001:db8::ffff").status_code == 429
    assert check(client, UNKNOWN, "2001:db8:1::1").status_code == 404


def test_flood_of_guesses_stops_guessers_but_no_resident():
    misses = Misses()
    for step in range(GLOBAL_LIMIT):
        misses.note(f"10.{step // 250}.{step % 250}.1", 100.0)
    assert misses.must_wait("10.0.3.1", 101.0)
    assert not misses.must_wait("192.0.2.1", 101.0)
    assert not misses.must_wait("10.0.3.1", 101.0 + WINDOW)


def test_memory_of_misses_is_bounded():
    misses = Misses()
    for step in range(10_050):
        misses.note(str(step), float(step) / 100)
    assert len(misses.by_address) == 10_000 and "0" not in misses.by_address


def test_left_members_are_not_shown_and_the_leader_comes_first(client, contract):
    with transaction() as session:
        gone = session.scalars(select(TeamMember).filter_by(staff_id=staff("yun").id)).one()
        gone.until = TODAY
        person = add(
            Staff(
                uid="x", name="赵新来", title="", organisation_id=team_of("honghe1").organisation_id
            )
        )
        add(
            TeamMember(
                team_id=team_of("chengguan1").id, staff_id=person.id, role="nurse", since=TODAY
            )
        )
    text = check(client, contract.token).text
    assert "云其格" not in text
    assert text.index("陈玉兰") < text.index("赵新来") < text.index("贾二牛")
    assert "护士" in text


def test_team_without_a_telephone_falls_back_to_its_centre(client, contract):
    with transaction() as session:
        session.get(Team, contract.team_id).telephone = ""
        session.get(Team, contract.team_id).organisation.telephone = "0471-7911111（24小时）"
    assert 'href="tel:04717911111"' in check(client, contract.token).text
