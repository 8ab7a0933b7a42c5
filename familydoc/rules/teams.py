"""Teams: what one needs, who may serve in it, and who may change what of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from familydoc.rules.errors import RuleError
from familydoc.rules.organisations import HOURS_LENGTH, read_line, read_office_phone
from familydoc.rules.values import parse_date, typed_text

MEMBER_ROLES = ("family_doctor", "nurse", "village_doctor", "public_health", "county_expert")
#: Whose institution is a village clinic, a centre or the county hospital by nature.
EXPERT = "county_expert"
NAME_LENGTH, SERVICES_LENGTH = 50, 300


@dataclass(frozen=True, slots=True)
class Plate:
    """What a team tells its residents: when, where to call, what it offers."""

    hours: str = ""
    telephone: str = ""
    services: str = ""


def read_plate(typed: Mapping[str, object]) -> Plate:
    """Give a team's plate; RuleError names the field that is wrong."""
    return Plate(
        hours=read_line(typed.get("hours"), "hours", "服务时间", HOURS_LENGTH),
        telephone=read_office_phone(typed.get("telephone")),
        services=read_line(typed.get("services"), "services", "服务内容", SERVICES_LENGTH),
    )


def read_team_name(typed: object) -> str:
    """Give a team's name, 2 to 50 characters; RuleError `name_missing`."""
    name = read_line(typed, "name", "团队名称", NAME_LENGTH)
    if len(name) < 2:
        raise RuleError("name_missing", "请填团队名称，例如 城关一队。", "name")
    return name


def rights(role: str, *, own_centre: bool, leads: bool) -> str:
    """Give what a role may change of a team: `all`, `plate` (hours, telephone, services) or ''."""
    if role == "administrator" or (role == "manager" and own_centre):
        return "all"
    return "plate" if role == "leader" and leads else ""


def gaps(roles: Collection[str], has_leader: bool) -> tuple[str, ...]:
    """Give what a team still lacks, as sentences: at least one family doctor and one nurse.

    DOMAIN 2.3 (35号 [K]): said on the screen, never a bar.
    """
    lacking = []
    if not has_leader:
        lacking.append("还没有团队长")
    if "family_doctor" not in roles:
        lacking.append("还没有家庭医生")
    if "nurse" not in roles:
        lacking.append("还没有护士")
    return tuple(lacking)


def check_member(role: object, organisation_kind: str, elsewhere: str) -> str:
    """Give the role of a new member; `elsewhere` names the team somebody serves in today.

    RuleError `role_unknown`; `expert_place` when a county expert is not of a county hospital;
    `serves_elsewhere` when somebody other than an expert would serve two teams (DOMAIN 2.3).
    """
    if role not in MEMBER_ROLES:
        raise RuleError("role_unknown", "请选择在团队里做什么。", "role")
    if role == EXPERT and organisation_kind != "county_hospital":
        raise RuleError("expert_place", "县级专家要从县级医院的人员里选。", "role")
    if elsewhere and role != EXPERT:
        sentence = f"这位现在是{elsewhere}的成员，请先在那里结束，再加进来。"
        raise RuleError("serves_elsewhere", sentence, "staff")
    return str(role)


def read_since(typed: object, today: date) -> date:
    """Give the first day of a membership, today when empty; RuleError on field `since`."""
    return _read_day(typed, today, "since", None)


def read_until(typed: object, today: date, since: date) -> date:
    """Give the last day of a membership, today when empty; RuleError on field `until`."""
    return _read_day(typed, today, "until", since)


def _read_day(typed: object, today: date, field: str, since: date | None) -> date:
    if not typed_text(typed):
        return today
    day = parse_date(typed)
    if day is None:
        raise RuleError("date_invalid", "日期看不懂，请照 2026-11-21 的样子填。", field)
    if day > today:
        raise RuleError("date_future", "日期不能晚于今天，到了那天再登记。", field)
    if since is not None and day < since:
        raise RuleError("date_before", f"不能早于加入的日子 {since.isoformat()}。", field)
    return day
