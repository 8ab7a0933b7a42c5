"""What a letter to the hospital holds of a visit, in words: readings, symptoms, drugs."""

from collections.abc import Mapping

from familydoc.rules.answers import answers_of, show_answer
from familydoc.rules.definitions import Field, Programme

#: Sections of a form by what stands in them (programmes/*.toml).
SYMPTOMS, DRUGS = ("symptoms", "danger", "reactions"), "drugs"
#: Answers that tell nothing: no symptom, no reaction, nothing new.
NOTHING = ("无症状", "无", "没有新变化", "否", "")


def readings_of(programme: Programme, answers: Mapping[str, object]) -> tuple[str, ...]:
    """Give the numbers a doctor looks at first: 血压 162/96 mmHg, 心率 76 次/分.

    Takes the stored answers of one visit; numbers of the same row and unit stand together.
    """
    rows: dict[tuple[str, str], list[str]] = {}
    for field, text in _held(programme, answers):
        if field.kind in ("integer", "decimal") and (field.core or field.needed):
            rows.setdefault((field.row or field.label, field.unit), []).append(text)
    return tuple(
        f"{name} {'/'.join(values)} {unit}".strip() for (name, unit), values in rows.items()
    )


def symptoms_of(programme: Programme, answers: Mapping[str, object]) -> tuple[str, ...]:
    """Give what was complained of or found, with its label where a word alone says little."""
    found = []
    for field, text in _held(programme, answers):
        if field.section not in SYMPTOMS or text in NOTHING:
            continue
        if field.kind == "flag":
            found.append(field.label)
        else:
            found.append(text if field.kind == "multi" else f"{field.label}：{text}")
    return tuple(found)


def drugs_of(programme: Programme, answers: Mapping[str, object]) -> tuple[str, ...]:
    """Give the drugs taken, a line each: 氨氯地平 2 次/日 5mg."""
    rows: dict[str, list[str]] = {}
    for field, text in _held(programme, answers):
        if field.section == DRUGS and text:
            unit = f" {field.unit}" if field.unit else ""
            rows.setdefault(field.row or field.label, []).append(text + unit)
    return tuple(" ".join(parts) for parts in rows.values())


def _held(programme: Programme, answers: Mapping[str, object]) -> list[tuple[Field, str]]:
    held = answers_of(programme, answers)
    shown = (
        (field, show_answer(field, held.get(code))) for code, field in programme.fields.items()
    )
    return [(field, text) for field, text in shown if text]
