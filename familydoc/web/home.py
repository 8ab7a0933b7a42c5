"""The home of each role, and whether the house stands."""

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from familydoc.queries.scope import receives
from familydoc.web.access import requires, viewer

blueprint = Blueprint("home", __name__)

HOMES = {
    "member": "tasks.index",
    "leader": "tasks.index",
    "manager": "reports.index",
    "supervisor": "reports.index",
    "administrator": "organisations.index",
}


@blueprint.get("/")
@requires("home")
def home() -> Response:
    account = viewer()
    if account.role == "board":
        return redirect(url_for("board.show", code=account.organisation.code), 303)
    if account.role == "manager" and receives(account):
        return redirect(url_for("referrals.index"), 303)
    return redirect(url_for(HOMES[account.role]), 303)
