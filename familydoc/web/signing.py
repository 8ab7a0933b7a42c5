"""The form that signs, renews or switches: its choices, its preview, what it says was agreed."""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for

from familydoc import clock
from familydoc.actions import contracts as actions
from familydoc.labels import word
from familydoc.models.contracts import Contract
from familydoc.models.residents import Resident
from familydoc.models.teams import Team
from familydoc.queries.agreements import (
    Draft,
    Terms,
    draft_agreement,
    groups_of,
    judge,
    list_other_teams,
    list_own_teams,
    make_draft,
)
from familydoc.queries.contracts import find_contract, get_policy, list_doctors
from familydoc.queries.enrolments import list_enrolments
from familydoc.queries.packages import list_packages
from familydoc.rules import contracts as rules
from familydoc.rules.agreements import Agreement, agreement_text, text_hash
from familydoc.rules.dates import age_on
from familydoc.rules.enrolments import is_fit
from familydoc.rules.errors import RuleError
from familydoc.rules.programmes import load_programmes
from familydoc.rules.residents import KEY_POPULATIONS
from familydoc.web.access import viewer
from familydoc.web.find import UID
from familydoc.web.forms.contracts import SignForm


@dataclass(frozen=True)
class Case:
    """What a form is opened for: `kind` sign, renew or switch, and the contract before."""

    kind: str
    resident: Resident
    contract: Contract | None = None

    @property
    def title(self) -> str:
        return {"sign": "签约", "renew": "续签", "switch": "改签"}[self.kind]

    @property
    def address(self) -> str:
        if self.contract is None:
            return url_for("contracts.create")
        return url_for(f"contracts.{self.kind}", uid=self.contract.uid)

    def start_on(self, today: date) -> date:
        """The first day that the rules fix, or propose for a new contract."""
        if self.kind == "renew" and self.contract is not None:
            return rules.renewal_start(self.contract.end_on, today)
        return today

    @property
    def minor(self) -> bool:
        return age_on(self.resident.birth, clock.today()) < rules.ADULT_AGE

    @property
    def groups(self) -> list[str]:
        found = groups_of(self.resident, clock.today())
        return [code for code in KEY_POPULATIONS if code in found]


def open_form(case: Case) -> SignForm:
    """Give a fresh form with what the record proposes ticked; nothing of the evidence is."""
    form = SignForm(formdata=None, uid=str(uuid.uuid4()), resident=case.resident.uid)
    offer(form, case)
    today = clock.today()
    before = [package.code for package in case.contract.packages] if case.contract else []
    packages = list_packages()
    proposed = rules.propose_packages([(p.id, p.kind, p.audience) for p in packages], case.groups)
    form.packages.data = [p.id for p in packages if p.id in proposed or p.code in before]
    form.programmes.data = [code for code, _ in form.programmes.choices]
    form.term_months.data = get_policy(today).default_term
    form.start_on.data = case.start_on(today)
    form.method.data = "paper"  # a script that can take a signature chooses the tablet
    form.team.data = form.team.choices[0][0] if form.team.choices else ""
    form.guardian.data = case.contract.guardian if case.contract else ""
    return form


def offer(form: SignForm, case: Case) -> None:
    """Fill in the choices of packages, programmes, teams and doctors."""
    live = {e.programme for e in list_enrolments(case.resident.id) if e.state != "ended"}
    sex, birth = case.resident.sex, case.resident.birth
    fits = [p for p in load_programmes().values() if is_fit(p, sex, birth, clock.today())]
    proposed = rules.propose_programmes(case.groups, live, fits)
    form.programmes.choices = [(code, word("programme", code)) for code in proposed]
    form.packages.choices = [(package.id, package.name) for package in list_packages()]
    form.team.choices = [(team.uid, team.name) for team in teams_of(case)]
    team = chosen_team(form, case)
    doctors = list_doctors(team.id, clock.today()) if team else []
    form.doctor.choices = [
        ("", "由系统安排"),
        *((staff.uid, f"{staff.name}（已签 {doctor.signed} 人）") for staff, doctor in doctors),
    ]


