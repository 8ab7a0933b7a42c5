"""The shape of logging in, of changing a password, and of an account's seat."""

from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from familydoc.labels import LABELS
from familydoc.web.forms.residents import words


class LoginForm(FlaskForm):  # type: ignore[misc]
    username = StringField(
        "用户名", [InputRequired("请填用户名。"), Length(max=40, message="用户名太长。")]
    )
    password = PasswordField(
        "密码", [InputRequired("请填密码。"), Length(max=128, message="密码太长。")]
    )


class PasswordForm(FlaskForm):  # type: ignore[misc]
    old = PasswordField("现在的密码", [InputRequired("请填现在的密码。")])
    password = PasswordField("新密码", [InputRequired("请填新密码。")])
    again = PasswordField("新密码再填一次", [InputRequired("请再填一次新密码。")])


class SeatForm(FlaskForm):  # type: ignore[misc]
    """What an account may do, where, and who it is; rules/accounts.py judges it."""

    role = RadioField("角色", choices=words("role", LABELS["role"]), validate_choice=False)
    organisation = SelectField("所属机构", choices=[], validate_choice=False)
    staff = SelectField("对应人员", choices=[], validate_choice=False)


class NewAccountForm(SeatForm):
    username = StringField("用户名")
