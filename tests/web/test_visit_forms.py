"""The visit form of every programme: what it asks, what it says, what it refuses."""

import re
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import event

from familydoc.extensions import db
from familydoc.models.enrolments import Enrolment
from familydoc.models.tasks import Task
from familydoc.models.visits import Visit
from familydoc.rules.programmes import load_programmes
from familydoc.transaction import transaction
from tests.cast import make_enrolment, make_resident, make_task
from tests.web.test_visits import data_of, form_of

TODAY = date(2026, 11, 21)
LMP = date(2026, 7, 1)


def visit_of(resident, **answers):
    """Give a form with nothing of a programme in it but these answers."""
    head = {"uid": str(uuid.uuid4()), "resident": resident.uid, "way": "2"}
    return head | {"visit_date": "2026-11-21"} | answers


def new_form(client, resident):
    return client.get(f"/residents/{resident.uid}/visits/new").text


def input_of(page, name):
    return next(tag for tag in re.findall(r"<input[^>]*>", page) if f'name="{name}"' in tag)


@pytest.fixture
def child(app):
    """A boy of exactly twelve months."""
    boy = make_resident("张小宝", date(2025, 11, 21))
    make_enrolment(boy, "child", since=date(2025, 11, 21), next_due_on=TODAY)
    return boy


@pytest.fixture
def mother(app):
    """A woman in the 21st week."""
    woman = make_resident("刘小芳", date(1996, 5, 20))
    with transaction():
        woman.sex = "female"
    make_enrolment(
        woman,
        "maternal",
        since=LMP,
        facts={"lmp": LMP.isoformat()},
        next_due_on=LMP + timedelta(days=146),
    )
    return woman


@pytest.fixture
def old(app):
    """A man of 68 managed in four programmes."""
    man = make_resident()
    for code in ("hypertension", "diabetes", "elderly", "tcm_elderly"):
        make_enrolment(man, code)
    return man


# --- every programme ------------------------------------------------------------------------


@pytest.mark.parametrize("code", load_programmes())
def test_form_of_every_programme_opens_and_can_be_sent_empty(as_, code):
    months = load_programmes()[code].intake.months_to
    resident = make_resident("张三", date(2025, 9, 1) if months else date(1950, 3, 5))
    make_enrolment(resident, code, facts={"lmp": "2026-07-01"})
    client = as_("jia")
    page = new_form(client, resident)
    assert f'data-programme="{code}"' in page
    assert "None" not in re.sub(r"<script.*?</script>", "", page, flags=re.S)
    empty = client.post("/visits", data=visit_of(resident))
    assert empty.status_code == 422 and "还没有填任何内容" in empty.text
    noted = client.post("/visits", data=visit_of(resident, notes="没有见到人"))
    assert noted.status_code in (303, 422)
    if noted.status_code == 422:
        assert "没有填" in noted.text and "没有见到人" in noted.text


def test_programme_without_classes_says_so_by_saying_nothing(as_, child):
    client = as_("jia")
    form = visit_of(child, child_weight="9.6", child_nutrition="1")
    page = client.post("/visits/preview", data=form).text
    assert "此次分类" not in page and "None" not in page
    assert "2027年5月21日前18 月龄健康检查" in page
    stored = client.get(client.post("/visits", data=form).headers["Location"]).text
    assert "此次分类" not in stored and "不需要转诊" in stored
    assert "None" not in client.get("/visits").text


def test_week_and_month_stand_in_the_form(as_, mother, child):
    client = as_("jia")
    assert "末次月经 2026-07-01，孕 20 周 3 天" in new_form(client, mother)
    assert "12 月龄" in new_form(client, child)


def test_facts_of_the_enrolment_reach_the_browser(as_, mother):
    data = data_of(new_form(as_("jia"), mother))
    assert data["facts"] == {"maternal": {"lmp": "2026-07-01"}}


def test_fields_that_follow_another_answer_are_hidden_when_it_says_otherwise(as_, mother):
    client = as_("jia")
    first = new_form(client, mother)
    assert "hidden" not in re.search(r"<div[^>]*data-follows=[^>]*>", first).group(0)
    after = client.post(
        "/visits/preview", data=visit_of(mother, stage="4", delivery_date="2026-11-11")
    ).text
    slots = re.findall(r'<div class="slot[^>]*data-values="([^"]*)"( hidden)?>', after)
    assert ("2", " hidden") in slots and ("4,5", "") in slots
    assert "12月23日前随访" in after


