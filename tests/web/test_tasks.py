"""The today list: who is on it, in which order, and that every number is its list."""

import re
from datetime import date, timedelta

import pytest

from familydoc import clock
from familydoc.extensions import db
from familydoc.models.contacts import ContactAttempt
from familydoc.models.referrals import Referral
from familydoc.models.tasks import Task
from familydoc.models.visits import Visit
from familydoc.queries import today as queries
from familydoc.transaction import transaction
from tests.cast import NANGOU, account, add, make_enrolment, make_resident, make_task, staff

TODAY = date(2026, 11, 21)


def owe(name, days, kind="regular", **columns):
    """A resident of 城关村 with one task due `days` from today."""
    resident = make_resident(name, phone="13800138000")
    return make_task(make_enrolment(resident), TODAY + timedelta(days=days), kind, **columns)


def names(page):
    return re.findall(r'class="who"[^>]*>([^<]+)<', page.text)


def number(page):
    return int(re.search(r'data-count="(\d+)"', page.text)[1])


def test_list_puts_danger_first_then_the_longest_overdue(as_):
    owe("赵今天", 0)
    owe("钱以后", 9)
    owe("孙逾期", -3)
    owe("李更久", -30)
    owe("周危险", 5, "referral_fu", rank=0, window_start=TODAY)
    owe("吴太远", 40)
    assert names(as_("chen").get("/tasks")) == ["周**", "李**", "孙**", "赵**", "钱**"]


def test_card_shows_no_whole_name_and_no_number(as_):
    owe("司马相如", -1)
    page = as_("chen").get("/tasks").text
    assert "司马相如" not in page
    assert "tel:13800138000" in page and ">13800138000" not in page


@pytest.mark.parametrize(
    ("which", "days"), [("overdue", -1), ("today", 0), ("soon", 14), ("soon", 1)]
)
def test_total_opens_the_list_it_counts(as_, which, days):
    owe("张建国", days)
    client = as_("chen")
    assert number(client.get(f"/tasks?list={which}")) == 1
    others = {"overdue", "today", "soon"} - {which}
    assert all("data-count" not in client.get(f"/tasks?list={o}").text for o in others)


def test_two_tasks_of_one_person_are_one_card(as_):
    resident = make_resident("张建国")
    make_task(make_enrolment(resident), TODAY - timedelta(days=2))
    make_task(make_enrolment(resident, "diabetes"), TODAY + timedelta(days=3))
    page = as_("chen").get("/tasks")
    assert names(page) == ["张**"] and number(page) == 1
    assert "高血压 · 定期随访" in page.text and "糖尿病 · 定期随访" in page.text


@pytest.mark.parametrize("state", ["away", "lost", "moved", "deceased"])
def test_who_is_not_here_is_not_on_the_list(as_, state):
    task = owe("张建国", -1)
    with transaction():
        task.resident.state = state
    assert names(as_("chen").get("/tasks")) == []


def test_member_starts_with_own_tasks_and_leader_with_the_team(as_):
    owe("张建国", -1)
    assert names(as_("yun").get("/tasks")) == []
    assert names(as_("yun").get("/tasks?whose=team")) == ["张**"]
    assert names(as_("jia").get("/tasks")) == ["张**"]
    assert names(as_("chen").get("/tasks")) == ["张**"]


@pytest.mark.parametrize("outsider", ["li", "wu"])
def test_another_team_sees_nothing_of_it(as_, outsider):
    task = owe("张建国", -1)
    client = as_(outsider)
    assert names(client.get("/tasks")) == []
    assert client.get(f"/tasks/{task.id}/contact").status_code == 404
    assert client.post(f"/tasks/{task.id}/contact", data={"outcome": "reached"}).status_code == 404


def test_pages_by_key_show_everybody_once(app, as_):
    for place in range(queries.PAGE + 5):
        owe(f"王{chr(0x4E00 + place)}", -place % 7)
    client, seen, address = as_("chen"), [], "/tasks"
    while address:
        page = client.get(address)
        seen += re.findall(r'href="/residents/([0-9a-f-]{36})"', page.text)
        found = re.search(r'href="([^"]*after=[^"]*)" rel="next"', page.text)
        address = found[1].replace("&amp;", "&") if found else None
    assert len(seen) == len(set(seen)) == queries.PAGE + 5 == number(client.get("/tasks"))


@pytest.mark.parametrize("key", ["x", "1|2|3", "0|2026-02-30|1", "9" * 40, "|||", "0|2026-11-21|١"])
def test_a_key_that_makes_no_sense_starts_from_the_top(as_, key):
    owe("张建国", -1)
    assert names(as_("chen").get("/tasks", query_string={"after": key})) == ["张**"]


