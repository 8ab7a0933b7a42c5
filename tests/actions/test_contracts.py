"""Signing, renewing, switching, ending; one active contract per resident whoever comes when."""

import json
import threading
import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from familydoc import clock
from familydoc.actions import contracts as actions
from familydoc.actions.enrolments import hand_over
from familydoc.actions.packages import CATALOGUE, seed_packages
from familydoc.extensions import db, keys
from familydoc.models.audit import AuditEvent
from familydoc.models.contracts import Contract, ServicePackage
from familydoc.models.enrolments import Enrolment
from familydoc.models.programmes import CountyParameter
from familydoc.models.residents import Resident
from familydoc.models.teams import Team
from familydoc.queries import contracts as queries
from familydoc.queries.agreements import Terms
from familydoc.rules.errors import RuleError
from familydoc.transaction import transaction
from tests.cast import account, add, make_contract, make_enrolment, make_resident, staff, team_of

TODAY = date(2026, 11, 21)
DRAWING = json.dumps({"w": 600, "h": 200, "strokes": [[[10, 20], [90, 160], [200, 40]]]})


def package_ids(*codes):
    return set(db.session.scalars(select(ServicePackage.id).where(ServicePackage.code.in_(codes))))


def terms(**changed):
    return Terms(
        **{
            "package_ids": package_ids("basic"),
            "term_months": 12,
            "start_on": clock.today(),
            "method": "tablet",
            "signature": DRAWING,
            "consent": True,
            "electronic": True,
        }
        | changed
    )


def sign(resident, by="chen", uid=None, **changed):
    return actions.sign_contract(
        by=account(by),
        uid=uid or str(uuid.uuid4()),
        resident=resident,
        terms=terms(**changed),
    )


def refused(code, act, *args, **named):
    with pytest.raises(RuleError) as refusal:
        act(*args, **named)
    assert refusal.value.code == code
    return refusal.value


def count(model, **columns):
    query = select(func.count()).select_from(model).filter_by(**columns)
    return db.session.scalar(query)


def test_sign_keeps_term_doctor_agent_and_evidence(app):
    resident = make_resident(number="150124195803050016")
    contract = sign(resident, by="yun", package_ids=package_ids("basic", "hypertension"))
    assert (contract.start_on, contract.end_on) == (TODAY, date(2027, 11, 20))
    assert contract.doctor_id == staff("chen").id
    assert contract.signing_agent_id == staff("yun").id
    assert [package.code for package in contract.packages] == ["basic", "hypertension"]
    evidence = queries.read_evidence(contract)
    assert evidence.verdict == "intact"
    assert "150124195803050016" in evidence.text
    assert evidence.signature.strokes == (((10, 20), (90, 160), (200, 40)),)


def test_sign_makes_token_and_numbers(app):
    contract = sign(make_resident())
    token = queries.get_token(contract)
    assert len(token) == 22
    assert contract.token_hash == keys.vault.fingerprint("contract token", token)
    county, year, digits = contract.number.split("-")
    assert (county, year) == ("150124", "2026")
    assert contract.short_number == f"{digits[:4]} {digits[4:]}"


def test_sealed_columns_hold_no_clear_text(app):
    resident = make_resident(number="150124195803050016")
    contract = sign(resident)
    token = queries.get_token(contract)
    row = db.session.execute(
        select(*(Contract.__table__.c[n] for n in ("token", "agreement", "signature")))
        .where(Contract.id == contract.id)
        .with_only_columns(
            *(func.length(Contract.__table__.c[n]) for n in ("token", "agreement", "signature"))
        )
    ).one()
    assert min(row) > 30
    raw = db.session.connection().exec_driver_sql("SELECT token, agreement FROM contracts").one()
    assert token.encode() not in bytes(raw[0])
    assert "张建国".encode() not in bytes(raw[1]) and b"150124195803050016" not in bytes(raw[1])


def test_sign_is_audited_without_anything_personal(app):
    resident = make_resident(number="150124195803050016")
    contract = sign(resident)
    event = db.session.scalars(select(AuditEvent).filter_by(verb="sign_contract")).one()
    assert (event.entity_id, event.resident_id) == (contract.id, resident.id)
    assert event.account_id == account("chen").id
    assert event.details == {
        "method": "tablet",
        "term": 12,
        "packages": ["basic"],
        "over_cap": False,
    }


