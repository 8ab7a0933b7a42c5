"""The shape of an export; rules/exports.py judges it."""

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField


class VisitsForm(FlaskForm):  # type: ignore[misc]
    programme = SelectField("哪个项目", choices=[], validate_choice=False)
    since = StringField("从")
    until = StringField("到")
