"""Institutions, villages, people, teams and accounts that an address names, or a 404."""

import re

from flask import abort

from familydoc.models.accounts import Account
from familydoc.models.organisations import Division, Organisation
from familydoc.models.teams import Staff, Team, TeamMember, TeamVillage
from familydoc.queries.accounts import find_account as query_account
from familydoc.queries.organisations import find_division, find_service
from familydoc.queries.scope import get_visible
from familydoc.queries.staff import get_own_staff
from familydoc.queries.teams import find_membership, find_staff_of
from familydoc.rules.teams import rights
from familydoc.web.access import viewer

#: What a key in an address may look like; anything else is not even asked for.
KEY = re.compile(r"[0-9A-Za-z._-]{1,40}")


def _known(key: str) -> str:
    return key if KEY.fullmatch(key) else abort(404)


def find_organisation(code: str) -> Organisation:
    """Give an institution in the viewer's scope."""
    return get_visible(Organisation, viewer(), Organisation.code == _known(code)) or abort(404)


def find_village(code: str) -> Division:
    """Give a village of the county, retired or not."""
    village = find_division(_known(code))
    return village if village and village.level == "village" else abort(404)


def find_own_staff(uid: str) -> Staff:
    """Give a person the viewer answers for."""
    return get_own_staff(viewer(), _known(uid)) or abort(404)


def find_colleague(uid: str) -> Staff:
    """Give a person the viewer may see."""
    return get_visible(Staff, viewer(), Staff.uid == _known(uid)) or abort(404)


def find_team(uid: str) -> Team:
    """Give a team in the viewer's scope."""
    return get_visible(Team, viewer(), Team.uid == _known(uid)) or abort(404)


def rights_to(team: Team) -> str:
    """Give what the viewer may change of a team: `all`, `plate` or ''."""
    account = viewer()
    return rights(
        account.role,
        own_centre=team.organisation_id == account.organisation_id,
        leads=team.leader_id is not None and team.leader_id == account.staff_id,
    )


def find_managed_team(uid: str) -> Team:
    """Give a team the viewer may change in every respect."""
    team = find_team(uid)
    return team if rights_to(team) == "all" and team.active else abort(404)


def find_member(team: Team, uid: str) -> TeamMember:
    """Give today's membership of a person in a team."""
    staff = find_staff_of(team.id, _known(uid))
    return (find_membership(team.id, staff.id) if staff else None) or abort(404)


def find_served(team: Team, code: str) -> TeamVillage:
    """Give today's service of a village by a team."""
    service = find_service(_known(code))
    return service if service and service.team_id == team.id else abort(404)


def find_account(username: str) -> Account:
    return query_account(_known(username)) or abort(404)
