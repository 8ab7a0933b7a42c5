"""Referrals between the tiers: how far one has come, and what may be done next."""

from dataclasses import dataclass

from familydoc.rules.errors import RuleError
from familydoc.rules.values import clean_text

#: From the first to the last; `closed` and `cancelled` end it before the hospital has.
STAGES = ("opened", "received", "answered", "discharged", "closed", "cancelled")
URGENCIES = ("routine", "urgent")
REASON, DEPARTMENT, NAME = 500, 40, 80
DIAGNOSIS, TREATMENT = 500, 1000
SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hospital writes back."""

    diagnosis: str
    treatment: str = ""
    advice: str = ""


def stage_of(state: str, *, received: bool, answered: bool, discharged: bool) -> str:
    """Give the stage of a referral from the team's state and the hospital's steps.

    The hospital's side goes on when the team has closed its own by telephone.
    """
    if state == "cancelled":
        return "cancelled"
    if discharged:
        return "discharged"
    if answered:
        return "answered"
    if received:
        return "received"
    return "closed" if state == "closed" else "opened"


def check_step(stage: str, step: str) -> None:
    """Raise RuleError `referral_over` when a hospital may not take a step at a stage.

    Steps: receive, answer (again as often as needed), discharge. A person whose coming the team
    heard of by telephone (`closed`) can still be received.
    """
    may = {
        "receive": ("opened", "closed"),
        "answer": ("opened", "closed", "received", "answered"),
        "discharge": ("opened", "closed", "received", "answered"),
    }
    if stage in may[step]:
        return
    over = {
        "cancelled": "这次转诊已经取消。",
        "discharged": "这次转诊已经转回基层，不能再改。",
        "received": "已经接诊过了。",
        "answered": "已经接诊并答复过了。",
    }
    raise RuleError("referral_over", over[stage])


def check_sender_may_change(stage: str) -> None:
    """Raise RuleError `referral_over` when the sender can no longer take it elsewhere."""
    if stage != "opened":
        raise RuleError("referral_over", "医院已经接诊，或者转诊已经结束，不能再改。")


def read_reason(typed: object) -> str:
    """Give why somebody is referred, 2 to 500 characters; RuleError `reason_missing`, `_long`."""
    return read_words(typed, "reason", "转诊原因", REASON, required=True)


def read_department(typed: object) -> str:
    return read_words(typed, "department", "科室", DEPARTMENT)


def read_answer(diagnosis: object, treatment: object, advice: object) -> Answer:
    """Give a hospital's answer; the diagnosis is required. RuleError names the field."""
    return Answer(
        diagnosis=read_words(diagnosis, "diagnosis", "诊断", DIAGNOSIS, required=True),
        treatment=read_words(treatment, "treatment", "治疗经过", TREATMENT),
        advice=read_words(advice, "advice", "下一步建议", TREATMENT),
    )


def read_words(
    typed: object, field: str, name: str, longest: int, *, required: bool = False
) -> str:
    """Give clean text; RuleError `<field>_missing` or `<field>_long` on the field."""
    text = clean_text(str(typed or "")) or ""
    if required and len(text) < SHORTEST:
        raise RuleError(f"{field}_missing", f"请写{name}，至少 {SHORTEST} 个字。", field)
    if len(text) > longest:
        sentence = f"{name}最多 {longest} 个字，现在是 {len(text)} 个。"
        raise RuleError(f"{field}_long", sentence, field)
    return text


def result_of(answer: Answer) -> str:
    """Give what the team's side keeps as the result of the way to the hospital."""
    return f"医院诊断：{answer.diagnosis}"[:REASON]
