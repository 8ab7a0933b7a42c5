"""Runs cases through the Python ladder and through static/js/ladder.js in one Node process."""

import json
import subprocess
from pathlib import Path
from typing import Any

from familydoc.rules.errors import RuleError
from familydoc.rules.programmes import assess, load_programmes, with_parameters

HERE = Path(__file__).parent


def load_cases() -> list[dict[str, Any]]:
    """Give the table of cases with the programme's code beside each."""
    files = sorted((HERE / "cases").glob("*.json"))
    return [{"programme": f.stem, **row} for f in files for row in json.loads(f.read_text("utf-8"))]


def judge_in_python(code: str, case: dict[str, Any]) -> dict[str, Any]:
    """Give the decision as JSON holds it, or the refusal."""
    try:
        return assess(load_programmes()[code], case).as_json()
    except RuleError as refusal:
        return {"refused": refusal.field, "code": refusal.code, "message": refusal.message}


def judge_in_node(pairs: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Give the browser's answer to many (programme code, case) at once."""
    keys = [(code, json.dumps(case.get("parameters", {}))) for code, case in pairs]
    served = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    programmes = [served_programme(code, json.loads(values)) for code, values in served]
    cases = [
        {"programme": served[key], "case": case} for key, (_, case) in zip(keys, pairs, strict=True)
    ]
    payload = json.dumps({"programmes": programmes, "cases": cases})
    done = subprocess.run(
        ["node", str(HERE / "ladder_runner.mjs")],
        input=payload,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def served_programme(code: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Give the programme as the page would serve it with these county values."""
    return with_parameters(load_programmes()[code], parameters).as_json()
