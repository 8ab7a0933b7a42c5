"""Every form of every page, found by themselves: what nobody offered is never taken.

A form is pressed as it stands, with sound words where it is empty, first with a dozen privileged
fields beside its own (T-13), then with a NUL in each of its fields in turn.
"""

from datetime import datetime

import pytest
from sqlalchemy import String, select
from werkzeug.exceptions import HTTPException

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.organisations import Organisation
from familydoc.models.teams import Staff, Team
from familydoc.transaction import transaction
from tests.cast import CHENGGUAN_VILLAGE, SHENCHIYAO, account, add, organisation
from tests.web.addresses import Rows, address, rules
from tests.web.forms import Form, post_forms

#: Sound words for fields that stand empty, by their names; all else gets 某某.
WORDS = {
    "code": "150124-YY09",
    "kind": "county_hospital",
    "telephone": "13800138000",
    "complaint_telephone": "12320",
    "username": "new.user",
    "role": "manager",
    "organisation": "150124100",
    "since": "2026-11-20",
    "until": "2026-11-21",
    "valid_from": "2026-12-01",
    "value": "135",
    "source": "清卫发〔2026〕12 号",
    "name": "郝香莲",
    "identity_number": "150124195803050013",
    "village_code": CHENGGUAN_VILLAGE,
}
#: Where there is more to see with a condition in the address.
MORE = (f"/teams/team-150124100-1/villages/new?village={SHENCHIYAO}",)
#: What ends the login or takes a row away is pressed last.
LAST = ("logout", "disable", "leave", "close", "end", "retire", "drop", "undo", "confirm", "reset")
MARK = "canary-canary-canary22"
LONG_AGO = "1999-01-01T00:00:00+00:00"


def press_order(form: Form) -> tuple[bool, str]:
    return any(word in form.action for word in LAST), form.action


def forms_of(app, client) -> list[Form]:
    """Give the different forms a person finds on all pages, what destroys last."""
    rows, found = Rows(near=True), {}
    paths = [address(app, rule, rows).path for rule in rules(app, "GET")]
    for path in (*paths, *MORE):
        page = client.get(path)
        if page.status_code != 200 or page.mimetype != "text/html":
            continue
        for form in post_forms(page.text):
            key = (form.action.split("?")[0], frozenset(form.fields))
            found.setdefault(key, form)
    return sorted(found.values(), key=press_order)


def filled(form: Form) -> dict[str, str]:
    return {
        name: value or (WORDS.get(name, "某某") if name in form.texts or name in WORDS else "")
        for name, value in form.fields.items()
    }


def endpoint_of(app, path: str) -> str:
    try:
        return app.url_map.bind("").match(path.split("?")[0], method="POST")[0]
    except HTTPException:
        return ""


def plant() -> dict[str, str]:
    """Store rows nobody refers to, and give the fields that would make somebody refer to them."""
    with transaction():
        place = add(Organisation(code="999999999", name="别处", kind="township_centre"))
        person = add(Staff(uid=MARK, name="别人", organisation_id=place.id))
        team = add(Team(uid=f"team-{MARK}", name="别队", organisation_id=place.id))
        other = add(
            Account(
                username=MARK,
                password_hash="-",
                role="member",
                organisation_id=place.id,
                staff_id=person.id,
            )
        )
    by = dict.fromkeys(("by", "account_id", "recorded_by", "set_by", "signed_by"), str(other.id))
    at = dict.fromkeys(("created_at", "recorded_at", "signed_at", "asked_at"), LONG_AGO)
    where = {"team_id": str(team.id), "organisation_id": str(place.id), "centre_id": str(place.id)}
    who = {"staff_id": str(person.id), "leader_id": str(person.id), "doctor_id": str(person.id)}
    flags = {"is_admin": "1", "verified": "1", "must_change_password": "", "late_entry": ""}
    marks = {"password_hash": MARK, "token": MARK, "version": "999", "id": "999999"}
    return {**by, **at, **where, **who, **flags, **marks}


def traces() -> list[str]:
    """Give every place where a planted row, word or moment turned up."""
    planted = {
        "organisations": organisation("999999999").id,
        "teams": db.session.scalar(select(Team.id).where(Team.uid == f"team-{MARK}")),
        "staff": db.session.scalar(select(Staff.id).where(Staff.uid == MARK)),
        "accounts": db.session.scalar(select(Account.id).where(Account.username == MARK)),
    }
    found = []
    for table in db.metadata.tables.values():
        for column in table.columns:
            for value in _unwelcome(column, planted):
                query = select(db.func.count()).select_from(table).where(column == value)
                if table.name in planted:
                    query = query.where(table.c.id != planted[table.name])
                if db.session.execute(query).scalar_one():
                    found.append(f"{table.name}.{column.name} = {value}")
    return found


def _unwelcome(column, planted):  # type: ignore[no-untyped-def]
    for key in column.foreign_keys:
        if key.column.table.name in planted:
            yield planted[key.column.table.name]
    if column.name in ("id", "version"):
        yield {"id": 999_999, "version": 999}[column.name]
    if isinstance(column.type, String):
        yield MARK
    if column.name.endswith("_at"):
        yield datetime.fromisoformat(LONG_AGO)


#: Forms that must have been pressed with success, or the tests below would prove nothing.
PRESSED = {
    "admin": {
        "accounts.add", "accounts.save", "accounts.reset", "accounts.disable",
        "organisations.add", "organisations.save", "organisations.rename_village",
        "parameters.save", "staff.save", "staff.leave", "staff.add", "teams.add", "teams.save",
        "teams.add_village", "teams.set_keeper", "teams.end_member",
    },
    "zhao": {"staff.save", "teams.add", "teams.save", "teams.add_village", "staff.add"},
    "chen": {"teams.save", "residents.save_tags"},
    "sun": {"parameters.save"},
}  # fmt: skip


@pytest.mark.parametrize("username", PRESSED)
def test_fields_nobody_offered_change_nothing(app, as_, username):
    extras, client = plant(), as_(username)
    assert traces() == []
    pressed, roles = set(), {one.username: one.role for one in db.session.query(Account)}
    for form in forms_of(app, client):
        data = {name: value for name, value in extras.items() if name not in form.fields}
        answer = client.post(form.action, data=data | filled(form))
        assert answer.status_code < 500, form.action
        assert traces() == [], f"{form.action} took a field it does not offer"
        if answer.status_code == 200:  # shown first, stored by a second press
            again = next(f for f in post_forms(answer.text) if f.action == form.action)
            answer = client.post(form.action, data=data | filled(again))
            assert traces() == [], f"{form.action} took a field it does not offer"
        if answer.status_code == 303:
            pressed.add(endpoint_of(app, form.action))
    assert PRESSED[username] <= pressed, PRESSED[username] - pressed
    if username != "admin":  # whose forms give roles
        assert roles == {one.username: one.role for one in db.session.query(Account)}


@pytest.mark.parametrize("username", PRESSED)
def test_nul_in_any_field_breaks_nothing(app, as_, username):
    client = as_(username)
    for form in forms_of(app, client):
        sound = filled(form)
        for name in sound:
            answer = client.post(form.action, data=sound | {name: f"{sound[name]}\0"})
            assert answer.status_code < 500, (form.action, name)
    assert account("admin").role == "administrator"
