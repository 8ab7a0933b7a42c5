"""Identity numbers (GB 11643-1999), and how much of a person a list may show."""

import re
from datetime import date
from operator import mul
from typing import NamedTuple, NoReturn

from familydoc.rules.errors import RuleError

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
OLDEST_YEARS = 130  # nobody is known to have lived longer

FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
#: Blanks of every kind, and the invisible characters chat apps and web pages leave behind.
BLANKS = re.compile("[\\s\u00a0\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+")
PLACEHOLDERS = frozenset(("无", "暂无", "没有", "不详", "未知", "-", "--", "/", "\\"))

_CLEAN = re.compile(r"[0-9]{17}[0-9X]")
_EIGHTEEN = re.compile(r"[0-9]{17}[0-9Xx]")
_FIFTEEN = re.compile(r"[0-9]{15}")


class Identity(NamedTuple):
    """A sound number, what it says of the person, and what had to be mended in it."""

    number: str
    birth: date
    sex: str
    normalised: tuple[str, ...] = ()


def parse_identity(value: object, today: date) -> Identity:
    """Give the person a number stands for: 18 characters, birth date, sex `male` or `female`.

    `value` is what a form, a cell or a device sent. Full-width digits and blanks are mended
    (`id_fullwidth`), a lower-case x raised (`id_lower_x`), 15 digits upgraded (`id_15_digits`).
    Raises RuleError: `id_missing`, `id_format`, `id_checksum`, `id_birth_date`. Weights and check
    digits: GB 11643-1999. The area is that of first registration and is not looked up: permits of
    Hong Kong, Macau and Taiwan (81, 82, 83) are numbers like any other.
    """
    number, kinds = _mended(value)
    if check_digit(number) != number[17]:
        _refuse("id_checksum", f"身份证号的校验位不对，{_hint(number)}请照身份证核对。")
    birth = _birth(number, today)
    if number.startswith("000000") or number == number[0] * 18:
        _refuse("id_format", "身份证号的前六位不是地区代码，请照身份证核对。")
    return Identity(number, birth, "male" if int(number[16]) % 2 else "female", kinds)


def check_digit(number: str) -> str:
    """Give the 18th character for the first 17 digits."""
    # The code of "0" is 48 and the weights add up to 100: four times as fast as int() a digit.
    total = sum(map(mul, number.encode(), WEIGHTS)) - 48 * 100
    return CHECK_DIGITS[total % 11]


def upgrade_15(number: str) -> str:
    """Give the 18 characters of an old number of 15 digits: the century is the twentieth."""
    longer = number[:6] + "19" + number[6:]
    return longer + check_digit(longer)


def mask_identity(number: str | None) -> str:
    """Show the first three and the last four characters."""
    if not number:
        return ""
    return number[:3] + "*" * max(len(number) - 7, 4) + number[-4:]


def mask_name(name: str) -> str:
    """Show the first character: 张三 -> 张*, a longer name ends in two stars."""
    return name[:1] + "*" * min(max(len(name) - 1, 1), 2)


def mask_phone(phone: str | None) -> str:
    """Show the first three and the last four digits."""
    if not phone:
        return ""
    return phone[:3] + "*" * max(len(phone) - 7, 4) + phone[-4:]


def _refuse(code: str, message: str) -> NoReturn:
    raise RuleError(code, message, "identity_number")


def _as_text(value: object) -> str:
    """Give the characters; a number of more than 15 digits was rounded before it came here."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse("id_format", "这里不是身份证号，请填 18 位号码。")
    if not 0 <= value < 10**15 or value != int(value):
        _refuse(
            "id_format",
            "身份证号存成了数字，末几位已经丢失：请把这一列设为文本格式，再照身份证重新填写。",
        )
    return str(int(value))


def _mended(value: object) -> tuple[str, tuple[str, ...]]:
    """Give 18 characters of the right kind and what was mended; raises where that cannot be."""
    if isinstance(value, str) and _CLEAN.fullmatch(value):
        return value, ()
    number, kinds = _tidy(_as_text(value))
    if not number or number in PLACEHOLDERS:
        _refuse("id_missing", "没有填身份证号，请补上 18 位号码。")
    if _FIFTEEN.fullmatch(number):
        return upgrade_15(number), (*kinds, "id_15_digits")
    _check_format(number)
    return number, kinds


def _tidy(text: str) -> tuple[str, tuple[str, ...]]:
    plain = BLANKS.sub("", text).translate(FULL_WIDTH)
    kinds = ("id_fullwidth",) if plain != text else ()
    if _EIGHTEEN.fullmatch(plain) and plain.endswith("x"):
        return plain.upper(), (*kinds, "id_lower_x")
    return plain, kinds


def _check_format(number: str) -> None:
    if _CLEAN.fullmatch(number):
        return
    if re.fullmatch(r"[0-9.]+[eE]\+?[0-9]+", number):
        _refuse(
            "id_format",
            "身份证号成了科学记数法，末几位已经丢失：请设为文本格式，再照身份证重新填写。",
        )
    if len(number) not in (15, 18):
        _refuse("id_format", f"身份证号应为 18 位（旧号 15 位），现在是 {len(number)} 位。")
    _refuse("id_format", "身份证号只能是数字，最后一位可以是 X。")


def _hint(number: str) -> str:
    return (
        "末三位是 000，可能是电子表格丢了末几位，" if number.endswith("000") else "可能抄错了一位，"
    )


def _birth(number: str, today: date) -> date:
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        _refuse("id_birth_date", f"身份证号中的出生日期 {number[6:14]} 不存在，请照身份证核对。")
    if birth > today:
        _refuse("id_birth_date", f"身份证号中的出生日期 {birth} 还没有到，请照身份证核对。")
    if today.year - birth.year > OLDEST_YEARS:
        _refuse("id_birth_date", f"身份证号中的出生日期 {birth} 太早，请照身份证核对。")
    return birth
