"""The shape of the forms for teams; rules/teams.py and actions/teams.py judge the words."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField

from familydoc.labels import LABELS
from familydoc.web.forms.residents import words

ROLE_CHOICES = words("member_role", LABELS["member_role"])


class PlateForm(FlaskForm):  # type: ignore[misc]
    """What a leader may change."""

    hours = StringField("服务时间")
    telephone = StringField("电话")
    services = TextAreaField("服务内容")


class NewTeamForm(PlateForm):
    name = StringField("团队名称")
    organisation = SelectField("乡镇卫生院", choices=[], validate_choice=False)


class TeamForm(PlateForm):
    name = StringField("团队名称")
    leader = SelectField("团队长", choices=[], validate_choice=False)


class MemberForm(FlaskForm):  # type: ignore[misc]
    staff = SelectField("人员", choices=[], validate_choice=False)
    role = RadioField("在团队里做什么", choices=ROLE_CHOICES, validate_choice=False)
    since = StringField("从哪天起")


class EndForm(FlaskForm):  # type: ignore[misc]
    until = StringField("最后一天")


class ServeForm(FlaskForm):  # type: ignore[misc]
    """Which village, who looks after it, and which team served it when the question was asked."""

    village = SelectField("村（居）", choices=[], validate_choice=False)
    keeper = SelectField("负责人", choices=[], validate_choice=False)
    seen = HiddenField()


class KeeperForm(FlaskForm):  # type: ignore[misc]
    keeper = SelectField("负责人", choices=[], validate_choice=False)
