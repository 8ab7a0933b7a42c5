"""One parser for the answers of a form, whichever door they come through: web, import, tablet.

An answer's key is the field's code (`sbp`), or programme and code (`diabetes.adverse_reaction`)
where two programmes of one visit may differ (fields marked `own`).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from .definitions import Answer, Field, Programme, Value
from .errors import RuleError
from .fields import parse_answer
from .reading import Reading
from .values import as_json_value, exact_number, plain_number, round_half_up


def parse_answers(
    programmes: Sequence[Programme], raw: Mapping[str, object]
) -> tuple[dict[str, Answer], dict[str, str]]:
    """Give (answers, errors {key: Chinese sentence}) of typed or JSON values.

    Keys of shared fields come back plain; an empty text is left out; an unknown key is an error.
    """
    answers: dict[str, Answer] = {}
    errors: dict[str, str] = {}
    for key, value in raw.items():
        field = find_field(programmes, key)
        if field is None:
            errors[key] = f"表单里没有这一项：{key[:40]}"
            continue
        kept = key if field.own else field.code
        try:
            answer = parse_answer(field, value)
        except RuleError as refusal:
            errors[kept] = refusal.message
            continue
        if answer is not None:
            answers[kept] = answer
    for programme in programmes:
        for code, sentence in failed_checks(programme, answers_of(programme, answers)):
            errors.setdefault(code, sentence)
    return answers, errors


def find_field(programmes: Sequence[Programme], key: str) -> Field | None:
    """Give the field of an answer's key among these programmes; BMI is never typed."""
    scope, _, code = key.rpartition(".")
    found = (p.fields.get(code) for p in programmes if scope in ("", p.code))
    return next((f for f in found if f is not None and f.kind != "bmi"), None)


def answers_of(programme: Programme, answers: Mapping[str, object]) -> dict[str, object]:
    """Give the answers that count for one programme, by plain code; its own ones win."""
    prefix = f"{programme.code}."
    own = {key.removeprefix(prefix): v for key, v in answers.items() if key.startswith(prefix)}
    return {
        code: own[code] if code in own else answers[code]
        for code in programme.fields
        if code in own or code in answers
    }


def is_unanswered(programme: Programme, answers: Mapping[str, object], code: str) -> bool:
    """Tell whether a field has no answer that counts for a programme."""
    own = f"{programme.code}.{code}"
    return (answers[own] if own in answers else answers.get(code)) in (None, "")


def missing_measurements(programme: Programme, answers: Mapping[str, object]) -> tuple[Field, ...]:
    """Give the measurements the class needs that are not among the answers."""
    return tuple(f for f in programme.needed if is_unanswered(programme, answers, f.code))


def unmeasured(programme: Programme, answers: Mapping[str, object]) -> tuple[Field, ...]:
    """Give what is missing for a visit to count for a programme at all."""
    fields = {f.code: f for f in (*programme.needed, *programme.measured)}
    return tuple(f for f in fields.values() if is_unanswered(programme, answers, f.code))


#: More than these are counted, not named: a form of 33 questions has 33.
MOST_NAMED = 3


def labels_of(fields: Sequence[Field]) -> str:
    """Name fields in a sentence: 收缩压、舒张压, or the first three and how many there are."""
    named = "、".join(f.label for f in fields[:MOST_NAMED])
    return named if len(fields) <= MOST_NAMED else f"{named}等 {len(fields)} 项"


def unanswered(programme: Programme, answers: Mapping[str, object]) -> tuple[Field, ...]:
    """Give the fields a complete form expects that have no answer."""
    held = answers_of(programme, answers)
    return tuple(f for f in programme.fields.values() if f.expected and f.code not in held)


def failed_checks(
    programme: Programme, answers: Mapping[str, object], facts: Mapping[str, Value] | None = None
) -> list[tuple[str, str]]:
    """Give (field, sentence) of what cannot be true together, such as dbp above sbp.

    With the facts of the visit also what cannot be true on its date, such as a birth after it.
    """
    reading = Reading(programme, answers, facts)
    return [(c.field, reading.say(c.text)) for c in programme.checks if reading.holds(c.when)]


def store_answers(answers: Mapping[str, Answer]) -> dict[str, object]:
    """Give answers as JSON can hold them."""
    return {key: as_json_value(value) for key, value in answers.items()}


def bmi(weight: object, height: object) -> Decimal | None:
    """Give kg / m² (DOMAIN 1.1) of kg and cm, one decimal half up; None where one is unknown."""
    kg, cm = exact_number(weight), exact_number(height)
    if kg is None or not cm:
        return None
    return round_half_up(kg * 10000 / (cm * cm), 1)


def show_answer(field: Field, value: object) -> str:
    """Write a stored answer as a screen or a print shows it, without the unit."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list | tuple):
        return "、".join(field.word_for(code) for code in value)
    if field.choices:
        return field.word_for(value)
    if field.kind == "instant":
        return str(value).replace("T", " ")[:16]
    number = exact_number(value) if field.kind in ("integer", "decimal") else None
    return str(value) if number is None else plain_number(number, field.decimals)
