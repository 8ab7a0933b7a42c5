"""The public board (公示牌): no login, no cookie, nothing of any resident."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, current_app, make_response, request

from familydoc import clock
from familydoc.actions.figures import refresh_figures
from familydoc.queries.board import (
    Board,
    Institution,
    TeamCard,
    find_face,
    find_institution,
    read_board,
)
from familydoc.queries.jobs import get_night_state
from familydoc.rules.figures import stale_days
from familydoc.web.access import public
from familydoc.web.filters import day, weekday
from familydoc.web.public import dial

blueprint = Blueprint("board", __name__)

#: Teams on one page of a screen, and of those with more members than so many: what can be read
#: from four metres.
TEAMS, LARGE_TEAMS, MANY_MEMBERS = 3, 2, 6
LONGEST_CODE = 20


@blueprint.get("/board/<code>")
@public
def show(code: str) -> Response:
    place = _institution(code)
    refresh_figures(by=None)
    board, now = read_board(place), clock.now()
    groups = _groups(board.teams)
    # The last page tells what may be signed and how the figures are counted.
    pages = len(groups) + 1
    asked = _asked_page(pages)
    night = get_night_state(now, clock.today())
    return _page(
        board=board,
        groups=_shown(groups, asked),
        info=asked in (None, pages),
        asked=asked,
        pages=pages,
        now=now,
        when=_when(now),
        stale=stale_days(board.counted_at, night.finished_at, now),
        dial=dial,
    )


@blueprint.get("/board/<code>/photo/<uid>")
@public
def photo(code: str, uid: str) -> Response:
    """A face that hangs on this board; any other is not there."""
    face = find_face(_institution(code), uid) if "\0" not in uid else None
    if face is None:
        abort(404)
    response = make_response(face.content)
    response.headers["Content-Type"] = face.media_type
    return response


def _institution(code: str) -> Institution:
    known = code.isascii() and code.isalnum() and len(code) <= LONGEST_CODE
    place = find_institution(code) if known else None
    if place is None:
        abort(404)
    return place


def _groups(teams: Sequence[TeamCard]) -> list[list[TeamCard]]:
    """Deal the teams out to pages in their order."""
    groups: list[list[TeamCard]] = []
    for team in teams:
        if not groups or len(groups[-1]) >= _room([*groups[-1], team]):
            groups.append([])
        groups[-1].append(team)
    return groups


def _room(teams: Sequence[TeamCard]) -> int:
    large = any(len(team.members) > MANY_MEMBERS for team in teams)
    return LARGE_TEAMS if large else TEAMS


def _asked_page(pages: int) -> int | None:
    """Give the page of the address, None without one; what is no page shows everything."""
    text = request.args.get("page", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    return number if 1 <= number <= pages else None


def _shown(groups: Sequence[Any], asked: int | None) -> list[tuple[int, Any]]:
    numbered = list(enumerate(groups, start=1))
    return [one for one in numbered if asked in (None, one[0])]


def _when(now: datetime) -> str:
    """2026年11月21日 星期六 10:00"""
    here = clock.local(now)
    return f"{day(here.date())} {weekday(here.date())} {here:%H:%M}"


def _page(board: Board, **context: object) -> Response:
    """Render without Flask's context processors: one of them would load who is signed in."""
    template = current_app.jinja_env.get_template("board/show.html")
    return make_response(template.render(board=board, **context))
