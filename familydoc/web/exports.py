"""Tables to take away: the visits of a programme, one column for each field of its form."""

from tempfile import SpooledTemporaryFile
from typing import IO, cast

from flask import Blueprint, render_template, request, send_file
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions.exports import export_visits
from familydoc.formats.excel import fill_workbook
from familydoc.queries.programmes import effective
from familydoc.rules.errors import RuleError
from familydoc.rules.exports import Span, cells_of, columns_of
from familydoc.rules.privacy import discreet_word
from familydoc.rules.programmes import Programme, load_programmes
from familydoc.web.access import requires, viewer
from familydoc.web.forms.exports import VisitsForm
from familydoc.web.privacy import concealed, read_code

blueprint = Blueprint("exports", __name__)
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Smaller tables never touch the disk.
IN_MEMORY = 8 * 1024 * 1024


@blueprint.get("/exports")
@requires("visits.export")
def index() -> str:
    form = fill(VisitsForm(formdata=None))
    form.programme.data = read_code(request.args.get("programme", ""))
    form.since.data = request.args.get("since", "")[:10] or f"{clock.today().year}-01-01"
    form.until.data = request.args.get("until", "")[:10] or clock.today().isoformat()
    return render_template("exports/index.html", form=form)


def fill(form: VisitsForm) -> VisitsForm:
    """Offer the programmes whose names the viewer may read."""
    form.programme.choices = [(p.code, p.name) for p in offered()]
    return form


def offered() -> list[Programme]:
    return [p for p in load_programmes().values() if not concealed(p.code)]


@blueprint.post("/exports")
@requires("visits.export")
def visits() -> Response | tuple[str, int]:
    form = fill(VisitsForm())
    try:
        programme = find_programme(form.programme.data or "")
        span, rows = export_visits(
            by=viewer(), programme=programme, since=form.since.data, until=form.until.data
        )
    except RuleError as refused:
        form[refused.field or "programme"].errors = [refused.message]
        return render_template("exports/index.html", form=form), 422
    # The response closes it when the last byte has gone.
    file = cast(IO[bytes], SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115
    cells = (cells_of(programme, row) for row in rows)
    fill_workbook(file, columns_of(programme), cells, sheet="随访")
    file.seek(0)
    return send_file(file, WORKBOOK, as_attachment=True, download_name=name_of(programme, span))


def find_programme(code: str) -> Programme:
    """Give a programme as it is in force; RuleError when it is none the viewer may ask for."""
    if code not in [p.code for p in offered()]:
        raise RuleError("programme_unknown", "请选一个管理项目。", "programme")
    return effective(code, clock.today())


def name_of(programme: Programme, span: Span) -> str:
    """Give a file name that says nothing of a private programme."""
    called = discreet_word("programme", programme.code)
    return f"{called}随访 {span.since.isoformat()} 至 {span.until.isoformat()}.xlsx"
