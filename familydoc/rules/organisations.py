"""Institutions and villages: their codes, names and office telephones."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from familydoc.rules.errors import RuleError
from familydoc.rules.residents import parse_phone
from familydoc.rules.values import clean_text, typed_text

#: Kinds that can be added; the county itself comes with the set-up.
KINDS = ("county_hospital", "township_centre", "village_clinic")
#: Digits of a division's code (GB/T 2260, GB/T 10114): centres carry the township's, clinics the
#: village's (DESIGN 4).
DIGITS = {"county": 6, "township_centre": 9, "village_clinic": 12}
NAME_LENGTH, ADDRESS_LENGTH, HOURS_LENGTH, PHONE_LENGTH = 80, 200, 100, 40

_OWN_CODE = re.compile(r"[0-9A-Z][0-9A-Z-]{5,19}")
_HOTLINE = re.compile(r"1(?:10|19|20|22|2[0-9]{3})|[48]00[0-9]{7}")
_LOCAL = re.compile(r"[2-8][0-9]{6,7}")
_EXTENSION = re.compile(r"(?P<number>.+?)(?:转|,|ext\.?)(?P<extension>[0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class Sign:
    """What stands on the door of an institution."""

    name: str
    address: str = ""
    telephone: str = ""
    complaint_telephone: str = ""
    hours: str = ""


def read_sign(typed: Mapping[str, object]) -> Sign:
    """Give the particulars of an institution; RuleError names the field that is wrong."""
    return Sign(
        name=read_place_name(typed.get("name")),
        address=read_line(typed.get("address"), "address", "地址", ADDRESS_LENGTH),
        telephone=read_office_phone(typed.get("telephone")),
        complaint_telephone=read_office_phone(
            typed.get("complaint_telephone"), "complaint_telephone"
        ),
        hours=read_line(typed.get("hours"), "hours", "服务时间", HOURS_LENGTH),
    )


def read_code(kind: object, typed: object) -> str:
    """Give the code of an institution: 9 digits for a centre, 12 for a clinic, else its own.

    RuleError `kind_unknown` or `code_format`.
    """
    if kind not in KINDS:
        raise RuleError("kind_unknown", "请选择机构类别。", "kind")
    code = typed_text(typed).upper()
    digits = DIGITS.get(str(kind))
    if digits is None:
        if not _OWN_CODE.fullmatch(code):
            sentence = "县级医院的代码是 6 到 20 位数字或大写字母，可以有短横。"
            raise RuleError("code_format", sentence, "code")
        return code
    if not (code.isascii() and code.isdigit() and len(code) == digits):
        where = "乡镇卫生院用乡镇的 9 位" if digits == 9 else "村卫生室用村（居）委会的 12 位"
        raise RuleError("code_format", f"{where}区划代码，现在是 {len(code)} 位。", "code")
    return code


def read_village_code(typed: object) -> str:
    """Give the 12 digits of a village; RuleError `code_format`."""
    code = typed_text(typed)
    if not (code.isascii() and code.isdigit() and len(code) == 12):
        raise RuleError(
            "code_format", f"村（居）委会的代码是 12 位数字，现在是 {len(code)} 位。", "code"
        )
    return code


def read_place_name(typed: object) -> str:
    """Give the name of a place, 2 to 80 characters; RuleError `name_missing` or `name_long`."""
    name = read_line(typed, "name", "名称", NAME_LENGTH)
    if len(name) < 2:
        raise RuleError("name_missing", "请填名称，至少两个字。", "name")
    return name


def read_line(typed: object, field: str, word: str, longest: int) -> str:
    """Give one line of plain text, blanks trimmed; RuleError `text_long` or `text_invalid`."""
    text = clean_text(typed) if isinstance(typed, str) else ""
    if text is None:
        raise RuleError("text_invalid", f"{word}里有存不了的字符，请重新输入。", field)
    line = " ".join(text.split())
    if len(line) > longest:
        raise RuleError("text_long", f"{word}最多 {longest} 个字，现在有 {len(line)} 个。", field)
    return line


def read_office_phone(typed: object, field: str = "telephone") -> str:
    """Give an office telephone as shown, '' for none; RuleError `phone_invalid`.

    Mobile and landline as parse_phone has them; also a hotline (120, 12320, 400…), a local number
    of 7 or 8 digits, and an extension after 转.
    """
    text = typed_text(typed)
    if not text:
        return ""
    extension = _EXTENSION.fullmatch(text)
    number = _office_number(extension["number"] if extension else text)
    if number is None:
        raise RuleError("phone_invalid", "电话号码不对，例如 0471-7912345 或 13800138000。", field)
    return f"{number}转{extension['extension']}" if extension else number


def _office_number(text: str) -> str | None:
    try:
        return parse_phone(text)
    except RuleError:
        digits = text.replace("-", "")
        plain = _HOTLINE.fullmatch(digits) or _LOCAL.fullmatch(digits)
        return digits if plain else None
