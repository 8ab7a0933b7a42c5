"""Taking a resident into a programme: which there are, and what each must know first."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions.enrolments import enrol
from familydoc.models.residents import Resident
from familydoc.queries.enrolments import list_enrolments
from familydoc.rules.definitions import Field, Programme
from familydoc.rules.enrolments import is_fit
from familydoc.rules.errors import RuleError
from familydoc.rules.privacy import code_of
from familydoc.rules.programmes import load_programmes
from familydoc.rules.values import parse_date
from familydoc.web.access import requires, viewer
from familydoc.web.find import find_resident
from familydoc.web.privacy import concealed, discreetly, shown_word

pages = Blueprint("intake", __name__)
INPUTS = {"date": "date", "instant": "datetime-local"}


@dataclass(frozen=True)
class Choice:
    """A programme somebody may be taken into, and the facts it asks for."""

    programme: Programme
    facts: list[Field]

    def name(self, fact: Field) -> str:
        """Give the input's name: two programmes may ask for the same."""
        return f"{self.programme.code}.{fact.code}"

    def is_ticked(self, fact: Field, code: object, typed: dict[str, str]) -> bool:
        """Tell whether a choice was ticked before."""
        return str(code) in typed.get(self.name(fact), "").split(",")

    def kind(self, fact: Field) -> str:
        """Give the input's type."""
        return INPUTS.get(fact.kind, "text")


@pages.get("/residents/<uid>/enrolments/new")
@requires("residents.edit")
def choose(uid: str) -> str:
    return _page(find_resident(uid), {"since": clock.today().isoformat(), **request.args.to_dict()})


@pages.post("/residents/<uid>/enrolments")
@requires("residents.edit")
def take_in(uid: str) -> Response | tuple[str, int]:
    resident = find_resident(uid)
    typed = {key: ",".join(values) for key, values in request.form.lists()}
    programme = code_of(typed.get("programme", ""))
    facts = {
        key.partition(".")[2]: v for key, v in typed.items() if key.startswith(f"{programme}.")
    }
    since = parse_date(typed.get("since") or clock.today().isoformat())
    try:
        if programme not in load_programmes():
            raise RuleError("programme_unknown", "请选择要纳入的管理项目。", "programme")
        if since is None or not resident.birth <= since <= clock.today():
            raise RuleError("since_invalid", "纳入日期应是今天或以前、出生以后的日期。", "since")
        enrol(by=viewer(), resident=resident, programme=programme, since=since, facts=facts)
    except RuleError as refused:
        return _page(resident, typed, refused), 422
    flash(f"已纳入{shown_word('programme', programme)}管理。")
    return redirect(url_for("residents.detail", uid=resident.uid), 303)


def _page(resident: Resident, typed: dict[str, str], refused: RuleError | None = None) -> str:
    chosen = code_of(typed.get("programme", ""))
    error = discreetly(refused.message) if refused else ""
    fact = refused is not None and refused.field in load_facts(chosen)
    at = refused.field if refused and refused.field == "since" else "programme"
    return render_template(
        "residents/intake.html",
        resident=resident,
        choices=list_choices(resident),
        chosen=chosen,
        typed=typed,
        error=error,
        error_at=f"{chosen}.{refused.field}" if refused and fact else at if refused else "",
    )


def list_choices(resident: Resident) -> list[Choice]:
    """Give the programmes that fit the resident and have no live enrolment."""
    live = {one.programme for one in list_enrolments(resident.id) if one.state != "ended"}
    return [
        Choice(one, [one.fields[code] for code in one.intake.facts])
        for code, one in load_programmes().items()
        if code not in live
        and not concealed(code)
        and is_fit(one, resident.sex, resident.birth, clock.today())
    ]


def load_facts(code: str) -> tuple[str, ...]:
    """Give what a programme asks for, nothing for a code that is none."""
    programme = load_programmes().get(code)
    return programme.intake.facts if programme else ()
