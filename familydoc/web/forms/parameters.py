"""The shape of a county value; rules/parameters.py judges it."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField


class ValueForm(FlaskForm):  # type: ignore[misc]
    value = StringField("新的值")
    source = StringField("依据")
    valid_from = StringField("从哪天起")
    #: The newest value the administrator saw, and that they saw what it would move.
    seen = HiddenField()
    confirmed = HiddenField()


class ChoiceForm(ValueForm):
    """A value that is one of few."""

    value = RadioField("新的值", choices=[], validate_choice=False)
