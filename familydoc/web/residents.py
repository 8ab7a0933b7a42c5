"""Residents: the list, the search, the page of one person, and the forms that write it."""

import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from familydoc import clock
from familydoc.actions import residents as actions
from familydoc.labels import LABELS
from familydoc.models.organisations import Division
from familydoc.models.residents import STATES, Resident
from familydoc.queries import places, states
from familydoc.queries import residents as queries
from familydoc.queries.records import get_record
from familydoc.queries.scope import get_visible
from familydoc.queries.transfers import count_incoming
from familydoc.queries.whereabouts import get_whereabouts
from familydoc.rules.errors import RuleError
from familydoc.rules.identity import Identity
from familydoc.rules.particulars import Particulars, facts_of, read_particulars, read_tags, read_uid
from familydoc.rules.permissions import may
from familydoc.rules.populations import groups_of
from familydoc.rules.privacy import ANY_PRIVATE, is_private, sign_of
from familydoc.rules.programmes import load_programmes
from familydoc.rules.residents import KEY_POPULATIONS
from familydoc.rules.search import Query, read_query
from familydoc.web import (
    htmx,
    resident_care,
    resident_intake,
    resident_pauses,
    resident_states,
)
from familydoc.web.access import requires, viewer
from familydoc.web.find import UID, address_of, find_resident, look_at
from familydoc.web.forms.residents import ResidentForm, TagsForm
from familydoc.web.privacy import read_code, sees_names, shown_word

blueprint = Blueprint("residents", __name__)


@blueprint.get("/residents")
@requires("residents.see")
def index() -> str:
    query = read_query(request.args.get("q"))
    if query.secret:
        flash("号码不要写在网址里，请填在搜索框里再查。", "danger")
        query = Query("nothing")
    return _list(query, request.args.get("after", ""))


@blueprint.post("/residents/search")
@requires("residents.see")
def search() -> Any:
    """A number never stands in an address; a name does, so that going back finds it again."""
    typed = request.form.get("q", "")
    query = read_query(typed)
    address = url_for("residents.index", q=query.text if query.kind == "name" else None)
    if htmx.wants_fragment():
        return htmx.at_address(_list(query, ""), address)
    if query.secret:
        return _list(query, request.form.get("after", ""))
    return redirect(address, 303)


def _tag_choices(form: ResidentForm | TagsForm) -> list[Any]:
    """Give the groups somebody may tick: private ones only the own team."""
    return [one for one in form.tags.choices if sees_names() or not is_private(one.value)]


def _list(query: Query, after: str) -> str:
    today, filters = clock.today(), read_filters()
    if query.kind == "nothing":
        page = queries.list_residents(viewer(), filters, today, after)
        # Counting a county takes a moment; once, on the first page, is enough.
        total = None if after else queries.count_residents(viewer(), filters, today)
    else:
        page, total = queries.search(viewer(), query, after), None
    return htmx.page_or_fragment(
        "residents/index.html",
        "residents/_list.html",
        query=query,
        typed=query.text,
        filters=filters,
        found=page,
        total=total,
        people=_rows(page.residents),
        choices=_choices,
        pending=states.count_pending(viewer()) if may(viewer().role, "residents.confirm") else 0,
        incoming=count_incoming(viewer()),
        next_address=_next(query, filters, page.after),
    )


def _next(query: Query, filters: queries.Filters, after: str) -> str:
    """Give the address of the next page; a search by number goes on by POST."""
    if not after or query.secret:
        return ""
    kept = {"q": query.text} if query.kind == "name" else filters.as_address()
    return f"{url_for('residents.index')}?{urlencode({**kept, 'after': after})}"


def read_filters() -> queries.Filters:
    """Read the filters of the address; what is no choice narrows nothing."""
    args = request.args
    tag, programme = (read_code(args.get(name, "")) for name in ("tag", "programme"))
    return queries.Filters(
        village=_code(args.get("village", "")),
        tag=tag if tag in (*KEY_POPULATIONS, queries.ANY_GROUP, ANY_PRIVATE) else "",
        programme=programme if programme in (*LABELS["programme"], ANY_PRIVATE) else "",
        state=args.get("state", "") if args.get("state") in STATES else "",
        signed=args.get("signed", "") if args.get("signed") in ("yes", "no") else "",
        team=args.get("team", "") if UID.fullmatch(args.get("team", "")) else "",
        centre=_code(args.get("centre", "")),
        mine=args.get("mine") == "1" and viewer().staff_id is not None,
    )


def _code(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) <= 20 else ""


def _rows(residents: Any) -> list[dict[str, Any]]:
    """Give what a card shows beside the resident; three statements for a page."""
    today = clock.today()
    tags, until = queries.tags_of(residents), queries.contracts_until(residents, today)
    return [
        {
            "resident": one,
            "tags": groups_of(tags[one.id], one.birth, today),
            "signed_until": until.get(one.id),
        }
        for one in residents
    ]


def _choices() -> dict[str, Any]:
    """Give what the filters offer; only a whole page asks for it."""
    return {
        "villages": _by_township(list(places.list_villages(viewer()))),
        "teams": [(team.uid, team.name) for team in places.list_teams(viewer())],
        "centres": [(one.code, one.name) for one in places.list_centres(viewer())],
        "groups": [(queries.ANY_GROUP, "所有重点人群"), *_words("tag", KEY_POPULATIONS)],
        "programmes": _words("programme", load_programmes()),
        "states": _words("resident_state", STATES),
    }


