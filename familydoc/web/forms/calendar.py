"""The shape of a county's own day; rules/workdays.py judges the words."""

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired


class CountyDayForm(FlaskForm):  # type: ignore[misc]
    day = StringField("哪一天")
    works = RadioField(
        "这一天",
        [InputRequired("请选放假还是上班。")],
        choices=[SelectChoice("off", "放假"), SelectChoice("on", "上班")],
    )
    note = StringField("为什么")
