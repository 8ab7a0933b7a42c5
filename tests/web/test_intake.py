"""Taking somebody into a programme on the screen: what fits, what must be known, what follows."""

from datetime import UTC, date, datetime

import pytest

from familydoc.extensions import db
from familydoc.models.enrolments import Enrolment
from familydoc.models.tasks import Task
from familydoc.rules.privacy import sign_of
from familydoc.transaction import transaction
from tests.cast import make_resident


def somebody(birth, sex):
    resident = make_resident("李桂花", birth)
    with transaction():
        resident.sex = sex
    return resident


@pytest.fixture
def woman(app):
    return somebody(date(1996, 4, 2), "female")


def enrolments(resident):
    db.session.rollback()
    return db.session.query(Enrolment).filter_by(resident_id=resident.id).all()


def test_page_offers_what_fits_age_and_sex(woman, as_):
    page = as_("jia").get(f"/residents/{woman.uid}/enrolments/new").text
    assert "孕产妇" in page and "末次月经" in page and "肺结核" in page
    assert "老年人" not in page and "儿童" not in page
    man = somebody(date(1958, 3, 5), "male")
    page = as_("jia").get(f"/residents/{man.uid}/enrolments/new").text
    assert "老年人" in page and "孕产妇" not in page


def test_pregnancy_is_asked_for_its_last_period_and_keeps_what_was_typed(woman, as_):
    client, address = as_("jia"), f"/residents/{woman.uid}/enrolments"
    data = {"programme": "maternal", "since": "2026-11-21"}
    answer = client.post(address, data=data)
    assert answer.status_code == 422 and "没有填，填了才能纳入管理" in answer.text
    answer = client.post(address, data={**data, "maternal.lmp": "2026-12-24"})
    assert answer.status_code == 422 and 'value="2026-12-24"' in answer.text
    assert enrolments(woman) == []
    answer = client.post(address, data={**data, "maternal.lmp": "2026-09-01"})
    assert answer.status_code == 303
    (one,) = enrolments(woman)
    assert one.facts == {"lmp": "2026-09-01"}
    assert one.next_due_on == date(2026, 11, 30)  # 12 weeks and 6 days


def test_man_is_not_taken_in_as_pregnant(app, as_):
    man = somebody(date(1990, 1, 1), "male")
    data = {"programme": "maternal", "maternal.lmp": "2026-09-01"}
    answer = as_("jia").post(f"/residents/{man.uid}/enrolments", data=data)
    assert answer.status_code == 422 and "性别" in answer.text


def test_tuberculosis_makes_the_first_visit_due_72_hours_after_the_notice(woman, as_):
    data = {
        "programme": sign_of("tuberculosis"),
        "tuberculosis.received_at": "2026-11-20T09:30",
    }
    assert as_("jia").post(f"/residents/{woman.uid}/enrolments", data=data).status_code == 303
    (one,) = enrolments(woman)
    task = db.session.query(Task).filter_by(enrolment_id=one.id).one()
    assert (task.kind, task.due_on) == ("home_visit", date(2026, 11, 23))
    assert task.due_at == datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    assert one.next_due_on is None


def test_ticked_diseases_are_kept(app, as_):
    man = somebody(date(1950, 1, 1), "male")
    client, address = as_("jia"), f"/residents/{man.uid}/enrolments"
    assert client.post(address, data={"programme": "other_chronic"}).status_code == 422
    data = {"programme": "other_chronic", "other_chronic.chronic_diseases": ["1", "3"]}
    assert client.post(address, data=data).status_code == 303
    (one,) = enrolments(man)
    assert len(one.facts["chronic_diseases"]) == 2


@pytest.mark.parametrize("since", ["2026-11-22", "1990-01-01", "昨天"])
def test_impossible_day_of_intake_gets_a_sentence(woman, as_, since):
    data = {"programme": "hypertension", "since": since}
    answer = as_("jia").post(f"/residents/{woman.uid}/enrolments", data=data)
    assert answer.status_code == 422 and "纳入日期应是" in answer.text


def test_outsider_finds_nobody(woman, as_):
    address = f"/residents/{woman.uid}/enrolments"
    assert as_("wu").get(f"{address}/new").status_code == 404
    assert as_("wu").post(address, data={"programme": "hypertension"}).status_code == 404
