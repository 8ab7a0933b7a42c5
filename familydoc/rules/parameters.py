"""County values: what may be set, within which range, and never laxer than the national rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from familydoc.rules.contracts import TERMS, Policy
from familydoc.rules.errors import RuleError
from familydoc.rules.organisations import read_line
from familydoc.rules.programmes import Programme
from familydoc.rules.rounds import PERIOD_WORDS, load_kinds
from familydoc.rules.values import exact_number, parse_date, plain_number, typed_text

#: The name under which county values about contracts are kept.
CONTRACTS = "contracts"
#: The name under which the county's values about team rounds are kept.
ROUNDS = "rounds"
#: The name under which the county's values about referrals are kept.
REFERRALS = "referrals"
SOURCE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Setting:
    """One number a county may set. `stricter` is empty where no national rule binds it."""

    name: str
    label: str
    national: Decimal
    unit: str
    min: Decimal
    max: Decimal
    source: str
    stricter: str = ""
    decimals: int = 0
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def range(self) -> tuple[Decimal, Decimal]:
        """What a county may set: the national value bounds it where a stricter way is named."""
        low = self.national if self.stricter == "higher" else self.min
        high = self.national if self.stricter == "lower" else self.max
        return low, high

    def shown(self, value: object) -> str:
        """Give a value as people read it: the word of a choice, or the number with its unit."""
        number = exact_number(value)
        plain = str(value) if number is None else plain_number(number, self.decimals)
        word = dict(self.choices).get(plain)
        return word or f"{plain} {self.unit}".strip()


def _of_contracts(
    name: str, label: str, unit: str, low: int, high: int, source: str, **more: object
) -> Setting:
    national = Decimal(int(getattr(Policy(), name)))
    return Setting(name, label, national, unit, Decimal(low), Decimal(high), source, **more)  # type: ignore[arg-type]


#: DOMAIN 2.3 and 2.5: what a county settles about signing.
CONTRACT_SETTINGS = (
    _of_contracts(
        "cap",
        "每位家庭医生的签约上限",
        "人",
        500,
        10000,
        "国卫基层发〔2018〕35号：原则上不超过 2000 人",
    ),
    _of_contracts(
        "cap_blocks",
        "超过上限时",
        "",
        0,
        1,
        "本系统约定：默认只提醒",
        choices=(("0", "只提醒"), ("1", "不能再签")),
    ),
    _of_contracts(
        "default_term",
        "签约期限",
        "",
        min(TERMS),
        max(TERMS),
        "国卫基层发〔2018〕35号、〔2022〕10号：原则上一年，可到三年",
        choices=tuple((str(term), f"{term // 12} 年") for term in TERMS),
    ),
    _of_contracts(
        "renewal_days", "到期前后多少天内可以续签", "天", 7, 180, "本系统约定：与第一次提醒同一天"
    ),
)

#: A person sent back by a hospital is seen at home; no national text gives a number, a week is
#: what it gives after a birth (NBPHS3, DOMAIN 1.8).
DISCHARGE_DAYS = Setting(
    name="discharge_days",
    label="转回基层后多少天内入户",
    national=Decimal(7),
    unit="天",
    min=Decimal(1),
    max=Decimal(30),
    source="本系统约定，参照产后出院 7 天内访视",
)


def settings_of(programme: Programme) -> tuple[Setting, ...]:
    """Give the parameters of a programme file as settings, with their national values."""
    return tuple(
        Setting(
            name=p.name,
            label=p.label,
            national=p.value,
            unit=p.unit,
            min=p.min,
            max=p.max,
            source=p.source,
            stricter=p.stricter,
            decimals=p.decimals,
        )
        for p in programme.parameters.values()
    )


def round_settings() -> tuple[Setting, ...]:
    """Give how often each kind of round is owed: a county may ask for more, never for less."""
    return tuple(
        Setting(
            name=kind.parameter,
            label=kind.label,
            national=Decimal(kind.times),
            unit=f"次/{PERIOD_WORDS[kind.period]}",
            min=Decimal(1),
            max=Decimal(kind.max),
            source=kind.source,
            stricter="higher",
        )
        for kind in load_kinds().values()
    )


def all_settings(programmes: Mapping[str, Programme]) -> dict[str, tuple[Setting, ...]]:
    """Give every setting by programme code, those about contracts last."""
    found = {code: settings_of(programme) for code, programme in programmes.items()}
    return {code: settings for code, settings in found.items() if settings} | {
        CONTRACTS: CONTRACT_SETTINGS,
        REFERRALS: (DISCHARGE_DAYS,),
        ROUNDS: round_settings(),
    }


def read_value(setting: Setting, typed: object) -> str:
    """Give a county value as stored, exact; RuleError on field `value`.

    `value_invalid` (no number, too many decimals), `value_range`, and `value_laxer`: the stricter
    of county and national value wins, so a laxer one would only mislead.
    """
    number = exact_number(typed)
    if number is None or number != round(number, setting.decimals):
        kind = f"{setting.decimals} 位小数以内的数字" if setting.decimals else "整数"
        raise RuleError("value_invalid", f"请填{kind}。", "value")
    if not setting.min <= number <= setting.max or _no_choice(setting, number):
        low, high = (plain_number(n, setting.decimals) for n in (setting.min, setting.max))
        raise RuleError("value_range", f"应在 {low} 到 {high} 之间。", "value")
    if is_laxer(setting, number):
        way = "低" if setting.stricter == "lower" else "高"
        sentence = (
            f"比国家规定的 {setting.shown(setting.national)} 宽，从严执行，不会起作用。"
            f"只能更{way}，要恢复国家规定就填 {plain_number(setting.national, setting.decimals)}。"
        )
        raise RuleError("value_laxer", sentence, "value")
    return plain_number(number, setting.decimals)


def is_laxer(setting: Setting, value: Decimal) -> bool:
    """Tell whether a value would be weaker than the national rule."""
    if setting.stricter == "lower":
        return value > setting.national
    return setting.stricter == "higher" and value < setting.national


def _no_choice(setting: Setting, number: Decimal) -> bool:
    return bool(setting.choices) and plain_number(number, 0) not in dict(setting.choices)


@dataclass(frozen=True, slots=True)
class Draft:
    """A value that may be set, with its ground and its first day."""

    value: str
    source: str
    valid_from: date


def read_source(typed: object) -> str:
    """Give where a county value comes from; RuleError `source_missing` on field `source`."""
    source = read_line(typed, "source", "依据", SOURCE_LENGTH)
    if len(source) < 2:
        raise RuleError("source_missing", "请填依据，例如文件名和文号。", "source")
    return source


def read_valid_from(typed: object, today: date, latest: date | None) -> date:
    """Give the first day of a value; RuleError on field `valid_from`.

    Not before today: what was recorded under the old value was judged by it and stays. Not before
    the newest value that is already set (`latest`), which would win over this one.
    """
    day = parse_date(typed) if typed_text(typed) else today
    if day is None:
        raise RuleError("date_invalid", "日期看不懂，请照 2026-11-21 的样子填。", "valid_from")
    if day < today:
        sentence = "不能早于今天：以前的随访已按当时的规定判过，不会重判。"
        raise RuleError("date_past", sentence, "valid_from")
    if latest is not None and day < latest:
        sentence = f"已有从 {latest.isoformat()} 起的值，新的日期不能比它早。"
        raise RuleError("date_before", sentence, "valid_from")
    return day
