"""Initials of Chinese names in every reading of their characters."""

from functools import lru_cache

READINGS = 24  # a name of many ambiguous characters must not fill the index


def initials(name: str) -> set[str]:
    """Give the initials of a name and of each of its ends: 单于 -> sy, dy, cy.

    All readings of a character count (单 is d, s and c), latin letters stand for themselves; at
    most 24 spellings of an end. A last letter alone finds half a county and is left out, unless
    it is the whole name.
    """
    letters = [letter for letter in map(_letters, name) if letter]
    ends: list[str] = list(letters.pop()) if letters else []
    terms: set[str] = set() if letters else set(ends)
    for letter in reversed(letters):
        ends = [first + end for first in letter for end in ends][:READINGS]
        terms.update(ends)
    return terms


@lru_cache(maxsize=20_000)
def _letters(character: str) -> str:
    """Give the possible initials of one character, the commonest first; none for a mark."""
    if character.isascii():
        return character.lower() if character.isalpha() else ""
    # Loading the dictionary takes 0.3 s: only what indexes or searches pays for it.
    from pypinyin import Style, pinyin

    readings = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore", strict=False)
    found = [text[0] for text in readings[0]] if readings else []
    return "".join(dict.fromkeys(letter for letter in found if letter.isascii()))
