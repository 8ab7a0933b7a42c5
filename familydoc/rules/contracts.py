"""Contracts: who may sign, for how long, what a resident is offered, and how a contract stands."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from .dates import add_months, age_on
from .definitions import Programme
from .errors import RuleError
from .search import Query, read_query

_NUMBER = re.compile(r"[0-9]{6}-[0-9]{4}-[0-9]{8}")
_SHORT = re.compile(r"[0-9]{4} ?[0-9]{4}")
#: Months a contract may run (DOMAIN 2.5: one year in principle, one to three since 2022 [K]).
TERMS = (12, 24, 36)
METHODS = ("tablet", "paper", "telephone")
#: Whoever is younger signs through a guardian (民法典 17 to 23; DOMAIN 2.5).
ADULT_AGE = 18
#: Days before the end at which the team is reminded (DOMAIN 2.5 [APP]).
REMINDERS = (60, 30, 7)
#: A paper agreement may be entered this long after it began, or signed this long before.
BACKWARD_MONTHS, FORWARD_MONTHS = 12, 3
#: Of the cap, where the warning begins (DOMAIN 2.3 [APP]).
WARN_PERCENT = 90

#: Reasons to end a contract; death and moving away are recorded with the resident instead.
END_REASONS = (
    "居民要求解约",
    "连续一年联系不上",
    "连续一年拒绝服务",
    "签错了，要重签",
    "其他",
)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a county settles; the defaults hold where it says nothing."""

    #: Residents one family doctor may sign (DOMAIN 2.3 [K, 35号]), and whether more is refused.
    cap: int = 2000
    cap_blocks: bool = False
    default_term: int = 12
    #: Days around the end in which a renewal is signed (DOMAIN 2.5: first reminder).
    renewal_days: int = 60


def read_policy(values: Mapping[str, str]) -> Policy:
    """Give the policy from county parameters (`cap`, `cap_blocks` 0/1, `default_term`,
    `renewal_days`); a value that is no number, or no term, is passed over."""
    known = {name: int(text) for name, text in values.items() if text.isascii() and text.isdigit()}
    default = Policy()
    term = known.get("default_term", default.default_term)
    return Policy(
        cap=known.get("cap", default.cap),
        cap_blocks=known.get("cap_blocks", 0) == 1,
        default_term=term if term in TERMS else default.default_term,
        renewal_days=known.get("renewal_days", default.renewal_days),
    )


def last_day(start: date, term_months: int) -> date:
    """Give the last day of a contract, inclusive: the day before the start plus the term.

    Calendar months, clamped (DOMAIN 0.3): 2024-02-29 and 12 months give 2025-02-28.
    """
    return add_months(start - timedelta(days=1), term_months)


@dataclass(frozen=True, slots=True)
class Signing:
    """The facts a signature is judged by. `doctor_signed` is None when the team has no doctor."""

    resident_state: str
    birth: date
    today: date
    start_on: date
    term_months: int
    method: str
    active_until: date | None
    doctor_signed: int | None
    package_kinds: Collection[str]
    drawn: bool
    consent: bool
    electronic: bool
    guardian: str
    witness: str
    #: A renewal or a switch: the rules have set the start, nobody typed it.
    fixed_start: bool = False


def may_sign(case: Signing, policy: Policy) -> tuple[str, ...]:
    """Give the warnings of a signature that may go ahead; raises the first refusal."""
    for refusal in refusals(case, policy):
        raise refusal
    return cap_warnings(case.doctor_signed, policy)


def refusals(case: Signing, policy: Policy) -> list[RuleError]:
    """Give everything that stands against a signature, the gravest first."""
    found = [
        _resident(case),
        _active(case),
        _doctor(case, policy),
        _packages(case),
        _term(case),
        _start(case),
        _guardian(case),
        *_evidence(case),
    ]
    return [refusal for refusal in found if refusal]


def _resident(case: Signing) -> RuleError | None:
    if case.resident_state == "deceased":
        return RuleError("resident_deceased", "这位居民已登记死亡，不能签约。", "resident")
    if case.resident_state == "moved":
        return RuleError(
            "resident_moved", "这位居民已登记迁出。人回来了，请先在居民页改回在住。", "resident"
        )
    return None


