"""People and households as rows: sealed numbers, search terms, tags and states."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from familydoc.clock import SHANGHAI
from familydoc.demo.people import Home, Person
from familydoc.demo.plan import Plan
from familydoc.demo.signing import record_number
from familydoc.extensions import keys
from familydoc.formats.pinyin import initials
from familydoc.rules.residents import search_terms

Row = dict[str, Any]
REASONS = {
    "away": "外出务工",
    "lost": "多次联系不上",
    "moved": "全家迁往呼和浩特",
    "deceased": "家属告知",
}


def household_rows(homes: Iterable[Home]) -> list[Row]:
    return [
        {
            "id": home.id,
            "number": f"{home.village}{home.id:06d}",
            "village_code": home.village,
            "address": home.address,
        }
        for home in homes
    ]


def resident_rows(plan: Plan, now: datetime) -> list[Row]:
    created = now - timedelta(days=800)
    return [_resident(person, plan, created) for person in plan.people]


def _resident(person: Person, plan: Plan, created: datetime) -> Row:
    seal, number, phone = keys.vault.fingerprint, person.number, person.phone
    team = plan.team_of[person.village]
    return {
        "id": person.id,
        "uid": person.uid,
        "name": person.name,
        "sex": person.sex,
        "birth": person.birth,
        "identity_number": number,
        "identity_hash": seal("identity", number) if number else None,
        "identity_last4_hash": seal("identity last4", number[-4:]) if number else None,
        "telephone": phone,
        "telephone_hash": seal("telephone", phone) if phone else None,
        "telephone_last4_hash": seal("telephone last4", phone[-4:]) if phone else None,
        "nation": "蒙古族" if person.home.mongolian else "汉族",
        "registered": person.registered,
        "record_number": record_number(person),
        "village_code": person.village,
        "centre_id": team.centre_id,
        "team_id": team.id,
        "address": person.home.address,
        "household_id": person.home.id,
        "relation": person.relation,
        "state": person.state,
        "state_since": person.since,
        "away_until": person.away_until,
        "note": "",
        "created_at": created,
    }


def tag_rows(people: Iterable[Person], today: date, seed: int) -> list[Row]:
    random = Random(f"{seed} tags")
    return [
        {"resident_id": p.id, "tag": tag, "since": _since(random, p, tag, today)}
        for p in people
        for tag in sorted(p.tags)
    ]


def _since(random: Random, person: Person, tag: str, today: date) -> date:
    days = random.randint(20, 240) if tag == "maternal" else random.randint(60, 2400)
    return max(today - timedelta(days=days), person.birth)


def term_rows(people: Iterable[Person]) -> list[Row]:
    """Give the beginnings people are found by; names repeat, so each is worked out once."""
    known: dict[str, list[str]] = {}
    rows = []
    for person in people:
        if person.name not in known:
            known[person.name] = sorted(search_terms(person.name) | initials(person.name))
        rows += [{"term": term, "resident_id": person.id} for term in known[person.name]]
    return sorted(rows, key=lambda row: (row["term"], row["resident_id"]))


def state_rows(plan: Plan, accounts: dict[int, int], today: date) -> list[Row]:
    """Give the history of those who are not simply here: asked by the carer, seen by the leader.

    In every team somebody is reported as moved and waits for the leader's word.
    """
    gone = [person for person in plan.people if person.since is not None]
    rows = [_state(person, person.state, person.since, plan, accounts) for person in gone]
    waiting = {plan.team_of[p.village].id: p for p in plan.people if _may_move(p)}
    for person in waiting.values():
        row = _state(person, "moved", today - timedelta(days=4), plan, accounts)
        rows.append(row | {"confirmed_at": None, "confirmed_by": None})
    return rows


def _may_move(person: Person) -> bool:
    return person.state == "present" and not person.tags and 25 < person.age < 60


def _state(
    person: Person, state: str, on: date | None, plan: Plan, accounts: dict[int, int]
) -> Row:
    assert on is not None
    team = plan.team_of[person.village]
    at = datetime.combine(on, time(16, 30), tzinfo=SHANGHAI)
    return {
        "resident_id": person.id,
        "state": state,
        "on": on,
        "until": person.away_until if state == "away" else None,
        "reason": REASONS[state],
        "asked_at": at,
        "asked_by": accounts[team.carers[person.village]],
        "confirmed_at": at,
        "confirmed_by": accounts[team.leader.id],
    }