@pytest.mark.parametrize("group", ["village", "household"])
def test_groups_put_people_under_their_village(as_, group):
    owe("张建国", -1)
    resident = make_resident("刘海", village=NANGOU)
    make_task(make_enrolment(resident), TODAY)
    page = as_("chen").get(f"/tasks?group={group}")
    assert [heading[:3] for heading in re.findall(r"<h2>([^<]+) <", page.text)] == [
        "城关村",
        "南沟村",
    ]


def test_village_narrows_list_and_totals(as_):
    owe("张建国", -1)
    make_task(make_enrolment(make_resident("刘海", village=NANGOU)), TODAY)
    page = as_("chen").get(f"/tasks?village={NANGOU}")
    assert names(page) == ["刘*"] and number(page) == 1


def test_call_with_a_day_to_try_again_takes_the_person_off_until_then(as_, morning):
    task, client = owe("张建国", -1), as_("chen")
    data = {"uid": "call-1", "outcome": "no_answer", "remind_on": "2026-11-25", "note": "没人接"}
    for _ in range(2):
        assert client.post(f"/tasks/{task.id}/contact", data=data).status_code == 303
    assert db.session.query(ContactAttempt).count() == 1
    assert names(client.get("/tasks")) == []
    assert names(client.get("/tasks?list=later")) == ["张**"]
    morning.shift(timedelta(days=4))
    assert names(as_("chen").get("/tasks")) == ["张**"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "请选联系的结果"),
        ({"outcome": "reached", "remind_on": "2026-11-21"}, "要在今天以后"),
        ({"outcome": "reached", "remind_on": "2026-02-30"}, "请选一个日期"),
        ({"outcome": "nonsense"}, "error"),
    ],
)
def test_bad_call_keeps_what_was_typed(as_, data, sentence):
    task = owe("张建国", -1)
    answer = as_("chen").post(f"/tasks/{task.id}/contact", data=data | {"note": "写了半天"})
    assert answer.status_code == 422
    assert sentence in answer.text and "写了半天" in answer.text
    assert db.session.query(ContactAttempt).count() == 0


def refer(task):
    with transaction():
        visit = add(
            Visit(
                uid="v",
                resident_id=task.resident_id,
                visit_date=TODAY,
                way=1,
                answers={},
                recorded_at=clock.now(),
            )
        )
        return add(
            Referral(
                uid="r",
                resident_id=task.resident_id,
                programme="hypertension",
                visit_id=visit.id,
                urgency="routine",
                opened_on=TODAY,
                check_due_on=TODAY,
            )
        )


def test_referral_check_closes_its_task_with_the_outcome(as_):
    task = owe("张建国", 5, "referral_fu", rank=0, window_start=TODAY)
    refer(task)
    client = as_("jia")
    assert "病人去了没有" in client.get(f"/tasks/{task.id}/referral").text
    assert client.post(f"/tasks/{task.id}/referral", data={}).status_code == 422
    data = {"outcome": "went", "result": "已调药"}
    assert client.post(f"/tasks/{task.id}/referral", data=data).status_code == 303
    task, referral = db.session.get(Task, task.id), db.session.query(Referral).one()
    assert (task.state, task.closed_on) == ("done", TODAY)
    assert (referral.state, referral.outcome, referral.result) == ("closed", "went", "已调药")
    assert client.post(f"/tasks/{task.id}/referral", data=data).status_code == 404


@pytest.mark.parametrize("state", ["due", "done_on_time", "done_late", "overdue", "missed"])
def test_list_behind_a_number_of_the_leader_counts_its_rows(as_, state):
    fates = {
        "done_on_time": {"state": "done", "closed_on": date(2026, 11, 2)},
        "done_late": {"state": "done", "closed_on": date(2026, 11, 20)},
        "overdue": {},
        "missed": {"state": "missed"},
    }
    for fate in fates.values():
        make_task(make_enrolment(make_resident()), date(2026, 11, 3), **fate)
    page = as_("chen").get(f"/tasks?period=month&state={state}&member={staff('jia').id}")
    rows = page.text.count("<tr><td>")
    assert number(page) == rows == (4 if state == "due" else 1)


def test_empty_list_says_what_to_do_next(as_):
    assert "现在没有要见的人" in as_("chen").get("/tasks").text


def test_htmx_gets_the_fragment_only(as_):
    fragment = as_("chen").get("/tasks", headers={"HX-Request": "true"})
    assert fragment.text.strip().startswith('<div id="task-list">') and "<html" not in fragment.text


def test_numbers_beyond_the_database_are_not_there(as_):
    client = as_("chen")
    for odd in (2**31, 2**63, 10**30):
        assert client.get(f"/tasks/{odd}/contact").status_code == 404


