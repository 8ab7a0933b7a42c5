"""A form of a resident: all that is wrong at once, each beside its field."""

from datetime import date

import pytest

from familydoc.rules.errors import RuleError
from familydoc.rules.identity import Identity
from familydoc.rules.particulars import facts_of, read_particulars, read_tags, read_uid

TODAY = date(2026, 11, 21)
GOOD = {
    "name": "张 三",
    "identity_number": "１１０１０５１９４９１２３１００２ｘ",
    "telephone": "138 0013 8000",
    "village_code": "150124100200",
    "note": " a\x00b\r\nc ",
    "registered": "no",
}


def read(**changes):
    return read_particulars(GOOD | changes, TODAY)


def test_good_form_is_mended_and_birth_and_sex_come_from_the_number():
    found, errors = read()
    assert errors == {}
    assert (found.name, found.number, found.telephone) == (
        "张三",
        "11010519491231002X",
        "13800138000",
    )
    assert (found.birth, found.sex, found.registered) == (date(1949, 12, 31), "female", False)
    assert found.note == "ab\nc"
    assert facts_of(found).number == found.number


def test_every_refusal_is_told_at_once():
    found, errors = read(
        name="", identity_number="1", telephone="1", village_code="", address="长" * 201
    )
    assert found is None
    assert set(errors) == {"name", "identity_number", "telephone", "village_code", "address"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"birth": ""}, "identity_number"),
        ({"birth": "2026-02-30"}, "birth"),
        ({"birth": "2026-11-22"}, "birth"),
        ({"birth": "1800-01-01"}, "birth"),
        ({"birth": "2025-11-21"}, "identity_number"),
        ({"birth": "2025-11-22"}, "sex"),
        ({"birth": "2025-11-22", "sex": "both"}, "sex"),
    ],
)
def test_person_without_a_number_must_be_an_infant_with_birth_and_sex(changes, field):
    found, errors = read(identity_number="", **changes)
    assert found is None and set(errors) == {field}


def test_stored_person_without_a_number_keeps_birth_and_sex():
    stored = Identity("", date(2020, 1, 1), "male")
    found, errors = read_particulars(GOOD | {"identity_number": ""}, TODAY, stored)
    assert errors == {} and (found.birth, found.sex, found.number) == (stored.birth, "male", None)


def test_surrogates_are_refused_by_name():
    assert set(read(note="\ud800")[1]) == {"note"}


@pytest.mark.parametrize("uid", [None, "", "1", "a" * 36, "../../etc/passwd", 7])
def test_uid_must_be_one(uid):
    with pytest.raises(RuleError):
        read_uid(uid)


def test_only_recorded_groups_are_tags():
    assert read_tags(["hypertension", "elderly", "child", "x"]) == {"hypertension"}
