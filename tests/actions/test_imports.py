"""Recording a roster: who is stored how, what a second file changes, what never changes."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from familydoc import clock
from familydoc.actions import imports_judge
from familydoc.actions.imports import import_roster, judge_people
from familydoc.bench_roster import HEADINGS, PLACE, make_roster, write_roster
from familydoc.extensions import db, keys, writing
from familydoc.models.audit import AuditEvent
from familydoc.models.contracts import Contract
from familydoc.models.enrolments import Enrolment
from familydoc.models.imports import RosterImport
from familydoc.models.organisations import Organisation
from familydoc.models.residents import Household, Resident, ResidentTag, ResidentTerm
from familydoc.models.tasks import Task
from familydoc.rules.errors import RuleError
from tests.cast import (
    CHENGGUAN_VILLAGE,
    NANGOU,
    account,
    identity_number,
    make_contract,
    make_resident,
    staff,
    team_of,
)

BORN = date(1958, 3, 5)
NUMBER = identity_number(BORN)


def person(**changes: Any) -> list[Any]:
    row: dict[str, Any] = dict.fromkeys(HEADINGS, "") | {
        "姓名": "张建国",
        "性别": "男",
        "身份证号": NUMBER,
        "出生日期": BORN.isoformat(),
        "民族": "汉族",
        "联系电话": "13800138000",
        "常住类型": "户籍",
        "乡镇": "城关镇",
        "村(居)委会": "城关村民委员会",
        "现住址": "城关村1号",
        "户编号": "H1",
        "与户主关系": "户主",
        "状态": "正常",
    }
    return list((row | changes).values())


def bring(*rows: list[Any], by: Any = None, **options: Any) -> dict[str, Any]:
    return import_roster(by=by, content=write_roster([list(HEADINGS), *rows]), **options)


def changes(counts: dict[str, Any]) -> tuple[int, int, int]:
    return counts["new"], counts["changed"], counts["unchanged"]


def the_resident(number: str | None = NUMBER) -> Resident:
    people = db.session.scalars(select(Resident)).all()
    return next(one for one in people if one.identity_number == number)


def count(model: Any, *conditions: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def test_import_gives_the_counts_of_the_roster(app):
    rows, truth = make_roster(2000, clock.today(), seed=5)
    counts = import_roster(by=None, content=write_roster(rows))
    assert {key: counts[key] for key in truth} == truth
    assert changes(counts) == (truth["accepted"], 0, 0)
    assert list(counts)[:5] == ["rows", "accepted", "new", "changed", "unchanged"]
    assert count(Resident) == truth["accepted"]
    assert count(Resident, Resident.state == "deceased") == truth["deceased"]


def test_same_file_again_changes_nothing(app):
    rows, truth = make_roster(500, clock.today(), seed=5)
    content = write_roster(rows)
    import_roster(by=None, content=content)
    before = {model: count(model) for model in (Resident, Household, ResidentTag, ResidentTerm)}
    enrolled = count(Enrolment)
    again = import_roster(by=None, content=content)
    assert changes(again) == (0, 0, truth["accepted"])
    assert {model: count(model) for model in before} == before
    assert count(Enrolment) == enrolled > 0


def test_a_resident_is_stored_with_all_the_row_says(app):
    bring(person(高血压="是", 残疾="是", 备注="独居"))
    one = the_resident()
    assert (one.name, one.sex, one.birth) == ("张建国", "male", BORN)
    assert (one.telephone, one.nation, one.registered) == ("13800138000", "汉族", True)
    assert (one.village_code, one.address, one.relation) == (CHENGGUAN_VILLAGE, "城关村1号", "户主")
    assert (one.household.number, one.note, one.state) == ("H1", "独居", "present")
    assert one.team_id == team_of("chengguan1").id
    assert one.centre_id == team_of("chengguan1").organisation_id
    assert {tag.tag for tag in one.tags} == {"hypertension", "disabled"}
    terms = set(db.session.scalars(select(ResidentTerm.term)))
    assert {"张建国", "建国", "国", "zjg", "jg"} <= terms


def test_number_and_telephone_are_sealed(app):
    bring(person())
    stored = db.session.connection().exec_driver_sql("SELECT * FROM residents").one()
    text = repr(tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in stored))
    assert NUMBER not in text and "13800138000" not in text and NUMBER[-4:] not in text


@pytest.mark.parametrize(
    ("changed", "programmes"),
    [
        ({"高血压": "是"}, {"hypertension"}),
        ({"高血压": "是", "2型糖尿病": "是"}, {"hypertension", "diabetes"}),
        ({"高血压": "是", "状态": "死亡"}, set()),
        ({"肺结核": "是"}, set()),
        ({"高血压": "是", "身份证号": identity_number(date(1991, 11, 22))}, set()),
        ({"高血压": "是", "身份证号": identity_number(date(1991, 11, 21))}, {"hypertension"}),
    ],
)
def test_tags_enrol_the_living_from_35(app, changed, programmes):
    bring(person(**changed))
    enrolments = db.session.scalars(select(Enrolment)).all()
    assert {one.programme for one in enrolments} == programmes
    for one in enrolments:
        assert (one.next_due_on, one.exam_due_on) == (date(2026, 12, 31), None)
        assert (one.team_id, one.staff_id) == (team_of("chengguan1").id, staff("jia").id)
    assert count(Task) == 0  # the window opens on 1 December: the night job's


def test_a_window_that_is_open_gets_its_task_at_once(app, morning):
    morning.move_to(clock.now() + timedelta(days=20))
    bring(person(高血压="是"))
    task = db.session.scalars(select(Task)).one()
    assert (task.due_on, task.window_start) == (date(2026, 12, 31), date(2026, 12, 1))
    assert (task.state, task.village_code) == ("open", CHENGGUAN_VILLAGE)
    assert task.staff_id == staff("jia").id


def test_a_village_without_a_team_leaves_its_people_to_the_centre(app):
    bring(person(**{"村(居)委会": "圣泉社区", "高血压": "是"}))
    assert the_resident().team_id is None
    assert db.session.scalars(select(Enrolment)).one().team_id is None


def test_a_township_without_a_centre_gets_one(app):
    bring(person(乡镇="北堡乡", **{"村(居)委会": "双碾村"}))
    centre = db.session.get_one(Organisation, the_resident().centre_id)
    assert (centre.name, centre.kind, centre.code) == (
        "北堡乡卫生院",
        "township_centre",
        "150124201",
    )


def test_a_newer_roster_changes_what_it_fills(app):
    bring(person())
    again = bring(
        person(联系电话="0471-7912345", 现住址="城关村9号", 户编号="H2", 常住类型="非户籍"),
        person(姓名="新人", 身份证号=identity_number(BORN, 3), 户编号="H2"),
    )
    assert changes(again) == (1, 1, 0)
    one = the_resident()
    assert (one.telephone, one.address) == ("0471-7912345", "城关村9号")
    assert (one.household.number, one.registered) == ("H2", False)
    assert count(Household, Household.number == "H2") == 1


def test_a_blank_cell_erases_nothing(app):
    bring(person(高血压="是"))
    blank = dict.fromkeys(("联系电话", "民族", "现住址", "户编号", "与户主关系", "常住类型"), "")
    assert changes(bring(person(**blank))) == (0, 0, 1)
    one = the_resident()
    assert (one.telephone, one.nation, one.address) == ("13800138000", "汉族", "城关村1号")
    assert [tag.tag for tag in one.tags] == ["hypertension"]


def test_a_new_tag_enrols_once(app):
    bring(person(高血压="是"))
    assert changes(bring(person(高血压="是", **{"2型糖尿病": "是"}))) == (0, 1, 0)
    assert Counter(db.session.scalars(select(Enrolment.programme))) == {
        "hypertension": 1,
        "diabetes": 1,
    }


def test_nobody_is_raised_from_the_dead_by_an_old_roster(app):
    resident = make_resident(number=NUMBER, state="deceased")
    bring(person(姓名=resident.name))
    assert the_resident().state == "deceased"


def test_a_death_in_the_roster_ends_care_and_contract(app):
    bring(person(高血压="是"))
    contract = make_contract(the_resident())
    again = bring(person(高血压="是", 状态="死亡"))
    assert changes(again) == (0, 1, 0)
    assert the_resident().state == "deceased"
    assert db.session.scalars(select(Enrolment.state)).all() == ["ended"]
    assert db.session.get_one(Contract, contract.id).state == "terminated"
    assert changes(bring(person(高血压="是", 状态="死亡"))) == (0, 0, 1)


def test_another_village_moves_care_to_its_team(app):
    bring(person(高血压="是"))
    again = bring(person(高血压="是", **{"村(居)委会": "南沟村民委员会"}))
    assert changes(again) == (0, 1, 0)
    assert the_resident().village_code == NANGOU
    assert db.session.scalars(select(Enrolment)).one().staff_id == staff("yun").id


def test_an_infant_is_known_until_it_has_a_number(app):
    born = date(2026, 5, 1)
    baby = {"身份证号": "", "姓名": "王宝宝", "出生日期": born.isoformat(), "联系电话": ""}
    assert changes(bring(person(**baby))) == (1, 0, 0)
    assert changes(bring(person(**baby))) == (0, 0, 1)
    number = identity_number(born)
    assert changes(bring(person(**baby | {"身份证号": number}))) == (0, 1, 0)
    assert changes(bring(person(**baby | {"身份证号": number}))) == (0, 0, 1)
    assert count(Resident) == 1 and the_resident(number).name == "王宝宝"


def test_a_number_stored_under_another_name_is_refused(app):
    make_resident("李四", number=NUMBER)
    counts = bring(person())
    assert counts["refused"] == {"id_taken": 1} and count(Resident) == 1


def test_a_dry_run_counts_and_records_nothing(app):
    make_resident("张建国", number=NUMBER, phone="13800138000")
    counts = bring(person(现住址="新址"), person(身份证号=identity_number(BORN, 3)), dry_run=True)
    assert changes(counts) == (1, 1, 0)
    assert count(Resident) == 1 and count(AuditEvent, AuditEvent.verb == "import_roster") == 0


def test_a_manager_imports_the_own_township_only(app):
    far = person(姓名="外乡人", 乡镇="宏河镇", 身份证号=identity_number(BORN, 5))
    far[PLACE["村(居)委会"]] = "元子湾村民委员会"
    counts = bring(person(), far, by=account("zhao"))
    assert counts["refused"] == {"out_of_scope": 1} and changes(counts) == (1, 0, 0)


@pytest.mark.parametrize("name", ["张建国", "别的名字"])
def test_a_manager_learns_nothing_of_other_townships(app, name):
    make_resident(name, number=NUMBER, village="150124101200", team="honghe1")
    before = the_resident().address
    counts = bring(person(), by=account("zhao"))
    assert counts["refused"] == {"out_of_scope": 1}
    assert the_resident().address == before


def test_the_act_is_audited_without_names(app):
    bring(person(), by=account("sun"))
    act = db.session.scalars(select(AuditEvent).where(AuditEvent.verb == "import_roster")).one()
    assert act.account_id == account("sun").id
    assert act.details["new"] == 1 and "张建国" not in repr(act.details)


def test_an_unreadable_file_records_none(app):
    rows, _ = make_roster(1500, clock.today())
    lines = "\n".join(",".join(map(str, row)) for row in rows).encode().split(b"\n")
    lines[1200] = b"\xff\xfe\x00\x80"
    with pytest.raises(RuleError) as caught:
        import_roster(by=None, content=b"\n".join(lines))
    assert "第 1201 行" in caught.value.message and count(Resident) == 0


def test_a_failure_in_the_middle_records_none(app, monkeypatch):
    def break_it(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("power")

    monkeypatch.setattr("familydoc.actions.imports_record.enrol", break_it)
    with pytest.raises(RuntimeError):
        bring(person(高血压="是"))
    assert count(Resident) == count(Household) == count(ResidentTerm) == 0


def test_two_imports_at_once_store_everybody_once(app):
    rows, truth = make_roster(1200, clock.today(), seed=8)
    content, results = write_roster(rows), []

    def work() -> None:
        with app.app_context():
            results.append(import_roster(by=None, content=content))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    news = sorted(counts["new"] for counts in results)
    assert news == [0, truth["accepted"]]
    assert count(Resident) == truth["accepted"]


def test_a_person_registered_by_hand_meanwhile_is_not_doubled(app):
    """Somebody types the same person between the look-up and the transaction."""
    _, people = judge_people(
        by=None, content=write_roster([list(HEADINGS), person()]), today=clock.today()
    )
    make_resident("张建国", number=NUMBER)
    from familydoc.actions.imports import record_people

    counts = record_people(by=None, people=people, counts={}, today=clock.today())
    assert (counts["new"], count(Resident)) == (0, 1)


KILLED = """
import os, sys
from familydoc import create_app
from familydoc.actions import imports_record
from familydoc.actions.imports import import_roster

