"""The public board: everything of the teams, nothing of any resident, no cookie."""

import dataclasses
import re
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from familydoc.actions import figures
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.jobs import JobRun
from familydoc.models.organisations import Organisation
from familydoc.models.residents import Resident
from familydoc.models.teams import Photograph, Staff, Team, TeamMember
from familydoc.queries.board import Board, Member, Package, TeamCard, find_institution, read_board
from familydoc.rules.numbers import Number
from familydoc.transaction import transaction
from tests.cast import (
    CHENGGUAN,
    CHENGGUAN_VILLAGE,
    HONGHE,
    NANGOU,
    SHENGQUAN,
    SINCE,
    add,
    identity_number,
    make_contract,
    make_enrolment,
    make_resident,
    make_task,
    organisation,
    staff,
    team_of,
)

BOARDS = ("150124", CHENGGUAN, HONGHE, CHENGGUAN_VILLAGE)
PNG = bytes.fromhex("89504e470d0a1a0a") + b"picture"


@pytest.fixture
def people(app):
    """Three residents with everything that must not be seen."""
    from datetime import date

    for number, name in enumerate(("张建国", "欧阳春梅", "其木格")):
        one = make_resident(
            name,
            date(1950, 3, 5 + number),
            number=identity_number(date(1950, 3, 5 + number), 11 + number),
            phone=f"1390471000{number}",
            tags=("severe_mental_disorder", "hypertension"),
            address=f"永安街{number + 1}号",
        )
        make_contract(one)
        make_task(make_enrolment(one), date(2026, 11, 3))


def secrets():
    for one in db.session.query(Resident):
        yield from (one.name, one.identity_number, one.telephone, one.uid, one.address)
    for account in db.session.query(Account):
        yield account.password_hash


@pytest.mark.parametrize("code", BOARDS)
@pytest.mark.parametrize("page", ["", "?page=1", "?page=2"])
def test_board_holds_nothing_of_any_resident(client, people, code, page):
    text = client.get(f"/board/{code}{page}").text
    found = [secret for secret in secrets() if secret in text]
    assert found == []
    for word in ("精神", "高血压", "肺结核", "13800000000"):
        assert word not in text.replace("高血压服务包", "")


def test_board_sets_no_cookie_and_asks_for_none(client, as_, people):
    for visitor in (client, as_("chen")):
        answer = visitor.get(f"/board/{CHENGGUAN}")
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert "csrf" not in answer.text and "陈玉兰" in answer.text


def test_board_shows_whom_to_ask_and_when(client):
    text = client.get(f"/board/{CHENGGUAN}").text
    for word in (
        "城关镇卫生院 · 家庭医生签约服务",
        *("城关一队", "陈玉兰", "团队长", "全科医生", "云其格", "贾二牛", "乡村医生"),
        *("城关村、南沟村", "周一至周六 8:00–17:30", "随访、慢病用药、上门服务、转诊"),
        *('href="tel:04717912001"', "0471-7912012", "每年 120 元，个人付 20 元"),
    ):
        assert word in text, word
    assert "武秀英" not in text


def test_four_figures_carry_code_value_and_parts(client, people):
    text = client.get(f"/board/{CHENGGUAN}").text
    found = dict(re.findall(r'data-indicator="(\w+)" data-value="([\d.]*)"', text))
    assert found == {
        "signed": "100.00",
        "signed_key": "100.00",
        "completed_quarter": "0.00",
        "satisfaction": "",
    }
    assert "3 人签约 / 3 名服务人口" in text and "还没有评价" in text
    assert "数据截至 11月21日 10:00 · 城关镇卫生院的数字" in text


def test_figures_change_as_soon_as_somebody_signs(client, people):
    from familydoc.actions.audit import record

    client.get(f"/board/{CHENGGUAN}")
    with transaction():
        record(by=None, verb="test", entity="resident")
    make_resident("新来的")
    assert 'data-indicator="signed" data-value="75.00"' in client.get(f"/board/{CHENGGUAN}").text


@pytest.mark.parametrize(
    "code",
    ["150125", "999999999", "abc", "150124100", "%00", "' or 1=1", SHENGQUAN, "150124100999"],
)
def test_unknown_board_is_not_there(client, code):
    if code == "150124100":
        with transaction():
            organisation(code).active = False
    assert client.get(f"/board/{code}").status_code == 404


def test_village_shows_the_team_that_serves_it_with_the_numbers_of_the_team(client, people):
    text = client.get(f"/board/{NANGOU}").text
    assert "南沟村" in text and "城关一队" in text and "城关二队" not in text
    assert "0471-7912012" in text
    assert 'data-indicator="signed" data-value="100.00"' in text


def test_clinic_of_a_village_has_its_own_name_and_telephone(client):
    with transaction():
        add(
            Organisation(
                code=NANGOU,
                name="南沟村卫生室",
                kind="village_clinic",
                parent_id=organisation(CHENGGUAN).id,
                division_code=NANGOU,
                telephone="0471-7913333",
            )
        )
    text = client.get(f"/board/{NANGOU}").text
    assert "南沟村卫生室 · 家庭医生签约服务" in text
    assert "0471-7913333" in text and "城关一队" in text


def test_county_names_the_centre_of_every_team(client):
    text = client.get("/board/150124").text
    assert all(name in text for name in ("城关一队", "城关二队", "宏河一队", "宏河镇卫生院"))


def test_hospital_shows_the_teams_its_experts_work_in(client):
    with transaction():
        hospital = add(
            Organisation(
                code="150124H01", name="县医院", kind="county_hospital", division_code="150124"
            )
        )
        expert = add(Staff(uid="expert", name="专家甲", organisation_id=hospital.id))
        team = team_of("chengguan2")
        add(TeamMember(team_id=team.id, staff_id=expert.id, role="county_expert", since=SINCE))
    text = client.get("/board/150124H01").text
    assert "专家甲" in text and "城关二队" in text and "城关一队" not in text


