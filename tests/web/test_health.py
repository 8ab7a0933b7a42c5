"""Whether the house says the truth about itself."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from familydoc import clock
from familydoc.extensions import db
from familydoc.jobs.night import run_job
from familydoc.models.accounts import LoginFailure
from familydoc.web import health


def test_healthz_tells_database_and_last_good_run(app, client):
    assert client.get("/healthz").json["last_good_run"] is None
    run_job("make-due-tasks", clock.today())
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json["status"] == "ok" and answer.json["last_good_run"]
    assert db.session.query(LoginFailure).count() == 0


def test_healthz_is_503_when_nothing_can_be_written(client, monkeypatch):
    def fail(**_named):
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(health, "check_writing", fail)
    answer = client.get("/healthz")
    assert answer.status_code == 503 and answer.json["status"] == "数据库不能写入"


def test_healthz_is_503_when_the_disk_is_nearly_full(client, monkeypatch):
    monkeypatch.setattr(health, "LEAST_SPACE", 2**70)
    assert client.get("/healthz").status_code == 503


def test_healthz_sets_no_cookie(client):
    assert "Set-Cookie" not in client.get("/healthz").headers


def test_metrics_are_off_unless_configured(app, client):
    assert client.get("/metrics").status_code == 404
    app.config["METRICS"] = True
    assert "familydoc_last_good_run_timestamp_seconds" in client.get("/metrics").text


def test_banner_appears_when_no_night_succeeded_for_26_hours(app, as_, morning):
    run_job("make-due-tasks", clock.today())
    assert "夜间任务超过" not in as_("chen").get("/password").text
    morning.shift(timedelta(hours=27))
    assert "夜间任务超过 26 小时" in as_("chen").get("/password").text


def test_administrator_sees_the_runs(app, as_):
    run_job("make-due-tasks", clock.today())
    assert "生成随访任务" in as_("admin").get("/jobs").text


@pytest.mark.parametrize("username", ["chen", "zhao", "sun", "wu"])
def test_others_do_not_see_the_runs(as_, username):
    assert as_(username).get("/jobs").status_code == 404


def test_database_away_is_503_and_keeps_what_was_typed(app, as_, monkeypatch):
    from familydoc.web import task_contacts

    def fail(*_given, **_named):
        raise OperationalError("SELECT", {}, Exception("gone"))

    client = as_("chen")
    monkeypatch.setattr(task_contacts, "find_task", fail)
    answer = client.post("/tasks/1/contact", data={"note": "写了半天"})
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert "写了半天" in answer.text
