"""The pages of rounds: whose they are, lists equal to their numbers, reports kept when wrong."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from familydoc.extensions import db
from familydoc.jobs.night import run_job
from familydoc.models.rounds import Round
from familydoc.queries.rounds import MAKE_ROUNDS
from tests.cast import CHENGGUAN, CHENGGUAN_VILLAGE, YUANZIWAN

TODAY = date(2026, 11, 21)
FORM = {"done_on": "2026-11-20", "came-staff-jia": "yes", "patients": "12", "prescriptions": "8"}


@pytest.fixture(autouse=True)
def made(app):
    run_job(MAKE_ROUNDS, TODAY)


def find(place: str = CHENGGUAN_VILLAGE, kind: str = "township") -> Round:
    query = select(Round).filter_by(place_code=place, kind=kind).order_by(Round.due_on)
    return db.session.execute(query).scalars().first()


def number_of(page: str) -> int:
    return int(re.search(r'data-count="(\d+)"', page)[1])


def shown(page: str) -> int:
    return page.count('<li class="card edge row')


@pytest.mark.parametrize(
    ("who", "number"), [("jia", 4), ("chen", 4), ("li", 3), ("wu", 3), ("zhao", 5), ("sun", 8)]
)
def test_each_sees_the_rounds_of_their_teams_and_institutions(as_, who, number):
    page = as_(who).get("/rounds").text
    assert (number_of(page), shown(page)) == (number, number)


@pytest.mark.parametrize("who", ["admin", "board"])
def test_who_does_no_rounds_is_refused(as_, who):
    assert as_(who).get("/rounds").status_code == 404


def test_an_outsider_gets_404(as_):
    wu = as_("wu")
    assert wu.get(f"/rounds/{find().id}").status_code == 404
    assert wu.post(f"/rounds/{find().id}/report", data=FORM).status_code == 404
    assert wu.get("/rounds/99999999999999").status_code == 404
    assert wu.get(f"/rounds/{find(YUANZIWAN).id}").status_code == 200


def test_numbers_on_tiles_are_those_of_their_lists(as_, morning):
    morning.move_to("2026-11-24T02:00:00+00:00")
    run_job(MAKE_ROUNDS, date(2026, 11, 24))
    sun = as_("sun")
    page = sun.get("/rounds").text
    tiles = re.findall(
        r'<a class="tile[^"]*" href="([^"]+)".*?<b[^>]*>(\d+)(?:<small>/(\d+))?', page
    )
    assert len(tiles) == 4
    for address, first, whole in tiles:
        listed = sun.get(address.replace("&amp;", "&")).text
        assert number_of(listed) == shown(listed) == int(whole or first)
    assert int(tiles[0][1]) == 2


def test_a_report_leads_back_and_is_shown(as_):
    jia = as_("jia")
    number = find().id
    answer = jia.post(f"/rounds/{number}/report", data=FORM)
    assert (answer.status_code, answer.location) == (303, "/rounds")
    page = jia.get(f"/rounds/{number}").text
    assert "贾二牛" in page
    assert "12 人，开方 8 张" in page
    assert "记录到岗" in page
    assert "来了</span>" not in page


def test_a_bad_report_keeps_what_was_typed(as_):
    typed = {
        **FORM,
        "patients": "很多",
        "guests": "王主任<b>",
        "came-staff-yun": "no",
        "why-staff-yun": "去县里开会",
    }
    answer = as_("jia").post(f"/rounds/{find().id}/report", data=typed)
    assert answer.status_code == 422
    for kept in ("看诊人数应是整数", "很多", "王主任&lt;b&gt;", "去县里开会"):
        assert kept in answer.text
    assert re.search(r'name="came-staff-jia" value="yes" checked', answer.text)
    assert find().state == "open"


def test_people_nobody_offered_are_not_taken(as_):
    typed = {**FORM, "came-staff-wu": "yes", "more": ["staff-wu", "staff-li"]}
    assert as_("jia").post(f"/rounds/{find().id}/report", data=typed).status_code == 303
    names = {one.staff.name for one in find().attendance}
    assert names == {"贾二牛", "李建国"}


def test_two_hands_at_once_get_one_report_and_a_sentence(as_):
    number = find().id
    assert as_("jia").post(f"/rounds/{number}/report", data=FORM).status_code == 303
    second = as_("yun").post(f"/rounds/{number}/report", data=FORM)
    assert second.status_code == 409
    assert "已经有人记过" in second.text


def test_cancelling_is_the_leaders_and_needs_a_reason(as_):
    number, chen = find().id, as_("chen")
    assert as_("jia").post(f"/rounds/{number}/cancel", data={"reason": "x"}).status_code == 404
    bare = chen.post(f"/rounds/{number}/cancel", data={"reason": ""})
    assert bare.status_code == 422
    assert "请写原因" in bare.text
    assert chen.post(f"/rounds/{number}/cancel", data={"reason": "封路"}).status_code == 303
    assert find().state == "cancelled"
    assert chen.post(f"/rounds/{number}/reopen", data={"reason": "通了"}).status_code == 303
    assert find().state == "open"


def test_the_county_checks_the_attendance_of_what_was_reported(as_):
    number, sun = find().id, as_("sun")
    early = sun.post(f"/rounds/{number}/check")
    assert early.status_code == 409
    as_("jia").post(f"/rounds/{number}/report", data=FORM)
    assert number_of(sun.get("/rounds?list=unchecked").text) == 1
    assert sun.post(f"/rounds/{number}/check").status_code == 303
    assert number_of(sun.get("/rounds?list=unchecked").text) == 0
    assert as_("zhao").post(f"/rounds/{number}/check").status_code == 404


def test_a_period_can_be_turned_back(as_, morning):
    morning.move_to("2026-11-24T02:00:00+00:00")
    run_job(MAKE_ROUNDS, date(2026, 11, 24))
    address = f"/rounds?list=period&kind=named_expert&centre={CHENGGUAN}"
    now = as_("sun").get(address).text
    assert "11月23日至11月29日" in now
    assert "后一周" not in now
    before = as_("sun").get(f"{address}&day=2026-11-22").text
    assert "11月16日至11月22日" in before
    assert "后一周" in before
    assert number_of(before) == shown(before) == 1


@pytest.mark.parametrize(
    "junk",
    [
        "list=x&kind=y&day=z&team=%7F&centre=%27",
        "after=1",
        "after=2026-11-20.999999999999",
        "day=0001-01-01&list=period&kind=township",
        "day=9999-12-31&list=period&kind=township",
    ],
)
def test_junk_in_the_address_narrows_nothing_away_from_a_page(as_, junk):
    assert as_("sun").get(f"/rounds?{junk}").status_code == 200


def test_a_long_list_is_parted_by_key(as_, monkeypatch):
    monkeypatch.setattr("familydoc.queries.rounds.PAGE", 3)
    sun = as_("sun")
    seen, address = [], "/rounds"
    while address:
        page = sun.get(address).text
        assert number_of(page) == 8
        seen += re.findall(r'class="who" href="/rounds/(\d+)"', page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 8


@pytest.mark.parametrize(("who", "whole"), [("chen", [0, 1, 2, 1]), ("sun", [0, 2, 4, 2])])
def test_the_numbers_on_the_reports_page_are_those_of_their_lists(as_, who, whole):
    one = as_(who)
    section = one.get("/reports").text.split('<section id="rounds">')[1].split("</section>")[0]
    tiles = re.findall(r'href="([^"]+)".*?<b[^>]*>(\d+)(?:<small>/(\d+))?', section)
    assert [int(all_ or number) for _, number, all_ in tiles] == whole
    for address, number, all_ in tiles:
        page = one.get(address.replace("&amp;", "&")).text
        assert number_of(page) == shown(page) == int(all_ or number)


def test_somebodys_own_page_of_numbers_has_no_rounds(as_):
    assert 'id="rounds"' not in as_("jia").get("/reports").text