def face_of(username, consent):
    with transaction():
        one = staff(username)
        one.photo_consent = consent
        add(Photograph(staff_id=one.id, media_type="image/png", content=PNG))


def test_photograph_hangs_only_with_consent(client):
    face_of("chen", True)
    face_of("yun", False)
    text = client.get(f"/board/{CHENGGUAN}").text
    assert f"/board/{CHENGGUAN}/photo/staff-chen" in text and "photo/staff-yun" not in text
    picture = client.get(f"/board/{CHENGGUAN}/photo/staff-chen")
    assert picture.data == PNG and picture.headers["Content-Type"] == "image/png"
    assert "Set-Cookie" not in picture.headers
    assert client.get(f"/board/{CHENGGUAN}/photo/staff-yun").status_code == 404


@pytest.mark.parametrize("code", [HONGHE, "150125"])
def test_photograph_of_another_board_is_not_there(client, code):
    face_of("chen", True)
    assert client.get(f"/board/{code}/photo/staff-chen").status_code == 404


def test_photograph_leaves_with_its_owner(client):
    face_of("chen", True)
    with transaction():
        staff("chen").active = False
    assert client.get(f"/board/{CHENGGUAN}/photo/staff-chen").status_code == 404
    assert "陈玉兰" not in client.get(f"/board/{CHENGGUAN}").text


def many_teams(count):
    with transaction():
        for number in range(count):
            add(
                Team(
                    uid=f"more-{number}",
                    name=f"第{number + 1}团队",
                    organisation_id=organisation(HONGHE).id,
                )
            )


def test_sixteen_teams_fill_pages_of_three_and_one_of_prices(client):
    many_teams(15)
    text = client.get(f"/board/{HONGHE}").text
    assert re.findall(r'data-page="(\d+)"', text) == ["1", "2", "3", "4", "5", "6", "7"]
    assert text.count('<article class="team') == 16
    page = client.get(f"/board/{HONGHE}?page=6").text
    assert page.count('<article class="team') == 1 and "第15团队" in page and "第 6 / 7 页" in page
    assert "page=7" in page and "page=5" in page and "url=/board/150124101?page=7" in page
    last = client.get(f"/board/{HONGHE}?page=7").text
    assert "服务包与收费" in last and '<article class="team' not in last
    assert "url=/board/150124101?page=1" in last


@pytest.mark.parametrize("page", ["0", "8", "-1", "x", "%00", "１", "9999999999"])
def test_page_that_is_none_shows_everything(client, page):
    answer = client.get(f"/board/{CHENGGUAN}?page={page}")
    assert answer.status_code == 200 and "城关二队" in answer.text and "服务包与收费" in answer.text


def test_board_without_teams_says_so(client):
    with transaction():
        team_of("honghe1").active = False
    text = client.get(f"/board/{HONGHE}").text
    assert "还没有家庭医生团队" in text and 'data-indicator="satisfaction" data-value=""' in text


STALE_HIDDEN = 'id="stale" hidden'


def test_old_figures_are_never_shown_as_new(client, people, monkeypatch, morning):
    """Nothing can be written: the last figures stay, and from the third day on a banner says so."""

    def full(*_args):
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    assert STALE_HIDDEN in client.get(f"/board/{CHENGGUAN}").text
    monkeypatch.setattr(figures, "_write", full)
    morning.shift(timedelta(hours=47))
    assert STALE_HIDDEN in client.get(f"/board/{CHENGGUAN}").text
    morning.shift(timedelta(hours=26))
    text = client.get(f"/board/{CHENGGUAN}").text
    assert STALE_HIDDEN not in text and "数据已有 3 天没有更新" in text
    assert "数据截至 11月21日 10:00" in text and 'data-value="100.00"' in text


def test_banner_appears_when_the_night_shift_has_stopped(client, people, morning):
    from familydoc import clock

    with transaction():
        add(
            JobRun(
                job="make-due-tasks",
                slot=clock.today(),
                claimed_at=clock.now(),
                finished_at=clock.now(),
            )
        )
    assert STALE_HIDDEN in client.get(f"/board/{CHENGGUAN}").text
    morning.shift(timedelta(days=4))
    assert "数据已有 4 天没有更新" in client.get(f"/board/{CHENGGUAN}").text


def test_view_model_has_these_fields_and_no_others(app):
    names = {
        one.__name__: [field.name for field in dataclasses.fields(one)]
        for one in (Board, TeamCard, Member, Package, Number)
    }
    assert names == {
        "Board": [
            *("code", "name", "kind", "of", "telephone", "complaint_telephone", "hours"),
            *("figures", "counted_at", "teams", "packages"),
        ],
        "TeamCard": ["name", "centre", "villages", "hours", "telephone", "services", "members"],
        "Member": ["uid", "name", "role", "title", "leads", "photographed"],
        "Package": ["name", "kind", "price", "resident_pays", "items"],
        "Number": [
            *("code", "name", "definition", "numerator", "denominator", "value", "text"),
            *("unit", "detail", "over_100", "counted_at"),
        ],
    }
    board = read_board(find_institution(CHENGGUAN))
    assert {type(team) for team in board.teams} == {TeamCard}


def test_board_account_comes_home_to_its_board(as_):
    assert as_("board").get("/").headers["Location"] == f"/board/{CHENGGUAN}"


def test_board_account_opens_nothing_else(as_):
    client = as_("board")
    for address in ("/reports", "/residents", "/tasks", "/reports/indicators"):
        assert client.get(address).status_code == 404
