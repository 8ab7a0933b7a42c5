"""No page, title, address or paper outside the own team tells what a private programme is.

Every address of the app is asked for with a resident of 城关一队 who is managed for severe mental
disorder and for tuberculosis, has been visited, judged, referred and signed.
"""

import re
from datetime import date, timedelta

import pytest

from familydoc.actions.visits import record_visit
from familydoc.extensions import db
from familydoc.models.referrals import Referral
from familydoc.models.visits import Visit
from familydoc.rules.privacy import ANY_PRIVATE, sign_of
from familydoc.transaction import transaction
from tests.cast import (
    account,
    make_enrolment,
    make_resident,
    make_task,
)
from tests.strict import Page
from tests.web.addresses import Rows, address, rules

SMD, TB = "severe_mental_disorder", "tuberculosis"
#: What the hospital somebody is sent to reads of them, by name: it cannot treat what it is not told.
LETTER = frozenset({"referrals.detail", "referrals.letter", "referrals.answers.show"})
#: Names, and what only a visit of these programmes finds.
NAMES = ("精神", "结核")
FINDINGS = ("危险性", "自知力", "幻觉", "漏服药", "督导人员", "服药率", "关锁")
#: About the county's rules and words, no person in sight; a roster is its uploader's own.
NO_PERSON = frozenset(
    {
        *("parameters.index", "parameters.edit", "reports.indicators"),
        *("imports.index", "imports.show", "imports.template", "imports.refused"),
    }
)
OUTSIDERS = ("sun", "zhao", "board", "gao", "admin")
#: People of other teams: to them the patient is not there at all.
STRANGERS = ("li", "wu")
SMD_ANSWERS = {
    "risk": 3,
    "symptoms": "marked",
    "insight": 3,
    "social": "poor",
    "smd_symptoms": [1, 3],
    "locked_up": 2,
    "notes": "幻觉明显，家属说夜里喊叫",
}
TB_ANSWERS = {"phase": "intensive", "supervisor": 2, "missed_doses": 9, "tb_symptoms": [3]}


class PrivateRows(Rows):
    """The rows of 城关一队, everything about one private patient."""

    def resident(self):
        def build():
            resident = make_resident(
                "巴特尔", date(1975, 5, 5), phone="13800138000", tags=(SMD, TB, "hypertension")
            )
            make_enrolment(resident, TB, facts={"received_at": "2026-11-01T09:00+08:00"})
            return resident

        return self.once("resident", build)

    def enrolment(self):
        return self.once("enrolment", lambda: make_enrolment(self.resident(), SMD))

    def visit(self) -> Visit:
        def build() -> Visit:
            self.enrolment()
            return record_visit(
                by=account("jia"),
                uid="visit-of-a-private-patient",
                resident=self.resident(),
                visit_date=date(2026, 11, 20),
                way=2,
                answers={**SMD_ANSWERS, **TB_ANSWERS},
            )

        return self.once("visit", build)

    def task(self, kind: str = "regular"):
        def build():
            self.visit()
            return make_task(self.enrolment(), date(2026, 11, 21) + timedelta(days=4), kind)

        return self.once(f"task {kind}", build)

    def referral_task(self):
        def build():
            source = self.referral().visit_id
            due = date(2026, 12, 4)
            return make_task(self.enrolment(), due, "referral_fu", source_visit_id=source)

        return self.once("referral task", build)

    def referral(self, **_columns: object) -> Referral:
        """The one that the visit made, sent to gao's hospital."""

        def build() -> Referral:
            visit = self.visit()
            found = db.session.query(Referral).filter_by(visit_id=visit.id).first()
            assert found is not None
            with transaction():
                found.to_organisation_id = account("gao").organisation_id
            return found

        return self.once("own referral", build)


def titles_and_addresses(text: str) -> list[str]:
    """Give the title, the headline, and every address a page leads to or sends to."""
    page = Page(text)
    return [page.title, *page.h1, *re.findall(r'(?:href|action|src|formaction)="([^"]*)"', text)]


def read_all(app, client, rows: Rows, without=frozenset()):
    """Give (rule, text) of every page somebody gets."""
    for rule in rules(app, "GET"):
        if rule.endpoint not in without:
            answer = client.get(address(app, rule, rows).path)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                yield rule, answer.text


@pytest.fixture
def patient(app) -> PrivateRows:
    rows = PrivateRows(near=True)
    rows.task(), rows.referral(), rows.contract()
    return rows


@pytest.mark.parametrize("username", OUTSIDERS)
def test_no_page_names_it_outside_the_own_team(app, as_, patient, username):
    without = NO_PERSON | LETTER if username == "gao" else NO_PERSON
    pages = list(read_all(app, as_(username), patient, without))
    assert len(pages) > 2
    for rule, text in pages:
        for name in NAMES:
            assert name not in text, (username, rule.rule, name)


@pytest.mark.parametrize("username", STRANGERS)
def test_other_teams_do_not_see_the_patient(app, as_, patient, username):
    for rule, text in read_all(app, as_(username), patient):
        if rule.endpoint.startswith("transfers."):  # wu's centre is asked to take the patient over
            assert not any(name in text for name in (*NAMES, *FINDINGS)), (username, rule.rule)
            continue
        assert "巴特尔" not in text and patient.resident().uid not in text, (username, rule.rule)


