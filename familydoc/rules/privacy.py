"""What a private programme is called, and to whom: its name is for the resident's own team alone.

Severe mental disorder and tuberculosis (`private = true` in their files; 精神卫生法, DOMAIN 1.6).
Everybody else, paper, and every address read the discreet word or a sign that says nothing.
A key group has the code of its programme, so its word is kept in the same way.
"""

from collections.abc import Iterable
from hashlib import sha256

from familydoc.labels import word

from .programmes import load_programmes

#: What stands for all private programmes together, where they may not be told apart.
ANY_PRIVATE = "private"
DISCREET = "专项随访"
#: Roles whose whole scope is their own teams' residents.
OWN_TEAM_ROLES = frozenset({"leader", "member"})
SIGN_LENGTH = 6


def is_private(code: object) -> bool:
    """Tell whether a programme's or key group's name is for the own team alone."""
    programme = load_programmes().get(str(code))
    return str(code) == ANY_PRIVATE or (programme is not None and programme.private)


def private_codes() -> tuple[str, ...]:
    """Give the codes of the private programmes."""
    return tuple(code for code, programme in load_programmes().items() if programme.private)


def knows_names(role: str) -> bool:
    """Tell whether somebody of this role sees private names: people of the residents' own team."""
    return role in OWN_TEAM_ROLES


def discreet_word(kind: str, code: object) -> str:
    """Give what a programme or key group (`programme`, `tag`) is called outside the own team."""
    if not is_private(code):
        return word(kind, code)
    programme = load_programmes().get(str(code))
    return (programme.discreet if programme else "") or DISCREET


def word_for(kind: str, code: object, own: bool) -> str:
    """Give the word for a programme or key group: its name to the own team, else the discreet."""
    return word(kind, code) if own and code != ANY_PRIVATE else discreet_word(kind, code)


def words_for(kind: str, codes: Iterable[str], own: bool) -> tuple[str, ...]:
    """Give each word once: outside the team two private groups read the same."""
    return tuple(dict.fromkeys(word_for(kind, code, own) for code in codes))


def merge_ticks(ticks: Iterable[tuple[str, bool]]) -> tuple[tuple[str, bool], ...]:
    """Give the boxes of a paper with the private groups as one, ticked when one of them was."""
    names = {word("tag", code) for code in private_codes()}
    found: dict[str, bool] = {}
    for name, ticked in ticks:
        shown = DISCREET if name in names else name
        found[shown] = found.get(shown, False) or ticked
    return tuple(found.items())


def sign_of(code: str) -> str:
    """Give what stands in an address for a programme or group: a private one has a sign."""
    if code == ANY_PRIVATE or not is_private(code):
        return code
    return "x" + sha256(code.encode()).hexdigest()[:SIGN_LENGTH]


def code_of(sign: str, own: bool = True) -> str:
    """Give the code that an address means; outside the own team a private one means all of them."""
    code = next((one for one in private_codes() if sign in (one, sign_of(one))), sign)
    return ANY_PRIVATE if not own and is_private(code) else code
