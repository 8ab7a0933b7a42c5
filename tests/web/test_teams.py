"""Screens of teams: members see, the leader keeps the plate, the manager arranges the rest."""

import pytest

from familydoc.extensions import db
from familydoc.models.teams import Team, TeamMember
from familydoc.queries.organisations import find_service
from familydoc.transaction import transaction
from tests.cast import (
    CHENGGUAN,
    CHENGGUAN_VILLAGE,
    HONGHE,
    NANGOU,
    SHENCHIYAO,
    SINCE,
    YUANZIWAN,
    add,
    make_contract,
    make_resident,
    organisation,
    staff,
    team_of,
)

ONE, TWO, FAR = "/teams/team-150124100-1", "/teams/team-150124100-2", "/teams/team-150124101-1"
PLATE = {"hours": "全天", "telephone": "0471-7912345", "services": "随访"}
#: Pages and posts that only who manages the team may reach.
MANAGED = (
    ("get", "/members/new"),
    ("post", "/members"),
    ("get", "/members/staff-yun/end"),
    ("post", "/members/staff-yun/end"),
    ("get", "/villages/new"),
    ("post", "/villages"),
    ("get", f"/villages/{NANGOU}"),
    ("post", f"/villages/{NANGOU}"),
    ("post", "/close"),
)


def names(page) -> set[str]:
    return {name for name in ("城关一队", "城关二队", "宏河一队") if name in page.text}


@pytest.mark.parametrize(
    ("username", "seen"),
    [
        ("admin", {"城关一队", "城关二队", "宏河一队"}),
        ("sun", {"城关一队", "城关二队", "宏河一队"}),
        ("zhao", {"城关一队", "城关二队"}),
        ("yun", {"城关一队"}),
        ("wu", {"宏河一队"}),
    ],
)
def test_everybody_sees_the_teams_in_scope(as_, username, seen):
    assert names(as_(username).get("/teams")) == seen


def test_team_shows_members_villages_and_what_it_lacks(as_):
    page = as_("li").get(TWO).text
    assert "李建国" in page and "神池窑村" in page and "还没有护士" in page
    assert "添加成员" not in page and "改时间和电话" in page
    assert "添加成员" in as_("zhao").get(TWO).text
    assert "改时间和电话" not in as_("yun").get(ONE).text


def test_team_of_others_is_not_there(as_):
    for username, address in (("wu", ONE), ("yun", TWO), ("zhao", FAR), ("board", ONE)):
        assert as_(username).get(address).status_code == 404


@pytest.mark.parametrize(("method", "path"), MANAGED)
def test_only_who_manages_the_team_may_arrange_it(as_, method, path):
    for username in ("sun", "chen", "yun", "wu"):
        assert getattr(as_(username), method)(ONE + path).status_code == 404
    foreign = path.replace("staff-yun", "staff-wu").replace(NANGOU, YUANZIWAN)
    assert getattr(as_("zhao"), method)(FAR + foreign).status_code == 404
    assert getattr(as_("zhao"), method)(ONE + path).status_code in (200, 303, 422)


def test_leader_changes_the_plate_and_nothing_else(as_):
    typed = PLATE | {
        "name": "别的名字",
        "leader": "staff-yun",
        "organisation": HONGHE,
        "active": "",
    }
    client = as_("chen")
    assert 'name="leader"' not in client.get(f"{ONE}/edit").text
    assert client.post(f"{ONE}/edit", data=typed).status_code == 303
    team = team_of("chengguan1")
    assert (team.hours, team.telephone, team.services) == ("全天", "0471-7912345", "随访")
    assert team.name == "城关一队" and team.leader_id == staff("chen").id and team.active
    assert client.get(f"{TWO}/edit").status_code == 404
    assert client.post(f"{TWO}/edit", data=PLATE).status_code == 404


def test_member_and_leader_of_another_team_do_not_edit(as_):
    with transaction():
        add(
            TeamMember(
                team_id=team_of("chengguan1").id,
                staff_id=staff("li").id,
                role="family_doctor",
                since=SINCE,
            )
        )
    for username in ("li", "yun", "sun"):
        client = as_(username)
        assert client.get(ONE).status_code == 200
        assert client.post(f"{ONE}/edit", data=PLATE).status_code == 404
    assert team_of("chengguan1").hours != "全天"


def test_bad_plate_keeps_what_was_typed(as_):
    answer = as_("chen").post(f"{ONE}/edit", data=PLATE | {"telephone": "12", "services": "上门"})
    assert answer.status_code == 422 and "电话号码不对" in answer.text
    assert "上门" in answer.text and 'value="全天"' in answer.text


def test_manager_makes_a_team_and_names_its_leader(as_):
    client = as_("zhao")
    new = PLATE | {"name": "城关三队", "organisation": CHENGGUAN}
    address = client.post("/teams", data=new).headers["Location"]
    assert "还没有团队长" in client.get(address).text
    assert client.post("/teams", data=new | {"organisation": HONGHE}).status_code == 422
    edited = PLATE | {"name": "城关第一队", "leader": "staff-yun"}
    assert client.post(f"{ONE}/edit", data=edited).status_code == 303
    assert team_of("chengguan1").leader_id == staff("yun").id
    for leader in ("staff-li", "\x00", "x" * 99):
        answer = client.post(f"{ONE}/edit", data=edited | {"leader": leader})
        assert answer.status_code == 422 and "从现在的成员里选" in answer.text


