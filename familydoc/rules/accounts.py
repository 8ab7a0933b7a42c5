"""Accounts: what a user name looks like, and which seat a role may take."""

import re

from familydoc.rules.errors import RuleError
from familydoc.rules.values import typed_text

ROLES = ("administrator", "supervisor", "manager", "leader", "member", "board")
#: Roles of people who serve residents: what they see follows from their teams.
SERVING = ("leader", "member")
#: Where an account of the other roles belongs.
SEATS = {
    "administrator": "county",
    "supervisor": "county",
    "manager": "township_centre",
    "board": "township_centre",
}
SEAT_SENTENCES = {
    "county": "这个角色的账号要设在县卫生健康委员会。",
    "township_centre": "这个角色的账号要设在一家乡镇卫生院。",
}
#: Names that stand in the addresses of the account pages.
RESERVED = frozenset({"new"})

_USERNAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,39}")


def read_username(typed: object) -> str:
    """Give a user name in lower case: 2 to 40 letters, digits, dots or hyphens.

    RuleError `username_format` or `username_reserved`.
    """
    name = typed_text(typed).lower()
    if not _USERNAME.fullmatch(name):
        sentence = "用户名用 2 到 40 个英文字母、数字、点或短横，以字母或数字开头。"
        raise RuleError("username_format", sentence, "username")
    if name in RESERVED:
        raise RuleError("username_reserved", "这个用户名留给系统用，请换一个。", "username")
    return name


def check_seat(role: object, organisation_kind: str | None, has_person: bool) -> str:
    """Give the role when it fits the institution and the person; RuleError names the field.

    `role_unknown`, `person_missing` (who serves residents is a person of the staff list),
    `organisation_missing`, `seat_wrong`.
    """
    if role not in ROLES:
        raise RuleError("role_unknown", "请选择角色。", "role")
    if role in SERVING and not has_person:
        raise RuleError("person_missing", "团队长和团队成员的账号要对应到一位人员。", "staff")
    if organisation_kind is None:
        raise RuleError("organisation_missing", "请选择所属机构。", "organisation")
    seat = SEATS.get(str(role))
    if seat is not None and organisation_kind != seat:
        raise RuleError("seat_wrong", SEAT_SENTENCES[seat], "organisation")
    if role == "board" and has_person:
        raise RuleError("board_person", "公示屏的账号不对应到人，请留空。", "staff")
    return str(role)


def check_not_self(same: bool, deed: str) -> None:
    """Refuse what nobody does to the own account; RuleError `self`."""
    if same:
        raise RuleError("self", f"不能{deed}自己的账号，请另一位管理员来做。", "role")


def check_not_last(others: int) -> None:
    """Refuse what would leave the house without an active administrator; RuleError `last`."""
    if others == 0:
        sentence = "这是最后一个在用的系统管理员，不能停用或改成别的角色。请先设另一位管理员。"
        raise RuleError("last_administrator", sentence, "role")