def test_field_another_programme_asks_anyway_follows_nothing(as_, mother):
    make_enrolment(mother, "hypertension")
    page = new_form(as_("jia"), mother)
    slot = re.search(r'<div class="slot[^>]*>\s*<input[^>]*name="sbp"', page).group(0)
    assert "data-follows" not in slot


# --- dates and moments ----------------------------------------------------------------------


def test_dates_and_moments_have_inputs_of_their_own(as_, mother):
    assert 'type="date"' in input_of(new_form(as_("jia"), mother), "delivery_date")
    patient = make_resident("李二旦", date(1980, 1, 1))
    make_enrolment(patient, "tuberculosis")
    assert 'type="datetime-local"' in input_of(new_form(as_("jia"), patient), "received_at")


def test_date_nobody_can_read_is_kept_as_it_was_typed(as_, mother):
    form = visit_of(mother, stage="4", delivery_date="十一月十日")
    answer = as_("jia").post("/visits", data=form)
    assert answer.status_code == 422 and "分娩日期应是日期" in answer.text
    kept = input_of(answer.text, "delivery_date")
    assert 'value="十一月十日"' in kept and 'type="text"' in kept


def test_seventy_two_hours_are_shown_to_the_minute(as_):
    patient = make_resident("李二旦", date(1980, 1, 1))
    make_enrolment(patient, "tuberculosis", since=date(2026, 11, 20))
    form = visit_of(
        patient,
        visit_date="2026-11-20",
        event="notice",
        received_at="2026-11-20T14:30",
        phase="intensive",
        supervisor="2",
    )
    client = as_("jia")
    assert "11月23日14:30前入户访视" in client.post("/visits/preview", data=form).text
    stored = client.get(client.post("/visits", data=form).headers["Location"]).text
    assert "肺结核入户访视，11月23日14:30前" in stored
    corrected = client.get(f"/visits/{form['uid']}/correct").text
    assert 'value="2026-11-20T14:30"' in input_of(corrected, "received_at")


# --- which programmes a visit counts for ----------------------------------------------------


def test_four_programmes_are_one_short_form(as_, old):
    task = make_task(db.session.query(Enrolment).filter_by(programme="elderly").one(), TODAY)
    page = as_("jia").get(f"/residents/{old.uid}/visits/new?task={task.id}").text
    parts = re.findall(r'<(section|details)[^>]*data-programme="([a-z_]+)"( open)?', page)
    assert parts[0][:2] == ("section", "elderly")
    assert {(tag, opened) for tag, _, opened in parts[1:]} == {("details", "")}
    assert page.count('name="sbp"') == 1
    assert page.count("没有到期的任务") == 3


def test_what_was_not_measured_stays_open_and_says_what_is_missing(as_, old):
    for enrolment in db.session.query(Enrolment):
        kind = "exam" if enrolment.programme in ("elderly", "tcm_elderly") else "regular"
        make_task(enrolment, TODAY, kind)
    client = as_("jia")
    form = form_of(old)
    page = client.post("/visits/preview", data=form).text
    assert "没有空腹血糖：糖尿病随访仍未完成" in page
    assert "等 34 项：老年中医药 · 中医体质辨识仍未完成" in page
    client.post("/visits", data=form)
    states = {t.programme: t.state for t in db.session.query(Task)}
    assert states["hypertension"] == "done"
    assert states["diabetes"] == states["elderly"] == states["tcm_elderly"] == "open"


def test_nothing_measured_names_only_what_was_begun(as_, old):
    for enrolment in db.session.query(Enrolment).filter_by(programme="diabetes"):
        with transaction():
            db.session.delete(enrolment)
    answer = as_("jia").post("/visits", data=visit_of(old, weight="60"))
    assert answer.status_code == 422
    assert "收缩压没有填" in answer.text and "精力充沛没有填" not in answer.text


def test_task_has_the_name_of_its_step(as_, child):
    make_task(db.session.query(Enrolment).filter_by(programme="child").one(), TODAY)
    client = as_("jia")
    form = visit_of(child, child_weight="9.6")
    assert "12 月龄健康检查" in client.post("/visits/preview", data=form).text
    stored = client.get(client.post("/visits", data=form).headers["Location"]).text
    assert "12 月龄健康检查（11月21日到期）" in stored


