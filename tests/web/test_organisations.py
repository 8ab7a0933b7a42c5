"""Screens of institutions and villages: the administrator's alone."""

import pytest

from familydoc.extensions import db
from familydoc.models.organisations import Division, Organisation
from tests.cast import CHENGGUAN, NANGOU, SHENGQUAN, make_resident, organisation

CLINIC = {"kind": "village_clinic", "code": NANGOU, "name": "南沟村卫生室", "telephone": "12320"}
PAGES = (
    "/organisations",
    "/organisations/new",
    f"/organisations/{CHENGGUAN}",
    "/villages",
    f"/villages/{NANGOU}",
)


@pytest.mark.parametrize("address", PAGES)
def test_administrator_opens_the_page_and_others_do_not(as_, address):
    assert as_("admin").get(address).status_code == 200
    for username in ("sun", "zhao", "chen", "board"):
        assert as_(username).get(address).status_code == 404


def test_organisation_is_added_and_stands_in_the_tree(as_):
    client = as_("admin")
    assert client.post("/organisations", data=CLINIC).status_code == 303
    page = client.get("/organisations").text
    assert "南沟村卫生室" in page and 'data-count="5"' in page


def test_bad_organisation_keeps_what_was_typed(as_):
    answer = as_("admin").post("/organisations", data=CLINIC | {"telephone": "12", "hours": "全天"})
    assert answer.status_code == 422 and "电话号码不对" in answer.text
    assert 'value="南沟村卫生室"' in answer.text and 'value="全天"' in answer.text
    assert f'value="{NANGOU}"' in answer.text and "checked" in answer.text
    assert db.session.query(Organisation).filter_by(code=NANGOU).count() == 0


def test_empty_form_is_refused_beside_a_field(as_):
    assert as_("admin").post("/organisations").status_code == 422
    assert as_("admin").post("/villages").status_code == 422
    assert as_("admin").post(f"/organisations/{CHENGGUAN}").status_code == 422


def test_organisation_is_edited_and_its_code_is_not(as_):
    typed = {"name": "城关中心卫生院", "code": "1", "kind": "county", "parent_id": "", "active": ""}
    assert as_("admin").post(f"/organisations/{CHENGGUAN}", data=typed).status_code == 303
    centre = organisation(CHENGGUAN)
    assert centre.name == "城关中心卫生院" and centre.kind == "township_centre" and centre.active


def test_close_says_what_is_left_and_keeps_it_open(as_):
    answer = as_("admin").post(f"/organisations/{CHENGGUAN}/close")
    assert answer.status_code == 422 and "2 个团队" in answer.text
    assert 'value="城关镇卫生院"' in answer.text
    assert organisation(CHENGGUAN).active


def test_clinic_closes_and_opens_again(as_):
    client = as_("admin")
    client.post("/organisations", data=CLINIC)
    assert client.post(f"/organisations/{NANGOU}/close").status_code == 303
    assert "已停用" in client.get("/organisations").text
    assert client.post(f"/organisations/{NANGOU}/open").status_code == 303
    assert organisation(NANGOU).active


def test_village_is_added_renamed_retired_and_restored(as_):
    client = as_("admin")
    new = {"code": "150124100299", "name": "新村民委员会", "township": ""}
    assert client.post("/villages", data=new).status_code == 303
    assert client.post("/villages/150124100299", data={"name": "新民村民委员会"}).status_code == 303
    assert "新民村民委员会" in client.get(f"/villages?township={CHENGGUAN}").text
    assert client.post("/villages/150124100299/retire").status_code == 303
    assert not db.session.get(Division, "150124100299").active
    assert client.post("/villages/150124100299/restore").status_code == 303
    assert db.session.get(Division, "150124100299").active


def test_bad_village_keeps_what_was_typed(as_):
    answer = as_("admin").post("/villages", data={"code": "15012410020", "name": "某村"})
    assert answer.status_code == 422 and "12 位数字，现在是 11 位" in answer.text
    assert 'value="15012410020"' in answer.text and 'value="某村"' in answer.text


def test_inhabited_village_is_not_retired(as_):
    make_resident(village=NANGOU)
    answer = as_("admin").post(f"/villages/{NANGOU}/retire")
    assert answer.status_code == 422 and "1 位居民" in answer.text


def test_villages_without_a_team_are_counted(as_):
    page = as_("admin").get("/villages").text
    assert "4 个有团队服务" in page and "还没有团队" in page and SHENGQUAN in page


@pytest.mark.parametrize("code", ["nothing", "1501", "%00", "../x", "9" * 60, "城关"])
def test_unknown_place_is_not_there(as_, code):
    client = as_("admin")
    assert client.get(f"/organisations/{code}").status_code == 404
    assert client.post(f"/villages/{code}/retire").status_code == 404


def test_markup_in_a_name_is_only_text(as_):
    client = as_("admin")
    client.post("/organisations", data=CLINIC | {"name": "<img src=x onerror=alert(1)>"})
    page = client.get("/organisations").text
    assert "&lt;img src=x" in page and "<img src=x" not in page