def teams_of(case: Case) -> list[Team]:
    """Give the teams that may be chosen: one's own, for a switch the others of the centre."""
    if case.kind == "switch" and case.contract is not None:
        return list(list_other_teams(case.contract.team))
    if case.contract is not None:
        return [case.contract.team]
    return list(list_own_teams(viewer()))


def chosen_team(form: SignForm, case: Case) -> Team | None:
    teams = teams_of(case)
    return next((team for team in teams if team.uid == form.team.data), next(iter(teams), None))


def read_terms(form: SignForm, case: Case) -> Terms:
    """Give the terms as they stand in the form; a missing date reads as today's proposal."""
    today, team = clock.today(), chosen_team(form, case)
    doctors = list_doctors(team.id, today) if team else []
    fixed, ticked = case.start_on(today), form.programmes.data or ()
    return Terms(
        package_ids=set(form.packages.data or ()),
        term_months=form.term_months.data or 0,
        start_on=(form.start_on.data or fixed) if case.kind == "sign" else fixed,
        method=form.method.data or "",
        signature=form.signature.data or "",
        guardian=form.guardian.data or "",
        witness=form.witness.data or "",
        team_id=team.id if team else None,
        doctor_id=next((d.id for staff, d in doctors if staff.uid == form.doctor.data), None),
        programmes=[code for code, _ in form.programmes.choices if code in ticked],
        consent=bool(form.consent.data),
        electronic=bool(form.electronic.data),
        shown_hash=form.shown_hash.data or "",
    )


@dataclass(frozen=True)
class Preview:
    """The agreement as it would be signed now, its hash, and what to know before signing."""

    agreement: Agreement | None
    hash: str
    warnings: tuple[str, ...]
    refusal: str


def preview(form: SignForm, case: Case) -> Preview:
    """Give the agreement of the form as it stands; a refusal's sentence where there is none."""
    today = clock.today()
    try:
        draft = _draft(read_terms(form, case), case)
        agreement = draft_agreement(case.resident, draft, today)
        text = agreement_text(agreement)
    except (RuleError, KeyError, OverflowError, ValueError) as refused:
        message = refused.message if isinstance(refused, RuleError) else "请先把上面填完整。"
        return Preview(None, "", (), message)
    warnings = rules.cap_warnings(draft.doctor_signed, get_policy(today))
    return Preview(agreement, text_hash(text), warnings, "")


def _draft(terms: Terms, case: Case) -> Draft:
    return make_draft(case.resident, terms, viewer().staff, clock.today())


def show_refusals(form: SignForm, case: Case) -> bool:
    """Put every refusal on its field; tell whether there is one."""
    try:
        found = judge(
            case.resident, _draft(read_terms(form, case), case), clock.today(), case.contract
        )
    except RuleError as refused:
        found = [refused]
    for refusal in found:
        show(form, refusal)
    return bool(found)


def show(form: SignForm, refusal: RuleError) -> None:
    known = refusal.field is not None and refusal.field in form
    field: Any = form[refusal.field] if known else form.resident
    field.errors = list(field.errors or ()) or [refusal.message]


def signed_before(form: SignForm, case: Case) -> Contract | None:
    """Give the contract that this very form has signed: a second press changes nothing."""
    found = find_contract(form.uid.data) if UID.fullmatch(form.uid.data or "") else None
    return found if found is not None and found.resident_id == case.resident.id else None


def sign(form: SignForm, case: Case) -> Contract:
    """Do what the form is for; raises RuleError."""
    terms, uid = read_terms(form, case), str(form.uid.data)
    if case.contract is None:
        return actions.sign_contract(by=viewer(), uid=uid, resident=case.resident, terms=terms)
    act = actions.renew_contract if case.kind == "renew" else actions.switch_contract
    return act(by=viewer(), uid=uid, contract=case.contract, terms=terms)
