"""The pages of an import: who may, what is shown, what a bad file gets, whose upload it is."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from familydoc import clock
from familydoc.actions import imports_stage
from familydoc.bench_roster import HEADINGS, PLACE, make_roster, write_roster
from familydoc.extensions import db
from familydoc.formats.excel import read_workbook, write_workbook
from familydoc.models.imports import RosterImport, RosterImportRow
from familydoc.models.residents import Resident
from familydoc.rules.errors import RuleError
from tests.cast import make_resident


def roster(size: int = 60, seed: int = 3) -> tuple[bytes, dict[str, Any]]:
    rows, truth = make_roster(size, clock.today(), seed=seed)
    return write_roster(rows), truth


def upload(client: Any, content: bytes, name: str = "名单.xlsx") -> Any:
    return client.post("/imports", data={"file": (BytesIO(content), name)})


def latest() -> RosterImport:
    return db.session.query(RosterImport).order_by(RosterImport.id.desc()).first()


def test_upload_leads_to_findings_and_confirm_records(as_):
    client = as_("sun")
    content, truth = roster(400)
    page = client.get(upload(client, content).headers["Location"])
    assert f"导入 {truth['accepted']:,} 人" in page.text
    assert db.session.query(Resident).count() == 0
    answer = client.post(f"/imports/{latest().uid}/confirm")
    assert answer.status_code == 303
    done = client.get(answer.headers["Location"])
    assert f"已导入 {truth['accepted']:,} 人" in done.text
    assert db.session.query(Resident).count() == truth["accepted"]
    assert "已导入" in client.get("/imports").text


def test_file_and_accepted_rows_are_gone_after_the_import(as_):
    client = as_("sun")
    content, truth = roster(400)
    upload(client, content)
    assert latest().content is not None
    client.post(f"/imports/{latest().uid}/confirm")
    found = latest()
    assert found.state == "recorded" and found.content is None
    kept = db.session.query(RosterImportRow).filter_by(import_id=found.id)
    assert {row.outcome for row in kept} == {"refused"}
    assert kept.count() == sum(truth["refused"].values())


def test_nothing_of_an_upload_lies_in_clear(app, as_):
    content, _ = roster(200)
    client = as_("sun")
    upload(client, content)
    rows = [row for chunk in read_workbook(content) for row in chunk.rows[3:]]
    stored = b"".join(
        [latest().content or b""]
        + [row.payload for row in db.session.query(RosterImportRow)]
        + [repr(found.counts).encode() for found in db.session.query(RosterImport)]
    )
    for row in rows:
        assert row[PLACE["姓名"]].encode() not in stored or not row[PLACE["姓名"]]
        assert not row[PLACE["身份证号"]] or row[PLACE["身份证号"]].encode() not in stored


@pytest.mark.parametrize("username", ["chen", "yun", "admin", "board"])
def test_import_is_not_there_for_who_may_not(as_, username):
    client = as_(username)
    assert client.get("/imports").status_code == 404
    assert upload(client, roster()[0]).status_code == 404
    assert db.session.query(RosterImport).count() == 0


def test_an_upload_is_not_there_for_another_importer(as_):
    upload(as_("sun"), roster()[0])
    uid = latest().uid
    other = as_("zhao")
    assert other.get(f"/imports/{uid}").status_code == 404
    for verb in ("confirm", "drop", "resume"):
        assert other.post(f"/imports/{uid}/{verb}").status_code == 404
    assert other.get(f"/imports/{uid}/refused.xlsx").status_code == 404
    assert latest().state == "staged"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "没有内容"),
        (b"PK\x03\x04nonsense", "打不开"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "旧版"),
    ],
)
def test_a_file_that_is_none_is_refused_on_the_form(as_, content, sentence):
    answer = upload(as_("sun"), content)
    assert answer.status_code == 422 and sentence in answer.text
    assert db.session.query(RosterImport).count() == 0


def test_no_file_is_asked_for_one(as_):
    answer = as_("sun").post("/imports", data={})
    assert answer.status_code == 422 and "请先选择" in answer.text


def test_a_file_without_header_fails_with_the_missing_column(as_):
    client = as_("sun")
    names = [name for name in HEADINGS if name != "身份证号"]
    answer = upload(client, write_workbook(names, [["x"] * len(names)]))
    page = client.get(answer.headers["Location"])
    assert "没有导入" in page.text and "“身份证号”" in page.text
    assert latest().state == "failed" and latest().content is None


@pytest.mark.parametrize(
    "name", ["..\\..\\a.xlsx\x00.png", "../../../etc/passwd", "<script>.xlsx", "", "长" * 400]
)
def test_a_file_name_does_no_harm(as_, name):
    client = as_("sun")
    answer = upload(client, roster()[0], name or "x.xlsx")
    assert client.get(answer.headers["Location"]).status_code == 200
    stored = latest().filename
    assert "/" not in stored and "\\" not in stored and "\x00" not in stored
    assert 0 < len(stored) <= 200


def test_findings_are_shown_by_kind_and_page(as_):
    client = as_("sun")
    rows, _ = make_roster(80, clock.today())
    for row in rows[3:]:
        row[PLACE["村(居)委会"]] = "桃花源"
    upload(client, write_roster(rows))
    address = f"/imports/{latest().uid}"
    page = client.get(f"{address}?kind=village_unknown")
    assert page.text.count("没有“桃花源”") == 50 and "下一页" in page.text
    last = client.get(f"{address}?kind=village_unknown&after=53")
    assert "没有“桃花源”" in last.text and "下一页" not in last.text
    assert client.get(f"{address}?kind=nonsense&after=99999999999999999999").status_code == 200


def test_names_are_masked_in_findings(as_):
    client = as_("sun")
    rows, _ = make_roster(5, clock.today())
    rows[3][PLACE["姓名"]], rows[3][PLACE["村(居)委会"]] = "欧阳锋", "桃花源"
    upload(client, write_roster(rows))
    page = client.get(f"/imports/{latest().uid}").text
    assert "欧**" in page and "欧阳锋" not in page


def test_refused_rows_come_back_as_a_workbook_that_can_be_sent_again(as_):
    client = as_("sun")
    content, truth = roster(800)
    upload(client, content)
    client.post(f"/imports/{latest().uid}/confirm")
    answer = client.get(f"/imports/{latest().uid}/refused.xlsx")
    (chunk,) = read_workbook(answer.data)
    assert chunk.rows[0][:2] == ["原行号", "问题"]
    assert len(chunk.rows) - 1 == sum(truth["refused"].values())
    again = client.get(upload(client, answer.data).headers["Location"])
    assert "没有可以导入的居民" in again.text
    assert latest().counts["refused"] == truth["refused"]


def test_an_upload_can_be_dropped(as_):
    client = as_("sun")
    upload(client, roster()[0])
    uid = latest().uid
    assert client.post(f"/imports/{uid}/drop").status_code == 303
    assert latest().state == "dropped" and latest().content is None
    assert client.post(f"/imports/{uid}/confirm").status_code == 303
    assert db.session.query(Resident).count() == 0


def test_second_press_of_import_records_once(as_, monkeypatch):
    client = as_("sun")
    upload(client, roster()[0])
    address = f"/imports/{latest().uid}/confirm"
    client.post(address)
    before = db.session.query(Resident).count()
    client.post(address)
    assert db.session.query(Resident).count() == before > 0


def test_progress_is_polled_and_works_without_scripts(as_, monkeypatch):
    monkeypatch.setattr(imports_stage, "stage_import", lambda **_: None)
    client = as_("sun")
    page = client.get(upload(client, roster()[0]).headers["Location"])
    assert 'hx-trigger="every 1s"' in page.text and "<noscript><meta" in page.text
    part = client.get(f"/imports/{latest().uid}", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith("<section") and "<html" not in part.text


def test_stopped_work_can_be_taken_up(as_, monkeypatch, morning):
    stage = imports_stage.stage_import
    monkeypatch.setattr(imports_stage, "stage_import", lambda **_: None)
    client = as_("sun")
    upload(client, roster()[0])
    monkeypatch.setattr(imports_stage, "stage_import", stage)
    address = f"/imports/{latest().uid}"
    client.post(f"{address}/resume")
    assert latest().state == "reading"  # too early: it may still be alive
    morning.shift(timedelta(minutes=3))
    assert "接着做" in client.get(address).text
    client.post(f"{address}/resume")
    assert latest().state == "staged"


def test_what_is_older_than_a_day_is_forgotten(as_, morning):
    client = as_("sun")
    upload(client, roster(400)[0])
    morning.shift(timedelta(hours=25))
    upload(as_("sun"), roster()[0])
    old = db.session.query(RosterImport).order_by(RosterImport.id).first()
    assert old.state == "dropped" and old.content is None
    assert db.session.query(RosterImportRow).filter_by(import_id=old.id).count() == 0


def test_a_change_after_the_check_is_shown_again_before_anything_is_recorded(as_):
    client = as_("sun")
    rows, _ = make_roster(20, clock.today())
    upload(client, write_roster(rows))
    number = next(
        row[PLACE["身份证号"]] for row in rows[3:] if len(str(row[PLACE["身份证号"]])) == 18
    )
    make_resident("王冒名", number=number)
    answer = client.post(f"/imports/{latest().uid}/confirm")
    page = client.get(answer.headers["Location"]).text
    assert "已重新核对" in page and latest().state == "staged"
    assert db.session.query(Resident).count() == 1


def test_broken_recording_says_so_and_records_none(as_, monkeypatch):
    client = as_("sun")
    upload(client, roster()[0])

    def break_it(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("disk")

    monkeypatch.setattr("familydoc.actions.imports.add_people", break_it)
    answer = client.post(f"/imports/{latest().uid}/confirm")
    assert "什么都没有导入" in client.get(answer.headers["Location"]).text
    assert latest().state == "staged" and db.session.query(Resident).count() == 0


def test_template_has_every_column(as_):
    answer = as_("zhao").get("/imports/template.xlsx")
    (chunk,) = read_workbook(answer.data)
    assert set(HEADINGS) <= set(chunk.rows[0])
    with pytest.raises(RuleError):
        imports_stage.guard_table(b"")
