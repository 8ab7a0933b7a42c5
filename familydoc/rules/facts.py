"""A death stands on two facts: somebody's word or a paper, and another one."""

import unicodedata
from typing import NamedTuple

from .errors import RuleError

#: Papers have a number; people who said so have a name.
PAPERS = ("certificate", "cremation", "household", "police")
PEOPLE = ("family", "committee", "neighbour", "seen")
KINDS = (*PAPERS, *PEOPLE)
SHORTEST, LONGEST = 2, 60


class Fact(NamedTuple):
    """How a death is known: a kind, and the paper's number or the person's name."""

    kind: str
    detail: str


def read_fact(kind: str, detail: str, witness: str = "") -> Fact:
    """Give a fact read and trimmed; who saw it themselves (`seen`) need no name but their own.

    RuleError `fact_missing` (field fact), `detail_missing` or `detail_long` (field detail).
    """
    if kind not in KINDS:
        raise RuleError("fact_missing", "请选是怎么知道的。", "fact")
    text = " ".join(unicodedata.normalize("NFKC", detail).split())
    if kind == "seen":
        text = witness or text
    if len(text) > LONGEST:
        raise RuleError("detail_long", f"最多 {LONGEST} 个字。", "detail")
    if len(text) < SHORTEST:
        what = "证明的编号" if kind in PAPERS else "是谁说的，写姓名和关系"
        raise RuleError("detail_missing", f"请写{what}。", "detail")
    return Fact(kind, text)


def check_two(first: Fact, second: Fact, *, one_account: bool) -> None:
    """Check that two facts are two.

    RuleError `fact_same` when it is one paper or one person twice; `fact_alone` when one account
    tells both and neither is a paper.
    """
    if _mark(first) == _mark(second):
        sentence = "这和登记时的依据是同一个，要另一个人说的，或者一份证明。"
        raise RuleError("fact_same", sentence, "fact")
    if one_account and first.kind not in PAPERS and second.kind not in PAPERS:
        sentence = "登记和确认是同一个账号时，至少要有一份证明和它的编号；或者请另一位同事确认。"
        raise RuleError("fact_alone", sentence, "fact")


def _mark(fact: Fact) -> tuple[str, str]:
    """What makes two facts one: the paper with its number, or the person whoever they are."""
    text = "".join(fact.detail.split()).upper()
    return (fact.kind if fact.kind in PAPERS else "person", text)
