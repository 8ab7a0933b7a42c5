"""People: added, moved, photographed, gone and back."""

import pytest

from familydoc.actions import staff as actions
from familydoc.extensions import db
from familydoc.formats.photos import read_picture
from familydoc.models.enrolments import Enrolment
from familydoc.models.teams import Photograph, Staff, TeamMember, TeamVillage
from familydoc.queries.teams import find_membership, find_photograph
from familydoc.rules.errors import RuleError
from familydoc.transaction import transaction
from tests.cast import (
    CHENGGUAN,
    CHENGGUAN_VILLAGE,
    HONGHE,
    SINCE,
    account,
    make_enrolment,
    make_resident,
    make_task,
    organisation,
    staff,
    team_of,
)
from tests.formats.photographs import SECRET, exif, jpeg, png

PERSON = actions.Person(name="郝香莲", title="护士", telephone="13800138000")


def test_person_is_added_to_an_institution(app):
    new = actions.add_staff(by=account("zhao"), organisation=organisation(CHENGGUAN), person=PERSON)
    stored = db.session.query(Staff).filter_by(uid=new.uid).one()
    assert (stored.name, stored.title, stored.photo_consent) == ("郝香莲", "护士", False)


def test_person_of_a_form_is_read_with_the_field_that_is_wrong():
    assert actions.read_person({"name": "郝 香莲", "photo_consent": True}).name == "郝香莲"
    for typed, field in (
        ({"name": ""}, "name"),
        ({"name": "郝香莲", "telephone": "12"}, "telephone"),
    ):
        with pytest.raises(RuleError) as error:
            actions.read_person(typed)
        assert error.value.field == field


def test_person_in_a_team_does_not_change_the_institution(app):
    with pytest.raises(RuleError) as error:
        actions.edit_staff(
            by=account("admin"),
            staff=staff("yun"),
            organisation=organisation(HONGHE),
            person=PERSON,
        )
    assert error.value.code == "serves_here" and "城关一队" in error.value.message
    assert staff("yun").name == "云其格"


def test_account_follows_to_the_new_institution_and_its_logins_end(app):
    with transaction():
        find_membership(team_of("chengguan1").id, staff("yun").id).until = SINCE
    version = account("yun").version
    actions.edit_staff(
        by=account("admin"), staff=staff("yun"), organisation=organisation(HONGHE), person=PERSON
    )
    assert account("yun").organisation.code == HONGHE and account("yun").version == version + 1


def test_leaving_ends_memberships_shuts_the_account_and_hands_the_work_on(app):
    resident = make_resident(village=CHENGGUAN_VILLAGE)
    task = make_task(make_enrolment(resident), resident.created_at.date())
    actions.leave(by=account("zhao"), staff=staff("jia"))
    assert not staff("jia").active and not account("jia").active
    assert db.session.query(TeamMember).filter_by(staff_id=staff("jia").id, until=None).count() == 0
    assert (
        db.session.query(TeamVillage).filter_by(village_code=CHENGGUAN_VILLAGE).one().staff_id
        is None
    )
    chen = staff("chen").id
    assert db.session.query(Enrolment).one().staff_id == chen and task.staff_id == chen


def test_leader_who_leaves_leaves_no_leader_behind(app):
    actions.leave(by=account("zhao"), staff=staff("chen"))
    assert team_of("chengguan1").leader_id is None


def test_nobody_lets_himself_go(app):
    with pytest.raises(RuleError) as error:
        actions.leave(by=account("chen"), staff=staff("chen"))
    assert error.value.code == "self" and staff("chen").active


def test_last_administrator_does_not_leave(app):
    with transaction():
        account("admin").staff_id = staff("jia").id
        account("jia").staff_id = None
    with pytest.raises(RuleError) as error:
        actions.leave(by=account("zhao"), staff=staff("jia"))
    assert error.value.code == "last_administrator"
    assert staff("jia").active and account("admin").active
    assert db.session.query(TeamMember).filter_by(staff_id=staff("jia").id, until=None).count() == 1


def test_who_comes_back_gets_neither_team_nor_account_by_itself(app):
    actions.leave(by=account("zhao"), staff=staff("jia"))
    actions.come_back(by=account("zhao"), staff=staff("jia"))
    assert staff("jia").active and not account("jia").active


def test_photograph_is_kept_without_metadata_and_replaced(app):
    by = account("zhao")
    actions.add_photograph(by=by, staff=staff("chen"), picture=read_picture(jpeg(120, 160, exif())))
    assert SECRET not in find_photograph("staff-chen", public=False).content
    actions.add_photograph(by=by, staff=staff("chen"), picture=read_picture(png()))
    kept = find_photograph("staff-chen", public=False)
    assert kept.media_type == "image/png" and db.session.query(Photograph).count() == 1
    actions.remove_photograph(by=by, staff=staff("chen"))
    assert find_photograph("staff-chen", public=False) is None


@pytest.mark.parametrize(
    ("consent", "active", "shown"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_public_sees_a_face_only_by_consent_and_in_service(app, consent, active, shown):
    actions.add_photograph(by=account("zhao"), staff=staff("chen"), picture=read_picture(png()))
    with transaction():
        staff("chen").photo_consent, staff("chen").active = consent, active
    db.session.rollback()
    assert (find_photograph("staff-chen", public=True) is not None) == shown
