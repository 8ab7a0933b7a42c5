"""Saying that what had to be reported upward was reported."""

from flask import abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions.settling import report_upward
from familydoc.models.tasks import Task
from familydoc.web.access import requires, viewer
from familydoc.web.forms.tasks import ReportForm
from familydoc.web.task_contacts import find_task


@requires("visits.record")
def report(number: int) -> str:
    return render_template("tasks/report.html", task=find_report(number), form=ReportForm())


@requires("visits.record")
def reported(number: int) -> Response | tuple[str, int]:
    task, form = find_report(number), ReportForm()
    if not form.validate():
        return render_template("tasks/report.html", task=task, form=form), 422
    report_upward(by=viewer(), task=task, told=form.told.data.strip(), on=clock.today())
    flash("已登记上报，这项待办完成。")
    return redirect(url_for("tasks.index"), 303)


def find_report(number: int) -> Task:
    """Give an open report in scope, or 404."""
    task = find_task(number)
    return task if task.kind == "report" else abort(404)
