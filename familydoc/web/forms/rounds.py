"""The shape of a round's report; rules/rounds.py judges it."""

from collections.abc import Iterable, Mapping

from flask import request
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField

from familydoc.models.rounds import Round
from familydoc.models.teams import Staff
from familydoc.rules.rounds import Person

FIELDS = ("done_on", "patients", "prescriptions", "guests", "note")


class ReportForm(FlaskForm):  # type: ignore[misc]
    done_on = StringField("哪一天")
    patients = StringField("看诊多少人")
    prescriptions = StringField("开方多少张")
    guests = StringField("名单以外来的人")
    note = TextAreaField("备注")

    @property
    def typed(self) -> dict[str, object]:
        return {name: getattr(self, name).data or "" for name in FIELDS}

    def show(self, errors: Mapping[str, str]) -> None:
        """Put sentences onto their fields; those about people stand beside the list."""
        for name, sentence in errors.items():
            if name in FIELDS:
                self[name].errors = [sentence]


class ReasonForm(FlaskForm):  # type: ignore[misc]
    reason = StringField("原因")


def read_people(expected: Iterable[Staff], others: Iterable[Staff]) -> list[Person]:
    """Give whom the form says came or not; who is not marked was not expected that day."""
    found = []
    for one in expected:
        said = request.form.get(f"came-{one.uid}")
        if said in ("yes", "no"):
            reason = " ".join(request.form.get(f"why-{one.uid}", "").split())
            found.append(Person(one.uid, said == "yes", reason))
    more = set(request.form.getlist("more"))
    return [*found, *(Person(one.uid, True) for one in others if one.uid in more)]


def people_of(round_: Round) -> list[Person]:
    """Give who is in the report already, to be shown again after it was opened anew."""
    return [Person(one.staff.uid, one.came, one.reason) for one in round_.attendance]
