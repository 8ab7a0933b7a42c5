"""County values: what is in force, since when, on what ground, and what a change would move."""

from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions.parameters import apply_values, read_draft, set_value
from familydoc.labels import LABELS, word
from familydoc.queries.moves import Preview, change_of, preview_change
from familydoc.queries.parameters import (
    Line,
    get_line,
    latest_row,
    list_history,
    list_lines,
)
from familydoc.rules.errors import RuleError
from familydoc.rules.moves import GRACE_DAYS
from familydoc.rules.parameters import Draft
from familydoc.web.access import requires, viewer
from familydoc.web.forms.parameters import ChoiceForm, ValueForm

blueprint = Blueprint("parameters", __name__)
Answer = Response | str | tuple[str, int]
#: What a request may take to move dates; the night goes on with the rest.
SECONDS = 8.0


@blueprint.get("/parameters")
@requires("parameters.edit")
def index() -> str:
    asked = " ".join(request.args.get("q", "").split())[:40]
    groups = list_lines(clock.today())
    found = [(code, lines) for code, all_ in groups if (lines := matching(code, all_, asked))]
    return render_template(
        "parameters/index.html",
        groups=found,
        total=sum(len(lines) for _, lines in found),
        asked=asked,
        name_of=name_of,
    )


def name_of(code: str) -> str:
    """Give what a group of parameters is called: the programme, or 签约, 转诊, 巡诊."""
    return LABELS["parameter_group"].get(code) or word("programme", code)


def matching(code: str, lines: Sequence[Line], asked: str) -> list[Line]:
    """Keep the lines whose programme, label, ground or name has every word that was asked for."""
    words = asked.lower().split()
    return [
        line
        for line in lines
        if all(one in f"{name_of(code)} {code} {_words_of(line)}".lower() for one in words)
    ]


def _words_of(line: Line) -> str:
    county = line.now.row.source if line.now else ""
    return f"{line.setting.label} {line.setting.name} {line.setting.source} {county}"


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
    return render_template(
        "parameters/edit.html",
        line=line,
        form=form,
        history=list_history(line),
        group=name_of(line.programme),
    )


@blueprint.post("/parameters/<programme>/<name>")
@requires("parameters.edit")
def save(programme: str, name: str) -> Answer:
    """Show what a value would move; store it when somebody has seen that and confirms."""
    line = _line(programme, name)
    form = _form(line)
    typed = [field.data or "" for field in (form.value, form.source, form.valid_from)]
    try:
        draft = read_draft(line, *typed)
        if not form.confirmed.data:
            return _preview(line, form, draft)
        row = set_value(
            by=viewer(),
            programme=programme,
            name=name,
            value=typed[0],
            source=typed[1],
            valid_from=typed[2],
            seen=read_seen(form.seen.data),
        )
    except RuleError as refused:
        if refused.code == "parameter_stale":
            return _preview(_line(programme, name), form, draft, refused.message), 409
        form[refused.field or "value"].errors = [refused.message]
        return _page(line, form), 422
    moved = apply_values(by=viewer(), today=clock.today(), seconds=SECONDS)
    shown = line.setting.shown(row.value)
    said = f"{line.setting.label}从 {row.valid_from.isoformat()} 起为 {shown}。"
    flash(f"{said}{moved} 人的下次日期已经改好。" if moved else said)
    return redirect(url_for("parameters.index", _anchor=programme), 303)


def read_seen(typed: str | None) -> int:
    """Give the key of the newest value the administrator saw; -1, which fits none, for junk."""
    text = typed or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _preview(line: Line, form: ValueForm, draft: Draft, stale: str = "") -> str:
    return render_template(
        "parameters/preview.html",
        line=line,
        form=form,
        draft=draft,
        stale=stale,
        group=name_of(line.programme),
        seen=latest_row(line.programme, line.setting.name),
        preview=_moves(line, draft),
        today=clock.today(),
        earliest=draft.valid_from + timedelta(days=GRACE_DAYS),
    )


def _moves(line: Line, draft: Draft) -> Preview | None:
    change = change_of(line.programme, line.setting.name, draft.value, draft.valid_from)
    return preview_change(change, clock.today()) if change else None
