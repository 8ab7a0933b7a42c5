"""The shape of the forms for institutions and villages; rules/organisations.py judges the words."""

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField

from familydoc.rules.organisations import KINDS
from familydoc.web.forms.residents import words

KIND_CHOICES = words("organisation", KINDS)


class SignForm(FlaskForm):  # type: ignore[misc]
    """What stands on the door of an institution."""

    name = StringField("名称")
    address = StringField("地址")
    telephone = StringField("电话")
    complaint_telephone = StringField("监督电话")
    hours = StringField("服务时间")


class OrganisationForm(SignForm):
    """A new institution: its kind and code stay as they are given here."""

    kind = RadioField("类别", choices=KIND_CHOICES, validate_choice=False)
    code = StringField("代码")


class VillageForm(FlaskForm):  # type: ignore[misc]
    code = StringField("代码")
    name = StringField("名称")
    township = SelectField("所属乡镇", choices=[], validate_choice=False)


class VillageNameForm(FlaskForm):  # type: ignore[misc]
    name = StringField("名称")
