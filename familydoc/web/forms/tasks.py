"""The shape of a call's outcome and of a referral's check."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from familydoc.labels import LABELS


class ContactForm(FlaskForm):  # type: ignore[misc]
    uid = HiddenField()
    outcome = RadioField(
        "联系的结果",
        [InputRequired("请选联系的结果。")],
        choices=list(LABELS["contact"].items()),
    )
    remind_on = StringField("什么时候再联系")
    note = TextAreaField("备注", [Length(max=500, message="备注最多 500 个字。")])


class ReferralForm(FlaskForm):  # type: ignore[misc]
    outcome = RadioField(
        "转诊的结果",
        [InputRequired("请选转诊的结果。")],
        choices=list(LABELS["referral_outcome"].items()),
    )
    result = TextAreaField("医院的诊断和处理", [Length(max=500, message="最多 500 个字。")])
