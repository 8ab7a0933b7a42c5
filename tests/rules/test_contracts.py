"""Terms, who may sign, how a contract stands, and the text that is signed."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from familydoc.rules import contracts as rules
from familydoc.rules.agreements import (
    FORM,
    Agreement,
    Item,
    Member,
    Package,
    agreement_text,
    clauses,
    read_agreement,
    text_hash,
    write_agreement,
)
from familydoc.rules.contracts import Doctor, Policy, Signing
from familydoc.rules.errors import RuleError
from familydoc.rules.programmes import load_programmes

TODAY = date(2026, 11, 21)
CASE = Signing(
    resident_state="present",
    birth=date(1958, 3, 5),
    today=TODAY,
    start_on=TODAY,
    term_months=12,
    method="tablet",
    active_until=None,
    doctor_signed=0,
    package_kinds={"basic"},
    drawn=True,
    consent=True,
    electronic=True,
    guardian="",
    witness="",
)


def codes(policy=Policy(), **changed):
    return [refusal.code for refusal in rules.refusals(replace(CASE, **changed), policy)]


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 11, 21), 12, date(2027, 11, 20)),
        (date(2027, 1, 1), 12, date(2027, 12, 31)),
        (date(2023, 3, 1), 12, date(2024, 2, 28)),
        (date(2026, 11, 21), 24, date(2028, 11, 20)),
        (date(2025, 3, 1), 36, date(2028, 2, 28)),
    ],
)
def test_last_day_is_inclusive_and_clamped(start, months, end):
    assert rules.last_day(start, months) == end


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.sampled_from(rules.TERMS))
def test_renewal_begins_where_the_old_contract_ends_on_any_day(start, months):
    end = rules.last_day(start, months)
    assert timedelta(days=363) <= end - start <= timedelta(days=1096)
    assert rules.renewal_start(end, start) == end + timedelta(days=1)


def test_sign_goes_ahead_without_a_warning_when_all_is_there():
    assert rules.may_sign(CASE, Policy()) == ()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"resident_state": "deceased"}, "resident_deceased"),
        ({"resident_state": "moved"}, "resident_moved"),
        ({"active_until": TODAY}, "contract_active"),
        ({"doctor_signed": None}, "team_without_doctor"),
        ({"package_kinds": {"personal"}}, "package_basic"),
        ({"package_kinds": set()}, "package_basic"),
        ({"term_months": 18}, "term_unknown"),
        ({"start_on": date(2027, 2, 22)}, "start_late"),
        ({"start_on": date(2026, 11, 20)}, "start_past"),
        ({"start_on": date(2025, 11, 21), "method": "paper"}, "start_old"),
        ({"start_on": date(9999, 12, 31)}, "start_late"),
        ({"start_on": date(1, 1, 1), "method": "paper"}, "start_old"),
        ({"birth": date(2008, 11, 22)}, "guardian_missing"),
        ({"method": "fax"}, "method_unknown"),
        ({"consent": False}, "consent_missing"),
        ({"electronic": False}, "electronic_missing"),
        ({"drawn": False}, "signature_missing"),
        ({"method": "telephone"}, "witness_missing"),
    ],
)
def test_sign_is_refused_by_code(changed, code):
    assert codes(**changed) == [code]


@pytest.mark.parametrize(
    "changed",
    [
        {"resident_state": "away"},
        {"resident_state": "lost"},
        {"active_until": TODAY - timedelta(days=1)},
        {"birth": date(2008, 11, 21)},
        {"birth": date(2020, 1, 1), "guardian": "张强（父亲）"},
        {"method": "paper", "drawn": False, "electronic": False},
        {"method": "paper", "start_on": date(2025, 11, 22), "term_months": 24},
        {"method": "telephone", "drawn": False, "electronic": False, "witness": "云其格"},
        {"start_on": date(2027, 2, 21)},
    ],
)
def test_sign_goes_ahead_at_the_edges(changed):
    assert codes(**changed) == []


def test_gravest_refusal_comes_first_and_all_are_named():
    found = codes(resident_state="deceased", active_until=TODAY, consent=False, drawn=False)
    assert found == [
        "resident_deceased",
        "contract_active",
        "consent_missing",
        "signature_missing",
    ]


@pytest.mark.parametrize(("signed", "warned"), [(1799, False), (1800, True), (2600, True)])
def test_cap_only_warns_from_90_percent(signed, warned):
    assert bool(rules.may_sign(replace(CASE, doctor_signed=signed), Policy())) is warned


def test_cap_refuses_only_when_the_county_says_so():
    strict = Policy(cap_blocks=True)
    assert codes(strict, doctor_signed=1999) == []
    assert codes(strict, doctor_signed=2000) == ["doctor_full"]


def test_policy_passes_over_values_that_are_no_numbers():
    values = {"cap": "1500", "cap_blocks": "1", "default_term": "13", "renewal_days": "很久"}
    assert rules.read_policy(values) == Policy(cap=1500, cap_blocks=True)
    assert rules.read_policy({}) == Policy()


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (date(2027, 1, 21), "renewal_early"),
        (date(2027, 1, 20), None),
        (date(2026, 9, 22), None),
        (date(2026, 9, 21), "renewal_late"),
    ],
)
def test_renewal_is_open_sixty_days_around_the_end(end, code):
    if code is None:
        assert rules.check_renewal(end, TODAY, Policy(), same_team=True) is None
        return
    with pytest.raises(RuleError) as refused:
        rules.check_renewal(end, TODAY, Policy(), same_team=True)
    assert refused.value.code == code


def test_renewal_starts_today_when_the_old_contract_has_run_out():
    assert rules.renewal_start(date(2026, 11, 1), TODAY) == TODAY


@pytest.mark.parametrize(
    ("on", "code"),
    [
        (date(2026, 11, 22), "end_future"),
        (date(2026, 11, 21), None),
        (date(2026, 1, 1), None),
        (date(2025, 12, 31), "end_early"),
    ],
)
def test_end_day_lies_between_signing_and_today(on, code):
    def check():
        rules.check_end_day(on, date(2026, 1, 1), date(2026, 1, 5), TODAY)

    if code is None:
        assert check() is None
        return
    with pytest.raises(RuleError) as refused:
        check()
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("state", "start", "end", "stands"),
    [
        ("active", TODAY, date(2027, 11, 20), "valid"),
        ("active", date(2025, 11, 22), TODAY, "valid"),
        ("active", date(2026, 11, 22), date(2027, 11, 21), "coming"),
        ("active", date(2025, 11, 21), date(2026, 11, 20), "ended"),
        ("terminated", TODAY, date(2027, 11, 20), "ended"),
        ("switched", TODAY, date(2027, 11, 20), "ended"),
        ("renewed", TODAY, date(2027, 11, 20), "ended"),
    ],
)
def test_standing_follows_state_and_dates(state, start, end, stands):
    assert rules.standing(state, start, end, TODAY) == stands


@pytest.mark.parametrize(
    ("days", "within"),
    [(-1, None), (0, 7), (7, 7), (8, 30), (30, 30), (31, 60), (60, 60), (61, None)],
)
def test_reminder_is_the_tightest_one(days, within):
    assert rules.ending_within(TODAY + timedelta(days=days), TODAY) == within


def test_doctor_is_the_leader_until_the_warning_line():
    leader, other = Doctor(1, 1799, True), Doctor(2, 900, False)
    assert rules.choose_doctor([leader, other], Policy()) == leader
    full = leader._replace(signed=1800)
    assert rules.choose_doctor([full, other], Policy()) == other
    assert rules.choose_doctor([], Policy()) is None


def test_programmes_are_proposed_from_groups_once():
    groups = ["elderly", "hypertension", "poverty_relieved", "disabled"]
    known = load_programmes().values()
    assert rules.propose_programmes(groups, {"elderly"}, known) == ["hypertension"]
    assert rules.propose_programmes(groups, set(), known) == ["elderly", "hypertension"]


def test_a_programme_that_must_know_more_is_not_proposed():
    known = load_programmes().values()
    assert load_programmes()["maternal"].intake.facts
    assert rules.propose_programmes(["maternal", "tuberculosis"], set(), known) == []


def test_packages_are_proposed_basic_always_and_others_by_group():
    packages = [(1, "basic", ""), (2, "personal", "hypertension"), (3, "personal", "child")]
    assert rules.propose_packages(packages, {"hypertension"}) == {1, 2}
    assert rules.propose_packages(packages, set()) == {1}


@pytest.mark.parametrize(
    ("typed", "kind", "text"),
    [
        ("150124-2026-48213907", "number", "150124-2026-48213907"),
        (" 4821 3907 ", "short", "4821 3907"),
        ("48213907", "short", "4821 3907"),
        ("张建", "name", "张建"),
        ("15012419580305001X", "identity", "15012419580305001X"),
        ("", "nothing", ""),
        (None, "nothing", ""),
    ],
)
def test_wanted_reads_numbers_of_agreements_and_people(typed, kind, text):
    wanted = rules.read_wanted(typed)
    assert (wanted.kind, wanted.text) == (kind, text)


def test_number_and_short_number_share_their_digits():
    assert rules.make_number("150124", 2026, "48213907") == "150124-2026-48213907"
    assert rules.make_short_number("48213907") == "4821 3907"


AGREEMENT = Agreement(
    county="清水河县",
    institution="城关镇卫生院",
    institution_address="城关镇永安街8号",
    institution_telephone="0471-7912001",
    complaint_telephone="0471-7912012",
    team="城关一队",
    team_telephone="0471-7912002",
    hours="周一至周六 8:00–17:30",
    members=(
        Member("陈玉兰", "家庭医生", "全科医生", "13800000000", True),
        Member("云其格", "护士", "护士", "13800000001", False),
    ),
    doctor="陈玉兰",
    agent="云其格",
    resident="张建国",
    sex="男",
    birth=date(1958, 3, 5),
    identity_number="150124195803050016",
    telephone="13912345678",
    address="清水河县城关镇城关村12号",
    record_number="15012410020000012",
    guardian="",
    groups=(("一般人群", False), ("高血压", True), ("65岁以上", True)),
    packages=(
        Package("基础服务包", "basic", 120, 0, (Item("健康档案", 1), Item("健康咨询", None))),
        Package("高血压服务包", "personal", 100, 20, (Item("面对面随访", 4),)),
    ),
    start_on=date(2026, 11, 21),
    end_on=date(2027, 11, 20),
    term_months=12,
    method="tablet",
    witness="",
)


def test_text_of_this_form_never_changes():
    """What was signed with form 1 is checked by this wording; a new wording is a new form."""
    assert FORM == 1
    assert text_hash(agreement_text(AGREEMENT)) == (
        "b9dd0973034a0019a3cf94f2f3099f3817fc5f25339b7b4ced7b52e50c7a893c"
    )


def test_text_names_everything_an_agreement_must_hold():
    text = agreement_text(AGREEMENT)
    for words in (
        "城关镇卫生院",
        "陈玉兰，家庭医生，团队长，全科医生，13800000000",
        "150124195803050016",
        "15012410020000012",
        "☑高血压",
        "□一般人群",
        "面对面随访，每年 4 次",
        "健康咨询，按需",
        "每年合计 220 元，其中乙方自付 20 元",
        "自 2026年11月21日 起，至 2027年11月20日 止（含当日），共 12 个月",
        "保密",
        "续签",
        "改签",
        "解约",
        "清水河县卫生健康委员会",
        "0471-7912012",
        "一式两份",
        "电子方式签署",
    ):
        assert words in text, words
    assert len(clauses(AGREEMENT)) == 9


@pytest.mark.parametrize(
    "changed",
    [
        {"end_on": date(2028, 11, 20)},
        {"resident": "张建囯"},
        {"method": "paper"},
        {"packages": AGREEMENT.packages[:1]},
        {"members": AGREEMENT.members[:1]},
        {"groups": (("一般人群", True),)},
        {"guardian": "张强（父亲）"},
        {"witness": "云其格"},
        {"agent": "贾二牛"},
    ],
)
def test_hash_changes_with_any_fact(changed):
    one = text_hash(agreement_text(AGREEMENT))
    assert text_hash(agreement_text(replace(AGREEMENT, **changed))) != one


def test_agreement_is_read_back_as_it_was_written():
    assert read_agreement(write_agreement(AGREEMENT)) == AGREEMENT


@pytest.mark.parametrize("kept", ["", "{}", "[]", "null", '{"birth": "heute"}', "{" * 9])
def test_damaged_agreement_is_a_value_error(kept):
    with pytest.raises(ValueError):
        read_agreement(kept)


def test_unknown_form_is_a_value_error():
    with pytest.raises(ValueError):
        agreement_text(replace(AGREEMENT, form=2))
