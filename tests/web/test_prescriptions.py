"""From a resident or a saved visit to a sheet on paper."""

import pytest

from familydoc import clock
from familydoc.extensions import db
from familydoc.models.prescriptions import EducationPrescription
from familydoc.models.visits import Visit
from familydoc.transaction import transaction
from tests.cast import add, make_enrolment, make_resident
from tests.web.forms import post_forms


@pytest.fixture
def resident(app):
    person = make_resident("张建国")
    make_enrolment(person)
    with transaction():
        add(
            Visit(
                uid="visit-of-zhang",
                resident_id=person.id,
                visit_date=clock.today(),
                way=1,
                answers={"sbp": 162, "dbp": 96, "smoking": 20},
                recorded_at=clock.now(),
            )
        )
    return person


def new(resident, disease="hypertension"):
    return f"/residents/{resident.uid}/prescriptions/new?disease={disease}&visit=visit-of-zhang"


def typed(client, resident, **changed):
    forms = post_forms(client.get(new(resident)).text)
    sheet = next(form for form in forms if form.action.endswith("/prescriptions"))
    return {**sheet.fields, **changed}


def save(client, resident, **changed):
    return client.post(
        f"/residents/{resident.uid}/prescriptions", data=typed(client, resident, **changed)
    )


def test_list_offers_what_the_person_is_managed_for(as_, resident):
    page = as_("yun").get(f"/residents/{resident.uid}/prescriptions").text
    offered, others = page.split("其他病种")
    assert "disease=hypertension" in offered and "disease=joint" not in offered
    assert "disease=joint" in others and "还没有开过" in others


def test_new_sheet_is_composed_from_the_last_visit(as_, resident):
    page = as_("chen").get(new(resident)).text
    assert "血压 162/96，要降到 150/90 以下" in page
    assert "每天吸烟 20 支" in page


def test_sheet_without_a_disease_goes_to_the_choice(as_, resident):
    answer = as_("chen").get(f"/residents/{resident.uid}/prescriptions/new?disease=gout")
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(f"/residents/{resident.uid}/prescriptions")


def test_saved_sheet_is_ready_for_paper(as_, resident):
    client = as_("chen")
    answer = save(client, resident, goals="每天走路半小时\n少吃咸菜")
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"]).text
    assert "健康教育处方 · 高血压" in page and "陈玉兰" in page
    assert "<li>每天走路半小时</li><li>少吃咸菜</li>" in page
    stored = db.session.query(EducationPrescription).one()
    assert db.session.get(Visit, stored.visit_id).uid == "visit-of-zhang"
    again = client.get(f"/residents/{resident.uid}/prescriptions").text
    assert "每天走路半小时；少吃咸菜" in again


def test_second_press_stores_one_sheet(as_, resident):
    client = as_("chen")
    data = typed(client, resident)
    address = f"/residents/{resident.uid}/prescriptions"
    first, second = (client.post(address, data=data) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert db.session.query(EducationPrescription).count() == 1


def test_bad_sheet_keeps_what_was_typed(as_, resident):
    answer = save(as_("chen"), resident, goals="", eat="多吃豆腐")
    assert answer.status_code == 422
    assert "至少写一个约定的目标" in answer.text and "多吃豆腐" in answer.text
    assert db.session.query(EducationPrescription).count() == 0


def test_sheet_that_names_a_disease_nobody_has_is_refused(as_, resident):
    answer = save(as_("chen"), resident, disease="gout")
    assert answer.status_code == 422 and "请选要开哪种" in answer.text


def test_sheet_without_its_number_is_refused(as_, resident):
    answer = save(as_("chen"), resident, uid="x")
    assert answer.status_code == 422 and "刷新页面" in answer.text


def test_markup_in_a_sheet_is_text(as_, resident):
    client = as_("chen")
    page = client.get(save(client, resident, goals="<b>走路</b>").headers["Location"]).text
    assert "&lt;b&gt;走路" in page and "<b>走路" not in page


def test_manager_reads_and_does_not_issue(as_, resident):
    uid = save(as_("chen"), resident).headers["Location"].rsplit("/", 1)[1]
    client = as_("zhao")
    assert client.get(f"/prescriptions/{uid}").status_code == 200
    assert "开一张新的" not in client.get(f"/residents/{resident.uid}/prescriptions").text
    assert client.get(new(resident)).status_code == 404


def test_outsider_finds_nothing(as_, resident):
    uid = save(as_("chen"), resident).headers["Location"].rsplit("/", 1)[1]
    client = as_("wu")
    for path in (f"/prescriptions/{uid}", f"/residents/{resident.uid}/prescriptions"):
        assert client.get(path).status_code == 404, path


def test_residents_page_and_saved_visit_lead_to_the_sheets(as_, resident):
    client = as_("yun")
    address = f"/residents/{resident.uid}/prescriptions"
    assert address in client.get(f"/residents/{resident.uid}").text
    assert f"{address}?visit=visit-of-zhang" in client.get("/visits/visit-of-zhang").text
