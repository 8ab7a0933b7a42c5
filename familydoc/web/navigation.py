"""The bar of places: what a viewer may open, in the order of the work."""

from dataclasses import dataclass

from flask import Flask, current_app, request, url_for

from familydoc.web.access import allowed, viewer


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
    ("tasks.see", "今日", "today", "tasks.index"),
    ("residents.see", "居民", "residents", "residents.index"),
    ("contracts.see", "签约", "contracts", "contracts.index"),
    ("visits.see", "随访", "visits", "visits.index"),
    ("reports.see", "统计", "reports", "reports.index"),
    ("organisations.edit", "机构", "organisations", "organisations.index"),
    ("staff.edit", "团队", "teams", "teams.index"),
    ("accounts.edit", "账号", "accounts", "accounts.index"),
    ("parameters.edit", "参数", "parameters", "parameters.index"),
    ("imports.make", "导入", "imports", "imports.index"),
)
#: Nouns that stand under another one's place.
UNDER = {"staff": "teams"}
#: Places of little use to a role that has many: kept off a phone-sized bar.
SKIPPED = {"manager": {"今日", "随访"}, "supervisor": {"今日", "随访", "参数"}}


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(places=places, warnings=warnings)


def places() -> list[Place]:
    noun = (request.endpoint or "").split(".")[0]
    here = UNDER.get(noun, noun)
    known = current_app.view_functions
    shown = [
        Place(word, icon, url_for(endpoint), here == endpoint.split(".")[0])
        for permission, word, icon, endpoint in PLACES
        if allowed(permission) and word not in _skipped() and endpoint in known
    ]
    me = Place("我的", "accounts", url_for("accounts.password"), False, me=True)
    return [*shown, me]


def _skipped() -> set[str]:
    return SKIPPED.get(viewer().role, set())


def warnings() -> list[str]:
    """Sentences that stand above every page until somebody acts."""
    return []
