"""The bar of places: what a viewer may open, in the order of the work."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask, current_app, request, url_for

from familydoc import clock
from familydoc.queries.jobs import get_night_state
from familydoc.queries.scope import receives
from familydoc.web.access import allowed, viewer
from familydoc.web.filters import moment


@dataclass(frozen=True)
class Place:
    """One entry of the bar."""

    word: str
    icon: str
    address: str
    here: bool
    me: bool = False


#: permission, word, icon, endpoint
PLACES = (
    ("referrals.see", "转诊", "visits", "referrals.index"),
    ("tasks.see", "今日", "today", "tasks.index"),
    ("residents.see", "居民", "residents", "residents.index"),
    ("contracts.see", "签约", "contracts", "contracts.index"),
    ("visits.see", "随访", "visits", "visits.index"),
    ("reports.see", "统计", "reports", "reports.index"),
    ("organisations.edit", "机构", "organisations", "organisations.index"),
    ("staff.edit", "团队", "teams", "teams.index"),
    ("accounts.edit", "账号", "accounts", "accounts.index"),
    ("jobs.see", "夜班", "today", "jobs.index"),
    ("parameters.edit", "参数", "parameters", "parameters.index"),
    ("imports.make", "导入", "imports", "imports.index"),
)
#: Nouns that stand under another one's place.
UNDER = {"staff": "teams", "exports": "visits", "rounds": "tasks"}
#: How long a look at the night shift serves every page.
WARNINGS_FOR = timedelta(minutes=1)
#: Places of little use to a role that has many: kept off a phone-sized bar.
SKIPPED = {"manager": {"今日", "随访"}, "supervisor": {"今日", "随访", "参数"}}
#: A hospital has its referrals and its people; a manager's other lists are of a centre.
NO_PLACE_IN_A_HOSPITAL = {"今日", "居民", "签约", "随访", "统计", "导入"}


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(places=places, warnings=warnings)


def places() -> list[Place]:
    noun = (request.endpoint or "").split(".")[0]
    here = "tasks" if noun == "referrals" and not receives(viewer()) else UNDER.get(noun, noun)
    known = current_app.view_functions
    shown = [
        Place(word, icon, url_for(endpoint), here == endpoint.split(".")[0])
        for permission, word, icon, endpoint in PLACES
        if allowed(permission) and word not in _skipped() and endpoint in known
    ]
    me = Place("我的", "accounts", url_for("accounts.password"), False, me=True)
    return [*shown, me]


def _skipped() -> set[str]:
    """Referrals have a place of their own in a hospital only; others reach them from their work."""
    if not receives(viewer()):
        return SKIPPED.get(viewer().role, set()) | {"转诊"}
    return NO_PLACE_IN_A_HOSPITAL if viewer().role == "manager" else set()


def warnings() -> list[str]:
    """Sentences that stand above every page until somebody acts; looked at once a minute."""
    kept = current_app.extensions.get("familydoc_warnings")
    now = clock.now()
    if kept is None or not timedelta() <= now - kept[0] < WARNINGS_FOR:
        kept = (now, find_warnings(now))
        current_app.extensions["familydoc_warnings"] = kept
    return list(kept[1])


def find_warnings(now: datetime) -> list[str]:
    """Say when the night shift has not run, or has stopped because of the clock."""
    night = get_night_state(now, clock.local(now).date())
    if night.trouble:
        return [night.trouble]
    if night.stale:
        since = f"，上次成功是 {moment(night.finished_at)}" if night.finished_at else ""
        return [
            f"夜间任务超过 26 小时没有成功运行{since}。新到期的人可能不在列表里，请告诉管理员。"
        ]
    return []
