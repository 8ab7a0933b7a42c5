"""Pages of care that waits, of who comes back, and of who may be lost."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from familydoc import clock
from familydoc.extensions import db
from familydoc.models.contacts import ContactAttempt
from familydoc.models.pauses import CarePause
from familydoc.models.residents import Resident
from familydoc.models.tasks import Task
from familydoc.transaction import transaction
from tests.cast import add, make_enrolment, make_resident, make_task

TODAY = date(2026, 11, 21)
HOSPITAL = {"kind": "hospital", "on": "2026-11-20", "until": "", "reason": "县医院心内科"}


@pytest.fixture
def zhang(app):
    resident = make_resident(phone="13800138000")
    for programme in ("hypertension", "diabetes"):
        make_task(make_enrolment(resident, programme, next_due_on=TODAY), TODAY)
    return resident


def open_tasks():
    db.session.expire_all()
    query = select(Task.programme).where(Task.state == "open")
    return sorted(db.session.scalars(query))


def in_force():
    query = select(CarePause).where(CarePause.ended_at.is_(None))
    return len(db.session.scalars(query).all())


def test_stay_in_hospital_pauses_every_programme_and_the_discharge_ends_it(zhang, as_):
    client, here = as_("jia"), f"/residents/{zhang.uid}"
    assert "住院" in client.get(f"{here}/pause").text
    assert client.post(f"{here}/pause", data=HOSPITAL).status_code == 303
    assert open_tasks() == [] and in_force() == 2
    page = client.get(here).text
    assert "住院中，2 项管理暂停" in page and "县医院心内科" in page
    assert "张" not in client.get("/tasks").text.split('id="task-list"')[1].split("<aside")[0]
    assert "县医院心内科" in client.get("/residents/paused").text
    assert "高血压" in client.get(f"{here}/return?kind=hospital").text
    done = client.post(f"{here}/return", data={"kind": "hospital", "on": "2026-11-21"})
    assert done.status_code == 303 and in_force() == 0
    assert open_tasks() == ["diabetes", "hypertension"]
    assert "高血压管理恢复" in client.get(here).text


def test_refused_programme_waits_and_the_other_goes_on(zhang, as_):
    client, here = as_("jia"), f"/residents/{zhang.uid}"
    data = {
        "kind": "refused",
        "programmes": "diabetes",
        "on": "2026-11-21",
        "reason": "在市里看病",
    }
    assert client.post(f"{here}/pause", data=data).status_code == 303
    assert open_tasks() == ["hypertension"]
    page = client.get(here).text
    assert "糖尿病管理暂停：拒绝随访" in page and "2027年2月21日再问" in page
    assert "再问" in client.get("/residents/paused").text


def test_leader_takes_a_mistake_back_with_a_reason(zhang, as_):
    client, here = as_("chen"), f"/residents/{zhang.uid}"
    client.post(f"{here}/pause", data=HOSPITAL)
    assert as_("jia").post(f"{here}/pause/undo", data={"reason": "登记错了"}).status_code == 404
    refused = client.post(f"{here}/pause/undo", data={"kind": "hospital", "reason": ""})
    assert refused.status_code == 422 and "为什么撤销" in refused.text
    done = client.post(f"{here}/pause/undo", data={"kind": "hospital", "reason": "登记错了"})
    assert done.status_code == 303 and open_tasks() == ["diabetes", "hypertension"]
    assert "撤销暂停" in client.get(here).text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": ""}, "请选为什么暂停"),
        ({"on": ""}, "存在的日期"),
        ({"on": "2026-12-01"}, "还没有到"),
        ({"until": "2026-02-30"}, "存在的日期"),
        ({"until": "2026-11-01"}, "已经过了"),
        ({"kind": "refused"}, "请选要暂停的管理项目"),
        ({"kind": "other", "programmes": "diabetes", "reason": ""}, "请写明原因"),
    ],
)
def test_bad_pause_keeps_what_was_typed(zhang, as_, changes, sentence):
    answer = as_("jia").post(f"/residents/{zhang.uid}/pause", data=HOSPITAL | changes)
    assert answer.status_code == 422 and sentence in answer.text
    kept = (HOSPITAL | changes)["reason"]
    assert kept in answer.text and in_force() == 0 and len(open_tasks()) == 2


def test_return_of_nobody_says_so(zhang, as_):
    client = as_("jia")
    assert "没有暂停的管理项目" in client.get(f"/residents/{zhang.uid}/return").text
    assert client.post(f"/residents/{zhang.uid}/return", data={"on": "2026-11-21"}).status_code == (
        410
    )
    nobody = make_resident("李四")
    assert "没有可以暂停" in client.get(f"/residents/{nobody.uid}/pause").text


def test_back_this_month_shows_telephone_and_what_is_due(zhang, as_):
    client, here = as_("jia"), f"/residents/{zhang.uid}"
    client.post(f"{here}/state", data={"state": "away", "on": "2026-11-20", "until": "2026-11-28"})
    client.get(here)  # the message that says so is told once
    page = client.get("/residents/returning").text
    assert "11月28日回来" in page and "tel:13800138000" in page and "高血压" in page
    assert "张建国" not in page
    assert "张" not in as_("wu").get("/residents/returning").text.split("<h1>")[1]
    assert "城关一队" in as_("zhao").get("/residents/returning").text
    client.post(f"{here}/state", data={"state": "present", "on": "2026-11-21"})
    assert "本月已经回来" in client.get("/residents/returning").text


def test_leader_takes_an_absence_back(zhang, as_):
    client, here = as_("chen"), f"/residents/{zhang.uid}"
    client.post(f"{here}/state", data={"state": "away", "on": "2026-11-20", "until": "2026-11-28"})
    assert "撤销外出" in client.get(f"{here}/state").text
    assert "登记“外出”以前" in client.get(f"{here}/undo").text
    assert client.post(f"{here}/undo", data={"reason": "没有走"}).status_code == 303
    db.session.expire_all()
    assert db.session.scalars(select(Resident)).one().state == "present"


@pytest.fixture
def not_found(app):
    """Somebody with a mental disorder whom three visits have not found."""
    resident = make_resident("王五")
    make_enrolment(resident, "severe_mental_disorder")
    with transaction():
        for days in (30, 20, 10):
            add(
                ContactAttempt(
                    uid=f"k{days}",
                    resident_id=resident.id,
                    at=clock.now() - timedelta(days=days),
                    way=2,
                    outcome="no_answer",
                )
            )
    return resident


def test_three_failed_visits_propose_a_loss_to_the_own_team(not_found, as_):
    client, here = as_("jia"), f"/residents/{not_found.uid}"
    assert "连续 3 次上门没有见到" in client.get(here).text
    assert "登记失访" in client.get("/residents/paused").text
    form = client.get(f"{here}/state?state=lost").text
    assert "连续 3 次上门没有见到" in form
    data = {"state": "lost", "on": "2026-11-21", "reason": "连续 3 次上门没有见到"}
    assert client.post(f"{here}/state", data=data).status_code == 303
    assert "登记失访" not in client.get("/residents/paused").text


@pytest.mark.parametrize("username", ["zhao", "sun"])
def test_proposal_does_not_give_the_diagnosis_away(not_found, as_, username):
    client = as_(username)
    for path in ("/residents/paused", f"/residents/{not_found.uid}"):
        page = client.get(path).text
        assert "没有见到" not in page and "精神" not in page


@pytest.mark.parametrize("username", ["zhao", "sun"])
def test_pause_of_a_private_programme_is_told_discreetly(not_found, as_, username):
    here = f"/residents/{not_found.uid}"
    data = HOSPITAL | {"reason": "市精神卫生中心"}
    assert as_("jia").post(f"{here}/pause", data=data).status_code == 303
    client = as_(username)
    for path in ("/residents/paused", here):
        page = client.get(path).text
        assert "专项随访" in page and "精神" not in page and "severe_mental" not in page
    assert "市精神卫生中心" in as_("jia").get(here).text
