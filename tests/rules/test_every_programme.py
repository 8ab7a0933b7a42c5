"""Whatever the programme: nobody managed is left without a next date, and none is out of reach."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from familydoc.rules.dates import add_months
from familydoc.rules.definitions import Obligation, Programme
from familydoc.rules.dues import step_due
from familydoc.rules.programmes import load_programmes, on_one_page, with_parameters

from .both import judge_in_python
from .random_cases import CAREFUL, random_case, without_contradictions

CODES = sorted(load_programmes())
SEEDS = st.integers(0, 2**32)


def valid_case(seed: int, code: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give a case without slips and its decision; what cannot be true together is taken out."""
    _, case = random_case(seed, code, slips=CAREFUL)
    found = judge_in_python(code, case)
    for _ in range(20):
        if found.get("code") != "impossible" or found["refused"] not in case["answers"]:
            break
        case = without_contradictions(case, [found["refused"]])
        found = judge_in_python(code, case)
    return case, found


def latest_due(programme: Programme, case: dict[str, Any]) -> date:
    """Give the longest that any line of the ladder lets somebody wait after this visit."""
    values = {**case["facts"], **case["answers"], "birth": case["birth"]}
    visit = date.fromisoformat(case["visit_date"])
    steps = [step for line in programme.ladder for step in line.next]
    return max([visit, *(reach(programme, step, values, visit) for step in steps)])


def reach(programme: Programme, step: Obligation, values: dict[str, Any], visit: date) -> date:
    """Give the day an obligation would fall due on, the last of its schedule where it has one."""
    if step.schedule is not None:
        schedule = programme.schedules[step.schedule]
        anchor = values.get(schedule.anchor)
        dues = [step_due(one, date.fromisoformat(anchor)) for one in schedule.steps if anchor]
        return max([visit, *dues])
    start = values.get(step.since or "")
    since = datetime.fromisoformat(start) if start else datetime.combine(visit, datetime.min.time())
    if step.months is not None:
        return add_months(since.date(), period(programme, step.months))
    days = period(programme, step.days or 0) if step.hours is None else 0
    hours = period(programme, step.hours) if step.hours is not None else 0
    return (since + timedelta(days=days, hours=hours)).date()


def period(programme: Programme, named: int | str) -> int:
    return int(programme.parameters[named].value) if isinstance(named, str) else named


@pytest.mark.parametrize("code", CODES)
@settings(max_examples=120, deadline=None)
@given(seed=SEEDS)
def test_every_valid_visit_leaves_something_to_do_within_reach(code: str, seed: int) -> None:
    case, found = valid_case(seed, code)
    if "refused" in found:
        assert found["message"]
        return
    assert found["next"] or found["closes"], case
    assert found["because"]
    programme = with_parameters(load_programmes()[code], case["parameters"])
    limit = str(latest_due(programme, case))
    for step in found["next"]:
        assert case["visit_date"] <= step["due"][:10] <= limit, (case, found)


@pytest.mark.parametrize("code", CODES)
def test_a_visit_with_everything_it_needs_is_judged(code: str) -> None:
    """Without this, a ladder that refuses everything would pass the property above."""
    judged = ["next" in valid_case(seed, code)[1] for seed in range(60)]
    assert sum(judged) > 30


@pytest.mark.parametrize("code", CODES)
def test_no_two_obligations_of_one_kind_are_owed_at_once(code: str) -> None:
    for line in load_programmes()[code].ladder:
        kinds = [step.kind for step in line.next]
        assert len(kinds) == len(set(kinds)), line.name


@pytest.mark.parametrize(
    "field",
    [
        *("sbp", "dbp", "heart_rate", "temperature", "weight", "height", "fpg", "hba1c", "spo2"),
        *("foot_pulse", "foot_pulse_side", "smoking", "drinking", "exercise_minutes", "mental"),
        *("selfcare_eating", "selfcare_washing", "selfcare_dressing", "selfcare_toilet"),
        *("selfcare_moving", "unhandled_disease", "exam_other", "notes"),
    ],
)
def test_what_several_programmes_ask_is_typed_once(field: str) -> None:
    """Declared otherwise in one file, a reading would silently become each programme's own."""
    asked = [p.fields[field] for p in load_programmes().values() if field in p.fields]
    assert len(asked) > 1 and not any(one.own for one in asked)


def test_a_reading_that_one_programme_always_shows_stands_behind_no_fold_of_another() -> None:
    programmes = load_programmes()
    assert not programmes["elderly"].fields["fpg"].core
    elderly, diabetes = on_one_page([programmes["elderly"], programmes["diabetes"]])
    assert elderly.fields["fpg"].core and elderly.fields["foot_pulse"].core
    assert elderly.fields["hba1c"].core == programmes["diabetes"].fields["hba1c"].core
    assert diabetes.fields["medication"].core and not elderly.fields["elderly_drugs"].core
    assert not on_one_page([programmes["elderly"]])[0].fields["fpg"].core


@pytest.mark.parametrize("code", CODES)
def test_every_number_of_a_programme_names_its_source(code: str) -> None:
    for parameter in load_programmes()[code].parameters.values():
        assert len(parameter.source) > 3 and parameter.label, parameter.name
