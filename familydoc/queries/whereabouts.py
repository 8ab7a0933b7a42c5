"""Where a resident is and was: pauses, hand-overs and states as one history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from familydoc.labels import word
from familydoc.models.pauses import CarePause
from familydoc.models.residents import Resident, ResidentState
from familydoc.models.transfers import Transfer
from familydoc.queries import pauses, states, transfers
from familydoc.queries.contacts import find_failed_visits
from familydoc.rules.states import UNDONE


@dataclass(frozen=True)
class Line:
    """One step of the history: the day, what it was, and why."""

    on: date
    words: str
    reason: str
    #: It tells of a programme: why is for the own team alone.
    of_care: bool = False


@dataclass(frozen=True)
class Whereabouts:
    """What a resident's page tells of where somebody is."""

    pauses: Sequence[CarePause]
    transfer: Transfer | None
    taken_over: Transfer | None
    failed: Sequence[date]
    lines: tuple[Line, ...]

    @property
    def in_hospital(self) -> list[CarePause]:
        return [pause for pause in self.pauses if pause.kind == "hospital"]


def get_whereabouts(resident: Resident) -> Whereabouts:
    """Read everything of one resident in a handful of small statements."""
    every, offers = pauses.list_all(resident.id), transfers.list_of(resident.id)
    accepted = [one for one in offers if one.state == "accepted"]
    last = accepted[-1] if accepted else None
    here = last is not None and last.to_village_code == resident.village_code
    failed = find_failed_visits(resident.id) if resident.state == "present" else ()
    return Whereabouts(
        pauses=[
            one for one in every if one.ended_at is None and one.enrolment.state == "suspended"
        ],
        transfer=next((one for one in offers if one.state == "open"), None),
        taken_over=last if here else None,
        failed=failed,
        lines=_in_order(states.list_history(resident.id), every, offers),
    )


def _in_order(
    changes: Sequence[ResidentState], every: Sequence[CarePause], offers: Sequence[Transfer]
) -> tuple[Line, ...]:
    """The newest day first."""
    lines = [*map(_of_state, changes), *_of_pauses(every), *_of_transfers(offers)]
    return tuple(sorted(lines, key=lambda line: line.on, reverse=True))


def _of_state(change: ResidentState) -> Line:
    state = word("resident_state", change.state)
    if change.reason.startswith(UNDONE):
        return Line(change.on, f"撤销登记，恢复为{state}", change.reason.removeprefix(UNDONE))
    until = f"，到 {change.until}" if change.until else ""
    reasons = [change.reason, *facts_of(change)]
    return Line(change.on, f"{state}{until}", "；".join(one for one in reasons if one))


def facts_of(change: ResidentState) -> list[str]:
    """Give how a death is known, one sentence a fact."""
    told = ((change.fact, change.fact_detail), (change.second_fact, change.second_detail))
    return [f"{word('fact', kind)}（{detail}）" for kind, detail in told if kind]


def _of_pauses(every: Sequence[CarePause]) -> Iterator[Line]:
    for pause in every:
        name = word("programme", pause.enrolment.programme)
        kind = word("pause", pause.kind)
        yield Line(pause.on, f"{name}管理暂停：{kind}", pause.reason, of_care=True)
        if pause.back_on:
            yield Line(pause.back_on, f"{name}管理恢复", pause.end_reason, of_care=True)
        elif pause.ended_at:
            reason = pause.end_reason.removeprefix(UNDONE)
            yield Line(pause.on, f"{name}管理撤销暂停", reason, of_care=True)


def _of_transfers(offers: Sequence[Transfer]) -> Iterator[Line]:
    for one in offers:
        there = f"{one.sender}转到{one.receiver}"
        state = word("transfer_state", one.state)
        answer = one.answer.removeprefix(UNDONE)
        told = word("transfer_refusal", answer) if one.state == "refused" else answer
        yield Line(one.on, f"{there}，{state}", told or one.reason)
