"""Windows of tasks, and which tasks a visit closes."""

from datetime import date

import pytest

from familydoc.labels import name_programmes
from familydoc.rules.programmes import load_programmes
from familydoc.rules.tasks import (
    OpenTask,
    close_by_visit,
    early_until,
    opens_at_once,
    title_of,
    window_start,
)

PROGRAMMES = load_programmes()
PRESSURE = {"sbp": 130, "dbp": 80}


@pytest.fixture(autouse=True)
def named() -> None:
    """The words for programmes, which an app takes from the files when it starts."""
    name_programmes({programme.code: programme.name for programme in PROGRAMMES.values()})


def task(number: int, programme: str | None, kind: str, due: str = "2026-11-20") -> OpenTask:
    return OpenTask(number, programme, kind, date.fromisoformat(due))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("regular", date(2026, 10, 22)),
        ("exam", date(2026, 9, 22)),
        ("recheck", date(2026, 11, 7)),
        ("referral_fu", date(2026, 11, 7)),
        ("home_visit", date(2026, 11, 7)),
    ],
)
def test_window_opens_by_kind(kind: str, expected: date) -> None:
    assert window_start(kind, date(2026, 11, 21), date(2026, 11, 7)) == expected
    assert opens_at_once(kind) == (expected == date(2026, 11, 7))


def test_visit_closes_the_oldest_of_each_kind_it_satisfies() -> None:
    tasks = [
        task(1, "hypertension", "regular", "2026-11-20"),
        task(2, "hypertension", "regular", "2026-08-20"),
        task(3, "hypertension", "recheck", "2026-11-24"),
    ]
    found = close_by_visit(tasks, PROGRAMMES, PRESSURE)
    assert {t.id for t in found.closes} == {2, 3}
    assert [(t.id, r) for t, r in found.stays] == [
        (1, "高血压随访（11月20日到期），一次随访只完成最早的一项")
    ]


def test_task_stays_open_without_its_measurement() -> None:
    found = close_by_visit([task(1, "diabetes", "regular")], PROGRAMMES, PRESSURE)
    assert found.closes == ()
    assert [reason for _, reason in found.stays] == ["没有空腹血糖：糖尿病随访仍未完成"]


def test_one_visit_closes_the_tasks_of_several_programmes() -> None:
    tasks = [task(1, "diabetes", "regular"), task(2, "hypertension", "recheck")]
    found = close_by_visit(tasks, PROGRAMMES, {**PRESSURE, "fpg": 6.1})
    assert {t.id for t in found.closes} == {1, 2}


def test_referral_check_is_not_closed_by_a_measurement() -> None:
    found = close_by_visit([task(1, "hypertension", "referral_fu")], PROGRAMMES, PRESSURE)
    assert found.closes == ()
    assert found.stays[0][1] == "高血压转诊核实，要联系后登记转诊结果"


@pytest.mark.parametrize(("programme", "kind"), [(None, "regular"), ("elderly", "exam")])
def test_other_work_stays_open(programme: str | None, kind: str) -> None:
    found = close_by_visit([task(1, programme, kind)], PROGRAMMES, PRESSURE)
    assert found.closes == ()
    assert len(found.stays) == 1


def test_task_stays_open_when_a_later_visit_is_there() -> None:
    tasks = [task(1, "hypertension", "regular")]
    found = close_by_visit(tasks, PROGRAMMES, PRESSURE, carried=[])
    assert [reason for _, reason in found.stays] == ["高血压随访，已有更晚的随访，这次只补记录"]


def test_recheck_of_diabetes_is_early_before_day_ten() -> None:
    recheck = task(1, "diabetes", "recheck", "2026-12-05")  # asked for on 21 November
    assert early_until(recheck, PROGRAMMES["diabetes"]) == date(2026, 12, 1)
    assert early_until(task(1, "hypertension", "recheck"), PROGRAMMES["hypertension"]) is None
    assert early_until(task(1, "diabetes", "regular"), PROGRAMMES["diabetes"]) is None
    assert early_until(recheck, None) is None


@pytest.mark.parametrize(
    ("programme", "kind", "due", "name"),
    [
        ("child", "regular", "2025-11-21", "12 月龄健康检查"),
        ("child", "regular", "2025-11-22", "儿童随访"),
        ("child", "recheck", "2025-11-21", "儿童 · 高危儿访视"),
        ("elderly", "exam", "2025-12-31", "老年人 · 健康体检"),
        ("hypertension", "regular", "2025-11-21", "高血压随访"),
        ("maternal", "regular", "2025-04-16", "第 2 次产前检查（16～20 周）"),
    ],
)
def test_task_is_called_by_its_step_or_by_the_programme_s_own_word(
    programme: str, kind: str, due: str, name: str
) -> None:
    starts = {"birth": date(2024, 11, 21), "lmp": date(2024, 11, 21)}
    found = title_of(PROGRAMMES[programme], kind, date.fromisoformat(due), starts.get)
    assert found == name


def test_schedule_nobody_can_count_from_names_nothing() -> None:
    maternal = PROGRAMMES["maternal"]
    assert title_of(maternal, "regular", date(2025, 4, 16), lambda _: None) == "孕产妇随访"


def test_task_that_the_visit_asks_for_again_is_not_done_by_it() -> None:
    tasks = [task(1, "hypertension", "regular"), task(2, "hypertension", "recheck")]
    owed = [("hypertension", "regular", date(2026, 11, 20))]
    found = close_by_visit(tasks, PROGRAMMES, PRESSURE, owed=owed)
    assert [t.id for t in found.closes] == [2]
    assert [reason for _, reason in found.stays] == ["高血压随访，还没到做这一项的时候"]


def test_many_missing_answers_are_counted_not_named() -> None:
    found = close_by_visit([task(1, "tcm_elderly", "exam")], PROGRAMMES, {})
    (_, reason) = found.stays[0]
    assert reason.count("、") == 2 and "等 34 项" in reason