@pytest.mark.parametrize("username", [u for u in OUTSIDERS if u != "gao"])
def test_no_page_tells_what_was_found_outside_the_own_team(app, as_, patient, username):
    for rule, text in read_all(app, as_(username), patient, NO_PERSON):
        for word in FINDINGS:
            assert word not in text, (username, rule.rule, word)


def test_public_pages_name_nothing(app, client, patient):
    pages = list(read_all(app, client, patient))
    assert {"public.check", "board.show"} & {rule.endpoint for rule, _ in pages}
    for rule, text in pages:
        assert not any(name in text for name in (*NAMES, *FINDINGS)), rule.rule


@pytest.mark.parametrize("username", ["chen", "jia", *OUTSIDERS, *STRANGERS])
def test_no_title_and_no_address_names_it_to_anybody(app, as_, patient, username):
    for rule, text in read_all(app, as_(username), patient, NO_PERSON):
        for told in titles_and_addresses(text):
            assert SMD not in told and TB not in told, (username, rule.rule, told)
            assert not any(name in told for name in NAMES), (username, rule.rule, told)


def test_own_team_reads_names_and_findings(as_, patient):
    resident, visit = patient.resident(), patient.visit()
    for username in ("chen", "jia"):
        page = as_(username).get(f"/residents/{resident.uid}").text
        assert "严重精神障碍" in page and "肺结核" in page
        seen = as_(username).get(f"/visits/{visit.uid}").text
        assert "危险性 3 级" in seen and "幻觉明显" in seen


def test_outside_the_team_two_private_groups_are_one_word(as_, patient):
    page = as_("zhao").get(f"/residents/{patient.resident().uid}").text
    chips = page.split('class="chips"')[1].split("</div>")[0]
    assert chips.count("专项随访") == 1 and "高血压" in chips


@pytest.mark.parametrize("name", ["tag", "programme"])
def test_filter_cannot_tell_them_apart_outside_the_team(as_, patient, name):
    resident = patient.resident()
    patient.enrolment()
    other = make_resident("其其格", date(1980, 1, 1), tags=(SMD,))
    make_enrolment(other, SMD)
    plain = make_resident("张秀兰")
    for asked in (SMD, TB, sign_of(SMD), sign_of(TB), ANY_PRIVATE):
        page = as_("zhao").get(f"/residents?{name}={asked}").text
        assert resident.uid in page and other.uid in page and plain.uid not in page
        assert "2 人" in page


@pytest.mark.parametrize("name", ["tag", "programme"])
def test_own_team_filters_by_a_sign(as_, patient, name):
    resident = patient.resident()
    other = make_resident("其其格", date(1980, 1, 1), tags=(SMD,))
    make_enrolment(other, SMD)
    page = as_("chen").get(f"/residents?{name}={sign_of(TB)}").text
    assert resident.uid in page and other.uid not in page
    assert f'value="{sign_of(TB)}" selected>肺结核' in page


def test_list_of_tasks_takes_a_sign_from_the_own_team_alone(as_, patient):
    patient.task()
    plain = make_resident("张秀兰")
    make_task(make_enrolment(plain), date(2026, 11, 25))
    mine = as_("chen").get(f"/tasks?programme={sign_of(SMD)}").text
    assert patient.resident().uid in mine and plain.uid not in mine
    theirs = as_("zhao").get(f"/tasks?programme={sign_of(SMD)}").text
    assert patient.resident().uid in theirs and plain.uid in theirs, "it narrows nothing there"


def test_enrolment_has_a_sign_for_an_address(as_, patient):
    resident = patient.resident()
    patient.enrolment()
    chen = as_("chen")
    page = chen.get(f"/residents/{resident.uid}/enrolments/{sign_of(SMD)}").text
    assert "<h1>专项随访管理</h1>" in page and "严重精神障碍" in page
    answer = chen.post(
        f"/residents/{resident.uid}/enrolments/{sign_of(SMD)}",
        data={"act": "end", "reason": "诊断更正"},
    )
    assert answer.status_code == 303


def test_groups_a_manager_changes_leave_the_private_ones(as_, patient):
    resident = patient.resident()
    zhao = as_("zhao")
    page = zhao.get(f"/residents/{resident.uid}/tags").text
    assert f'value="{SMD}"' not in page and 'value="disabled"' in page
    zhao.post(f"/residents/{resident.uid}/tags", data={"tags": ["disabled"]})
    db.session.refresh(resident)
    assert {row.tag for row in resident.tags} == {SMD, TB, "disabled"}
    zhao.post(f"/residents/{resident.uid}/tags", data={"tags": ["diabetes", TB]})
    db.session.refresh(resident)
    assert {row.tag for row in resident.tags} == {SMD, TB, "diabetes"}


def test_manager_cannot_print_the_letter_of_a_private_referral(as_, patient):
    referral = patient.referral()
    assert as_("zhao").get(f"/referrals/{referral.uid}/letter").status_code == 404
    page = as_("zhao").get(f"/referrals/{referral.uid}").text
    assert "只有本人的团队和接诊的医院能看" in page
    for username in ("chen", "gao"):
        assert as_(username).get(f"/referrals/{referral.uid}/letter").status_code == 200
