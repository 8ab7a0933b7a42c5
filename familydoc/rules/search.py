"""What somebody means by what was typed into the search field."""

import re
import unicodedata
from dataclasses import dataclass

from familydoc.rules.errors import RuleError
from familydoc.rules.identity import BLANKS, FULL_WIDTH, upgrade_15
from familydoc.rules.residents import DOT, parse_phone

#: Nobody's name is longer; a longer text finds nobody and costs nothing.
LONGEST = 50

_IDENTITY = re.compile(r"[0-9]{17}[0-9X]")
_OLD_IDENTITY = re.compile(r"[0-9]{15}")
_LAST_FOUR = re.compile(r"[0-9]{3}[0-9X]")
_NUMBER_LIKE = re.compile(r"[+(]?[0-9][0-9X\-‐‑‒–—―()]*")


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: `kind` nothing, name, identity, telephone, last4 or digits.

    `digits` are numbers that are neither whole nor the last four: they find nobody.
    """

    kind: str
    text: str = ""

    @property
    def secret(self) -> bool:
        """Numbers never stand in an address, where logs and histories keep them."""
        return self.kind not in ("nothing", "name")


def read_query(typed: object) -> Query:
    """Give what a typed text looks for: full width made plain, blanks and invisible marks gone,
    latin letters lower, wildcards letters like any other. Raises nothing."""
    text = BLANKS.sub("", typed if isinstance(typed, str) else "").translate(FULL_WIDTH)
    text = "".join(c for c in text if unicodedata.category(c)[0] != "C")
    if not text:
        return Query("nothing")
    number = text.upper()
    if _NUMBER_LIKE.fullmatch(number):
        return _number(number)
    return Query("name", text.replace(DOT, "").lower()[:LONGEST])


def _number(text: str) -> Query:
    if _IDENTITY.fullmatch(text):
        return Query("identity", text)
    if _LAST_FOUR.fullmatch(text):
        return Query("last4", text)
    if phone := _phone(text):
        return Query("telephone", phone)
    if _OLD_IDENTITY.fullmatch(text):
        return Query("identity", upgrade_15(text))
    return Query("digits", text)


def _phone(text: str) -> str | None:
    try:
        return parse_phone(text)
    except RuleError:
        return None
