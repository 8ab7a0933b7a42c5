"""What a form says of a resident: every field parsed, every refusal beside its field."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from familydoc.rules.dates import age_on
from familydoc.rules.errors import RuleError
from familydoc.rules.identity import OLDEST_YEARS, Identity, parse_identity
from familydoc.rules.residents import TYPED_POPULATIONS, Facts, parse_name, parse_phone
from familydoc.rules.values import clean_text, parse_date, typed_text

#: Plain texts of the form and how long each may be: the widths of the columns.
TEXTS = {"nation": 20, "record_number": 20, "address": 200, "relation": 20, "note": 500}
HOUSEHOLD_LENGTH = 30
#: Below this age a child may not have a number yet (DESIGN 5: `id_missing` from 1 year on).
NUMBER_FROM_AGE = 1
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Particulars:
    """A person as a form gives them, all values checked."""

    name: str
    sex: str
    birth: date
    number: str | None = None
    telephone: str | None = None
    village_code: str = ""
    household: str = ""
    registered: bool = True
    nation: str = ""
    record_number: str = ""
    address: str = ""
    relation: str = ""
    note: str = ""


def read_particulars(
    typed: Mapping[str, Any], today: date, without_number: Identity | None = None
) -> tuple[Particulars | None, dict[str, str]]:
    """Give (particulars, {}) or (None, {field: Chinese sentence}) of what was typed.

    `without_number` is a stored person who has none: a field left empty keeps birth and sex.

    Keys: name, one_character (ticked when a name of one character is right), identity_number,
    sex, birth, telephone, village_code, household, registered, and the plain texts. Birth date
    and sex come from the number; they are read only where an infant has none yet.
    """
    errors: dict[str, str] = {}
    name = _try(errors, lambda: parse_name(typed.get("name"), one_character=_ticked(typed)).value)
    identity = _try(errors, lambda: _identity(typed, today, without_number))
    telephone = _try(errors, lambda: parse_phone(typed.get("telephone")))
    texts = {code: _try(errors, _text_reader(typed, code)) or "" for code in (*TEXTS, "household")}
    village = typed_text(typed.get("village_code"))[:12]
    if not village:
        errors["village_code"] = "请选择居住的村（居）委会。"
    if errors or identity is None or name is None:
        return None, errors
    return (
        Particulars(
            name=name,
            sex=identity.sex,
            birth=identity.birth,
            number=identity.number or None,
            telephone=telephone,
            village_code=village,
            registered=typed.get("registered") not in ("no", False),
            **texts,
        ),
        {},
    )


def read_uid(value: object) -> str:
    """Give the id a form was made with; RuleError `uid_invalid` when somebody changed it."""
    if not isinstance(value, str) or not _UID.fullmatch(value):
        raise RuleError("uid_invalid", "页面不完整，请重新打开再填一次。", "name")
    return value


def read_tags(values: Iterable[str]) -> frozenset[str]:
    """Give the key populations that were ticked; groups of age and unknown words are none."""
    return frozenset(values) & frozenset(TYPED_POPULATIONS)


def facts_of(particulars: Particulars) -> Facts:
    """Give what is compared with stored residents before somebody is put on the roster."""
    return Facts(
        number=particulars.number,
        name=particulars.name,
        birth=particulars.birth,
        phone=particulars.telephone,
        village=particulars.village_code,
    )


def _ticked(typed: Mapping[str, Any]) -> bool:
    return typed.get("one_character") in ("yes", True)


def _try(errors: dict[str, str], read: Callable[[], Any]) -> Any:
    try:
        return read()
    except RuleError as refused:
        errors.setdefault(refused.field or "name", refused.message)
        return None


def _identity(typed: Mapping[str, Any], today: date, stored: Identity | None) -> Identity:
    try:
        return parse_identity(typed.get("identity_number"), today)
    except RuleError as refused:
        if refused.code != "id_missing":
            raise
    return stored or _infant(typed, today)


def _infant(typed: Mapping[str, Any], today: date) -> Identity:
    """A child in the first year may have no number yet; then birth date and sex are asked."""
    birth = parse_date(typed.get("birth"))
    if not typed_text(typed.get("birth")):
        sentence = "请填身份证号；未满 1 周岁还没有号码的，请填下面的出生日期和性别。"
        raise RuleError("id_missing", sentence, "identity_number")
    if birth is None or birth > today or today.year - birth.year > OLDEST_YEARS:
        raise RuleError("birth_invalid", "出生日期不存在或还没有到，请核对。", "birth")
    if age_on(birth, today) >= NUMBER_FROM_AGE:
        raise RuleError("id_missing", "满 1 周岁的居民必须填身份证号。", "identity_number")
    if typed.get("sex") not in ("male", "female"):
        raise RuleError("sex_missing", "请选择性别。", "sex")
    return Identity("", birth, str(typed["sex"]))


def _text_reader(typed: Mapping[str, Any], code: str) -> Callable[[], str]:
    limit = TEXTS.get(code, HOUSEHOLD_LENGTH)

    def read() -> str:
        text = clean_text(str(typed.get(code) or ""))
        if text is None:
            raise RuleError("text_invalid", "里面有不能保存的内容，请重新输入文字。", code)
        if len(text) > limit:
            raise RuleError("text_long", f"最多 {limit} 个字，多了 {len(text) - limit} 个。", code)
        return text

    return read
