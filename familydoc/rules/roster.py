"""The roster: the verdict on one row, and what rows say about each other.

The reasons of a refusal and their order are a contract (DESIGN.md section 5).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from sys import intern
from typing import Any, NamedTuple

from familydoc.rules.dates import age_on
from familydoc.rules.errors import RuleError
from familydoc.rules.identity import Identity, parse_identity
from familydoc.rules.residents import Name, VillageIndex, find_village, parse_name, parse_phone
from familydoc.rules.roster_cells import read_date, read_sex, read_state, read_text, says_yes
from familydoc.rules.roster_sheet import Layout

#: Reasons of refusal: the first one that holds is the one that is told.
REASONS = (
    "id_checksum",
    "id_birth_date",
    "id_missing",
    "name_missing",
    "village_unknown",
    "id_taken",
    "id_format",
    "name_invalid",
    "repeat_differs",
    "out_of_scope",
)
NORMALISED = (
    "id_fullwidth",
    "id_lower_x",
    "id_15_digits",
    "name_spaces",
    "village_alias",
    "repeat_row",
)
WARNED = ("phone_invalid", "sex_conflict", "birth_conflict")
TAG_COLUMNS = (
    "hypertension",
    "diabetes",
    "severe_mental_disorder",
    "tuberculosis",
    "disabled",
    "poverty_relieved",
    "poverty_monitored",
    "special_family",
    "maternal",
)
#: Which column a reason is about.
REASON_COLUMNS = {
    "id_checksum": "identity_number",
    "id_birth_date": "identity_number",
    "id_missing": "identity_number",
    "id_format": "identity_number",
    "id_taken": "identity_number",
    "repeat_differs": "identity_number",
    "name_missing": "name",
    "name_invalid": "name",
    "village_unknown": "village",
    "out_of_scope": "village",
}


class Person(NamedTuple):
    """What an accepted row says of a person. 序号 is no part of it: a repeat ignores it."""

    number: str | None
    name: str
    birth: date
    sex: str
    phone: str | None
    village_code: str
    nation: str
    registered: bool | None
    record_number: str
    address: str
    household: str
    relation: str
    tags: tuple[str, ...]
    state: str
    note: str


class RosterRow(NamedTuple):
    """The verdict on one row of the sheet: `person` where it is accepted, else the reason."""

    row: int
    person: Person | None
    reason: str = ""
    message: str = ""
    normalised: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """`accepted`, `repeat` or `refused`."""
        if self.reason:
            return "refused"
        return "repeat" if "repeat_row" in self.normalised else "accepted"


class Fault(NamedTuple):
    """A reason to refuse and its sentence. Not the error itself: its traceback would hold a whole
    batch of rows in memory."""

    code: str
    message: str


class Holder(NamedTuple):
    """Who holds an identity number already; `reachable` when the importer may see them."""

    name: str
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class RowRules:
    """What one row is judged by. `villages_in_scope` is None for the whole county."""

    layout: Layout
    villages: VillageIndex
    today: date
    villages_in_scope: frozenset[str] | None = None


def judge_row(row: int, cells: Sequence[Any], rules: RowRules) -> RosterRow | None:
    """Give the verdict on one row by itself, or None for an empty row.

    What other rows and stored residents say about it is added by `Roster.settle`.
    """
    value = _by_code(cells, rules.layout.places)
    if not any(value.values()):
        return None
    found: list[Fault] = []
    identity = _identity(value, rules.today, found)
    name = _name(value, found)
    village = rules.villages.get((value["township"], value["village"])) or find_village(
        rules.villages, read_text(value["township"]), read_text(value["village"])
    )
    if village is None:
        found.append(_village_unknown(value))
    elif rules.villages_in_scope is not None and village.code not in rules.villages_in_scope:
        found.append(Fault("out_of_scope", "这一行是其他乡镇的居民，请由所属卫生院导入。"))
    if found or identity is None or name is None or village is None:
        return _refused(row, found)
    phone, warned = _warnings(value, identity)
    person = _person(value, identity, name.value, village.code, phone)
    alias = ("village_alias",) if village.alias else ()
    normalised = (*identity.normalised, *name.normalised, *alias)
    return RosterRow(row, person, normalised=normalised, warned=warned)


def _by_code(cells: Sequence[Any], places: dict[str, int]) -> dict[str, Any]:
    width = len(cells)
    return {
        code: cells[place] if place < width else ""
        for code, place in places.items()
        if code != "serial"
    }


def _refused(row: int, found: list[Fault]) -> RosterRow:
    first = min(found, key=lambda fault: REASONS.index(fault.code))
    return RosterRow(row, None, first.code, first.message)


def _identity(value: dict[str, Any], today: date, found: list[Fault]) -> Identity | None:
    try:
        return parse_identity(value["identity_number"], today)
    except RuleError as error:
        if error.code != "id_missing":
            found.append(Fault(error.code, error.message))
            return None
    return _infant(value, today, found)


def _infant(value: dict[str, Any], today: date, found: list[Fault]) -> Identity | None:
    """A child in the first year may have no number yet; then the columns speak."""
    birth, sex = read_date(value.get("birth")), read_sex(value.get("sex"))
    if birth is None or not (birth <= today and age_on(birth, today) < 1):
        found.append(Fault("id_missing", "没有填身份证号，满 1 周岁的居民必须填写。"))
    elif sex is None:
        found.append(Fault("id_missing", "没有身份证号的婴儿要写明性别（男或女）。"))
    else:
        return Identity("", birth, sex)
    return None


def _name(value: dict[str, Any], found: list[Fault]) -> Name | None:
    try:
        return parse_name(value["name"])
    except RuleError as error:
        short = error.code == "name_short"
        advice = "确实如此请手工建档。" if short else ""
        found.append(Fault("name_invalid" if short else error.code, error.message + advice))
        return None


def _village_unknown(value: dict[str, Any]) -> Fault:
    township, village = read_text(value["township"]), read_text(value["village"])
    if not village:
        return Fault("village_unknown", "没有填村（居）委会。")
    where = f"{township}没有“{village}”" if township else f"没有填乡镇，无法确定“{village}”"
    return Fault("village_unknown", f"{where}，请核对乡镇和村（居）委会的名称。")


def _warnings(value: dict[str, Any], identity: Identity) -> tuple[str | None, tuple[str, ...]]:
    """Give the telephone, and what was wrong without being a reason to refuse."""
    warned: list[str] = []
    try:
        phone = parse_phone(value.get("telephone"))
    except RuleError:
        phone = None
        warned.append("phone_invalid")
    sex = value.get("sex")
    if sex and read_sex(sex) not in (identity.sex, None):
        warned.append("sex_conflict")
    birth = value.get("birth")
    if birth and birth != identity.birth.isoformat() and read_date(birth) != identity.birth:
        warned.append("birth_conflict")
    return phone, tuple(warned)


def _person(
    value: dict[str, Any], identity: Identity, name: str, village_code: str, phone: str | None
) -> Person:
    get = value.get
    return Person(
        number=identity.number or None,
        name=name,
        birth=identity.birth,
        sex=identity.sex,
        phone=phone,
        village_code=village_code,
        nation=intern(read_text(get("nation"), 20)),
        registered=_registered(get("registered")),
        record_number=read_text(get("record_number"), 20),
        address=read_text(get("address"), 200),
        household=read_text(get("household"), 30),
        relation=intern(read_text(get("relation"), 20)),
        tags=tuple(tag for tag in TAG_COLUMNS if says_yes(get(tag))),
        state=read_state(get("state"), get("note")),
        note=read_text(get("note"), 500),
    )


def _registered(cell: Any) -> bool | None:
    """Give whether somebody is registered where they live (户籍), None where it is left blank."""
    if cell == "户籍":
        return True
    text = read_text(cell)
    return not text.startswith(("非户籍", "流动")) if text else None


@dataclass(slots=True)
class Roster:
    """What the rows so far have claimed: the memory behind the rules across rows."""

    _claimed: dict[Any, tuple[int, str, int]] = field(default_factory=dict)

    def settle(self, row: RosterRow, holders: Mapping[str, Holder]) -> RosterRow:
        """Give the verdict with its neighbours in mind; rows come in the order of the sheet.

        `holders` gives who is stored under a number. Only accepted rows claim a number. An infant
        without a number is known by name, birth date and 户编号.
        """
        person = row.person
        if person is None:
            return row
        if person.number and (holder := holders.get(person.number)):
            if not holder.reachable:
                return _turn_down(row, "out_of_scope", "该居民由其他乡镇管理，请由县级核对后转入。")
            if holder.name != person.name:
                return _turn_down(
                    row, "id_taken", "这个身份证号已登记在另一个姓名下，请核对是谁的。"
                )
        key = person.number or (person.name, person.birth, person.household)
        content = hash(person)
        if (claim := self._claimed.get(key)) is None:
            self._claimed[key] = (row.row, person.name, content)
            return row
        return _repeat(row, person, content, claim)


def _repeat(row: RosterRow, person: Person, content: int, claim: tuple[int, str, int]) -> RosterRow:
    first, name, known = claim
    if name != person.name:
        return _turn_down(row, "id_taken", f"这个身份证号在第 {first} 行属于另一个姓名，请核对。")
    if content != known:
        return _turn_down(row, "repeat_differs", f"和第 {first} 行是同一个人，但内容不同，请核对。")
    return row._replace(normalised=("repeat_row",), warned=())


def _turn_down(row: RosterRow, reason: str, message: str) -> RosterRow:
    return RosterRow(row.row, None, reason, message)


@dataclass(slots=True)
class Tally:
    """The counts of an import; `accepted`, `normalised` and `warned` leave out refused rows."""

    rows: int = 0
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    normalised: Counter[str] = field(default_factory=Counter)
    warned: Counter[str] = field(default_factory=Counter)
    deceased: int = 0

    def add(self, row: RosterRow) -> None:
        """Count one settled row."""
        self.rows += 1
        if row.reason:
            self.refused[row.reason] += 1
            return
        if row.normalised:
            self.normalised.update(row.normalised)
        if row.person and row.outcome == "accepted":
            self.accepted += 1
            if row.warned:
                self.warned.update(row.warned)
            self.deceased += row.person.state == "deceased"

    def as_dict(self) -> dict[str, Any]:
        """Give the counts, reasons and kinds in the order of the tables."""
        return {
            "rows": self.rows,
            "accepted": self.accepted,
            "refused": {code: self.refused[code] for code in REASONS if self.refused[code]},
            "normalised": {k: self.normalised[k] for k in NORMALISED if self.normalised[k]},
            "warned": {kind: self.warned[kind] for kind in WARNED if self.warned[kind]},
            "deceased": self.deceased,
        }
