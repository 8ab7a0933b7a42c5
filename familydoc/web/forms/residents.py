"""The shape of residents' forms; what the words mean is judged by rules/particulars.py."""

from collections.abc import Iterable

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from familydoc.actions.states import REFUSALS
from familydoc.labels import LABELS
from familydoc.rules.facts import KINDS as FACTS
from familydoc.rules.residents import TYPED_POPULATIONS


def words(kind: str, codes: Iterable[str]) -> list[SelectChoice]:
    """Give codes with their words as the options of a field."""
    return [SelectChoice(code, LABELS[kind][code]) for code in codes]


TAG_CHOICES = words("tag", TYPED_POPULATIONS)


class Ticks(SelectMultipleField):  # type: ignore[misc]
    """Several choices as check boxes; unknown words are left to the rules."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def pre_validate(self, form: object) -> None:
        """The rules leave out what is no choice; WTForms would refuse it in English."""


def choice(label: str) -> SelectField:
    """A choice whose options the view fills in, and whose value the action judges."""
    return SelectField(label, choices=[], validate_choice=False)


class ResidentForm(FlaskForm):  # type: ignore[misc]
    """Particulars of a person; every key is one that rules/particulars.py reads."""

    uid = HiddenField()
    family = HiddenField()
    seen = HiddenField()
    name = StringField("姓名")
    one_character = BooleanField("姓名就是一个字")
    identity_number = StringField("身份证号")
    sex = RadioField("性别", choices=words("sex", LABELS["sex"]), validate_choice=False)
    birth = StringField("出生日期")
    telephone = StringField("电话")
    village_code = choice("村（居）委会")
    address = StringField("详细地址")
    household = StringField("户编号")
    relation = StringField("与户主关系")
    registered = RadioField(
        "户籍",
        choices=[SelectChoice("yes", "户籍"), SelectChoice("no", "非户籍")],
        default="yes",
        validate_choice=False,
    )
    nation = StringField("民族")
    record_number = StringField("健康档案编号")
    note = TextAreaField("备注")
    tags = Ticks("重点人群", choices=TAG_CHOICES)
    different = Ticks("不是同一个人", choices=[])

    @property
    def typed(self) -> dict[str, object]:
        """What the rules read of it."""
        return {name: field.data for name, field in self._fields.items()}

    def show(self, errors: dict[str, str]) -> None:
        """Put each sentence beside its field."""
        for name, sentence in errors.items():
            field = self._fields.get(name, self._fields["name"])
            field.errors = [*field.errors, sentence]


class TagsForm(FlaskForm):  # type: ignore[misc]
    tags = Ticks("重点人群", choices=TAG_CHOICES)


class StateForm(FlaskForm):  # type: ignore[misc]
    state = RadioField("现在的情况", choices=[], validate_choice=False)
    on = StringField("从哪天起")
    until = StringField("大约到哪天")
    fact = RadioField("怎么知道的", choices=words("fact", FACTS), validate_choice=False)
    detail = StringField("谁说的，或证明的编号")
    reason = StringField("原因")


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    change = HiddenField()
    fact = RadioField("第二个依据", choices=words("fact", FACTS), validate_choice=False)
    detail = StringField("谁说的，或证明的编号")
    sure = BooleanField("我已核实")


class RefuseForm(FlaskForm):  # type: ignore[misc]
    change = HiddenField()
    reason = RadioField(
        "为什么不同意",
        choices=words("state_refusal", REFUSALS),
        validate_choice=False,
    )


class ReasonForm(FlaskForm):  # type: ignore[misc]
    reason = StringField("为什么撤销")


class CareForm(FlaskForm):  # type: ignore[misc]
    act = HiddenField()
    on = StringField("从哪天起")
    reason = StringField("原因")
