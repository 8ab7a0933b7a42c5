"""Screens of county values: the supervisor's and the administrator's."""

import pytest

from familydoc.extensions import db
from familydoc.models.programmes import CountyParameter

ADDRESS = "/parameters/hypertension/line_sbp"
VALUE = {"value": "135", "source": "清卫发〔2026〕12 号", "valid_from": "2026-12-01"}


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
    assert client.post(ADDRESS, data=VALUE).status_code == 303
    assert (
        "2026年12月1日" in client.get(ADDRESS).text
        and "清卫发〔2026〕12 号" in client.get(ADDRESS).text
    )
    client.post(ADDRESS, data=VALUE | {"valid_from": ""})
    listed = client.get("/parameters").text
    assert "2026年12月1日" in listed and "135 mmHg" in listed


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
    assert client.post(address, data=VALUE | {"value": "36"}).status_code == 303
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
