"""The shape of the forms about pauses and hand-overs; what they mean is judged by the rules."""

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField

from familydoc.labels import LABELS
from familydoc.web.forms.residents import Ticks, choice, words


class PauseForm(FlaskForm):  # type: ignore[misc]
    kind = RadioField("为什么暂停", choices=words("pause", LABELS["pause"]), validate_choice=False)
    programmes = Ticks("暂停哪些管理项目", choices=[])
    on = StringField("从哪天起")
    until = StringField("大约到哪天")
    reason = StringField("原因")


class ReturnForm(FlaskForm):  # type: ignore[misc]
    kind = StringField("哪一种暂停")
    on = StringField("哪天出院、恢复")
    reason = StringField("为什么撤销")


class TransferForm(FlaskForm):  # type: ignore[misc]
    village_code = choice("搬到哪个村（居）委会")
    on = StringField("哪天搬走的")
    address = StringField("新的住址")
    reason = StringField("原因")


class AcceptForm(FlaskForm):  # type: ignore[misc]
    village_code = choice("现在住在哪个村（居）委会")


class RefusalForm(FlaskForm):  # type: ignore[misc]
    reason = RadioField(
        "为什么不接收",
        choices=words("transfer_refusal", LABELS["transfer_refusal"]),
        validate_choice=False,
    )
