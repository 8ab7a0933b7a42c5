"""`rules assess` and `rules list`: status, JSON on one side, one sentence on the other."""

import json
from datetime import date

import pytest
from click.testing import CliRunner

from familydoc.cli_rules import rules_group
from familydoc.extensions import db
from familydoc.models.programmes import CountyParameter
from familydoc.transaction import transaction

CASE = {
    "birth": "1960-06-20",
    "visit_date": "2025-01-31",
    "way": 1,
    "answers": {"sbp": 139, "dbp": 89, "adverse_reaction": 1},
    "history": [{"visit_date": "2024-11-02", "way": 1, "answers": {"sbp": 136, "dbp": 84}}],
}


def run(*arguments, text=""):
    return CliRunner().invoke(rules_group, arguments, input=text)


def test_case_of_the_design_is_decided_without_a_database():
    done = run("assess", "hypertension", text=json.dumps(CASE))
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["class"], answer["referral"]) == (1, "none")
    assert answer["next"] == [{"kind": "regular", "due": "2025-04-30"}]
    assert "血压" in done.stdout


def test_case_is_read_from_a_file(tmp_path):
    path = tmp_path / "case.json"
    path.write_text("\ufeff" + json.dumps(CASE), encoding="utf-8")
    assert json.loads(run("assess", "hypertension", "--file", str(path)).stdout)["class"] == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"answers": {"dbp": 80}}, "sbp"),
        ({"answers": {"sbp": 120}}, "dbp"),
        ({"answers": {"sbp": 261, "dbp": 80}}, "sbp"),
        ({"visit_date": "2025-02-30"}, "visit_date"),
        ({"parameters": {"no_such": 1}}, "no_such"),
    ],
)
def test_refused_case_has_status_1_and_names_the_field(change, named):
    done = run("assess", "hypertension", text=json.dumps({**CASE, **change}))
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith(named)
    assert done.stderr.strip().count("\n") == 0


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"answers": NaN}', "null", "\x00"])
def test_what_is_no_case_has_status_1_and_a_sentence(text):
    done = run("assess", "hypertension", text=text)
    assert done.exit_code == 1
    assert done.stderr.strip() and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [("assess", "hypertonia"), ("assess",), ("assess", "diabetes", "--file", "/no")]
)
def test_wrong_use_has_status_2(arguments):
    assert run(*arguments).exit_code == 2


def test_list_shows_parameters_with_source_and_county_value(app):
    done = app.test_cli_runner().invoke(rules_group, ["list"])
    programmes = {p["code"]: p for p in json.loads(done.stdout)}
    line = next(p for p in programmes["hypertension"]["parameters"] if p["code"] == "line_sbp")
    assert line["value"] == 140 and line["source"] and line["county"] is None


def test_list_works_before_there_is_a_database(app):
    db.drop_all()
    done = app.test_cli_runner().invoke(rules_group, ["list"])
    assert done.exit_code == 0 and json.loads(done.stdout)


def test_list_of_indicators_has_codes_names_and_definitions(app):
    done = app.test_cli_runner().invoke(rules_group, ["list", "--indicators"])
    rows = json.loads(done.stdout)
    assert {"signed", "signed_key", "completed_quarter", "satisfaction"} <= {
        r["code"] for r in rows
    }
    assert all(set(row) == {"code", "name", "definition"} for row in rows)


def test_list_shows_the_countys_value_with_source_date_and_history(app):
    with transaction():
        for value, since in (("135", "2026-06-01"), ("130", "2026-11-01"), ("125", "2027-01-01")):
            row = CountyParameter(
                programme="hypertension",
                name="line_sbp",
                value=value,
                source=f"文件{value}",
                valid_from=date.fromisoformat(since),
            )
            db.session.add(row)
    listed = json.loads(app.test_cli_runner().invoke(args=["rules", "list", "--json"]).output)
    programme = next(p for p in listed if p["code"] == "hypertension")
    line = next(p for p in programme["parameters"] if p["code"] == "line_sbp")
    assert (line["county"], line["county_source"]) == ("130", "文件130")
    assert line["county_since"] == "2026-11-01"
    assert [one["value"] for one in line["history"]] == ["135", "130", "125"]
    assert line["value"] == 140
