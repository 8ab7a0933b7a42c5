"""What the browser works out while somebody types: scores beside the fields of a form."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from familydoc.rules.conditions import evaluate
from familydoc.rules.programme_files import ProgrammeFileError, read_programme
from familydoc.rules.programmes import FOLDER, load_programmes

LADDER = Path(__file__).parents[2] / "static" / "js" / "ladder.js"
SCRIPT = """
import { readFileSync } from "node:fs";
const source = readFileSync(process.argv[1], "utf8");
const { outputs } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
const { programme, cases } = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(cases.map((kase) => outputs(programme, kase))));
"""
ITEMS = ("eating", "washing", "dressing", "toilet", "moving")


def outputs(code: str, *answers: dict[str, Any]) -> list[dict[str, str]]:
    cases = [{"birth": "1950-01-01", "visit_date": "2026-11-21", "answers": a} for a in answers]
    programme = load_programmes()[code].as_json()
    done = subprocess.run(
        ["node", "--input-type=module", "-e", SCRIPT, str(LADDER)],
        input=json.dumps({"programme": programme, "cases": cases}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def selfcare(*scores: int) -> dict[str, Any]:
    return {f"selfcare_{item}": str(n) for item, n in zip(ITEMS, scores, strict=False)}


@pytest.mark.node
@pytest.mark.parametrize("code", ["elderly", "disabled_bedridden"])
def test_self_care_is_scored_when_the_fifth_item_is_answered(code: str) -> None:
    given = [selfcare(0, 3, 0), selfcare(0, 3, 0, 0, 0), selfcare(0, 3, 0, 5, 1)]
    said = [one["selfcare_moving"] for one in outputs(code, *given)]
    assert said == ["", "自理能力评分 3 分：可自理", "自理能力评分 9 分：中度依赖"]


@pytest.mark.node
def test_what_cannot_be_read_yet_is_no_score() -> None:
    found = outputs("elderly", {**selfcare(0, 3, 0, 0), "selfcare_moving": "2", "sbp": "abc"})
    assert found == [{"selfcare_moving": ""}]


@pytest.mark.node
def test_constitution_is_told_when_all_questions_are_answered() -> None:
    asked = {f"tcm_{n:02d}": "1" for n in range(1, 34)}
    some = {**asked, "tcm_05": "5", "tcm_06": "2", "tcm_13": "2"}
    said = outputs("tcm_elderly", {**asked, "tcm_33": ""}, asked, some)
    assert [one["tcm_33"] for one in said] == ["", "平和质（21 分）是", "气郁质（9 分）倾向是"]


def test_output_that_names_nothing_is_refused(tmp_path: Path) -> None:
    text = (FOLDER / "elderly.toml").read_text(encoding="utf-8")
    broken = tmp_path / "elderly.toml"
    broken.write_text(
        text.replace('text = "{selfcare_found}"', 'text = "{selfcare_fond}"'), "utf-8"
    )
    with pytest.raises(ProgrammeFileError, match="selfcare_fond"):
        read_programme(broken)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (("+", "a", "b", 1), 6),
        (("-", "a", "b"), -1),
        (("+", "a", "missing"), None),
        (("-", "missing", "a"), None),
        (("+", "a", True), None),
        ((">=", ("+", "a", "missing"), 0), False),
    ],
)
def test_a_sum_with_something_missing_is_missing(condition: Any, found: Any) -> None:
    assert evaluate(condition, {"a": 2, "b": 3}.get, lambda _: None) == found
