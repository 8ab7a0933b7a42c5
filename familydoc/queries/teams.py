"""Reads of teams, their members and their villages."""

from sqlalchemy import func, select

from familydoc.extensions import db
from familydoc.models.teams import Team, TeamVillage


def find_owner(village_code: str, team_id: int | None = None) -> tuple[int | None, int | None]:
    """Give the team and the person who look after a village today, the leader when nobody does.

    With `team_id` the answer is within that team, even where another one serves the village.
    """
    query = (
        select(TeamVillage.team_id, func.coalesce(TeamVillage.staff_id, Team.leader_id))
        .join(TeamVillage.team)
        .where(TeamVillage.village_code == village_code, TeamVillage.until.is_(None))
    )
    if team_id is not None:
        query = query.where(TeamVillage.team_id == team_id)
    found = db.session.execute(query).first()
    if found is not None:
        return found[0], found[1]
    if team_id is None:
        return None, None
    return team_id, db.session.scalar(select(Team.leader_id).where(Team.id == team_id))
