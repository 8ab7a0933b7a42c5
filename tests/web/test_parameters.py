"""Screens of county values: the supervisor's and the administrator's."""

import re

import pytest

from familydoc.actions.visits import record_visit
from familydoc.extensions import db
from familydoc.models.programmes import CountyParameter
from familydoc.rules.programmes import load_programmes
from tests.cast import account, make_enrolment, make_resident

ADDRESS = "/parameters/hypertension/line_sbp"
VALUE = {"value": "135", "source": "清卫发〔2026〕12 号", "valid_from": "2026-12-01"}


def confirm(client, address, typed):
    """Look at what a value would move, then confirm it as the page offers."""
    shown = client.post(address, data=typed)
    assert shown.status_code == 200, shown.text
    hidden = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', shown.text))
    hidden.pop("csrf_token", None)
    return client.post(address, data=hidden)


@pytest.mark.parametrize("address", ["/parameters", ADDRESS, "/parameters/contracts/default_term"])
def test_county_opens_the_page_and_others_do_not(as_, address):
    for username in ("admin", "sun"):
        assert as_(username).get(address).status_code == 200
    for username in ("zhao", "chen", "yun", "board", "wu"):
        assert as_(username).get(address).status_code == 404
        assert as_(username).post(ADDRESS, data=VALUE).status_code == 404
    assert db.session.query(CountyParameter).count() == 0


def test_value_is_set_and_shown_with_its_ground_and_day(as_):
    client = as_("sun")
    assert confirm(client, ADDRESS, VALUE).status_code == 303
    assert (
        "2026年12月1日" in client.get(ADDRESS).text
        and "清卫发〔2026〕12 号" in client.get(ADDRESS).text
    )
    later = VALUE | {"value": "130", "valid_from": "2026-12-15"}
    assert confirm(client, ADDRESS, later).status_code == 303
    listed = client.get("/parameters").text
    assert "2026年12月1日" in listed and "135 mmHg" in listed and "130 mmHg" in listed


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"value": "145"}, "不会起作用"),
        ({"value": "90"}, "应在 110 到 180 之间"),
        ({"value": "abc"}, "请填整数"),
        ({"source": ""}, "请填依据"),
        ({"valid_from": "2026-11-01"}, "不能早于今天"),
        ({"valid_from": "13月"}, "日期看不懂"),
    ],
)
def test_bad_value_keeps_what_was_typed(as_, typed, sentence):
    answer = as_("sun").post(ADDRESS, data=VALUE | typed)
    assert answer.status_code == 422 and sentence in answer.text
    for value in (VALUE | typed).values():
        assert f'value="{value}"' in answer.text
    assert db.session.query(CountyParameter).count() == 0


def test_choice_of_contracts_is_set_by_a_button(as_):
    client = as_("admin")
    address = "/parameters/contracts/default_term"
    assert "3 年" in client.get(address).text
    assert confirm(client, address, VALUE | {"value": "36"}).status_code == 303
    assert client.post(address, data=VALUE | {"value": "13"}).status_code == 422


@pytest.mark.parametrize("path", ["none/line_sbp", "hypertension/none", "hypertension/%00"])
def test_unknown_parameter_is_not_there(as_, path):
    assert as_("sun").get(f"/parameters/{path}").status_code == 404
    assert as_("sun").post(f"/parameters/{path}", data=VALUE).status_code == 404


def test_page_shows_every_parameter_of_the_command_line(app, as_):
    import json

    printed = app.test_cli_runner().invoke(args=["rules", "list", "--json"])
    page = as_("sun").get("/parameters").text
    for programme in json.loads(printed.stdout):
        for parameter in programme["parameters"]:
            assert f"/parameters/{programme['code']}/{parameter['code']}" in page


INTERVAL = "/parameters/hypertension/regular_months"
STRICTER = {"value": "2", "source": "清卫发〔2026〕12 号", "valid_from": "2026-11-21"}


