"""Institutions and villages: where they stand in the tree, and what keeps them from closing."""

import pytest

from familydoc.actions import organisations as actions
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.organisations import Division, Organisation
from familydoc.models.teams import TeamVillage
from familydoc.queries.organisations import find_service, list_tree
from familydoc.rules.errors import RuleError
from familydoc.rules.organisations import Sign
from tests.cast import (
    CHENGGUAN,
    NANGOU,
    SHENGQUAN,
    account,
    make_resident,
    organisation,
)

SIGN = Sign(name="南沟村卫生室", telephone="13800138000")


def refused(call, **kwargs) -> RuleError:
    with pytest.raises(RuleError) as error:
        call(by=account("admin"), **kwargs)
    return error.value


def add(kind: str, code: str, sign: Sign = SIGN) -> Organisation:
    return actions.add_organisation(by=account("admin"), kind=kind, code=code, sign=sign)


def village(code: str) -> Division:
    return db.session.get(Division, code)


def test_clinic_stands_under_the_centre_of_its_township(app):
    clinic = add("village_clinic", NANGOU)
    assert clinic.parent.code == CHENGGUAN and clinic.division_code == NANGOU
    rows = [(row.organisation.code, row.depth) for row in list_tree(account("admin"))]
    assert rows[:4] == [("150124", 0), ("150124-RM01", 1), (CHENGGUAN, 1), (NANGOU, 2)]


def test_hospital_stands_under_the_county_with_a_code_of_its_own(app):
    hospital = add("county_hospital", "150124-YY01", Sign(name="清水河县医院"))
    assert hospital.parent.kind == "county" and hospital.division_code == "150124"
    assert (
        db.session.query(AuditEvent)
        .filter_by(verb="add_organisation", entity_id=hospital.id)
        .count()
        == 1
    )


@pytest.mark.parametrize(
    ("kind", "code", "why"),
    [
        ("township_centre", CHENGGUAN, "code_taken"),
        ("township_centre", "150124999", "division_unknown"),
        ("village_clinic", "150124100999", "division_unknown"),
        ("village_clinic", "150124102200", "centre_missing"),
    ],
)
def test_organisation_is_refused_when_its_code_fits_nowhere(app, kind, code, why):
    before = db.session.query(Organisation).count()
    assert refused(actions.add_organisation, kind=kind, code=code, sign=SIGN).code == why
    assert db.session.query(Organisation).count() == before


def test_organisation_is_described_but_keeps_kind_and_code(app):
    centre = organisation(CHENGGUAN)
    sign = Sign("城关镇中心卫生院", "县城北街 1 号", "0471-7912002", "12320", "全天")
    actions.edit_organisation(by=account("admin"), organisation=centre, sign=sign)
    stored = organisation(CHENGGUAN)
    assert (stored.name, stored.address, stored.hours) == (
        "城关镇中心卫生院",
        "县城北街 1 号",
        "全天",
    )
    assert stored.complaint_telephone == "12320" and stored.kind == "township_centre"


def test_organisation_stays_open_while_anything_works_in_it(app):
    why = refused(actions.close_organisation, organisation=organisation(CHENGGUAN))
    assert why.code == "in_use" and "2 个团队" in why.message
    county = refused(actions.close_organisation, organisation=organisation("150124"))
    assert county.code == "county_stays"


def test_empty_organisation_closes_and_opens_again(app):
    clinic = add("village_clinic", NANGOU)
    actions.close_organisation(by=account("admin"), organisation=clinic)
    assert not organisation(NANGOU).active
    actions.open_organisation(by=account("admin"), organisation=clinic)
    assert organisation(NANGOU).active


def test_village_is_added_under_its_township(app):
    new = actions.add_village(by=account("admin"), code="150124100299", name="新村民委员会")
    assert new.parent_code == CHENGGUAN and new.short_name == "新村"


def test_village_of_another_code_may_name_its_township(app):
    new = actions.add_village(
        by=account("admin"), code="150199001001", name="并入村", township_code=CHENGGUAN
    )
    assert new.parent_code == CHENGGUAN


@pytest.mark.parametrize(
    ("code", "township", "why"),
    [
        (NANGOU, "", "code_taken"),
        ("150124999201", "", "township_unknown"),
        ("150124100298", "150124", "township_unknown"),
        ("1501241002", "", "code_format"),
    ],
)
def test_village_is_refused_when_its_code_is_wrong(app, code, township, why):
    given = {"code": code, "name": "某村", "township_code": township}
    assert refused(actions.add_village, **given).code == why


def test_village_is_not_retired_while_somebody_lives_there(app):
    make_resident(village=NANGOU)
    why = refused(actions.retire_village, village=village(NANGOU))
    assert why.code == "village_inhabited" and "1 位居民" in why.message
    assert village(NANGOU).active


def test_retired_village_ends_its_service_and_may_return(app):
    make_resident(village=NANGOU, state="deceased")
    actions.retire_village(by=account("admin"), village=village(NANGOU))
    assert not village(NANGOU).active and find_service(NANGOU) is None
    assert db.session.query(TeamVillage).filter_by(village_code=NANGOU).one().until is not None
    actions.restore_village(by=account("admin"), village=village(NANGOU))
    assert village(NANGOU).active and find_service(NANGOU) is None


def test_village_keeps_its_code_when_it_is_renamed(app):
    actions.rename_village(by=account("admin"), village=village(SHENGQUAN), name="圣泉新社区")
    assert village(SHENGQUAN).name == "圣泉新社区"