def _words(kind: str, codes: Iterable[str]) -> list[tuple[str, str]]:
    """Give what a filter offers; private ones are one choice outside the own team."""
    shown = dict.fromkeys(read_code(code) for code in codes)
    return [(sign_of(code), shown_word(kind, code)) for code in shown]


def _by_township(villages: list[Division]) -> list[tuple[str, list[Division]]]:
    names = places.township_names()
    grouped: dict[str, list[Division]] = {}
    for village in villages:
        grouped.setdefault(names.get(village.parent_code or "", ""), []).append(village)
    return list(grouped.items())


@blueprint.get("/residents/<uid>")
@requires("residents.see")
def detail(uid: str) -> str:
    resident = look_at(uid)
    record = get_record(viewer(), resident, clock.today())
    return render_template(
        "residents/detail.html",
        resident=resident,
        record=record,
        where=get_whereabouts(resident),
        address_of=address_of,
    )


@blueprint.get("/residents/new")
@requires("residents.edit")
def new() -> str:
    form = ResidentForm(uid=str(uuid.uuid4()))
    family = _family(request.args.get("family"))
    if family is not None:
        form.family.data, form.address.data = family.uid, family.address
        form.village_code.data = family.village_code
        form.household.data = (family.household.number or "") if family.household else ""
    return _form("residents/new.html", form, family=family)


@blueprint.post("/residents")
@requires("residents.edit")
def create() -> Any:
    form, family = ResidentForm(), _family(request.form.get("family"))
    form.validate()
    particulars, errors = read_particulars(form.typed, clock.today())
    if errors or particulars is None:
        form.show(errors)
        return _form("residents/new.html", form, family=family), 422
    try:
        resident = actions.create_resident(
            by=viewer(),
            uid=read_uid(form.uid.data),
            particulars=particulars,
            tags=read_tags(form.tags.data or ()),
            different=form.different.data or (),
            family=family,
        )
    except RuleError as refused:
        form.show({refused.field or "name": refused.message})
        return _form("residents/new.html", form, family, _doubles(particulars)), 422
    flash(f"{resident.name}已经建档。")
    return redirect(url_for("residents.detail", uid=resident.uid), 303)


def _family(uid: str | None) -> Resident | None:
    return find_resident(uid) if uid else None


def _doubles(particulars: Particulars) -> queries.Doubles:
    return queries.find_doubles(viewer(), facts_of(particulars))


def _form(
    page: str,
    form: ResidentForm,
    family: Resident | None = None,
    doubles: queries.Doubles | None = None,
    resident: Resident | None = None,
) -> str:
    """Show the form with the villages one keeps, and the one somebody lives in now."""
    form.tags.choices = _tag_choices(form)
    villages = list(places.list_villages(viewer()))
    if resident is not None and resident.village not in villages:
        villages.insert(0, resident.village)
    return render_template(
        page,
        form=form,
        family=family,
        doubles=doubles,
        resident=resident,
        villages=_by_township(villages),
    )


@blueprint.get("/residents/<uid>/edit")
@requires("residents.edit")
def edit(uid: str) -> str:
    resident = look_at(uid)
    held = queries.particulars_of(resident)
    form = ResidentForm(data={name: getattr(held, name) for name in held.__slots__})
    form.identity_number.data, form.seen.data = held.number, actions.version_of(resident)
    form.registered.data = "yes" if held.registered else "no"
    return _form("residents/edit.html", form, resident=resident)


@blueprint.post("/residents/<uid>/edit")
@requires("residents.edit")
def save(uid: str) -> Any:
    resident, form = find_resident(uid), ResidentForm()
    form.validate()
    stored = Identity("", resident.birth, resident.sex)
    known = None if resident.identity_number else stored
    particulars, errors = read_particulars(form.typed, clock.today(), known)
    if errors or particulars is None:
        form.show(errors)
        return _form("residents/edit.html", form, resident=resident), 422
    try:
        actions.edit_resident(
            by=viewer(), resident=resident, particulars=particulars, seen=form.seen.data or ""
        )
    except RuleError as refused:
        form.show({refused.field or "name": refused.message})
        form.seen.data = actions.version_of(resident)
        status = 409 if refused.code == "stale" else 422
        return _form("residents/edit.html", form, resident=resident), status
    flash("资料已经改好。")
    return _after_edit(uid)


def _after_edit(uid: str) -> Response:
    """Go back to the page, or to the list when the person now belongs to somebody else."""
    seen = get_visible(Resident, viewer(), Resident.uid == uid)
    address = url_for("residents.detail", uid=uid) if seen else url_for("residents.index")
    return redirect(address, 303)


@blueprint.get("/residents/<uid>/tags")
@requires("residents.edit")
def tags(uid: str) -> str:
    resident = find_resident(uid)
    form = TagsForm(data={"tags": [row.tag for row in resident.tags]})
    form.tags.choices = _tag_choices(form)
    return render_template("residents/tags.html", resident=resident, form=form)


@blueprint.post("/residents/<uid>/tags")
@requires("residents.edit")
def save_tags(uid: str) -> Response:
    resident, form = find_resident(uid), TagsForm()
    kept = [] if sees_names() else [row.tag for row in resident.tags if is_private(row.tag)]
    typed = [tag for tag in form.tags.data or () if sees_names() or not is_private(tag)]
    actions.change_tags(by=viewer(), resident=resident, tags=read_tags([*typed, *kept]))
    flash("重点人群已经改好。")
    return redirect(url_for("residents.detail", uid=uid), 303)


blueprint.register_blueprint(resident_states.pages)
blueprint.register_blueprint(resident_intake.pages)
blueprint.register_blueprint(resident_care.pages)
blueprint.register_blueprint(resident_pauses.pages)
