"""The shape of a call's outcome and of a referral's check."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from familydoc.labels import LABELS
from familydoc.rules.contacts import CALL, WAYS
from familydoc.web.forms.residents import words


class ContactForm(FlaskForm):  # type: ignore[misc]
    uid = HiddenField()
    way = RadioField(
        "怎么联系的",
        choices=[SelectChoice(str(way), "电话" if way == CALL else "上门") for way in WAYS],
        default=str(CALL),
        validate_choice=False,
    )
    outcome = RadioField(
        "联系的结果",
        [InputRequired("请选联系的结果。")],
        choices=words("contact", LABELS["contact"]),
    )
    reason = RadioField(
        "为什么",
        choices=words("contact_reason", LABELS["contact_reason"]),
        validate_choice=False,
    )
    telephone = StringField("新的电话号码")
    until = StringField("大约什么时候回来")
    done = BooleanField("电话随访已完成，这一季度算完成")
    stop = BooleanField("以后都不要随访，暂停这个项目，3 个月后再问")
    remind_on = StringField("什么时候再联系")
    note = TextAreaField("备注", [Length(max=500, message="备注最多 500 个字。")])


class ReportForm(FlaskForm):  # type: ignore[misc]
    told = StringField(
        "报给了谁",
        [
            InputRequired("请写报给了哪个单位、哪一位。"),
            Length(min=2, max=60, message="写 2 到 60 个字。"),
        ],
    )


class ReferralForm(FlaskForm):  # type: ignore[misc]
    outcome = RadioField(
        "转诊的结果",
        [InputRequired("请选转诊的结果。")],
        choices=list(LABELS["referral_outcome"].items()),
    )
    result = TextAreaField("医院的诊断和处理", [Length(max=500, message="最多 500 个字。")])
