"""The shape of a hand-over; rules/handovers.py judges who may take on whose work."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField


class HandoverForm(FlaskForm):  # type: ignore[misc]
    """Who leaves and when, and who takes the work on; `uid` makes it safe to send twice."""

    uid = HiddenField()
    team = HiddenField()
    leaver = HiddenField()
    successor = RadioField("谁来接手", choices=[], validate_choice=False)
    last_day = StringField("离开的人最后一天")
