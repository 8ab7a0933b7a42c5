"""One visit as conditions and sentences see it: names in, values and words out."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from .conditions import evaluate, truth
from .definitions import Condition, Programme, Text, Value
from .programme_files import TOKEN
from .values import plain_number

BLANK = "—"


class Reading:
    """The answers of one date, with the reading before it, judged by one programme."""

    def __init__(
        self,
        programme: Programme,
        answers: Mapping[str, object],
        facts: Mapping[str, Value] | None = None,
        previous: "Reading | None" = None,
    ) -> None:
        self.programme = programme
        self.answers = answers
        self.previous = previous
        self._known: dict[str, Value] = dict(facts or {})

    def value(self, name: str) -> Value:
        """Give a fact (age), a parameter, a derived value or an answer; None when missing."""
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def learn(self, facts: Mapping[str, Value]) -> None:
        """Add what can be known only from the answers themselves."""
        self._known.update(facts)

    def _find(self, name: str) -> Value:
        programme = self.programme
        if name in programme.parameters:
            return programme.parameters[name].value
        if name in programme.derived:
            return evaluate(programme.derived[name].value, self.value, self.value_before)
        held: Any = self.answers.get(name)
        return tuple(held) if isinstance(held, list) else held

    def value_before(self, name: str) -> Value:
        """Give a value as it was at the previous reading; None when there is none."""
        return self.previous.value(name) if self.previous else None

    def holds(self, condition: Condition) -> bool:
        """Tell whether a condition is true here."""
        return truth(evaluate(condition, self.value, self.value_before))

    def say(self, text: str) -> str:
        """Fill a sentence's {names}, {previous.names}, {phrases}, {days:span} and {days:weeks}."""
        return TOKEN.sub(lambda m: self._word(*m.groups()), text)

    def _word(self, before: str | None, name: str, span: str | None) -> str:
        if any(p.name == name for p in self.programme.phrases):
            return "、".join(self.phrases(name))
        value = self.value_before(name) if before else self.value(name)
        if span and isinstance(value, int | Decimal):
            return span_of(int(value)) if span == ":span" else weeks_of(int(value))
        return word_of(value, decimals_of(self.programme, name))

    def phrases(self, name: str) -> list[str]:
        """Give the true phrases of a name, filled."""
        return self.true_texts(p for p in self.programme.phrases if p.name == name)

    def true_texts(self, texts: Iterable[Text]) -> list[str]:
        """Give the sentences whose condition holds, filled."""
        return [self.say(t.text) for t in texts if self.holds(t.when)]


def decimals_of(programme: Programme, name: str) -> int:
    """Give the number of decimals a name is written with."""
    for group in (programme.fields, programme.parameters, programme.derived):
        if name in group:
            return int(getattr(group[name], "decimals", 0))
    return 0


def word_of(value: Value, decimals: int) -> str:
    """Write a value as a sentence shows it."""
    if value is None:
        return BLANK
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, tuple):
        return BLANK
    if isinstance(value, int | Decimal):
        return plain_number(Decimal(value), decimals)
    return str(value)


def span_of(days: int) -> str:
    """Write a number of days as people say it: whole weeks as weeks."""
    return f"{days // 7} 周" if days and days % 7 == 0 else f"{days} 天"


def weeks_of(days: int) -> str:
    """Write a number of days as weeks of gestation: 20 周 6 天."""
    weeks, rest = divmod(days, 7)
    return f"{weeks} 周 {rest} 天" if rest else f"{weeks} 周"