write = imports_record.insert_rows

def slow(session, table, columns, rows):
    write(session, table, columns, rows)
    if table.name == "resident_terms":
        print("writing", flush=True)
        sys.stdin.read()

imports_record.insert_rows = slow
with create_app().app_context():
    import_roster(by=None, content=open(sys.argv[1], "rb").read())
"""


@pytest.mark.sqlite  # a server rolls back by itself when its client dies
def test_a_kill_in_the_middle_leaves_nothing(app, tmp_path):
    rows, truth = make_roster(800, clock.today())
    file = tmp_path / "roster.xlsx"
    file.write_bytes(write_roster(rows))
    environment = os.environ | {
        "FAMILYDOC_INSTANCE": str(tmp_path),
        "FAMILYDOC_DATABASE_URL": str(db.engine.url),
    }
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(file)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None and child.stdin is not None
    assert child.stdout.readline() == b"writing\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdin.close()
    child.stdout.close()
    db.session.rollback()
    assert count(Resident) == count(Household) == count(ResidentTerm) == 0
    assert count(RosterImport) == 0
    assert import_roster(by=None, content=file.read_bytes())["new"] == truth["accepted"]


def test_nothing_is_judged_or_sealed_while_the_database_is_held(app, monkeypatch):
    held: list[bool] = []
    seal, judge = type(keys.vault).seal, imports_judge.judge_row
    monkeypatch.setattr(
        type(keys.vault), "seal", lambda *given: held.append(writing.get()) or seal(*given)
    )
    monkeypatch.setattr(
        imports_judge, "judge_row", lambda *given: held.append(writing.get()) or judge(*given)
    )
    rows, truth = make_roster(300, clock.today())
    import_roster(by=None, content=write_roster(rows))
    assert len(held) > truth["rows"] and not any(held)