def test_visit_before_the_window_of_a_step_leaves_its_task_open(as_, mother):
    enrolment = db.session.query(Enrolment).filter_by(programme="maternal").one()
    due = date(2026, 11, 1) + timedelta(days=42)
    task = make_task(enrolment, due)
    client = as_("jia")
    form = visit_of(mother, stage="4", delivery_date="2026-11-01", maternal_overall="1")
    assert "还没到做这一项的时候" in client.post("/visits/preview", data=form).text
    client.post("/visits", data=form)
    db.session.refresh(task)
    assert task.state == "open"
    assert db.session.query(Enrolment).one().next_due_on == due


def test_day_42_ends_the_management(as_, mother):
    form = visit_of(mother, stage="5", delivery_date="2026-10-10", maternal_overall="1")
    client = as_("jia")
    page = client.get(client.post("/visits", data=form).headers["Location"]).text
    assert "结束管理：产后 42 天检查完成" in page
    enrolment = db.session.query(Enrolment).one()
    assert (enrolment.state, enrolment.reason) == ("ended", "产后 42 天检查完成")


# --- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("1958-03-04", "随访日期早于出生日期"),
        ("2024-12-31", "才纳入高血压管理，随访日期不能早于这一天"),
        ("2026-11-22", "还没有到"),
        ("2026-11-01", "请写补录原因"),
    ],
)
def test_visit_on_an_impossible_day_is_refused_with_a_sentence(as_, day, sentence):
    resident = make_resident()
    make_enrolment(resident)
    reason = {} if "补录" in sentence else {"late_reason": "补录旧表"}
    sent = form_of(resident, visit_date=day, **reason)
    answer = as_("jia").post("/visits", data=sent)
    assert answer.status_code == 422 and sentence in answer.text
    assert 'value="132"' in answer.text and db.session.query(Visit).count() == 0


def test_visit_counts_only_for_programmes_begun_by_then(as_):
    resident = make_resident()
    make_enrolment(resident)
    make_enrolment(resident, "diabetes", since=date(2026, 11, 20))
    sent = form_of(resident, visit_date="2026-11-18", fpg="6.1")
    page = as_("jia").post("/visits/preview", data=sent).text
    assert 'data-result="hypertension"' in page and 'data-result="diabetes"' not in page


def test_visit_after_death_is_refused(as_):
    resident = make_resident(state="deceased", state_since=date(2026, 11, 10))
    make_enrolment(resident)
    answer = as_("jia").post("/visits", data=form_of(resident))
    assert answer.status_code == 422 and "居民已登记为死亡" in answer.text


def test_late_visit_is_accepted_with_its_reason_and_flagged(as_):
    resident = make_resident()
    make_enrolment(resident)
    sent = form_of(resident, visit_date="2026-11-13", late_reason="下乡没有信号")
    client = as_("jia")
    assert client.post("/visits", data=sent).status_code == 303
    assert db.session.query(Visit).one().late_entry is True
    assert "补录" in client.get("/visits?late=1").text


# --- after an urgent visit ------------------------------------------------------------------


def test_urgent_visit_offers_the_slip_at_once(as_, child):
    form = visit_of(child, child_weight="9.6", danger_handled="1", **{"child.danger_sign": "true"})
    client = as_("jia")
    page = client.get(client.post("/visits", data=form).headers["Location"]).text
    assert "打印转诊单" in page and re.search(r'href="/referrals/[^"]+/letter"', page)
    calm = visit_of(child, child_weight="9.6")
    assert "打印转诊单" not in client.get(f"/visits/{calm['uid']}", follow_redirects=True).text


# --- what it costs --------------------------------------------------------------------------


def test_visit_of_three_programmes_takes_few_statements(as_, old):
    client = as_("jia")
    client.post("/visits", data=form_of(old, fpg="6.1", visit_date="2026-11-19"))
    seen = []

    def note(_conn, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    assert client.post("/visits", data=form_of(old, fpg="6.1")).status_code == 303
    event.remove(db.engine, "before_cursor_execute", note)
    assert len(seen) <= 32, "\n".join(seen)
