"""An upload on its way: taken in, judged into findings, confirmed, recorded, forgotten."""

import json
import logging
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.bulk import insert_rows, table
from familydoc.actions.imports import foresee, in_order, judge_people, many_rows, record_people
from familydoc.actions.imports_judge import Batch
from familydoc.extensions import db, keys
from familydoc.formats.table import guard_table
from familydoc.models.accounts import Account
from familydoc.models.imports import RosterImport, RosterImportRow
from familydoc.rules.errors import RuleError
from familydoc.rules.roster import REASON_COLUMNS, RosterRow
from familydoc.rules.roster_cells import read_text
from familydoc.rules.roster_sheet import COLUMNS, column_letter
from familydoc.transaction import transaction

log = logging.getLogger(__name__)
#: Uploaded people are kept no longer than this, whatever becomes of the import.
KEPT = timedelta(hours=24)
WORKING = ("reading", "recording")
#: Longer without a sign of life and the process that did the work is gone.
STUCK = timedelta(minutes=2)
FINDING_COLUMNS = ("import_id", "row_number", "outcome", "reason", '"column"', "notes", "payload")
BROKEN = "程序出错了，什么都没有导入，问题已记入日志。请再试一次；还不行，请告诉管理员。"


def start_import(*, by: Account, filename: str, content: bytes) -> RosterImport:
    """Keep an uploaded file, sealed, to be judged; what is older than a day is forgotten.

    RuleError where a look at the file is enough to refuse it.
    """
    guard_table(content)
    forget_old_imports(by=by)
    sealed = keys.vault.seal_bytes(content)
    name = read_text(filename.replace("\\", "/").rsplit("/", 1)[-1], 200)
    with transaction() as session:
        found = RosterImport(
            uid=str(uuid.uuid4()),
            filename=name or "名单",
            state="reading",
            content=sealed,
            account_id=by.id,
            created_at=clock.now(),
            counts=_touched({}),
        )
        session.add(found)
        session.flush()
        record(by=by, verb="upload_roster", entity="import", entity_id=found.id, bytes=len(content))
    return found


def stage_import(*, by: Account, uid: str) -> None:
    """Judge an upload row by row and keep what there is to tell; ends as staged or failed."""
    _guarded(by, uid, _stage, "failed")


def confirm_import(*, by: Account, found: RosterImport) -> bool:
    """Mark a staged import as being recorded; False when somebody pressed before."""
    with transaction() as session:
        counts = _touched(found.counts)
        mine = _turn(session, found.uid, "staged", "recording", rows_done=0, counts=counts)
        if mine:
            record(by=by, verb="confirm_import", entity="import", entity_id=found.id)
    return mine


def is_stuck(found: RosterImport) -> bool:
    """Tell whether the work on an import has stopped half-way, as after a restart."""
    if found.state not in WORKING:
        return False
    touched = found.counts.get("touched")
    last = datetime.fromisoformat(touched) if touched else found.created_at
    return clock.now() - last > STUCK


def resume_import(*, by: Account, found: RosterImport) -> bool:
    """Take up stopped work; False when somebody did before, or when it never stopped."""
    with transaction():
        if not is_stuck(found):
            return False
        found.counts = _touched(found.counts)
        record(by=by, verb="resume_import", entity="import", entity_id=found.id)
    return True


def finish_import(*, by: Account, uid: str) -> None:
    """Judge once more, for the county may have changed since, and record all accepted people.

    Where the verdicts are no longer those that were confirmed, nothing is recorded and the import
    is staged again.
    """
    _guarded(by, uid, _finish, "staged")


def note_download(*, by: Account, found: RosterImport) -> None:
    """Note that somebody took the refused rows away as a workbook."""
    with transaction():
        record(by=by, verb="download_refused", entity="import", entity_id=found.id)


def drop_import(*, by: Account, found: RosterImport) -> None:
    """Throw an upload away with all its rows."""
    with transaction() as session:
        if found.state in ("recorded", "dropped"):
            return
        found.state, found.finished_at = "dropped", clock.now()
        _forget_rows(session, [found.id])
        record(by=by, verb="drop_import", entity="import", entity_id=found.id)


def forget_old_imports(*, by: Account | None) -> int:
    """Delete files and rows of imports older than a day; give how many there were."""
    old = select(RosterImport.id).where(
        RosterImport.created_at < clock.now() - KEPT,
        or_(
            RosterImport.content.is_not(None),
            RosterImport.state.in_(("staged", *WORKING)),
            RosterImport.id.in_(select(RosterImportRow.import_id)),
        ),
    )
    ids = list(db.session.scalars(old))
    if not ids:
        return 0
    with transaction() as session:
        open_states = RosterImport.state.in_(("staged", *WORKING))
        session.execute(
            update(RosterImport)
            .where(RosterImport.id.in_(ids), open_states)
            .values(state="dropped", finished_at=clock.now())
        )
        _forget_rows(session, ids)
        record(by=by, verb="forget_imports", entity="import", imports=len(ids))
    return len(ids)


def _guarded(by: Account, uid: str, work: Any, state_when_broken: str) -> None:
    """Run a stride of an import; whatever goes wrong ends as a sentence on its page."""
    try:
        with many_rows():
            work(by, uid)
    except RuleError as refused:
        _fail(by, uid, state_when_broken, refused.message)
    except Exception as error:
        log.exception("import broken: %s", type(error).__name__)
        _fail(by, uid, state_when_broken, BROKEN)


