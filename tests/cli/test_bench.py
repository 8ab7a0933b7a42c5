"""bench: every name can be run, every measure is one JSON line, the worst ratio comes last."""

import json
from importlib import import_module

import pytest

from familydoc import bench_pages, bench_visits
from familydoc.bench import BENCHES, run

KEYS = {"name", "measure", "size", "engine", "seconds", "floor_seconds", "ratio"}


@pytest.mark.parametrize("name", BENCHES)
def test_bench_names_a_module_that_measures(name):
    module, size = BENCHES[name]
    assert callable(import_module(module).measure) and size > 0


def test_unknown_bench_is_wrong_use(app):
    answer = app.test_cli_runner().invoke(args=["bench", "nothing"])
    assert answer.exit_code == 2
    assert all(name in answer.stderr for name in BENCHES)


def test_pages_open_and_are_measured(app, monkeypatch):
    monkeypatch.setattr(bench_pages, "RUNS", 1)
    monkeypatch.setattr(bench_pages, "REQUESTS", 2)
    answer = app.test_cli_runner().invoke(args=["bench", "pages", "--size", "600"])
    assert answer.exit_code == 0, answer.output
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert len(lines) > 10 and all(set(line) == KEYS for line in lines)
    assert lines[-1]["measure"] == "worst ratio"
    assert lines[-1]["ratio"] == max(line["ratio"] for line in lines)
    assert {line["size"] for line in lines} == {600}


def test_visits_are_recorded_and_measured(app, monkeypatch):
    monkeypatch.setattr(bench_visits, "RUNS", 1)
    monkeypatch.setattr(bench_visits, "VISITS", 2)
    answer = app.test_cli_runner().invoke(args=["bench", "visits", "--size", "600"])
    assert answer.exit_code == 0, answer.output
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert len(lines) == 2 and all(set(line) == KEYS for line in lines)
    assert lines[0]["ratio"] == round(lines[0]["seconds"] / lines[0]["floor_seconds"], 2)
    assert lines[-1]["measure"] == "worst ratio" and lines[-1]["ratio"] == lines[0]["ratio"]


def test_size_is_that_of_the_bench_when_none_is_asked_for(monkeypatch):
    asked = []
    monkeypatch.setattr(bench_pages, "measure", lambda size: iter(asked.append(size) or ()))
    assert list(run("pages")) == list(run("pages", 700)) == []
    assert asked == [BENCHES["pages"][1], 700]
