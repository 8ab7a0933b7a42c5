"""Whose numbers a viewer may open, and the lists that lie behind them."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import abort, current_app, g, request, url_for

from familydoc.models.accounts import Account
from familydoc.models.organisations import Organisation
from familydoc.models.teams import Team
from familydoc.queries.counts import COUNTY, Scope
from familydoc.queries.report_lines import Line, find_own_team
from familydoc.queries.scope import get_visible
from familydoc.rules.numbers import Number
from familydoc.rules.permissions import may

#: The list behind the tile of each indicator: what is asked of residents, or the fate of tasks.
RESIDENTS_BEHIND = {
    "signed": {"signed": "yes"},
    "signed_key": {"signed": "yes", "tag": "key"},
}
TASKS_BEHIND = {
    "completed_month": "done",
    "completed_quarter": "done",
    "timely": "done_on_time",
}


@dataclass(frozen=True)
class Place:
    """A scope with its name, the way back, and what narrows the lists to it.

    `residents` and `tasks` are None where no list shows just this scope to the viewer.
    """

    scope: Scope
    name: str
    address: dict[str, str]
    residents: dict[str, str] | None
    tasks: dict[str, str] | None
    back: tuple[tuple[str, dict[str, str]], ...] = ()


def find_place(viewer: Account) -> Place:
    """Give the place the address asks for, the viewer's own without; 404 out of scope."""
    if "team" in request.args:
        return _asked_team(viewer, request.args["team"])
    if "centre" in request.args:
        return _asked_centre(viewer, request.args["centre"])
    return find_own_place(viewer)


def find_own_place(viewer: Account) -> Place:
    """Give the place a viewer answers for: county, centre, team, or oneself."""
    if may(viewer.role, "reports.county"):
        return Place(COUNTY, "全县", {}, {}, {})
    if may(viewer.role, "reports.centre"):
        return _centre(viewer, viewer.organisation)
    team = find_own_team(viewer) if may(viewer.role, "reports.team") else None
    if team is not None:
        return _team(viewer, team)
    return _own(viewer)


def _own(viewer: Account) -> Place:
    """Somebody's own numbers: the tasks they own, the villages they look after. Who serves
    nowhere has none."""
    number = viewer.staff_id or 0
    scope = Scope("member", number)
    return Place(scope, viewer.name, {}, {"mine": "1"}, {"member": str(number)})


def _asked_team(viewer: Account, uid: str) -> Place:
    found = None
    if may(viewer.role, "reports.team") and "\0" not in uid:
        found = get_visible(Team, viewer, Team.uid == uid)
    if found is None:
        abort(404)
    return _team(viewer, found)


def _asked_centre(viewer: Account, code: str) -> Place:
    found = None
    if may(viewer.role, "reports.centre") and "\0" not in code:
        found = get_visible(
            Organisation, viewer, Organisation.code == code, Organisation.kind != "county"
        )
    if found is None:
        abort(404)
    return _centre(viewer, found)


def _team(viewer: Account, team: Team) -> Place:
    key = {"team": team.uid}
    back: tuple[tuple[str, dict[str, str]], ...] = ()
    if may(viewer.role, "reports.centre"):
        centre = team.organisation
        back = (*_county_above(viewer), (centre.name, {"centre": centre.code}))
    return Place(Scope("team", team.id), team.name, key, key, key, back)


def _centre(viewer: Account, centre: Organisation) -> Place:
    key = {"centre": centre.code}
    own = not may(viewer.role, "reports.county")
    return Place(
        Scope("centre", centre.id),
        centre.name,
        key,
        key,
        {} if own else key,
        _county_above(viewer),
    )


def _county_above(viewer: Account) -> tuple[tuple[str, dict[str, str]], ...]:
    return (("全县", {}),) if may(viewer.role, "reports.county") else ()


def list_behind(place: Place, number: Number, period: str) -> str | None:
    """Give the address of the list behind a tile, None where there is none."""
    if number.code in RESIDENTS_BEHIND and place.residents is not None:
        return _address("residents.index", {**RESIDENTS_BEHIND[number.code], **place.residents})
    if number.code in TASKS_BEHIND and number.value:
        return tasks_behind(place, TASKS_BEHIND[number.code], period)
    return None


def tasks_behind(place: Place, state: str, period: str) -> str | None:
    """Give the address of the tasks of a place that fell due in a period, by their fate."""
    if place.tasks is None:
        return None
    return _address("tasks.index", {**place.tasks, "period": period, "state": state})


def tasks_of_line(place: Place, line: Line, state: str, period: str) -> str | None:
    """Give the address of the list behind one number of a table, None for what has no key."""
    if not line.key:
        return None
    key = {line.kind: line.key, "period": period, "state": state}
    team = (place.tasks or {}) if line.kind not in ("team", "centre") else {}
    return _address("tasks.index", {**team, **key})


def line_page(line: Line, period: str) -> str | None:
    """Give the address of the page of a centre or a team."""
    return _address("reports.index", {"period": period, line.kind: line.key})


def _address(endpoint: str, parameters: dict[str, str]) -> str | None:
    """Give an address; a page of numbers has a hundred, so the router is asked once for each."""
    base: dict[str, str | None] = g.setdefault("report_addresses", {})
    if endpoint not in base:
        known = endpoint in current_app.view_functions
        base[endpoint] = url_for(endpoint) if known else None
    return f"{base[endpoint]}?{urlencode(parameters)}" if base[endpoint] else None
