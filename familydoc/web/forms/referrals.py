"""The shape of referring, sending elsewhere, answering; sense is judged by rules/referrals.py."""

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

#: The value that stands for a hospital outside the county's list.
ELSEWHERE, NO_PROGRAMME = "other", "other"
URGENCIES = (("routine", "一般"), ("urgent", "紧急"))
WHERE = (("no", "还在治疗"), ("yes", "转回基层"))


def options(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Give codes with their words as the options of a field."""
    return [SelectChoice(code, name) for code, name in pairs]


class Choice(RadioField):  # type: ignore[misc]
    """A choice whose options the view fills in; the rules refuse what is not among them."""

    def pre_validate(self, form: object) -> None:
        """The rules answer in Chinese."""


class Pick(SelectField):  # type: ignore[misc]
    """The same as a list to pick from."""

    def pre_validate(self, form: object) -> None:
        """The rules answer in Chinese."""


class PlaceForm(FlaskForm):  # type: ignore[misc]
    """Where somebody is referred to."""

    hospital = Pick("转到哪家医院", choices=[])
    to_name = StringField("医院名称")
    department = StringField("科室")

    def offer(self, hospitals: Iterable[tuple[str, str]]) -> None:
        self.hospital.choices = options([*hospitals, (ELSEWHERE, "其他医院（写名称）")])

    def show(self, field: str | None, message: str) -> None:
        """Put a refusal beside its field, above all where it has none."""
        name = field if field in self._fields else next(iter(self._fields))
        self[name].errors = [message]


class ReferForm(PlaceForm):
    """A referral by hand."""

    uid = HiddenField()
    programme = Choice("因为什么", choices=[])
    urgency = Choice("急不急", choices=options(URGENCIES))
    reason = TextAreaField("转诊原因")


class AnswerForm(FlaskForm):  # type: ignore[misc]
    """What the hospital writes back."""

    diagnosis = TextAreaField("诊断")
    treatment = TextAreaField("治疗经过和用药")
    advice = TextAreaField("下一步建议")
    back = Choice("病人现在", choices=options(WHERE))

    def show(self, field: str | None, message: str) -> None:
        name: Any = field if field in self._fields else "diagnosis"
        self[name].errors = [message]


class DownForm(AnswerForm):
    """Somebody who never came by a referral is sent down."""

    uid = HiddenField()
    name = StringField("姓名")
    identity = StringField("身份证号")


class CancelForm(FlaskForm):  # type: ignore[misc]
    reason = StringField("取消的原因")
