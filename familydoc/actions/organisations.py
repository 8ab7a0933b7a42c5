"""Institutions and villages: added, described, closed, retired."""

from sqlalchemy.exc import IntegrityError

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.organisations import Division, Organisation
from familydoc.queries.organisations import (
    count_residents,
    count_work,
    find_division,
    find_organisation,
    find_service,
    get_county,
)
from familydoc.rules.errors import RuleError
from familydoc.rules.organisations import (
    Sign,
    read_code,
    read_place_name,
    read_village_code,
)
from familydoc.transaction import transaction


def add_organisation(*, by: Account, kind: str, code: str, sign: Sign) -> Organisation:
    """Add a hospital, centre or clinic; where it stands in the tree follows from its code.

    RuleError `code_taken`, `division_unknown` or `centre_missing`, beside those of the code.
    """
    code = read_code(kind, code)
    with transaction() as session:
        if find_organisation(code) is not None:
            raise _taken(code)
        division, parent = _place(kind, code)
        organisation = Organisation(
            code=code, kind=kind, parent_id=parent.id, division_code=division, name=sign.name
        )
        _describe(organisation, sign)
        _add_or_refuse(organisation, code)
        record(
            by=by,
            verb="add_organisation",
            entity="organisation",
            entity_id=organisation.id,
            code=code,
        )
        session.flush()
    return organisation


def edit_organisation(*, by: Account, organisation: Organisation, sign: Sign) -> None:
    """Change what stands on the door; kind and code never change, boards and rosters name them."""
    with transaction():
        organisation.name = sign.name
        _describe(organisation, sign)
        _note(by, "edit_organisation", organisation)


def close_organisation(*, by: Account, organisation: Organisation) -> None:
    """Take an institution out of use; RuleError `in_use` while anything works in it."""
    with transaction():
        if organisation.kind == "county":
            raise RuleError("county_stays", "县卫生健康委员会不能停用。")
        left = {word: number for word, number in count_work(organisation).items() if number}
        if left:
            listed = "、".join(f"{number} 个{word}" for word, number in left.items())
            raise RuleError("in_use", f"还不能停用：名下还有 {listed}，请先转走或停用。")
        organisation.active = False
        _note(by, "close_organisation", organisation)


def open_organisation(*, by: Account, organisation: Organisation) -> None:
    """Take an institution into use again; RuleError `parent_closed`."""
    with transaction():
        if organisation.parent is not None and not organisation.parent.active:
            raise RuleError("parent_closed", f"请先启用它的上级：{organisation.parent.name}。")
        organisation.active = True
        _note(by, "open_organisation", organisation)


def add_village(*, by: Account, code: str, name: str, township_code: str = "") -> Division:
    """Add a village under a township, the one its code begins with when none is named.

    RuleError `code_taken` or `township_unknown`.
    """
    code, name = read_village_code(code), read_place_name(name)
    with transaction() as session:
        known = find_division(code)
        if known is not None:
            raise RuleError("code_taken", f"代码 {code} 已经是{known.name}，请核对。", "code")
        above = township_code or code[:9]
        township = find_division(above) if above.isdigit() else None
        if township is None or township.level != "township":
            sentence = f"本县没有代码 {code[:9]} 的乡镇，请核对代码，或选择所属乡镇。"
            raise RuleError("township_unknown", sentence, "township" if township_code else "code")
        village = Division(code=code, level="village", name=name, parent_code=township.code)
        session.add(village)
        record(by=by, verb="add_village", entity="division", code=code)
    return village


def rename_village(*, by: Account, village: Division, name: str) -> None:
    """Mend the name of a village; the code stays."""
    name = read_place_name(name)
    with transaction():
        village.name = name
        record(by=by, verb="rename_village", entity="division", code=village.code)


def retire_village(*, by: Account, village: Division) -> None:
    """Retire a village that is no more; nobody may live in it any longer.

    RuleError `village_inhabited`. The team that served it serves it until today.
    """
    with transaction():
        people = count_residents(village.code)
        if people:
            sentence = f"还有 {people} 位居民登记在{village.name}，请先把他们转到新的村（居）。"
            raise RuleError("village_inhabited", sentence)
        service = find_service(village.code)
        if service is not None:
            service.until = clock.today()
        village.active = False
        record(by=by, verb="retire_village", entity="division", code=village.code)


def restore_village(*, by: Account, village: Division) -> None:
    """Take a retired village into use again; a team has to be named anew."""
    with transaction():
        village.active = True
        record(by=by, verb="restore_village", entity="division", code=village.code)


def _place(kind: str, code: str) -> tuple[str | None, Organisation]:
    """Give the division and the parent an institution of this kind and code has."""
    county = get_county()
    if kind == "county_hospital":
        return county.division_code, county
    division = find_division(code)
    level = "township" if kind == "township_centre" else "village"
    if division is None or division.level != level or not division.active:
        word = "乡镇" if level == "township" else "村（居）委会"
        raise RuleError("division_unknown", f"区划里没有代码 {code} 的{word}，请核对。", "code")
    if kind == "township_centre":
        return code, county
    centre = find_organisation(division.parent_code or "")
    if centre is None or not centre.active:
        sentence = "这个村所在的乡镇还没有卫生院，请先添加乡镇卫生院。"
        raise RuleError("centre_missing", sentence, "code")
    return code, centre


def _describe(organisation: Organisation, sign: Sign) -> None:
    organisation.address = sign.address
    organisation.telephone = sign.telephone
    organisation.complaint_telephone = sign.complaint_telephone
    organisation.hours = sign.hours


def _add_or_refuse(organisation: Organisation, code: str) -> None:
    """Let the unique index be the last word when two add the same code at once."""
    try:
        with db.session.begin_nested():
            db.session.add(organisation)
    except IntegrityError:
        raise _taken(code) from None


def _taken(code: str) -> RuleError:
    return RuleError("code_taken", f"代码 {code} 已经有机构在用，请核对。", "code")


def _note(by: Account, verb: str, organisation: Organisation) -> None:
    record(by=by, verb=verb, entity="organisation", entity_id=organisation.id)
