"""Residents: looked at, created, edited, tagged. Where they are is in actions/states.py."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.actions.enrolments import hand_over
from familydoc.extensions import db, keys
from familydoc.formats.pinyin import initials
from familydoc.models.accounts import Account
from familydoc.models.audit import AuditEvent
from familydoc.models.organisations import Division
from familydoc.models.residents import Household, Resident, ResidentTag, ResidentTerm
from familydoc.queries.places import find_centre, get_village
from familydoc.queries.residents import Doubles, find_doubles, particulars_of
from familydoc.queries.scope import get_visible
from familydoc.queries.teams import find_owner
from familydoc.rules.errors import RuleError
from familydoc.rules.particulars import Particulars, facts_of
from familydoc.rules.residents import search_terms
from familydoc.transaction import transaction

#: A page refreshed within this time is the same look, not another one.
SAME_LOOK = timedelta(minutes=5)
#: Words for a number somebody out of sight holds: nothing of whom or where (THREATS T-29).
ELSEWHERE = "该身份证号已在本县建档，请联系县管理员。"


def open_resident(*, by: Account, resident_id: int) -> None:
    """Note that somebody looked at a page that shows number and telephone whole."""
    if _just_looked(by, resident_id):
        return
    with transaction():
        record(
            by=by,
            verb="open_resident",
            entity="resident",
            entity_id=resident_id,
            resident_id=resident_id,
        )


def _just_looked(by: Account, resident_id: int) -> bool:
    query = exists().where(
        AuditEvent.resident_id == resident_id,
        AuditEvent.at > clock.now() - SAME_LOOK,
        AuditEvent.account_id == by.id,
        AuditEvent.verb == "open_resident",
    )
    return bool(db.session.scalar(select(query)))


def create_resident(
    *,
    by: Account | None,
    uid: str,
    particulars: Particulars,
    tags: Collection[str] = (),
    different: Collection[str] = (),
    family: Resident | None = None,
) -> Resident:
    """Put a person on the roster; a known `uid` gives the stored one.

    `different` are the uids of likely doubles that somebody said are other people; `family`
    shares the household. RuleError `id_taken`, `likely_double`, `village_unknown`,
    `village_unserved`, `household_elsewhere` or `uid_taken`.
    """
    try:
        return _create(by, uid, particulars, tags, different, family)
    except RuleError as refused:
        # The same press twice at once: the other one was faster by a moment.
        if refused.code == "id_taken" and (stored := _stored(by, uid)) is not None:
            return stored
        raise


def _create(
    by: Account | None,
    uid: str,
    particulars: Particulars,
    tags: Collection[str],
    different: Collection[str],
    family: Resident | None,
) -> Resident:
    with transaction() as session:
        if (stored := _stored(by, uid)) is not None:
            return stored
        village = _village(by, particulars.village_code)
        _refuse_doubles(find_doubles(by, facts_of(particulars)), different)
        resident = Resident(uid=uid, created_at=clock.now())
        _place(resident, village)
        _write(resident, particulars)
        resident.household = _household(particulars, None, family)
        _flush_or_refuse(resident)
        _write_terms(resident)
        session.add_all(_tag(resident, tag) for tag in sorted(tags))
        _note(by, "create_resident", resident, tags=sorted(tags))
        session.flush()
    return resident


def edit_resident(
    *, by: Account | None, resident: Resident, particulars: Particulars, seen: str | None = None
) -> None:
    """Change what is written of a person; another village moves team, enrolments and tasks.

    `seen` is `version_of` what the form was filled from. RuleError `stale` when somebody else
    was faster, `id_taken`, `village_unknown`, `village_unserved` or `household_elsewhere`.
    """
    with transaction() as session:
        session.refresh(resident, with_for_update=True)
        before = particulars_of(resident)
        if seen is not None and seen != version_of(resident):
            sentence = "刚才有人先改过这位居民。下面是您填的，请核对后再保存一次。"
            raise RuleError("stale", sentence, "name")
        _refuse_doubles(find_doubles(by, facts_of(particulars), but=resident.id), None)
        household = _household(particulars, resident, None)
        moved = particulars.village_code != resident.village_code
        if moved:
            _place(resident, _village(by, particulars.village_code))
        _write(resident, particulars)
        resident.household = household
        _flush_or_refuse(resident)
        if before.name != particulars.name:
            _write_terms(resident)
        if moved:
            hand_over(by=by, resident=resident, team_id=resident.team_id)
        _note(by, "edit_resident", resident, changed=_changed(before, particulars))
        session.flush()


def change_tags(*, by: Account | None, resident: Resident, tags: Collection[str]) -> set[str]:
    """Make these the recorded key populations; gives those that are new.

    A tag proposes an enrolment, it does not make one; a tag taken away ends none.
    """
    with transaction() as session:
        session.refresh(resident, with_for_update=True)
        held = {row.tag: row for row in resident.tags}
        added, removed = set(tags) - set(held), set(held) - set(tags)
        for tag in removed:
            session.delete(held[tag])
        session.add_all(_tag(resident, tag) for tag in sorted(added))
        session.flush()
        session.expire(resident, ["tags"])
        if added or removed:
            _note(by, "change_tags", resident, added=sorted(added), removed=sorted(removed))
    return added


def version_of(resident: Resident) -> str:
    """Give a mark of what is written of a person now: it changes when any of it does."""
    return keys.vault.fingerprint("resident version", repr(particulars_of(resident))).hex()


def _stored(by: Account | None, uid: str) -> Resident | None:
    """Give the resident an earlier press made; somebody else's is a stranger's."""
    if by is not None and (mine := get_visible(Resident, by, Resident.uid == uid)):
        return mine
    found = db.session.execute(select(Resident).where(Resident.uid == uid)).scalar_one_or_none()
    if found is not None and by is not None:
        raise RuleError("uid_taken", "页面已经用过了，请重新打开再填一次。", "name")
    return found


def _village(by: Account | None, code: str) -> Division:
    """Give a village one keeps; to another one somebody goes by a hand-over its team confirms."""
    village = get_village(by, code)
    if village is None:
        sentence = "请选择您服务范围内的村（居）委会；搬到别处请按“改状态”里的“搬到县内别处”。"
        raise RuleError("village_unknown", sentence, "village_code")
    return village


def _place(resident: Resident, village: Division) -> None:
    team_id, _ = find_owner(village.code)
    centre_id = find_centre(village, team_id)
    if centre_id is None:
        sentence = "这个村还没有卫生院负责，请先请县管理员设置机构。"
        raise RuleError("village_unserved", sentence, "village_code")
    resident.village_code, resident.team_id, resident.centre_id = village.code, team_id, centre_id


def _refuse_doubles(doubles: Doubles, different: Collection[str] | None) -> None:
    """Refuse a number that is held; likely doubles until each was called another person."""
    if doubles.elsewhere:
        raise RuleError("id_taken", ELSEWHERE, "identity_number")
    if doubles.held is not None:
        sentence = f"这个身份证号已经是{doubles.held.name}的，不能再建一份。"
        raise RuleError("id_taken", sentence, "identity_number")
    if different is not None and any(one.uid not in different for one in doubles.likely):
        sentence = "可能已经建过档，请先看看上面列出的是不是同一个人。"
        raise RuleError("likely_double", sentence, "name")


def _write(resident: Resident, particulars: Particulars) -> None:
    seal, number, phone = keys.vault.fingerprint, particulars.number, particulars.telephone
    for name in ("name", "sex", "birth", "registered", "nation", "record_number", "address"):
        setattr(resident, name, getattr(particulars, name))
    resident.relation, resident.note = particulars.relation, particulars.note
    resident.identity_number, resident.telephone = number, phone
    resident.identity_hash = seal("identity", number) if number else None
    resident.identity_last4_hash = seal("identity last4", number[-4:]) if number else None
    resident.telephone_hash = seal("telephone", phone) if phone else None
    resident.telephone_last4_hash = seal("telephone last4", phone[-4:]) if phone else None


def _household(
    particulars: Particulars, resident: Resident | None, family: Resident | None
) -> Household:
    """Find the household by its number, keep or join one, or make a new one."""
    number, village = particulars.household, particulars.village_code
    if number:
        return _numbered(number, particulars)
    known = resident or family
    current = known.household if known else None
    leaves = resident is not None and current is not None and bool(current.number)
    if current is not None and current.village_code == village and not leaves:
        return current
    household = _add(Household(number=None, village_code=village, address=particulars.address))
    if family is not None and family.household is None and family.village_code == village:
        family.household = household
    return household


def _numbered(number: str, particulars: Particulars) -> Household:
    query = select(Household).where(Household.number == number)
    found = db.session.execute(query).scalar_one_or_none()
    if found is None:
        fresh = Household(
            number=number, village_code=particulars.village_code, address=particulars.address
        )
        return _add(fresh)
    if found.village_code != particulars.village_code:
        sentence = "这个户编号是别的村的，请核对；另立一户请把这一栏清空。"
        raise RuleError("household_elsewhere", sentence, "household")
    return found


def _add(household: Household) -> Household:
    try:
        with db.session.begin_nested():
            db.session.add(household)
    except IntegrityError:  # somebody made the same household at the same moment
        query = select(Household).where(Household.number == household.number)
        return db.session.execute(query).scalar_one()
    return household


def _flush_or_refuse(resident: Resident) -> None:
    """Let the unique index be the last word when two write the same number at once."""
    try:
        with db.session.begin_nested():
            db.session.add(resident)
    except IntegrityError:
        raise RuleError("id_taken", ELSEWHERE, "identity_number") from None


def _write_terms(resident: Resident) -> None:
    db.session.execute(delete(ResidentTerm).where(ResidentTerm.resident_id == resident.id))
    terms = search_terms(resident.name) | initials(resident.name)
    db.session.add_all(ResidentTerm(term=term, resident_id=resident.id) for term in sorted(terms))


def _tag(resident: Resident, tag: str) -> ResidentTag:
    return ResidentTag(resident_id=resident.id, tag=tag, since=clock.today())


def _changed(before: Particulars, after: Particulars) -> list[str]:
    """Name the fields that differ: the trail keeps names of fields, never what stood in them."""
    return [name for name in after.__slots__ if getattr(before, name) != getattr(after, name)]


def _note(by: Account | None, verb: str, resident: Resident, **details: object) -> None:
    record(
        by=by,
        verb=verb,
        entity="resident",
        entity_id=resident.id,
        resident_id=resident.id,
        **details,
    )