def test_counting_and_listing_agree_for_every_member(app):
    owe("张建国", -1)
    owe("李更久", 3, "referral_fu", rank=0, window_start=TODAY)
    for username in ("chen", "jia", "zhao", "sun", "wu"):
        for which in queries.LISTS:
            wanted = queries.Wanted(on=TODAY, which=which)
            rows = queries.list_people(account(username), wanted).rows
            assert queries.count_people(account(username), wanted) == len(rows)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"outcome": "refused"}, "请选为什么拒绝"),
        ({"outcome": "later"}, "约了哪一天"),
        ({"outcome": "wrong_number", "telephone": "12"}, "电话"),
        ({"outcome": "away", "until": "2026-02-30"}, "请选一个日期"),
        ({"outcome": "reached", "way": "9"}, "怎么联系的"),
    ],
)
def test_outcome_asks_for_what_belongs_to_it(as_, data, sentence):
    task = owe("张建国", -1)
    answer = as_("chen").post(f"/tasks/{task.id}/contact", data=data | {"note": "写了半天"})
    assert answer.status_code == 422
    assert sentence in answer.text and "写了半天" in answer.text


def test_refusal_of_the_programme_pauses_it_once(as_):
    task, client = owe("张建国", -1), as_("chen")
    data = {"uid": "c1", "outcome": "refused", "reason": "treated_elsewhere", "stop": "y"}
    assert client.post(f"/tasks/{task.id}/contact", data=data).status_code == 303
    task = db.session.get(Task, task.id)
    assert (task.state, task.reason, task.enrolment.state) == ("cancelled", "refused", "suspended")
    assert client.post(f"/tasks/{task.id}/contact", data=data).status_code == 404
    page = client.get(f"/residents/{task.resident.uid}").text
    assert "拒绝随访（在别处看病）" in page and "高血压管理暂停：拒绝随访" in page


def test_somebody_away_is_written_down_as_away_next(as_):
    task, client = owe("张建国", -1), as_("chen")
    data = {"outcome": "away", "reason": "work", "until": "2026-12-20"}
    answer = client.post(f"/tasks/{task.id}/contact", data=data)
    uid = task.resident.uid
    assert answer.headers["Location"] == f"/residents/{uid}/state?state=away&until=2026-12-20"
    page = client.get(answer.headers["Location"]).text
    assert 'value="2026-12-20"' in page and re.search(r'checked[^>]*value="away"', page)


def test_wrong_number_is_replaced_by_the_new_one(as_):
    task, client = owe("张建国", -1), as_("chen")
    data = {"outcome": "wrong_number", "telephone": "139 4711 2233"}
    assert client.post(f"/tasks/{task.id}/contact", data=data).status_code == 303
    assert "13947112233" in client.get(f"/residents/{task.resident.uid}").text


def test_call_to_somebody_away_can_be_the_follow_up(as_):
    task, client = owe("张建国", 5), as_("chen")
    uid = task.resident.uid
    away = {"state": "away", "on": "2026-11-20", "until": "2026-12-20"}
    client.post(f"/residents/{uid}/state", data=away)
    page = client.get("/tasks")
    assert names(page) == ["张**"] and "外出" in page.text
    assert number(page) == 1
    answer = client.post(f"/tasks/{task.id}/contact", data={"outcome": "reached", "done": "y"})
    assert answer.status_code == 303 and db.session.get(Task, task.id).state == "done"
    assert names(client.get("/tasks")) == []


def test_what_is_due_after_the_return_waits_off_the_list(as_):
    task, client = owe("张建国", 9), as_("chen")
    away = {"state": "away", "on": "2026-11-20", "until": "2026-11-25"}
    client.post(f"/residents/{task.resident.uid}/state", data=away)
    assert names(client.get("/tasks")) == []


def test_report_upward_is_done_when_somebody_says_to_whom(as_):
    task, client = owe("张建国", 0, "report"), as_("jia")
    assert f"/tasks/{task.id}/report" in client.get("/tasks?whose=team").text
    address = f"/tasks/{task.id}/report"
    assert "登记上报" in client.get(address).text
    assert client.post(address, data={"told": " "}).status_code == 422
    assert client.post(address, data={"told": "县疾控中心 李医生"}).status_code == 303
    stored = db.session.get(Task, task.id)
    assert (stored.state, stored.reason) == ("done", "报县疾控中心 李医生")
    assert client.post(address, data={"told": "县疾控中心 李医生"}).status_code == 404


def test_only_a_report_is_reported(as_):
    task = owe("张建国", 0)
    assert as_("jia").get(f"/tasks/{task.id}/report").status_code == 404