def _active(case: Signing) -> RuleError | None:
    if case.active_until is None or case.active_until < case.today:
        return None
    return contract_active(case.active_until)


def contract_active(until: date | None) -> RuleError:
    """Give the refusal of a second contract beside one that runs."""
    lasting = f"（到 {until.year}年{until.month}月{until.day}日）" if until else ""
    return RuleError(
        "contract_active",
        f"这位居民已有一份有效协议{lasting}，一个人同时只能签一份。请打开那份协议，续签或改签。",
        "resident",
    )


def _doctor(case: Signing, policy: Policy) -> RuleError | None:
    if case.doctor_signed is None:
        return RuleError(
            "team_without_doctor", "这个团队还没有家庭医生，请先在团队页加上，再签约。", "doctor"
        )
    if policy.cap_blocks and case.doctor_signed >= policy.cap:
        return RuleError(
            "doctor_full",
            f"这位家庭医生已签 {case.doctor_signed} 人，县里规定不超过 {policy.cap} 人。"
            "请换一位医生。",
            "doctor",
        )
    return None


def cap_warnings(signed: int | None, policy: Policy) -> tuple[str, ...]:
    """Give a sentence when a doctor's contracts come to 90 % of the cap, none below."""
    if signed is None or signed * 100 < policy.cap * WARN_PERCENT:
        return ()
    return (f"这位家庭医生已签 {signed} 人，原则上不超过 {policy.cap} 人。",)


def _packages(case: Signing) -> RuleError | None:
    if "basic" in case.package_kinds:
        return None
    return RuleError("package_basic", "请选基础服务包，个性化服务包只能在它之上加。", "packages")


def _term(case: Signing) -> RuleError | None:
    if case.term_months in TERMS:
        return None
    return RuleError("term_unknown", "签约期限只能是 1 年、2 年或 3 年。", "term_months")


def _start(case: Signing) -> RuleError | None:
    if case.fixed_start or case.term_months not in TERMS:
        return None
    if case.start_on > add_months(case.today, FORWARD_MONTHS):
        return RuleError(
            "start_late", f"起始日最多提前 {FORWARD_MONTHS} 个月签，请改近一点。", "start_on"
        )
    if case.method == "tablet" and case.start_on < case.today:
        return RuleError("start_past", "平板签字的协议从今天或以后开始，不能写以前。", "start_on")
    too_old = case.start_on <= add_months(case.today, -BACKWARD_MONTHS)
    if too_old or last_day(case.start_on, case.term_months) < case.today:
        return RuleError(
            "start_old", "补录的协议要在一年之内，而且还没有到期。请核对起始日。", "start_on"
        )
    return None


def _guardian(case: Signing) -> RuleError | None:
    if age_on(case.birth, case.today) >= ADULT_AGE or case.guardian:
        return None
    return RuleError(
        "guardian_missing",
        f"未满 {ADULT_AGE} 岁，由监护人签字。请填监护人的姓名和关系。",
        "guardian",
    )


def _evidence(case: Signing) -> list[RuleError | None]:
    """What must be there by the way of signing (电子签名法 5, 8, 13; THREATS, Law)."""
    if case.method not in METHODS:
        return [RuleError("method_unknown", "请选签字方式。", "method")]
    found: list[RuleError | None] = []
    if not case.consent:
        found.append(
            RuleError("consent_missing", "请先向居民讲明协议，居民同意后打勾。", "consent")
        )
    if case.method == "tablet" and not case.electronic:
        found.append(
            RuleError(
                "electronic_missing",
                "居民同意电子签字才能用平板，不同意请选纸质签字。",
                "electronic",
            )
        )
    if case.method == "tablet" and not case.drawn:
        found.append(
            RuleError("signature_missing", "请居民在签字框里签名，或改用纸质签字。", "signature")
        )
    if case.method == "telephone" and not case.witness:
        found.append(
            RuleError("witness_missing", "电话签约没有签字，请填见证人的姓名。", "witness")
        )
    return found


