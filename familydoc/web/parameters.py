"""County values over the programmes: what is in force, since when, on what ground."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions.parameters import set_value
from familydoc.queries.parameters import Line, get_line, list_history, list_lines
from familydoc.rules.errors import RuleError
from familydoc.web.access import requires, viewer
from familydoc.web.forms.parameters import ChoiceForm, ValueForm

blueprint = Blueprint("parameters", __name__)


@blueprint.get("/parameters")
@requires("parameters.edit")
def index() -> str:
    return render_template("parameters/index.html", groups=list_lines(clock.today()))


def _line(programme: str, name: str) -> Line:
    return get_line(programme, name, clock.today()) or abort(404)


@blueprint.get("/parameters/<programme>/<name>")
@requires("parameters.edit")
def edit(programme: str, name: str) -> str:
    line = _line(programme, name)
    return _page(line, _form(line, formdata=None, valid_from=clock.today().isoformat()))


def _form(line: Line, **given: object) -> ValueForm:
    if not line.setting.choices:
        return ValueForm(**given)
    form = ChoiceForm(**given)
    form.value.choices = list(line.setting.choices)
    return form


def _page(line: Line, form: ValueForm) -> str:
    history = list_history(line)
    return render_template("parameters/edit.html", line=line, form=form, history=history)


@blueprint.post("/parameters/<programme>/<name>")
@requires("parameters.edit")
def save(programme: str, name: str) -> Response | tuple[str, int]:
    line = _line(programme, name)
    form = _form(line)
    try:
        row = set_value(
            by=viewer(),
            programme=programme,
            name=name,
            value=form.value.data or "",
            source=form.source.data or "",
            valid_from=form.valid_from.data or "",
        )
    except RuleError as refused:
        form[refused.field or "value"].errors = [refused.message]
        return _page(line, form), 422
    shown = line.setting.shown(row.value)
    flash(f"{line.setting.label}从 {row.valid_from.isoformat()} 起为 {shown}。")
    return redirect(url_for("parameters.index"), 303)
