"""One table of cases, written by hand from the specification, through both interpreters."""

from typing import Any

import pytest

from familydoc.rules.programmes import load_programmes

from .both import judge_in_node, judge_in_python, load_cases

CASES = load_cases()


def named(case: dict[str, Any]) -> str:
    return f"{case['programme']}-{case['name']}"


def check(case: dict[str, Any], found: dict[str, Any]) -> None:
    """Compare what the table says with what came out."""
    if "refused" in case["expect"]:
        assert found.get("refused") == case["expect"]["refused"], found
        assert found["message"]
        return
    assert {key: found.get(key) for key in case["expect"]} == case["expect"], found
    assert all("{" not in text for text in (*found["because"], *found["advice"]))
    assert found["because"]


@pytest.mark.parametrize("case", CASES, ids=named)
def test_decision_is_as_the_table_says(case: dict[str, Any]) -> None:
    check(case, judge_in_python(case["programme"], case["case"]))


def test_table_names_every_case_once() -> None:
    names = [named(case) for case in CASES]
    assert len(names) == len(set(names)) >= 80


def test_table_reaches_every_line_of_every_ladder() -> None:
    reached = {
        (case["programme"], judge_in_python(case["programme"], case["case"]).get("line"))
        for case in CASES
    }
    lines = {(p.code, line.name) for p in load_programmes().values() for line in p.ladder}
    assert lines - reached == set()


@pytest.mark.node
def test_browser_decides_as_the_table_says_and_in_the_same_words() -> None:
    answers = judge_in_node([(case["programme"], case["case"]) for case in CASES])
    for case, found in zip(CASES, answers, strict=True):
        check(case, found)
        assert found == judge_in_python(case["programme"], case["case"]), case["name"]