def test_same_uid_gives_the_stored_contract(app):
    resident, uid = make_resident(), str(uuid.uuid4())
    first = sign(resident, uid=uid)
    again = sign(resident, uid=uid, term_months=36)
    assert again.id == first.id and again.term_months == 12
    assert count(Contract) == 1
    refused("uid_taken", sign, make_resident("李四"), uid=uid)


def test_second_contract_is_refused_while_one_runs(app):
    resident = make_resident()
    sign(resident)
    message = refused("contract_active", sign, resident, by="yun").message
    assert "2027年11月20日" in message
    assert count(Contract) == 1


def test_sign_expires_a_contract_that_ran_out(app):
    resident = make_resident()
    old = make_contract(resident, start_on=date(2025, 11, 21))
    assert old.end_on == date(2026, 11, 20)
    sign(resident)
    db.session.refresh(old)
    assert (old.state, old.ended_on) == ("expired", date(2026, 11, 20))


def test_sign_enrols_what_was_ticked_and_leaves_what_is_there(app):
    resident = make_resident(tags=("hypertension", "diabetes"))
    make_enrolment(resident, "hypertension")
    sign(resident, programmes=("hypertension", "diabetes"))
    assert count(Enrolment, resident_id=resident.id) == 2
    added = db.session.scalars(select(Enrolment).filter_by(programme="diabetes")).one()
    assert (added.team_id, added.since) == (team_of("chengguan1").id, TODAY)


def test_sign_brings_a_resident_without_team_to_the_agents_team(app):
    resident = make_resident(team=None)
    contract = sign(resident, by="yun")
    assert contract.team_id == resident.team_id == team_of("chengguan1").id


def test_refused_sign_changes_nothing(app):
    resident = make_resident(team=None, birth=date(2015, 1, 1))
    old = make_contract(make_resident("旧人"), start_on=date(2025, 11, 1))
    refused("guardian_missing", sign, resident)
    assert (count(Contract), resident.team_id) == (1, None)
    assert old.state == "active"
    assert count(AuditEvent, verb="sign_contract") == 0


@pytest.mark.parametrize("state", ["deceased", "moved"])
def test_dead_or_moved_resident_signs_nothing(app, state):
    refused(f"resident_{state}", sign, make_resident(state=state))
    assert count(Contract) == 0


def test_minor_signs_through_a_guardian(app):
    resident = make_resident(birth=date(2015, 1, 1))
    contract = sign(resident, guardian="张强（父亲）")
    assert contract.guardian == "张强（父亲）"
    assert "监护人：张强（父亲）" in queries.read_evidence(contract).text


def test_package_that_is_gone_is_refused(app):
    with transaction():
        add(ServicePackage(code="basic", version=2, name="基础服务包", kind="basic"))
    old = db.session.scalars(select(ServicePackage.id).filter_by(code="basic", version=1)).one()
    refused("package_gone", sign, make_resident(), package_ids={old})
    refused("package_gone", sign, make_resident(), package_ids={999})


def test_contract_keeps_the_version_of_the_package_it_was_signed_with(app):
    contract = sign(make_resident())
    with transaction():
        add(ServicePackage(code="basic", version=2, name="新基础包", kind="basic"))
    assert [(p.code, p.version) for p in contract.packages] == [("basic", 1)]
    assert queries.read_evidence(contract).agreement.packages[0].name == "基础服务包"


def test_team_without_a_doctor_signs_nobody(app):
    with transaction():
        team = add(
            Team(uid="empty", name="新队", organisation_id=team_of("chengguan1").organisation_id)
        )
    refused("team_without_doctor", sign, make_resident(), team_id=team.id)


def test_full_doctor_refuses_only_when_the_county_says_so(app):
    with transaction():
        set_parameter("cap", "1")
    sign(make_resident("甲某"))
    sign(make_resident("乙某"))
    event = db.session.scalars(select(AuditEvent).filter_by(verb="sign_contract")).all()[-1]
    assert event.details["over_cap"] is True
    with transaction():
        set_parameter("cap_blocks", "1")
    refused("doctor_full", sign, make_resident("丙某"))


def set_parameter(name, value):
    add(CountyParameter(programme="contracts", name=name, value=value, valid_from=TODAY))


