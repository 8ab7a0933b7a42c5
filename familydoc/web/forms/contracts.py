"""The shape of signing and of ending a contract; sense is judged by rules/contracts.py."""

from datetime import date

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, InputRequired, Length, Regexp

from familydoc.labels import LABELS
from familydoc.rules.contracts import END_REASONS, TERMS
from familydoc.rules.values import clean_text, parse_date
from familydoc.web.forms.residents import Ticks, words

UID_SHAPE = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


class Day(DateField):  # type: ignore[misc]
    """A date in any of the ways people write one."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = valuelist[0] if valuelist else ""
        self.data: date | None = parse_date(typed)
        if typed.strip() and self.data is None:
            raise ValueError("日期不对，请照 2026-11-21 这样填。")


def _number(text: object) -> int:
    """Give a number of few digits, 0 for anything else: a row's id or a term."""
    plain = str(text)
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 10 else 0


def _plain(text: str | None) -> str:
    return (clean_text(text or "") or "").replace("\n", " ")


class SignForm(FlaskForm):  # type: ignore[misc]
    """Signing, renewing and switching are one form; the view fills in the choices."""

    uid = HiddenField(validators=[Regexp(UID_SHAPE, message="请重新打开签约页。")])
    resident = HiddenField()
    packages = Ticks("服务包", coerce=_number)
    programmes = Ticks("同时纳入管理")
    term_months = RadioField(
        "签约期限",
        coerce=_number,
        choices=[SelectChoice(term, f"{term // 12} 年") for term in TERMS],
        validate_choice=False,
    )
    start_on = Day("起始日")
    team = SelectField("服务团队", choices=[], validate_choice=False)
    doctor = SelectField("家庭医生", choices=[], validate_choice=False)
    method = RadioField(
        "签字方式", choices=words("method", LABELS["method"]), validate_choice=False
    )
    guardian = StringField(
        "监护人（姓名和关系）", [Length(max=50, message="最多 50 个字。")], filters=[_plain]
    )
    witness = StringField(
        "见证人（可不填）", [Length(max=50, message="最多 50 个字。")], filters=[_plain]
    )
    consent = BooleanField("已向居民讲明协议；居民同意签约，并单独同意团队查阅健康档案")
    electronic = BooleanField("居民同意用平板电子签字，知道也可以选纸质签字")
    signature = HiddenField()
    shown_hash = HiddenField()


class EndForm(FlaskForm):  # type: ignore[misc]
    """Ending a contract: the last day, and why."""

    on = Day("协议的最后一天", [InputRequired("请填日期。")])
    reason = RadioField(
        "原因",
        [AnyOf(END_REASONS, message="请选原因。")],
        choices=[SelectChoice(reason, reason) for reason in END_REASONS],
        validate_choice=False,
    )
    note = StringField("补充说明", [Length(max=100, message="最多 100 个字。")], filters=[_plain])

    @property
    def words(self) -> str:
        """The reason as it is kept."""
        return "：".join(filter(None, (self.reason.data, self.note.data)))

    @property
    def day(self) -> date:
        day: date | None = self.on.data
        assert day is not None  # only asked for after validate()
        return day
