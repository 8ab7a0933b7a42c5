"""Importing a roster: upload, findings by row, confirmation, the rows to mend."""

import json
from collections.abc import Callable, Sequence
from io import BytesIO
from threading import Thread
from typing import Any

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from werkzeug.wrappers import Response

from familydoc.actions import imports_stage as actions
from familydoc.extensions import db, keys
from familydoc.formats.excel import write_workbook
from familydoc.models.accounts import Account
from familydoc.models.imports import RosterImport, RosterImportRow
from familydoc.queries import imports as queries
from familydoc.rules.errors import RuleError
from familydoc.rules.identity import mask_name
from familydoc.rules.roster_sheet import COLUMNS, MEND_COLUMNS, REQUIRED, find_header
from familydoc.web.access import requires, viewer
from familydoc.web.forms.imports import UploadForm
from familydoc.web.htmx import page_or_fragment

blueprint = Blueprint("imports", __name__, url_prefix="/imports")

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FRAGMENTS = {"reading": "working", "recording": "working", "dropped": "failed"}
NOBODY_BELOW = 1_000_000_000  # a row number beyond every sheet


@blueprint.get("")
@requires("imports.make")
def index() -> str:
    return _index(UploadForm())


def _index(form: UploadForm) -> str:
    latest = queries.list_imports(viewer())
    columns = [COLUMNS[code][0] for code in REQUIRED]
    return render_template("imports/index.html", form=form, imports=latest, required=columns)


@blueprint.post("")
@requires("imports.make")
def upload() -> Response | tuple[str, int]:
    form = UploadForm()
    if not form.validate():
        return _index(form), 422
    file = form.file.data
    try:
        found = actions.start_import(
            by=viewer(), filename=file.filename or "", content=file.stream.read()
        )
    except RuleError as refused:
        form.file.errors = [refused.message]
        return _index(form), 422
    _start(actions.stage_import, found.uid)
    return redirect(url_for("imports.show", uid=found.uid), 303)


@blueprint.get("/template.xlsx")
@requires("imports.make")
def template() -> Response:
    headings = [names[0] for names in COLUMNS.values()]
    return _workbook(write_workbook(headings, []), "居民名单模板.xlsx")


@blueprint.get("/<uid>")
@requires("imports.make")
def show(uid: str) -> str:
    found = _find(uid)
    kind = request.args.get("kind", "")
    after = min(request.args.get("after", 0, type=int), NOBODY_BELOW)
    # After the import only a reason that was asked for is listed: the work is done.
    listed = found.state == "staged" or (found.state == "recorded" and kind)
    rows = queries.list_findings(found, kind, after) if listed else []
    fragment = f"imports/_{FRAGMENTS.get(found.state, found.state)}.html"
    return page_or_fragment(
        "imports/show.html",
        fragment,
        found=found,
        part=fragment,
        counts=found.counts,
        kind=kind,
        findings=_findings(rows, found),
        next_after=rows[-1].row_number if len(rows) == queries.PAGE else None,
        stuck=actions.is_stuck(found),
    )


@blueprint.post("/<uid>/confirm")
@requires("imports.make")
def confirm(uid: str) -> Response:
    found = _find(uid)
    if actions.confirm_import(by=viewer(), found=found):
        _start(actions.finish_import, uid)
    return redirect(url_for("imports.show", uid=uid), 303)


@blueprint.post("/<uid>/resume")
@requires("imports.make")
def resume(uid: str) -> Response:
    found = _find(uid)
    work = actions.stage_import if found.state == "reading" else actions.finish_import
    if actions.resume_import(by=viewer(), found=found):
        _start(work, uid)
    return redirect(url_for("imports.show", uid=uid), 303)


@blueprint.post("/<uid>/drop")
@requires("imports.make")
def drop(uid: str) -> Response:
    actions.drop_import(by=viewer(), found=_find(uid))
    return redirect(url_for("imports.index"), 303)


@blueprint.get("/<uid>/refused.xlsx")
@requires("imports.make")
def refused(uid: str) -> Response:
    found = _find(uid)
    rows = queries.list_findings(found, "", limit=queries.ALL)
    if not rows:
        abort(404)
    actions.note_download(by=viewer(), found=found)
    columns = [*MEND_COLUMNS, *queries.get_headings(found)]
    cells = [[row.row_number, *_opened(row)] for row in rows]
    return _workbook(write_workbook(columns, cells), "没有收的行.xlsx")


def _opened(row: RosterImportRow) -> Sequence[Any]:
    payload = json.loads(keys.vault.open(row.payload))
    return payload["message"], *payload["cells"]


def _findings(rows: Sequence[RosterImportRow], found: RosterImport) -> list[dict[str, Any]]:
    """Give what the list shows of rows: a masked name, the column, the sentence."""
    layout = find_header("", [(1, queries.get_headings(found))])
    place = layout.places["name"] if layout else 0
    shown = []
    for row in rows:
        message, *cells = _opened(row)
        name = cells[place] if place < len(cells) else ""
        known = isinstance(name, str) and name.strip()
        shown.append(
            {
                "row": row.row_number,
                "name": mask_name(name.strip()) if known else "（没有姓名）",
                "column": row.column,
                "message": message,
                "notes": row.notes,
            }
        )
    return shown


def _find(uid: str) -> RosterImport:
    found = queries.find_import(uid, viewer())
    if found is None:
        abort(404)
    return found


def _workbook(content: bytes, name: str) -> Response:
    return send_file(BytesIO(content), WORKBOOK, as_attachment=True, download_name=name)


def _start(work: Callable[..., None], uid: str) -> None:
    """Work on an import beside the request; its page shows how far it is."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if app.testing:
        work(by=viewer(), uid=uid)
        return
    account_id = viewer().id

    def run() -> None:
        with app.app_context():
            account = db.session.get(Account, account_id)
            assert account is not None
            work(by=account, uid=uid)

    Thread(target=run, daemon=True).start()