def test_text_that_changed_since_it_was_shown_is_refused(app):
    resident = make_resident()
    refused("agreement_changed", sign, resident, shown_hash="0" * 64)
    assert count(Contract) == 0


def test_broken_drawing_is_refused(app):
    refused("signature_invalid", sign, make_resident(), signature="[[1")
    refused("signature_missing", sign, make_resident(), signature="")


def test_paper_contract_keeps_no_drawing(app):
    contract = sign(make_resident(), method="paper", electronic=False)
    assert queries.read_evidence(contract).signature is None


def test_renewal_starts_the_day_after_and_marks_the_old_one(app, morning):
    resident = make_resident()
    old = sign(resident)
    morning.shift(timedelta(days=320))
    renewed = renew(old)
    assert (old.state, old.ended_on) == ("renewed", date(2027, 11, 20))
    assert (renewed.start_on, renewed.end_on) == (date(2027, 11, 21), date(2028, 11, 20))
    assert renewed.team_id == old.team_id
    assert queries.get_token(renewed) != queries.get_token(old)


def renew(contract, **changed):
    return actions.renew_contract(
        by=account("chen"), uid=str(uuid.uuid4()), contract=contract, terms=terms(**changed)
    )


def test_renewal_is_a_switch_when_another_team_serves_the_resident(app, morning):
    resident = make_resident()
    old = sign(resident)
    morning.shift(timedelta(days=330))
    hand_over(by=account("zhao"), resident=resident, team_id=team_of("chengguan2").id)
    refused("team_changed", renew, old)
    assert old.state == "active" and count(Contract) == 1


def test_renewal_may_be_signed_as_early_as_the_county_allows(app, morning):
    with transaction():
        set_parameter("renewal_days", "180")
    old = sign(make_resident())
    morning.shift(timedelta(days=200))
    assert renew(old).start_on == date(2027, 11, 21)


def test_renewal_without_a_signature_changes_nothing(app, morning):
    old = sign(make_resident())
    morning.shift(timedelta(days=320))
    refused("signature_missing", renew, old, signature="")
    db.session.refresh(old)
    assert old.state == "active" and count(Contract) == 1


def test_renewal_is_refused_too_early_and_after_a_termination(app):
    old = sign(make_resident())
    refused("renewal_early", renew, old)
    actions.end_contract(by=account("chen"), contract=old, on=TODAY, reason="居民要求解约")
    refused("contract_ended", renew, old)


def test_expired_contract_is_renewed_from_today(app, morning):
    old = sign(make_resident())
    morning.shift(timedelta(days=380))
    actions.expire_contracts(by=None, today=clock.today())
    renewed = renew(old)
    assert renewed.start_on == clock.today()
    db.session.refresh(old)
    assert (old.state, old.ended_on) == ("renewed", date(2027, 11, 20))


def test_switch_moves_resident_enrolments_and_ends_the_old_the_day_before(app, morning):
    resident = make_resident()
    enrolment = make_enrolment(resident)
    old = sign(resident)
    morning.shift(timedelta(days=10))
    second = team_of("chengguan2").id
    switched = actions.switch_contract(
        by=account("chen"), uid=str(uuid.uuid4()), contract=old, terms=terms(team_id=second)
    )
    assert (old.state, old.ended_on) == ("switched", date(2026, 11, 30))
    assert (switched.start_on, switched.doctor_id) == (date(2026, 12, 1), staff("li").id)
    db.session.refresh(enrolment)
    assert resident.team_id == enrolment.team_id == second


def test_switch_to_the_same_team_is_refused(app):
    old = sign(make_resident())
    same = terms(team_id=old.team_id)
    refused(
        "team_same",
        actions.switch_contract,
        by=account("chen"),
        uid=str(uuid.uuid4()),
        contract=old,
        terms=same,
    )


def test_end_keeps_day_reason_and_the_follow_up(app):
    resident = make_resident()
    enrolment = make_enrolment(resident)
    contract = sign(resident)
    actions.end_contract(by=account("chen"), contract=contract, on=TODAY, reason="居民要求解约")
    assert (contract.state, contract.ended_on) == ("terminated", TODAY)
    assert contract.end_reason == "居民要求解约"
    db.session.refresh(enrolment)
    assert enrolment.state == "active"
    by = account("chen")
    refused("contract_ended", actions.end_contract, by=by, contract=contract, on=TODAY, reason="")
    assert sign(resident).id != contract.id


