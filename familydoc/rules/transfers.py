"""Handing somebody over to the team of another place, who has to agree."""

from datetime import date, timedelta

from .errors import RuleError

#: A convention of this project: nobody finds out about a move later than that.
EARLIEST_DAYS = 366
LONGEST_REASON = 200
#: Why a team does not take somebody over; a code, because the trail keeps no free text.
REFUSALS = ("not_here", "unknown_person", "other_village", "already_ours")


def check_transfer(
    *,
    from_team: int | None,
    to_team: int | None,
    on: date,
    today: date,
    state: str,
) -> None:
    """Check who is to be handed over to whom.

    RuleError `team_same` (field village_code), `on_future` or `on_early` (on), `not_here` for
    somebody who is no longer on the roster.
    """
    if state in ("moved", "deceased"):
        raise RuleError("not_here", "这位居民已经不在册，不用再转。", "village_code")
    if to_team is not None and from_team == to_team:
        sentence = "这个村还是本团队负责，不用交接，请直接在“改资料”里换村。"
        raise RuleError("team_same", sentence, "village_code")
    if on > today:
        raise RuleError("on_future", f"日期还没有到，今天是 {today}。", "on")
    if on < today - timedelta(days=EARLIEST_DAYS):
        raise RuleError("on_early", "搬家的日期太早，请核对。", "on")


def check_refusal(reason: str) -> str:
    """Give why somebody is not taken over; RuleError `reason_missing` (field reason)."""
    if reason not in REFUSALS:
        raise RuleError("reason_missing", "请选不接收的原因。", "reason")
    return reason
