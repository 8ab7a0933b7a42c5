"""What came of a call or a knock: its reason, the next day, the new number, and where it leads."""

import uuid
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions.contacts import record_contact
from familydoc.actions.pauses import Wish, pause_care
from familydoc.labels import word
from familydoc.models.tasks import Task
from familydoc.queries.scope import get_visible
from familydoc.rules.contacts import CALL, REASONS
from familydoc.rules.errors import RuleError
from familydoc.rules.permissions import may
from familydoc.rules.residents import parse_phone
from familydoc.rules.values import parse_date
from familydoc.web.access import requires, viewer
from familydoc.web.forms.tasks import ContactForm


@requires("visits.record")
def contact(number: int) -> str:
    return _page(find_task(number), ContactForm(uid=str(uuid.uuid4())))


@requires("visits.record")
def record(number: int) -> Response | tuple[str, int]:
    task, form = find_task(number), ContactForm()
    if not form.validate():
        return _page(task, form), 422
    try:
        _store(task, form)
    except RuleError as refused:
        field = form[refused.field if refused.field in form else "outcome"]
        field.errors = [*field.errors, refused.message]
        return _page(task, form), 422
    return _after(task, form)


def _store(task: Task, form: ContactForm) -> None:
    _day(form.until.data, "until")  # said before anything is stored
    record_contact(
        by=viewer(),
        uid=(form.uid.data or str(uuid.uuid4()))[:36],
        resident=task.resident,
        task=task,
        outcome=form.outcome.data,
        way=_way(form.way.data),
        reason=form.reason.data or "",
        remind_on=_day(form.remind_on.data, "remind_on"),
        telephone=_telephone(form),
        done=form.done.data,
        note=form.note.data or "",
    )
    if _stops(task, form):
        _stop(task, form)


def _after(task: Task, form: ContactForm) -> Response:
    """Somebody who is away is written down as away next, with the day that was told."""
    if form.outcome.data == "away" and may(viewer().role, "residents.edit"):
        flash("联系记录已保存。请登记外出到什么时候，这期间改为电话随访。")
        until = _day(form.until.data, "until")
        day = until.isoformat() if until else None
        uid = task.resident.uid
        return redirect(url_for("residents.states.ask", uid=uid, state="away", until=day), 303)
    if form.outcome.data == "wrong_number" and not form.telephone.data:
        flash("联系记录已保存。还没有新号码，问到以后请改资料。", "danger")
    elif _stops(task, form):
        flash("联系记录已保存，这个项目已暂停，3 个月后会再问一次。")
    else:
        flash("联系记录已保存。")
    return redirect(url_for("tasks.index"), 303)


def _stops(task: Task, form: ContactForm) -> bool:
    return bool(
        form.stop.data
        and form.outcome.data == "refused"
        and task.enrolment is not None
        and may(viewer().role, "residents.edit")
    )


def _stop(task: Task, form: ContactForm) -> None:
    """A refusal of the programme pauses it; a second press finds it paused already."""
    if task.enrolment.state != "active":
        return
    wish = Wish("refused", clock.today(), None, word("contact_reason", form.reason.data))
    pause_care(by=viewer(), resident=task.resident, enrolments=[task.enrolment], wish=wish)


def _way(text: str | None) -> int:
    return int(text) if text in ("2", "3") else CALL if not text else 0


def _day(text: str | None, field: str) -> Any:
    day = parse_date(text)
    if text and day is None:
        raise RuleError("date_invalid", "请选一个日期，例如 2026-12-01。", field)
    return day


def _telephone(form: ContactForm) -> str | None:
    """Give the new number; RuleError with its field when it is none."""
    if form.outcome.data != "wrong_number":
        return None
    try:
        return parse_phone(form.telephone.data)
    except RuleError as refused:
        raise RuleError(refused.code, refused.message, "telephone") from None


def _page(task: Task, form: ContactForm) -> str:
    return render_template("tasks/contact.html", task=task, form=form, reasons=REASONS)


def find_task(number: int) -> Task:
    """Give an open task in scope, or 404; numbers beyond the database's are not there."""
    if number >= 2**31:
        abort(404)
    return get_visible(Task, viewer(), Task.id == number, Task.state == "open") or abort(404)