def test_end_in_the_future_is_refused(app):
    contract = sign(make_resident())
    tomorrow = TODAY + timedelta(days=1)
    by = account("chen")
    refused("end_future", actions.end_contract, by=by, contract=contract, on=tomorrow, reason="x")
    assert contract.state == "active"


def test_night_job_expires_what_ran_out_and_nothing_the_second_time(app):
    over = make_contract(make_resident("甲某"), start_on=date(2025, 11, 21))
    last = make_contract(make_resident("乙某"), start_on=date(2025, 11, 22))
    assert actions.expire_contracts(by=None, today=TODAY) == 1
    db.session.refresh(over), db.session.refresh(last)
    assert (over.state, over.ended_on, last.state) == ("expired", date(2026, 11, 20), "active")
    assert actions.expire_contracts(by=None, today=TODAY) == 0
    assert count(AuditEvent, verb="expire_contracts") == 1


def test_database_holds_one_active_contract_even_without_the_action(app):
    resident = make_resident()
    make_contract(resident)
    with pytest.raises(IntegrityError):
        make_contract(resident)


def test_index_is_the_last_word_and_its_refusal_is_clear(app, monkeypatch):
    resident = make_resident()
    sign(resident)
    monkeypatch.setattr("familydoc.queries.agreements.find_running", lambda *_: None)
    refused("contract_active", sign, resident)
    assert count(Contract) == 1


def test_two_people_at_the_same_moment_make_one_contract_and_one_refusal(app):
    resident_id = make_resident().id
    results, start = [], threading.Barrier(2)

    def one(username):
        with app.app_context():
            start.wait()
            try:
                resident = db.session.get(Resident, resident_id)
                results.append(sign(resident, by=username).number)
            except RuleError as refusal:
                results.append(refusal.code)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=one, args=(name,)) for name in ("chen", "yun")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 2 and results.count("contract_active") == 1
    db.session.rollback()
    assert count(Contract, state="active") == 1


def test_two_copies_of_one_form_at_the_same_moment_give_one_contract(app):
    resident_id, uid = make_resident().id, str(uuid.uuid4())
    results, start = [], threading.Barrier(2)

    def one():
        with app.app_context():
            start.wait()
            try:
                resident = db.session.get(Resident, resident_id)
                results.append(sign(resident, uid=uid).number)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 2 and len(set(results)) == 1


def tamper(contract, **columns):
    table = Contract.__table__
    with transaction() as session:
        session.execute(update(table).where(table.c.id == contract.id).values(**columns))
    db.session.expire_all()


def test_evidence_is_broken_when_hash_or_dates_were_changed(app):
    contract = sign(make_resident())
    tamper(contract, end_on=date(2029, 11, 20))
    assert queries.read_evidence(contract).verdict == "broken"
    tamper(contract, end_on=date(2027, 11, 20))
    assert queries.read_evidence(contract).verdict == "intact"
    tamper(contract, text_hash="0" * 64)
    assert queries.read_evidence(contract).verdict == "broken"


@pytest.mark.parametrize("column", ["agreement", "signature"])
def test_evidence_is_broken_when_sealed_bytes_were_changed(app, column):
    contract = sign(make_resident())
    with transaction() as session:
        session.connection().exec_driver_sql(
            f"UPDATE contracts SET {column} = "
            + (
                "x'00112233445566778899aabbccddeeff00'"
                if db.engine.dialect.name == "sqlite"
                else r"'\x00112233445566778899aabbccddeeff00'::bytea"
            )
        )
    assert queries.read_evidence(contract).verdict == "broken"


def test_evidence_is_missing_for_a_contract_from_before(app):
    assert queries.read_evidence(make_contract(make_resident())).verdict == "missing"


def test_catalogue_is_added_once_and_beside_what_is_there(app):
    before = {"basic", "hypertension"}
    added = seed_packages(by=None)
    assert {package.code for package in added} == {s.code for s in CATALOGUE} - before
    assert seed_packages(by=None) == []
    diabetes = next(package for package in added if package.code == "diabetes")
    assert (diabetes.audience, diabetes.resident_pays) == ("diabetes", 30)
    assert diabetes.items[0].times_a_year == 4
    assert all(package.resident_pays <= package.price for package in added)
