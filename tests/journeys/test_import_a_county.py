"""A county's roster from upload to the people it brings, and what a bad file cannot do."""

import random
from io import BytesIO

from familydoc import clock
from familydoc.bench_roster import PLACE, make_roster, write_roster
from familydoc.extensions import db
from familydoc.formats.excel import read_workbook
from familydoc.models.enrolments import Enrolment
from familydoc.models.imports import RosterImport
from familydoc.models.residents import Resident, ResidentTag
from familydoc.rules.identity import check_digit
from tests.cast import account


def upload(client, content, name="清水河县.xlsx"):
    answer = client.post("/imports", data={"file": (BytesIO(content), name)})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_import_a_county_from_upload_to_mended_rows(as_):
    """The supervisor uploads, looks, confirms; mends what was refused and sends it again."""
    sun = as_("sun")
    rows, truth = make_roster(900, clock.today(), seed=11)
    address = upload(sun, write_roster(rows))
    page = sun.get(address).text
    assert f"导入 {truth['accepted']:,} 人" in page
    for reason in truth["refused"]:
        assert f"kind={reason}" in page
    sun.post(f"{address}/confirm")
    assert db.session.query(Resident).count() == truth["accepted"]

    sheet = next(read_workbook(sun.get(f"{address}/refused.xlsx").data)).rows
    mended = mend(sheet, {row[PLACE["身份证号"]] for row in rows[3:]})
    second = sun.get(upload(sun, write_roster(mended), "改好的.xlsx")).text
    left = truth["refused"].get("id_taken", 0)
    refused = sum(truth["refused"].values())
    assert f"导入 {refused - left} 人" in second
    sun.post(f"/imports/{latest().uid}/confirm")
    assert db.session.query(Resident).count() == truth["accepted"] + refused - left


def mend(sheet, taken):
    """Do what the column 问题 asks for, as a clerk would."""
    dice = random.Random(1)
    head, *body = sheet
    place = {name: index for index, name in enumerate(head)}
    for row in body:
        problem = row[place["问题"]]
        if "姓名下" in problem or "另一个姓名" in problem:
            continue
        if not row[place["姓名"]]:
            row[place["姓名"]] = "王补全"
        if "身份证号" in problem:
            stem = f"15012419700101{dice.randint(100, 999)}"
            while stem + check_digit(stem) in taken:
                stem = f"15012419700101{dice.randint(100, 999)}"
            row[place["身份证号"]] = stem + check_digit(stem)
            taken.add(row[place["身份证号"]])
        if "村" in problem:
            row[place["乡镇"]], row[place["村(居)委会"]] = "城关镇", "南沟村"
    return sheet


def latest():
    return db.session.query(RosterImport).order_by(RosterImport.id.desc()).first()


def test_a_manager_brings_the_own_township_and_nobody_else(as_):
    zhao = as_("zhao")
    rows, _ = make_roster(500, clock.today(), seed=12)
    zhao.post(f"{upload(zhao, write_roster(rows))}/confirm")
    own = account("zhao").organisation_id
    assert {one.centre_id for one in db.session.query(Resident)} == {own}
    assert latest().counts["refused"]["out_of_scope"] > 0


def test_people_of_an_imported_county_are_found_and_managed(as_):
    sun = as_("sun")
    rows, _ = make_roster(900, clock.today(), seed=11)
    sun.post(f"{upload(sun, write_roster(rows))}/confirm")
    tagged = db.session.query(ResidentTag.resident_id).filter_by(tag="hypertension").count()
    enrolled = db.session.query(Enrolment).filter_by(programme="hypertension").all()
    living = {e.resident.state for e in enrolled}
    assert 0 < len(enrolled) <= tagged and living == {"present"}
    dead = db.session.query(Resident).filter_by(state="deceased").all()
    assert dead and not {one.id for one in dead} & {e.resident_id for e in enrolled}
