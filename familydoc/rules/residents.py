"""Names, telephones, villages and key populations: one rule for form, import and tablet."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, NoReturn

from familydoc.rules.dates import age_on
from familydoc.rules.errors import RuleError
from familydoc.rules.identity import BLANKS, FULL_WIDTH

STATES = ("present", "away", "lost", "moved", "deceased")
#: States in which a resident is on the roster and in every denominator.
ON_ROSTER = ("present", "away", "lost")

#: The ten groups of DOMAIN 2.4 (脱贫人口 and 监测对象 are the tenth), in the order screens show.
KEY_POPULATIONS = (
    "child",
    "maternal",
    "elderly",
    "hypertension",
    "diabetes",
    "tuberculosis",
    "severe_mental_disorder",
    "disabled",
    "poverty_relieved",
    "poverty_monitored",
    "special_family",
)
#: Completed years, both ends included: these groups follow from the birth date, nobody types them.
DERIVED_BY_AGE = {"child": (0, 6), "elderly": (65, 200)}
TYPED_POPULATIONS = tuple(tag for tag in KEY_POPULATIONS if tag not in DERIVED_BY_AGE)


NAME_LENGTH = 50
DOT = "·"
_DOTS = re.compile("[•‧∙⋅●・･.﹒．・‧᛫]")
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_PLAIN_HAN_NAME = re.compile(f"[{_HAN}]{{2,{NAME_LENGTH}}}")
_HAN_NAME = re.compile(f"[{_HAN}{DOT}]+")
_ANY_HAN = re.compile(f"[{_HAN}]")
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_SPACES = re.compile(r"\s+")
_DOT_RUNS = re.compile(f"{DOT}+")


class Name(NamedTuple):
    """A name as it is stored, and what had to be mended in it."""

    value: str
    normalised: tuple[str, ...] = ()


def parse_name(value: object, *, one_character: bool = False) -> Name:
    """Give a name of 2 to 50 code points; `one_character` is the confirmation for a single one.

    Blanks inside a Chinese name go (`name_spaces`), bullets become ·, invisible and
    direction-changing characters go. Raises RuleError: `name_missing`, `name_short` (one
    character, not confirmed), `name_invalid`.
    """
    text = value if isinstance(value, str) else ""
    if _PLAIN_HAN_NAME.fullmatch(text):
        return Name(text)
    if value is not None and not isinstance(value, str):
        _refuse_name("name_invalid", "姓名应为文字。")
    name, kinds = _tidy_name(text)
    if not name:
        _refuse_name("name_missing", "没有填姓名。")
    _check_characters(name)
    if len(name) > NAME_LENGTH:
        _refuse_name("name_invalid", f"姓名最多 {NAME_LENGTH} 个字，现在有 {len(name)} 个。")
    if len(name) == 1 and not one_character:
        _refuse_name("name_short", f"姓名只有一个字“{name}”，请核对。")
    return Name(name, kinds)


def _tidy_name(text: str) -> tuple[str, tuple[str, ...]]:
    plain = _SPACES.sub(" ", _INVISIBLE.sub("", text).translate(FULL_WIDTH)).strip()
    if not _ANY_HAN.search(plain):
        return plain, ()
    plain = _DOT_RUNS.sub(DOT, _DOTS.sub(DOT, plain)).strip(DOT + " ")
    together = plain.replace(" ", "")
    return together, ("name_spaces",) if together != plain else ()


def _check_characters(name: str) -> None:
    if _HAN_NAME.fullmatch(name):
        return
    if any(character.isdigit() for character in name):
        _refuse_name("name_invalid", "姓名里有数字，请核对。")
    allowed = DOT if _ANY_HAN.search(name) else DOT + " '’-."
    for character in name:
        if character not in allowed and unicodedata.category(character)[0] not in "LM":
            _refuse_name("name_invalid", "姓名里有不该出现的符号，请只保留文字。")
    if not any(unicodedata.category(character)[0] == "L" for character in name):
        _refuse_name("name_invalid", "姓名里没有文字，请核对。")


def _refuse_name(code: str, message: str) -> NoReturn:
    raise RuleError(code, message, "name")


_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"(0(?:10|2[0-9]|[3-9][0-9]{2}))([2-8][0-9]{6,7})")
_PREFIX = re.compile(r"^(?:\+|00)?86(?=1[3-9][0-9]{9}$|0[1-9])")
_PHONE_MARKS = re.compile(r"[\-‐‑‒–—―()]")


def parse_phone(value: object) -> str | None:
    """Give a telephone as stored (`13800138000`, `0471-7912345`), or None for an empty field.

    Full-width digits, blanks, hyphens, brackets, +86 and a trailing `.0` of a number cell are
    mended. Raises RuleError `phone_invalid`.
    """
    text = _phone_text(value)
    if text is None:
        return None
    digits = _PREFIX.sub("", _PHONE_MARKS.sub("", text), count=1)
    if _MOBILE.fullmatch(digits):
        return digits
    if landline := _LANDLINE.fullmatch(digits):
        return f"{landline[1]}-{landline[2]}"
    raise _phone_error()


def _phone_text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        if _MOBILE.fullmatch(value):
            return value
        return BLANKS.sub("", value).translate(FULL_WIDTH).removesuffix(".0") or None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise _phone_error()
    if value < 0:
        raise _phone_error()
    return str(int(value))


def _phone_error() -> RuleError:
    return RuleError(
        "phone_invalid", "电话应为 11 位手机号，或带区号的座机（如 0471-7912345）。", "telephone"
    )


def age_tags(birth: date, today: date) -> set[str]:
    """Give the key populations that follow from age in completed years on `today`."""
    age = age_on(birth, today)
    return {tag for tag, (first, last) in DERIVED_BY_AGE.items() if first <= age <= last}


def key_populations(tags: Iterable[str], birth: date, today: date) -> set[str]:
    """Give all key populations of a person: those recorded and those of age."""
    return {tag for tag in tags if tag in TYPED_POPULATIONS} | age_tags(birth, today)


def search_terms(name: str) -> set[str]:
    """Give every end of a name, in lower case and without blanks: a prefix of one of them is any
    part of the name. The initials of the pinyin come from `formats/pinyin.py`."""
    plain = name.replace(" ", "").replace(DOT, "").lower()
    return {plain[start:] for start in range(len(plain))}


@dataclass(frozen=True, slots=True)
class Village:
    """A village found by what somebody wrote; `alias` when it was not its full name."""

    code: str
    alias: bool


VillageIndex = Mapping[tuple[str, str], Village]
#: Full endings of a committee's name and how people shorten them.
SUFFIXES = {
    "村民委员会": ("村", "村委会", "村委", ""),
    "社区居民委员会": ("社区", "社区居委会", "居委会", "居民委员会", ""),
    "居民委员会": ("居委会", ""),
    "嘎查村民委员会": ("嘎查", "嘎查委员会", "嘎查村", "嘎查村委会"),
}


def build_village_index(
    townships: Mapping[str, str], villages: Iterable[tuple[str, str, str]]
) -> VillageIndex:
    """Give the look-up of villages by (township name, village name).

    `townships` maps code to name, `villages` are (code, name, township code). A short form that
    fits two villages of one township fits none; a full name always wins.
    """
    exact: dict[tuple[str, str], Village] = {}
    short: dict[tuple[str, str], Village | None] = {}
    for code, name, township_code in villages:
        township = squeeze(townships[township_code])
        exact[township, squeeze(name)] = Village(code, alias=False)
        for alias in _aliases(squeeze(name)):
            known = short.get((township, alias))
            taken = (township, alias) in short and (known is None or known.code != code)
            short[township, alias] = None if taken else Village(code, alias=True)
    return {key: village for key, village in short.items() if village} | exact


def find_village(index: VillageIndex, township: str, village: str) -> Village | None:
    """Give the village of that name in that township, or None."""
    found = index.get((township, village))
    return found or index.get((squeeze(township), squeeze(village)))


def squeeze(text: str) -> str:
    """Give a place name without blanks and full-width forms."""
    return BLANKS.sub("", text).translate(FULL_WIDTH)


def _aliases(name: str) -> set[str]:
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix) and name != suffix:
            stem = name.removesuffix(suffix)
            return _joined(stem, SUFFIXES[suffix]) - {name}
    return set()


def _joined(stem: str, endings: tuple[str, ...]) -> set[str]:
    """Give stem + ending; a stem that already ends in 村 does not take a second one."""
    names = {stem + ending for ending in endings}
    if stem.endswith("村"):
        names |= {stem + ending.removeprefix("村") for ending in endings}
    return names


@dataclass(frozen=True, slots=True)
class Facts:
    """What is compared when two records may be one person."""

    number: str | None
    name: str
    birth: date
    phone: str | None
    village: str


def is_likely_double(one: Facts, other: Facts) -> bool:
    """Say whether two records are likely one person: the same number, or three of name, birth
    date, telephone and village."""
    if one.number and one.number == other.number:
        return True
    same = (
        one.name == other.name,
        one.birth == other.birth,
        bool(one.phone) and one.phone == other.phone,
        one.village == other.village,
    )
    return sum(same) >= 3
