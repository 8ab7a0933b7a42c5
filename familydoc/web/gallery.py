"""All components on one page, in development only."""

from types import SimpleNamespace

from flask import Blueprint, abort, current_app, render_template
from flask_wtf import FlaskForm
from wtforms import BooleanField, FileField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from familydoc.web.access import requires

blueprint = Blueprint("gallery", __name__)


def _choices(*words: str) -> list[SelectChoice]:
    return [SelectChoice(str(number), word) for number, word in enumerate(words, start=1)]


class SampleForm(FlaskForm):  # type: ignore[misc]
    name = StringField("一行字")
    wrong = StringField("填错的")
    choice = SelectField("下拉选择", choices=_choices("城关一队", "城关二队"))
    few = RadioField("几个里选一个", choices=_choices("规律", "间断", "不服药"))
    agreed = BooleanField("打勾的一句话")
    note = TextAreaField("几行字")
    file = FileField("文件")


def _figure(code: str, name: str, text: str, unit: str, detail: str) -> SimpleNamespace:
    return SimpleNamespace(
        code=code, name=name, text=text, unit=unit, value=text, definition=detail, detail=detail
    )


@blueprint.get("/gallery")
@requires("home")
def show() -> str:
    if not (current_app.debug or current_app.testing):
        abort(404)
    form = SampleForm(formdata=None, name="张建国", wrong="13800", few="1")
    form.wrong.errors = ["电话号码不对，请核对。"]
    figures = [
        _figure("signed", "签约率", "79.21", "%", "60,732 人 / 76,674 人"),
        _figure("overdue", "逾期", "", "", "没有数据"),
    ]
    return render_template("gallery/show.html", form=form, figures=figures)
