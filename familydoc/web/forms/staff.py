"""The shape of the forms for people who serve; actions/staff.py judges the words."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField, StringField


class StaffForm(FlaskForm):  # type: ignore[misc]
    name = StringField("姓名")
    organisation = SelectField("单位", choices=[], validate_choice=False)
    title = StringField("职称")
    telephone = StringField("电话")
    photo_consent = BooleanField("本人同意在公示牌上展示照片")


class PhotographForm(FlaskForm):  # type: ignore[misc]
    photograph = FileField("照片")
