"""Screens of the people who serve: who answers for whom, and faces for those who may see them."""

from io import BytesIO

import pytest

from familydoc.extensions import db
from familydoc.models.organisations import Organisation
from familydoc.models.teams import Photograph, Staff, TeamMember
from familydoc.transaction import transaction
from tests.cast import CHENGGUAN, HONGHE, SINCE, account, add, organisation, staff, team_of
from tests.formats.photographs import SECRET, exif, jpeg, png

NURSE = {"name": "郝香莲", "title": "护士", "organisation": CHENGGUAN, "telephone": "13800138000"}


def send(client, content: bytes, uid: str = "staff-chen", name: str = "me.jpg"):
    data = {"photograph": (BytesIO(content), name)}
    return client.post(f"/staff/{uid}/photo", data=data, content_type="multipart/form-data")


@pytest.mark.parametrize("address", ["/staff", "/staff/new", "/staff/staff-chen"])
def test_manager_and_administrator_open_the_page_and_others_do_not(as_, address):
    for username in ("admin", "zhao"):
        assert as_(username).get(address).status_code == 200
    for username in ("sun", "chen", "yun", "board", "wu"):
        assert as_(username).get(address).status_code == 404


def test_manager_answers_for_the_own_centre_only(as_):
    client = as_("zhao")
    page = client.get("/staff").text
    assert "陈玉兰" in page and "武秀英" not in page and 'data-count="4"' in page
    for method, address in (
        (client.get, "/staff/staff-wu"),
        (client.post, "/staff/staff-wu"),
        (client.post, "/staff/staff-wu/leave"),
        (client.post, "/staff/staff-wu/photo/remove"),
    ):
        assert method(address).status_code == 404
    answer = client.post("/staff", data=NURSE | {"organisation": HONGHE})
    assert answer.status_code == 422 and "请选择单位" in answer.text


def test_expert_is_seen_by_the_team_but_edited_by_the_county_only(as_):
    with transaction():
        hospital = add(Organisation(code="150124-YY01", name="县医院", kind="county_hospital"))
        expert = add(Staff(uid="staff-han", name="韩志远", organisation_id=hospital.id))
        add(Photograph(staff_id=expert.id, media_type="image/png", content=png()))
        add(
            TeamMember(
                team_id=team_of("chengguan1").id,
                staff_id=expert.id,
                role="county_expert",
                since=SINCE,
            )
        )
    assert as_("yun").get("/staff/staff-han/photo").status_code == 200
    assert as_("zhao").get("/staff/staff-han/photo").status_code == 200
    assert as_("zhao").get("/staff/staff-han").status_code == 404
    assert as_("admin").get("/staff/staff-han").status_code == 200
    assert as_("wu").get("/staff/staff-han/photo").status_code == 404


def test_person_is_added(as_):
    answer = as_("zhao").post("/staff", data=NURSE)
    new = db.session.query(Staff).filter_by(name="郝香莲").one()
    assert answer.headers["Location"] == f"/staff/{new.uid}" and not new.photo_consent


def test_bad_person_keeps_what_was_typed(as_):
    typed = NURSE | {"telephone": "138", "photo_consent": "y"}
    answer = as_("zhao").post("/staff", data=typed)
    assert answer.status_code == 422 and "电话号码不对" in answer.text
    assert 'value="郝香莲"' in answer.text and 'value="护士"' in answer.text
    assert "checked" in answer.text and f'selected value="{CHENGGUAN}"' in answer.text
    assert db.session.query(Staff).filter_by(name="郝香莲").count() == 0


def test_person_is_edited(as_):
    typed = {"name": "云其其格", "organisation": CHENGGUAN, "photo_consent": "y"}
    assert as_("zhao").post("/staff/staff-yun", data=typed).status_code == 303
    assert staff("yun").name == "云其其格" and staff("yun").photo_consent