def _fail(by: Account, uid: str, state: str, message: str) -> None:
    db.session.rollback()
    with transaction() as session:
        found = _get(session, uid)
        if found.state not in WORKING:
            return
        found.state, found.message = state, message
        if state == "failed":
            found.finished_at = clock.now()
            _forget_rows(session, [found.id])
        record(by=by, verb="import_failed", entity="import", entity_id=found.id)


def _get(session: Session, uid: str) -> RosterImport:
    return session.execute(select(RosterImport).where(RosterImport.uid == uid)).scalar_one()


def _turn(session: Session, uid: str, old: str, new: str, **values: Any) -> bool:
    """Move an import from one state to the next; only one of two presses succeeds."""
    moved = session.execute(
        update(RosterImport)
        .where(RosterImport.uid == uid, RosterImport.state == old)
        .values(state=new, **values)
    )
    return bool(moved.rowcount)  # type: ignore[attr-defined]


def _content(uid: str) -> tuple[int, bytes]:
    id, sealed = db.session.execute(
        select(RosterImport.id, RosterImport.content).where(RosterImport.uid == uid)
    ).one()
    if sealed is None:
        raise RuleError("import_forgotten", "上传的文件已经删除，请重新上传。")
    return id, keys.vault.open_bytes(sealed)


def _stage(by: Account, uid: str) -> None:
    id, content = _content(uid)
    with transaction() as session:
        session.execute(delete(RosterImportRow).where(RosterImportRow.import_id == id))
        record(by=by, verb="read_roster", entity="import", entity_id=id)
    headings: list[str] = []

    def keep(batch: Batch) -> None:
        headings[:] = batch.layout.headings
        with transaction() as session:
            insert_rows(session, table(RosterImportRow), FINDING_COLUMNS, _findings(id, batch))
            _progress(session, uid, batch)

    tally, people = judge_people(by=by, content=content, today=clock.today(), tell=keep)
    counts = in_order(tally.as_dict() | foresee(people)) | {"headings": headings}
    with transaction() as session:
        _turn(session, uid, "reading", "staged", counts=counts, rows_done=tally.rows)
        record(by=by, verb="stage_import", entity="import", entity_id=id, rows=tally.rows)


def _finish(by: Account, uid: str) -> None:
    id, content = _content(uid)
    staged = db.session.execute(select(RosterImport.counts).where(RosterImport.id == id)).scalar()
    today = clock.today()

    def tell(batch: Batch) -> None:
        with transaction() as session:
            _progress(session, uid, batch)

    tally, people = judge_people(by=by, content=content, today=today, tell=tell)
    counts = tally.as_dict()
    if any(counts[key] != (staged or {}).get(key) for key in ("rows", "refused", "accepted")):
        _stage_again(by, uid)
        return

    def finish(found: dict[str, Any]) -> None:
        kept = found | {"headings": (staged or {}).get("headings", [])}
        values = {"counts": kept, "content": None, "finished_at": clock.now(), "message": ""}
        session = db.session()
        if not _turn(session, uid, "recording", "recorded", **values):
            raise RuleError("import_done", "这份名单已经导入过了。")
        rows = RosterImportRow.import_id == id
        session.execute(delete(RosterImportRow).where(rows, RosterImportRow.outcome != "refused"))

    record_people(by=by, people=people, counts=counts, today=today, entity_id=id, finish=finish)


def _stage_again(by: Account, uid: str) -> None:
    with transaction() as session:
        message = "核对之后县里的居民有变化，已重新核对。请再看一遍结果，然后导入。"
        _turn(session, uid, "recording", "reading", message=message)
        record(by=by, verb="stage_again", entity="import")
    _stage(by, uid)


def _progress(session: Session, uid: str, batch: Batch) -> None:
    found = _get(session, uid)
    found.rows_done, found.rows_total = batch.done, batch.total
    found.counts = _touched(found.counts)


def _touched(counts: dict[str, Any]) -> dict[str, Any]:
    """Give the counts with a sign of life."""
    return counts | {"touched": clock.now().isoformat()}


def _findings(id: int, batch: Batch) -> Iterator[tuple[Any, ...]]:
    """Give the rows that have something to tell: those refused, mended or doubtful."""
    for row, cells in batch.rows:
        notes = (*row.normalised, *row.warned)
        if row.reason or notes:
            outcome = "refused" if row.reason else "noted"
            column = _column(row, batch)
            payload = json.dumps({"message": row.message, "cells": cells}, ensure_ascii=False)
            sealed = keys.vault.seal(payload)
            yield (id, row.row, outcome, row.reason, column, json.dumps(notes), sealed)


def _column(row: RosterRow, batch: Batch) -> str:
    """Give the letter and the name of the column a reason is about: `E 身份证号`."""
    code = REASON_COLUMNS.get(row.reason)
    if code is None:
        return ""
    place = batch.layout.places[code]
    return f"{column_letter(place)} {COLUMNS[code][0]}"


def _forget_rows(session: Session, ids: list[int]) -> None:
    session.execute(delete(RosterImportRow).where(RosterImportRow.import_id.in_(ids)))
    session.execute(update(RosterImport).where(RosterImport.id.in_(ids)).values(content=None))