def test_member_is_added_and_ended(as_):
    client = as_("zhao")
    client.post("/staff", data={"name": "郝香莲", "title": "护士", "organisation": CHENGGUAN})
    page = client.get(f"{TWO}/members/new").text
    uid = page.split(" · 郝香莲")[0].rsplit('value="', 1)[1].split('"')[0]
    new = {"staff": uid, "role": "nurse", "since": "2026-11-01"}
    assert client.post(f"{TWO}/members", data=new).status_code == 303
    assert "还没有护士" not in client.get(TWO).text
    asked = client.get(f"{TWO}/members/{uid}/end")
    assert "郝香莲离开城关二队" in asked.text
    bad = client.post(f"{TWO}/members/{uid}/end", data={"until": "2026-10-01"})
    assert bad.status_code == 422 and 'value="2026-10-01"' in bad.text
    assert client.post(f"{TWO}/members/{uid}/end", data={"until": ""}).status_code == 303
    assert client.get(f"{TWO}/members/{uid}/end").status_code == 404
    assert "以前的成员（1）" in client.get(TWO).text


def test_bad_member_keeps_what_was_chosen(as_):
    typed = {"staff": "staff-yun", "role": "nurse", "since": "明天"}
    answer = as_("zhao").post(f"{TWO}/members", data=typed)
    assert answer.status_code == 422 and "日期看不懂" in answer.text
    assert 'value="明天"' in answer.text and "checked" in answer.text
    answer = as_("zhao").post(f"{TWO}/members", data=typed | {"since": "", "staff": "staff-wu"})
    assert answer.status_code == 422 and "请选择人员" in answer.text


def test_who_leaves_a_team_sees_its_residents_no_more(as_):
    resident = make_resident()
    client = as_("yun")
    assert client.get(ONE).status_code == 200
    as_("zhao").post(f"{ONE}/members/staff-yun/end", data={"until": ""})
    assert client.get(ONE).status_code == 404
    assert client.get(f"/residents/{resident.uid}").status_code == 404


def test_moving_a_village_asks_once_and_says_how_many(as_):
    make_resident(village=SHENCHIYAO, team="chengguan2")
    make_contract(make_resident("王秀兰", village=SHENCHIYAO, team="chengguan2"))
    client = as_("zhao")
    asked = client.get(f"{ONE}/villages/new?village={SHENCHIYAO}&keeper=staff-yun").text
    assert "现在由<b>城关二队</b>服务" in asked
    assert "<b>1</b> 位居民" in asked and "<b>1</b> 位和别的团队" in asked
    assert 'value="team-150124100-2"' in asked and 'selected value="staff-yun"' in asked
    told = {"village": SHENCHIYAO, "keeper": "staff-yun", "seen": "team-150124100-2"}
    assert client.post(f"{ONE}/villages", data=told).status_code == 303
    service = find_service(SHENCHIYAO)
    assert service.team_id == team_of("chengguan1").id and service.staff_id == staff("yun").id
    assert "1 位居民一起转过来了" in client.get(ONE).text


@pytest.mark.parametrize("seen", [None, "", "team-150124101-1"])
def test_village_does_not_move_without_the_question(as_, seen):
    told = {"village": SHENCHIYAO, "keeper": "", "seen": seen}
    answer = as_("zhao").post(
        f"{ONE}/villages", data={k: v for k, v in told.items() if v is not None}
    )
    assert answer.status_code == 422 and "再看一遍" in answer.text
    assert find_service(SHENCHIYAO).team_id == team_of("chengguan2").id


@pytest.mark.parametrize("village", [YUANZIWAN, NANGOU, "", "x", "\x00"])
def test_village_out_of_reach_is_refused(as_, village):
    answer = as_("zhao").post(f"{ONE}/villages", data={"village": village, "seen": ""})
    assert answer.status_code == 422 and "请选择村" in answer.text


def test_keeper_of_a_village_is_changed(as_):
    client = as_("zhao")
    address = f"{ONE}/villages/{CHENGGUAN_VILLAGE}"
    assert 'selected value="staff-jia"' in client.get(address).text
    assert client.post(address, data={"keeper": "staff-yun"}).status_code == 303
    assert find_service(CHENGGUAN_VILLAGE).staff_id == staff("yun").id
    assert client.post(address, data={"keeper": "staff-li"}).status_code == 422
    assert client.get(f"{ONE}/villages/{SHENCHIYAO}").status_code == 404


def test_team_with_villages_is_not_dissolved(as_):
    client = as_("zhao")
    answer = client.post(f"{TWO}/close")
    assert answer.status_code == 422 and "1 个村" in answer.text
    with transaction():
        empty = add(Team(uid="team-empty", name="空队", organisation_id=organisation(CHENGGUAN).id))
    assert client.post("/teams/team-empty/close").status_code == 303
    assert not db.session.get(Team, empty.id).active
    assert client.get("/teams/team-empty/edit").status_code == 404
    assert "空队已解散" in client.get("/teams").text
    assert "空队" not in client.get("/teams").text