def test_person_in_a_team_keeps_the_place_and_the_form_says_why(as_):
    typed = {"name": "云其格", "organisation": HONGHE, "title": "主管护师"}
    answer = as_("admin").post("/staff/staff-yun", data=typed)
    assert answer.status_code == 422 and "城关一队" in answer.text
    assert 'value="主管护师"' in answer.text and staff("yun").title == "护士"


def test_photograph_is_taken_bare_and_served_as_what_it_is(as_):
    assert send(as_("zhao"), jpeg(120, 160, exif(6))).status_code == 303
    answer = as_("jia").get("/staff/staff-chen/photo")
    assert answer.status_code == 200 and answer.mimetype == "image/jpeg"
    assert SECRET not in answer.data and answer.data.startswith(b"\xff\xd8\xff")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_face_of_another_centre_is_not_there(as_):
    send(as_("zhao"), png())
    assert as_("wu").get("/staff/staff-chen/photo").status_code == 404
    assert as_("board").get("/staff/staff-chen/photo").status_code == 404
    assert as_("yun").get("/staff/staff-yun/photo").status_code == 404


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "请先选一张照片"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "只收 JPEG"),
        (png()[:-20], "不完整"),
        (jpeg(5000, 9000), "像素"),
        (png() + b"\0" * (2 * 1024 * 1024), "超过 2 MB"),
    ],
)
def test_bad_photograph_is_refused_and_the_old_one_stays(as_, content, sentence):
    client = as_("zhao")
    send(client, png())
    answer = send(client, content)
    assert answer.status_code == 422 and sentence in answer.text
    assert 'value="陈玉兰"' in answer.text
    assert db.session.query(Photograph).one().content == png()


def test_form_without_a_file_is_refused(as_):
    answer = as_("zhao").post("/staff/staff-chen/photo", data={"photograph": "text"})
    assert answer.status_code == 422 and "请先选一张照片" in answer.text


def test_photograph_is_removed(as_):
    client = as_("zhao")
    send(client, png())
    assert client.post("/staff/staff-chen/photo/remove").status_code == 303
    assert db.session.query(Photograph).count() == 0
    assert client.post("/staff/staff-chen/photo/remove").status_code == 303


def test_who_left_is_out_at_the_next_request(as_):
    jia, zhao = as_("jia"), as_("zhao")
    assert jia.get("/password").status_code == 200
    assert zhao.post("/staff/staff-jia/leave").status_code == 303
    assert jia.get("/password").headers["Location"].startswith("/login")
    assert jia.post("/password").headers["Location"].startswith("/login")
    assert "贾二牛" in zhao.get("/staff?left=1").text and "贾二牛" not in zhao.get("/staff").text
    assert zhao.post("/staff/staff-jia/return").status_code == 303 and staff("jia").active
    assert not account("jia").active


def test_refused_leaving_keeps_the_page(as_):
    with transaction():
        account("zhao").staff_id = staff("yun").id
        staff("yun").photo_consent = True
    answer = as_("zhao").post("/staff/staff-yun/leave")
    assert answer.status_code == 422 and "不能给自己办离岗" in answer.text
    assert "checked" in answer.text and staff("yun").active


def test_list_is_searched_narrowed_and_paged_by_key(as_):
    with transaction():
        centre = organisation(CHENGGUAN).id
        for number in range(60):
            add(Staff(uid=f"x{number}", name=f"赵{number:02}", organisation_id=centre))
    client = as_("admin")
    first = client.get("/staff").text
    assert 'data-count="65"' in first and "下一页" in first
    second = client.get(first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0])
    assert second.text.count('class="who"') == 15 and "下一页" not in second.text
    assert client.get("/staff?q=赵07").text.count('class="who"') == 1
    assert client.get(f"/staff?organisation={HONGHE}").text.count('class="who"') == 1
    assert "没有找到人" in client.get("/staff?q=%25").text
    for odd in (
        "after=~",
        "after=150124100~x",
        "after=%00",
        "organisation=%00",
        "after=a~99999999999",
    ):
        assert client.get(f"/staff?{odd}").status_code == 200
