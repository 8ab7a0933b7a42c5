"""The people who serve: added, described, photographed, gone and back."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from familydoc import clock
from familydoc.actions.accounts import disable_account
from familydoc.actions.audit import record
from familydoc.actions.teams import end_member
from familydoc.formats.photos import Picture
from familydoc.models.accounts import Account
from familydoc.models.organisations import Organisation
from familydoc.models.teams import Photograph, Staff
from familydoc.queries.accounts import list_accounts_of
from familydoc.queries.teams import list_memberships
from familydoc.rules.accounts import SERVING
from familydoc.rules.errors import RuleError
from familydoc.rules.organisations import read_line, read_office_phone
from familydoc.rules.residents import parse_name
from familydoc.rules.teams import EXPERT
from familydoc.transaction import transaction

TITLE_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Person:
    """Who serves, as a form gives it, all values checked."""

    name: str
    title: str = ""
    telephone: str = ""
    photo_consent: bool = False


def read_person(typed: Mapping[str, object]) -> Person:
    """Give a person of a form; RuleError names the field that is wrong."""
    return Person(
        name=parse_name(typed.get("name"), one_character=True).value,
        title=read_line(typed.get("title"), "title", "职称", TITLE_LENGTH),
        telephone=read_office_phone(typed.get("telephone")),
        photo_consent=typed.get("photo_consent") is True,
    )


def add_staff(*, by: Account, organisation: Organisation, person: Person) -> Staff:
    """Add somebody to an institution; RuleError `organisation_closed`."""
    with transaction() as session:
        _refuse_closed(organisation)
        staff = Staff(uid=str(uuid.uuid4()), organisation_id=organisation.id, name=person.name)
        _describe(staff, person)
        session.add(staff)
        session.flush()
        record(by=by, verb="add_staff", entity="staff", entity_id=staff.id)
    return staff


def edit_staff(*, by: Account, staff: Staff, organisation: Organisation, person: Person) -> None:
    """Change a person; the account of one who serves follows to the new institution.

    RuleError `serves_here`: whoever still serves in a team of the old place ends that first.
    """
    with transaction():
        staff.name = person.name
        _describe(staff, person)
        if organisation.id != staff.organisation_id:
            _refuse_closed(organisation)
            _refuse_serving(staff)
            staff.organisation_id = organisation.id
            for account in list_accounts_of(staff.id):
                if account.role in SERVING:
                    account.organisation_id = organisation.id
                    account.version += 1
        record(
            by=by,
            verb="edit_staff",
            entity="staff",
            entity_id=staff.id,
            organisation=organisation.id,
            photo_consent=staff.photo_consent,
        )


def add_photograph(*, by: Account, staff: Staff, picture: Picture) -> None:
    """Keep somebody's face, without metadata; it takes the place of the one before."""
    with transaction() as session:
        kept = session.get(Photograph, staff.id) or Photograph(staff_id=staff.id)
        kept.media_type, kept.content = picture.media_type, picture.content
        session.add(kept)
        record(by=by, verb="add_photograph", entity="staff", entity_id=staff.id)


def remove_photograph(*, by: Account, staff: Staff) -> None:
    """Delete somebody's face."""
    with transaction() as session:
        kept = session.get(Photograph, staff.id)
        if kept is not None:
            session.delete(kept)
            record(by=by, verb="remove_photograph", entity="staff", entity_id=staff.id)


def leave(*, by: Account, staff: Staff) -> None:
    """Let somebody go: memberships end today, the account is shut, work goes to who stays.

    RuleError `self`, or `last_administrator` of the account.
    """
    with transaction():
        if by.staff_id == staff.id:
            raise RuleError("self", "不能给自己办离岗，请另一位管理员来做。")
        for member in list_memberships(staff.id):
            end_member(by=by, member=member, until=max(clock.today(), member.since))
        for account in list_accounts_of(staff.id):
            disable_account(by=by, account=account)
        staff.active = False
        record(by=by, verb="leave", entity="staff", entity_id=staff.id)


def come_back(*, by: Account, staff: Staff) -> None:
    """Take somebody back into service; teams and account are given anew."""
    with transaction():
        _refuse_closed(staff.organisation)
        staff.active = True
        record(by=by, verb="come_back", entity="staff", entity_id=staff.id)


def _describe(staff: Staff, person: Person) -> None:
    staff.title, staff.telephone = person.title, person.telephone
    staff.photo_consent = person.photo_consent


def _refuse_closed(organisation: Organisation) -> None:
    if not organisation.active:
        raise RuleError("organisation_closed", f"{organisation.name}已经停用。", "organisation")


def _refuse_serving(staff: Staff) -> None:
    teams = [one.team.name for one in list_memberships(staff.id) if one.role != EXPERT]
    if teams:
        sentence = f"{staff.name}还是{'、'.join(teams)}的成员，换单位前请先在团队里结束。"
        raise RuleError("serves_here", sentence, "organisation")
