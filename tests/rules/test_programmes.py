"""Programme files: what they must hold, and county values over them."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from familydoc.rules.errors import RuleError
from familydoc.rules.programme_files import ProgrammeFileError, read_programme
from familydoc.rules.programmes import (
    FOLDER,
    effective_parameters,
    get_programme,
    load_programmes,
    with_parameters,
)

HT = load_programmes()["hypertension"]


def test_programmes_are_loaded_once() -> None:
    assert load_programmes() is load_programmes()
    assert set(load_programmes()) >= {"hypertension", "diabetes"}


def test_unknown_programme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RuleError, match="hypertension"):
        get_programme("hypertonia")


def test_measurements_the_class_needs() -> None:
    needed = {code: [f.code for f in p.needed] for code, p in load_programmes().items()}
    assert needed["hypertension"] == ["sbp", "dbp"]
    assert needed["diabetes"] == ["fpg"]


def test_unchanged_fills_only_lifestyle_and_medicines() -> None:
    for programme in load_programmes().values():
        filled = {f.section for f in programme.fields.values() if f.unchanged}
        assert filled <= {"lifestyle", "drugs"}
        assert not any(f.unchanged and f.core for f in programme.fields.values())


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("line_sbp", 130, 130),
        ("line_sbp", 150, 140),
        ("regular_months", 1, 1),
        ("regular_months", 6, 3),
        ("age_elderly", 70, 70),
        ("age_elderly", 60, 65),
    ],
)
def test_stricter_of_county_and_national_wins(name: str, given: int, expected: int) -> None:
    changed = with_parameters(HT, {name: given})
    assert changed.parameters[name].value == expected
    assert changed.as_json()["parameters"][name]["value"] == expected
    assert HT.as_json()["parameters"][name]["value"] == HT.parameters[name].national


def test_county_glucose_is_exact() -> None:
    dm = with_parameters(load_programmes()["diabetes"], {"dm.line_fpg": "6.5"})
    assert dm.parameters["line_fpg"].value == Decimal("6.5")
    assert next(p for p in effective_parameters(dm) if p["code"] == "line_fpg")["national"] == 7


def write(tmp_path: Path, old: str, new: str) -> Path:
    """Break one place of the hypertension file."""
    text = (FOLDER / "hypertension.toml").read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "hypertension.toml"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    return broken


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('when = "twice_bad"', 'when = "twice_bat"', "unknown name 'twice_bat'"),
        ('value = [">=", "sbp", "line_now"]', 'value = ["=>", "sbp", "line_now"]', "operator"),
        ('value = [">=", "sbp", "line_now"]', 'value = [">=", "sbp"]', "operands"),
        ('value = ["previous", "bad"]', 'value = ["previous", ["not", "bad"]]', "is a name"),
        ('value = ["previous", "bad"]', 'value = ["previous", "twice_bad"]', "twice_bad"),
        ('days = "recheck_days"', 'days = "recheck_dayz"', "recheck_dayz"),
        ('kind = "recheck"', 'kind = "rechekc"', "rechekc"),
        ('referral = "routine"', 'referral = "soon"', "soon"),
        ('kind = "integer"', 'kind = "interger"', "interger"),
        ('section = "readings"', 'section = "reading"', "reading"),
        ("{bad_found}，上次", "{bad_fond}，上次", "bad_fond"),
        ('stricter = "lower"', 'stricter = "down"', "line_sbp"),
        ("value = 140 #", "value = 240 #", "line_sbp"),
        ('code = "dbp"', 'code = "sbp"', "sbp is declared twice"),
        ("needed = true", "neded = true", "neded"),
        ('code = "hypertension"', 'code = "hypotension"', "file's name"),
        ('name = "高血压"', 'nam = "高血压"', "name"),
        ("core = true", "core = true\nunchanged = true", "unchanged"),
    ],
)
def test_fault_of_a_file_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ProgrammeFileError) as fault:
        read_programme(write(tmp_path, old, new))
    assert "hypertension.toml" in str(fault.value)
    assert said in str(fault.value)


def test_ladder_that_leaves_a_case_without_a_line_is_refused(tmp_path: Path) -> None:
    old = 'name = "satisfied"\nwhen = true'
    with pytest.raises(ProgrammeFileError, match="last line"):
        read_programme(write(tmp_path, old, 'name = "satisfied"\nwhen = "bad"'))


def test_field_declared_otherwise_is_each_programmes_own(tmp_path: Path) -> None:
    write(tmp_path, "max = 260", "max = 250")
    diabetes = (FOLDER / "diabetes.toml").read_text(encoding="utf-8")
    (tmp_path / "diabetes.toml").write_text(diabetes, encoding="utf-8")
    found = load_programmes(tmp_path)
    assert {code: (p.fields["sbp"].own, p.fields["dbp"].own) for code, p in found.items()} == {
        "hypertension": (True, False),
        "diabetes": (True, False),
    }


def test_programme_goes_to_the_browser_as_plain_json() -> None:
    served: dict[str, Any] = load_programmes()["diabetes"].as_json()
    assert served["parameters"]["line_fpg"]["value"] == 7
    assert served["parameters"]["danger_high"]["value"] == 16.7
    assert served["fields"][0]["max"] == 40