def enrolled(visited: bool = True) -> None:
    enrolment = make_enrolment(make_resident("石头记"))
    if visited:
        record_visit(
            by=account("jia"),
            uid="visit-of-10",
            resident=enrolment.resident,
            visit_date="2026-11-18",
            way=1,
            answers={"sbp": 130, "dbp": 80},
        )


def test_a_change_is_shown_with_who_moves_before_it_is_stored(as_):
    enrolled()
    page = as_("sun").post(INTERVAL, data=STRICTER).text
    assert 'data-moves="1"' in page
    assert "2月18日" in page
    assert "1月18日" in page
    assert "石头记" not in page
    assert db.session.query(CountyParameter).count() == 0


def test_full_width_digits_are_read(as_):
    page = as_("sun").post(INTERVAL, data=STRICTER | {"value": "２"})
    assert page.status_code == 200
    assert 'name="value" value="2"' in page.text


def test_confirming_moves_and_says_how_many(as_):
    enrolled()
    sun = as_("sun")
    answer = confirm(sun, INTERVAL, STRICTER)
    assert (answer.status_code, answer.location) == (303, "/parameters#hypertension")
    assert "1 人的下次日期已经改好" in sun.get("/parameters").text
    assert "改了 1 人的下次日期" in sun.get(INTERVAL).text


def test_the_second_of_two_administrators_looks_again(as_):
    first, second = as_("sun"), as_("admin")
    seen = {**STRICTER, "value": "1", "confirmed": "1", "seen": "0"}
    assert confirm(first, INTERVAL, STRICTER).status_code == 303
    late = second.post(INTERVAL, data=seen)
    assert late.status_code == 409
    assert "另一位管理员" in late.text
    assert "<b>1 个月</b>" in late.text
    assert db.session.query(CountyParameter).count() == 1
    hidden = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]*)"', late.text))
    hidden.pop("csrf_token")
    assert second.post(INTERVAL, data=hidden).status_code == 303


def test_a_confirmation_that_saw_nothing_is_not_taken(as_):
    for junk in ("", "x", "-1", "99999999999999"):
        answer = as_("sun").post(INTERVAL, data={**STRICTER, "confirmed": "1", "seen": junk})
        assert answer.status_code == 409
    assert db.session.query(CountyParameter).count() == 0


def test_a_confirmed_value_is_judged_again(as_):
    typed = {**STRICTER, "value": "99", "confirmed": "1", "seen": "0"}
    answer = as_("sun").post(INTERVAL, data=typed)
    assert answer.status_code == 422
    assert "应在 1 到" in answer.text


@pytest.mark.parametrize(
    ("asked", "there", "absent"),
    [
        ("血压", "收缩压达标线", "regular_months_none"),
        ("高血压 间隔", "常规随访间隔", "收缩压达标线"),
        ("巡诊", "乡镇团队到每个村巡诊", "收缩压达标线"),
    ],
)
def test_parameters_are_found_by_words(as_, asked, there, absent):
    page = as_("sun").get("/parameters", query_string={"q": asked}).text
    assert there in page
    assert absent not in page
    assert '<details class="township" id=' in page


def test_a_search_for_nothing_there_says_so(as_):
    page = as_("sun").get("/parameters", query_string={"q": "<b>没有"}).text
    assert "没有找到" in page
    assert "&lt;b&gt;没有" in page


def test_every_programme_has_its_fold(as_):
    page = as_("sun").get("/parameters").text
    folds = set(re.findall(r'<details class="township" id="([a-z_]+)"', page))
    withs = {code for code, p in load_programmes().items() if p.parameters}
    assert folds == withs | {"contracts", "referrals", "rounds"}


def test_more_rounds_a_month_are_said_to_begin_with_the_next(as_):
    address = "/parameters/rounds/township_times"
    page = as_("sun").post(address, data=STRICTER).text
    assert "从下一个月开始" in page
    assert confirm(as_("sun"), address, STRICTER).status_code == 303
