"""Columns of every programme, and cells that keep what they are."""

from datetime import date

import pytest

from familydoc.rules.errors import RuleError
from familydoc.rules.exports import Span, VisitRow, cells_of, columns_of, read_span
from familydoc.rules.programmes import load_programmes

TODAY = date(2026, 11, 21)


def row(**changed: object) -> VisitRow:
    return VisitRow(
        **{
            "name": "张建国",
            "sex": "male",
            "birth": date(1958, 3, 5),
            "identity_number": "150124195803050011",
            "telephone": "13800138000",
            "village": "城关村",
            "team": "城关一队",
            "visit_date": date(2026, 11, 20),
            "way": 1,
            "staff": "贾二牛",
            "late": False,
            "answers": {},
            "class_code": None,
            "referral": "none",
            "next": (),
            "note": "",
        }
        | changed
    )


@pytest.mark.parametrize("code", sorted(load_programmes()))
def test_every_programme_has_one_column_a_field_and_as_many_cells(code):
    programme = load_programmes()[code]
    columns = columns_of(programme)
    assert len(columns) == len(cells_of(programme, row()))
    assert len(columns) >= len(programme.fields) + 16
    assert all(columns)


def test_a_private_programme_masks_the_name_too():
    private = next(p for p in load_programmes().values() if p.private)
    assert cells_of(private, row())[0] != "张建国"
    assert cells_of(load_programmes()["hypertension"], row())[0] == "张建国"


def test_own_answers_of_a_programme_win_over_shared_ones():
    diabetes = load_programmes()["diabetes"]
    place = 12 + list(diabetes.fields).index("adverse_reaction")
    answers = {"adverse_reaction": 1, "diabetes.adverse_reaction": 2}
    words = {one.code: one.label for one in diabetes.fields["adverse_reaction"].choices}
    assert cells_of(diabetes, row(answers=answers))[place] == words[2]


def test_decimals_are_numbers_and_age_is_that_of_the_visit():
    diabetes = load_programmes()["diabetes"]
    cells = cells_of(diabetes, row(answers={"fpg": 6.95}, visit_date=date(2026, 3, 4)))
    assert cells[12 + list(diabetes.fields).index("fpg")] == 6.95
    assert cells[3] == 67


def test_a_span_is_the_year_so_far_when_nothing_is_said():
    assert read_span("", None, TODAY) == Span(date(2026, 1, 1), TODAY)
    assert read_span("２０２６-０３-０１", "2026年4月2日", TODAY) == Span(
        date(2026, 3, 1), date(2026, 4, 2)
    )


@pytest.mark.parametrize(
    ("since", "until", "field"),
    [("x", "", "since"), ("", "2026-13-01", "until"), ("2026-05-01", "2026-04-01", "until")],
)
def test_a_span_that_is_none_names_its_field(since, until, field):
    with pytest.raises(RuleError) as refused:
        read_span(since, until, TODAY)
    assert refused.value.field == field