def check_renewal(end_on: date, today: date, policy: Policy, *, same_team: bool) -> None:
    """Raise RuleError when a contract ends too late or ended too long ago to be renewed, or when
    its team no longer serves the resident: that would be a switch (DOMAIN 2.5)."""
    if (end_on - today).days > policy.renewal_days:
        raise RuleError(
            "renewal_early", f"到期前 {policy.renewal_days} 天起才能续签，现在还早。", "start_on"
        )
    if (today - end_on).days > policy.renewal_days:
        raise RuleError("renewal_late", "这份协议到期太久，请作为新签约办理。", "start_on")
    if not same_team:
        raise RuleError("team_changed", "居民现在由别的团队服务，请办理改签。", "team")


def renewal_start(end_on: date, today: date) -> date:
    """Give the first day of a renewal: the day after the old end, or today when that is past."""
    return max(end_on + timedelta(days=1), today)


def check_end_day(on: date, start_on: date, signed_on: date, today: date) -> None:
    """Raise RuleError unless somebody may end the contract on that day."""
    if on > today:
        raise RuleError("end_future", "终止日期不能晚于今天。", "on")
    if on < min(start_on, signed_on):
        raise RuleError("end_early", "终止日期不能早于签约。请核对。", "on")


def standing(state: str, start_on: date, end_on: date, today: date) -> str:
    """Give `valid`, `coming` (signed, not begun) or `ended`; an overrun contract has ended even
    before the night job says so."""
    if state != "active" or end_on < today:
        return "ended"
    return "coming" if start_on > today else "valid"


def ending_within(end_on: date, today: date) -> int | None:
    """Give the tightest reminder (7, 30 or 60 days) that the end lies in, or None."""
    left = (end_on - today).days
    return min((days for days in REMINDERS if 0 <= left <= days), default=None)


class Doctor(NamedTuple):
    """A family doctor of a team: row id, contracts that run, and whether this is the leader."""

    id: int
    signed: int
    leads: bool


def choose_doctor(doctors: Iterable[Doctor], policy: Policy) -> Doctor | None:
    """Give the team's leader up to the warning line, then whoever has signed the fewest."""
    found = sorted(doctors, key=lambda doctor: (doctor.signed, doctor.id))
    free = [d for d in found if d.leads and not cap_warnings(d.signed, policy)]
    return next(iter(free or found), None)


def propose_programmes(
    groups: Iterable[str], live: Collection[str], offered: Iterable[Programme]
) -> list[str]:
    """Give the programmes to enrol in: of the key populations, by code or by the tags their files
    name, not yet enrolled. One that must know more, such as a last period, is asked elsewhere."""
    free = [one for one in offered if one.code not in live and not one.intake.facts]
    found = (one.code for group in groups for one in free if group in (one.code, *one.intake.tags))
    return list(dict.fromkeys(found))


def propose_packages(packages: Iterable[tuple[int, str, str]], groups: Collection[str]) -> set[int]:
    """Give the ids to tick of (id, kind, audience): every basic one, and those for the groups."""
    return {id for id, kind, audience in packages if kind == "basic" or audience in groups}


def read_wanted(typed: object) -> Query:
    """Give what is looked for among contracts: `number` 150124-2026-48213907, `short` 4821 3907,
    or whatever `rules.search.read_query` makes of a person's name or number."""
    text = typed.strip() if isinstance(typed, str) else ""
    if _NUMBER.fullmatch(text):
        return Query("number", text)
    if _SHORT.fullmatch(text):
        return Query("short", make_short_number(text[:4] + text[-4:]))
    return read_query(text)


def make_number(county: str, year: int, digits: str) -> str:
    """Give an agreement number that can be read aloud: 150124-2026-48213907."""
    return f"{county}-{year}-{digits}"


def make_short_number(digits: str) -> str:
    """Give the eight digits in two groups, as they stand under the code: 4821 3907."""
    return f"{digits[:4]} {digits[4:]}"
