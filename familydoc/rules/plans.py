"""A village day (下村): who is met in which order, what to bring, and what paper may say."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from .definitions import Programme
from .errors import RuleError
from .tasks import KIND_WORDS
from .values import parse_date, typed_text

#: Days after the chosen day that a trip looks ahead: one trip, several forms (issue 3).
AHEAD = timedelta(days=14)
#: How far ahead a day may be planned. A regular task is made 30 days before it is due, so for
#: all of these days the 14 days behind them are made already.
MOST_AHEAD = timedelta(days=14)
#: Kinds that are asked about and reported, not measured: nothing is brought for them.
NOT_MEASURED = ("referral_fu", "report")
#: Papers of one agreement: one for each side (一式两份).
AGREEMENT_COPIES = 2

_CHINESE = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
#: Numerals before a word of a place: 三组, 十二号; not those inside a name (二道沟).
_NUMERAL = re.compile(r"([零〇一二两三四五六七八九十百]+)(?=[号组社队排巷栋幢楼层室户街区院门])")
_PARTS = re.compile(r"(\d{1,9})")


@dataclass(frozen=True)
class Supply:
    """A thing to bring, and the fields it measures.

    `each`: one for every person, else one in all. `always`: brought when the form has such a
    field at all, else only when the form cannot do without it.
    """

    name: str
    unit: str
    fields: frozenset[str]
    each: bool = False
    always: bool = False


#: What is carried, by the codes of the fields it measures. A new programme that asks for a field
#: named here needs nothing else.
SUPPLIES = (
    Supply("血压计", "台", frozenset({"sbp", "dbp"})),
    Supply("血糖仪", "台", frozenset({"fpg", "random_glucose"})),
    Supply("血糖试纸和采血针", "份", frozenset({"fpg", "random_glucose"}), each=True),
    Supply("体重秤", "台", frozenset({"weight"}), always=True),
    Supply("身高尺", "把", frozenset({"height", "length"})),
    Supply(
        "皮尺",
        "条",
        frozenset({"waist", "head", "head_circumference", "abdomen", "fundus"}),
        always=True,
    ),
    Supply("体温计", "支", frozenset({"temperature"})),
    Supply("听诊器", "副", frozenset({"heart_rate", "pulse", "breathing", "fetal_heart"})),
    Supply("血氧仪", "台", frozenset({"spo2"})),
)


@dataclass(frozen=True)
class Item:
    """One line of the packing list."""

    name: str
    number: int
    unit: str


@dataclass(frozen=True)
class Owed:
    """What one person is owed on this trip: (programme, kind) of each task, and a paper to sign."""

    tasks: tuple[tuple[str, str], ...]
    unsigned: bool = False


def house_key(address: str) -> tuple[tuple[int, int, str], ...]:
    """Give the place of an address in natural order: 2号 before 10号, 二组 before 十组.

    Full-width digits count as digits; Chinese numerals before 号, 组 and the like as numbers.
    """
    text = unicodedata.normalize("NFKC", address)
    text = _NUMERAL.sub(lambda found: str(_read_numeral(found[1])), "".join(text.split()))
    parts = (part for part in _PARTS.split(text) if part)
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts)


def house_of(address: str, village: str) -> str:
    """Give the part of an address that a villager needs: what follows the village's name.

    The sheet names the village once; the less a lost one says, the better.
    """
    stem = village.removesuffix("村").removesuffix("社区")
    for name in (village, stem):
        if name and name in address:
            return address.rpartition(name)[2].strip() or address
    return address


def _read_numeral(text: str) -> int:
    """Read 三, 十二, 二十, 一百零五; digits in a row (二〇三) stand for themselves."""
    if not set(text) & {"十", "百"}:
        return int("".join(str(_CHINESE[one]) for one in text)[-9:])
    total, digit = 0, 0
    for one in text:
        if one in _CHINESE:
            digit = _CHINESE[one]
        elif one == "百":
            total, digit = total + (digit or 1) * 100, 0
        else:
            total, digit = total + (digit or 1) * 10, 0
    return total + digit


def read_day(typed: object, today: date, otherwise: date) -> date:
    """Give the day of a trip, `otherwise` when none is typed; RuleError on field `day`."""
    if not typed_text(typed):
        return otherwise
    day = parse_date(typed)
    if day is None:
        raise RuleError("date_invalid", "日期看不懂，请照 2026-11-23 的样子填。", "day")
    if day < today:
        raise RuleError("date_past", "这一天已经过去了，请选今天或以后的日子。", "day")
    if day > today + MOST_AHEAD:
        last = today + MOST_AHEAD
        text = f"最多能排到 {last.month}月{last.day}日，再往后的任务还没有生成。"
        raise RuleError("date_far", text, "day")
    return day


def paper_words(
    tasks: Iterable[tuple[str, str]], programmes: Mapping[str, Programme]
) -> tuple[str, ...]:
    """Give what paper says of (programme, kind) tasks, each wording once, in their order.

    A private programme shows its discreet word and not what is done there.
    """
    words = (paper_word(programmes.get(code), kind) for code, kind in tasks)
    return tuple(dict.fromkeys(words))


def paper_word(programme: Programme | None, kind: str) -> str:
    """Give what paper says of one task; without its file a programme is called by the kind alone:
    nobody knows whether it is private."""
    kind_word = KIND_WORDS.get(kind, kind)
    if programme is None:
        return kind_word
    if programme.private:
        return programme.discreet
    return f"{programme.name} · {programme.kind_word(kind, kind_word)}"


def list_supplies(people: Iterable[Owed], programmes: Mapping[str, Programme]) -> tuple[Item, ...]:
    """Give what to bring: instruments by the fields the forms ask for, forms, agreements."""
    needs: Counter[str] = Counter()
    forms: Counter[str] = Counter()
    unsigned = 0
    for one in people:
        needs.update(_instruments(one, programmes))
        forms.update(_forms_of(one, programmes))
        unsigned += one.unsigned
    return (*_carried(needs), *_papers(forms, unsigned))


def _instruments(one: Owed, programmes: Mapping[str, Programme]) -> set[str]:
    found: set[str] = set()
    for code, kind in one.tasks:
        programme = programmes.get(code)
        if programme is None or kind in NOT_MEASURED:
            continue
        asked = asked_fields(programme, kind)
        found |= {
            s.name for s in SUPPLIES if s.fields & (set(programme.fields) if s.always else asked)
        }
    return found


def asked_fields(programme: Programme, kind: str) -> set[str]:
    """Give the codes of the fields that a task of a kind cannot do without: what its form always
    shows or expects, what the class is found by, and what makes the yearly examination."""
    asked = {f.code for f in programme.fields.values() if f.core or f.needed or f.expected}
    asked |= set(programme.measured_by)
    return asked | set(programme.exam.needs) if kind == "exam" and programme.exam else asked


def _forms_of(one: Owed, programmes: Mapping[str, Programme]) -> set[str]:
    found = (programmes.get(code) for code, kind in one.tasks if kind not in NOT_MEASURED)
    return {f"{p.discreet}记录表" if p.private else p.form for p in found if p is not None}


def _carried(needs: Mapping[str, int]) -> Iterable[Item]:
    for supply in SUPPLIES:
        people = needs.get(supply.name, 0)
        if people:
            yield Item(supply.name, people if supply.each else 1, supply.unit)


def _papers(forms: Mapping[str, int], unsigned: int) -> Iterable[Item]:
    for name, number in sorted(forms.items(), key=lambda pair: (-pair[1], pair[0])):
        yield Item(name, number, "张")
    if unsigned:
        yield Item("签约协议书（一式两份）", unsigned * AGREEMENT_COPIES, "张")
