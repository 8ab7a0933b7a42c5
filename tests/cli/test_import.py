"""`import roster`: what it prints, and with which status it leaves."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from familydoc import clock
from familydoc.bench_roster import HEADINGS, make_roster, write_roster
from familydoc.extensions import db
from familydoc.formats.excel import read_workbook
from familydoc.models.residents import Resident

KEYS = [
    *("rows", "accepted", "new", "changed", "unchanged"),
    *("refused", "normalised", "warned", "deceased"),
]
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture
def run(app):
    return lambda *words: app.test_cli_runner().invoke(args=["import", "roster", *map(str, words)])


@pytest.fixture
def roster(tmp_path):
    rows, truth = make_roster(600, clock.today(), seed=4)
    file = tmp_path / "名单.xlsx"
    file.write_bytes(write_roster(rows))
    return file, truth


def test_import_prints_one_json_document(run, roster):
    file, truth = roster
    answer = run(file, "--json")
    counts = json.loads(answer.stdout)
    assert answer.exit_code == 0 and list(counts) == KEYS
    assert {key: counts[key] for key in truth} == truth
    assert counts["new"] == truth["accepted"] == db.session.query(Resident).count()


def test_second_import_says_that_nothing_changed(run, roster):
    file, truth = roster
    run(file)
    again = json.loads(run(file, "--json").stdout)
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, truth["accepted"])
    assert "什么都没有改动" in run(file).stdout


def test_words_name_the_counts(run, roster):
    file, truth = roster
    answer = run(file)
    assert f"已导入 {truth['accepted']:,} 人" in answer.stdout
    assert "村名补成全称" in answer.stdout and "Traceback" not in answer.output


def test_refused_rows_are_saved_to_be_mended(run, roster, tmp_path):
    file, truth = roster
    run(file, "--refused", tmp_path / "mend.xlsx")
    (chunk,) = read_workbook((tmp_path / "mend.xlsx").read_bytes())
    assert chunk.rows[0][:3] == ["原行号", "问题", "序号"]
    assert len(chunk.rows) - 1 == sum(truth["refused"].values()) > 0


def test_dry_run_records_nothing(run, roster):
    file, truth = roster
    counts = json.loads(run(file, "--dry-run", "--json").stdout)
    assert counts["new"] == truth["accepted"] and list(counts) == KEYS
    assert db.session.query(Resident).count() == 0


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "没有内容"),
        (b"PK\x03\x04 nonsense", "打不开"),
        ("姓名,乡镇\n张三,城关镇\n".encode(), "身份证号"),
        (write_roster([list(HEADINGS)]), "表头下面没有居民"),
    ],
)
def test_a_bad_file_leaves_with_one_sentence(run, tmp_path, content, word):
    file = tmp_path / "bad.xlsx"
    file.write_bytes(content)
    answer = run(file, "--json")
    assert answer.exit_code == 1 and answer.stdout == ""
    assert word in answer.stderr and answer.stderr.count("\n") == 1
    assert db.session.query(Resident).count() == 0


def test_wrong_use_leaves_with_two(run, tmp_path):
    assert run(tmp_path / "missing.xlsx").exit_code == 2
    assert run().exit_code == 2


def test_a_csv_is_a_roster_too(run, roster, tmp_path):
    rows, truth = make_roster(600, clock.today(), seed=4)
    file = tmp_path / "名单.csv"
    lines = [";".join(map(str, row)) for row in rows]
    file.write_bytes("\r\n".join(lines).encode("gb18030"))
    counts = json.loads(run(file, "--json").stdout)
    assert {key: counts[key] for key in truth} == truth


@pytest.mark.sample
def test_the_sample_gives_its_truth(run, morning):
    morning.move_to(datetime(2026, 11, 1, 2, tzinfo=UTC))
    truth = json.loads((SHARED / "roster_sample.truth.json").read_text(encoding="utf-8"))
    counts = json.loads(run(SHARED / "roster_sample.xlsx", "--json").stdout)
    kept = ("rows", "accepted", "refused", "normalised", "warned", "deceased")
    assert {key: counts[key] for key in kept} == {key: truth[key] for key in kept}
    assert counts["new"] == truth["unique_residents"]
