"""Who reads a private programme's name, and what all others read."""

import pytest

from familydoc.labels import name_programmes, word
from familydoc.rules.privacy import (
    ANY_PRIVATE,
    code_of,
    discreet_word,
    is_private,
    knows_names,
    merge_ticks,
    private_codes,
    sign_of,
    word_for,
    words_for,
)
from familydoc.rules.programmes import load_programmes

PRIVATE = ("severe_mental_disorder", "tuberculosis")


@pytest.fixture(autouse=True)
def names() -> None:
    name_programmes({p.code: p.name for p in load_programmes().values()})


def test_two_programmes_are_private() -> None:
    assert private_codes() == PRIVATE
    assert not any(is_private(code) for code in ("hypertension", "disabled", "", None))


@pytest.mark.parametrize("kind", ["programme", "tag"])
@pytest.mark.parametrize("code", PRIVATE)
def test_name_is_read_by_the_own_team_alone(kind: str, code: str) -> None:
    assert word_for(kind, code, own=True) == word(kind, code)
    assert word_for(kind, code, own=False) == discreet_word(kind, code) == "专项随访"


def test_others_keep_their_names() -> None:
    assert word_for("programme", "hypertension", own=False) == "高血压"
    assert discreet_word("tag", "elderly") == word("tag", "elderly")


def test_two_private_groups_read_as_one_outside_the_team() -> None:
    tags = ("hypertension", *PRIVATE)
    assert words_for("tag", tags, own=False) == ("高血压", "专项随访")
    assert len(words_for("tag", tags, own=True)) == 3


@pytest.mark.parametrize(
    ("role", "knows"),
    [
        ("leader", True),
        ("member", True),
        ("manager", False),
        ("supervisor", False),
        ("administrator", False),
        ("board", False),
        ("", False),
    ],
)
def test_roles_of_a_team_know_the_names(role: str, knows: bool) -> None:
    assert knows_names(role) is knows


@pytest.mark.parametrize("code", PRIVATE)
def test_address_carries_a_sign_that_says_nothing(code: str) -> None:
    sign = sign_of(code)
    assert sign not in (code, *PRIVATE) and sign.isalnum() and len(sign) == 7
    assert code_of(sign) == code_of(code) == code


def test_other_codes_stand_in_addresses_as_they_are() -> None:
    assert sign_of("hypertension") == code_of("hypertension") == "hypertension"
    assert (sign_of(""), code_of("")) == ("", "")
    assert sign_of(ANY_PRIVATE) == ANY_PRIVATE


def test_outside_the_team_an_address_cannot_tell_them_apart() -> None:
    assert {code_of(sign_of(code), own=False) for code in PRIVATE} == {ANY_PRIVATE}
    assert code_of("diabetes", own=False) == "diabetes"


def test_boxes_of_a_paper_show_private_groups_as_one() -> None:
    ticks = [("一般人群", False), ("严重精神障碍", False), ("高血压", True), ("肺结核", True)]
    shown = (("一般人群", False), ("专项随访", True), ("高血压", True))
    assert merge_ticks(ticks) == shown
