"""The last touches on today's lists: everybody has work, and some were called in vain."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from familydoc.demo.care import Ledger
from familydoc.demo.teams import DemoTeam

Row = dict[str, Any]
SHARE = 3
OUTCOMES, WEIGHTS = ("no_answer", "away", "later", "wrong_number"), (60, 15, 20, 5)


def share_out(ledger: Ledger, teams: Sequence[DemoTeam]) -> None:
    """Hand a few patients with open tasks to members who have none, from whoever has the most."""
    open_tasks = [task for task in ledger.tasks if task["state"] == "open"]
    enrolments = {row["id"]: row for row in ledger.enrolments}
    for team in teams:
        mine = [task for task in open_tasks if task["team_id"] == team.id]
        for member in team.members:
            if any(task["staff_id"] == member.id for task in mine):
                continue
            busiest, _ = Counter(task["staff_id"] for task in mine).most_common(1)[0]
            # A check of a referral first: that is what the county's expert is asked for.
            theirs = sorted(
                (t for t in mine if t["staff_id"] == busiest), key=lambda t: (t["rank"], t["id"])
            )
            patients = list(dict.fromkeys(t["resident_id"] for t in theirs))[:SHARE]
            _hand_over(patients, member.id, ledger, enrolments)


def _hand_over(
    patients: list[int], staff_id: int, ledger: Ledger, enrolments: Mapping[int, Row]
) -> None:
    for row in enrolments.values():
        if row["resident_id"] in patients:
            row["staff_id"] = staff_id
    for task in ledger.tasks:
        if task["resident_id"] in patients and task["state"] == "open":
            task["staff_id"] = staff_id


def try_to_call(ledger: Ledger, accounts: Mapping[int, int], now: datetime, seed: int) -> list[Row]:
    """Give calls that reached nobody, for some of the overdue; a few of them are set aside."""
    random, rows = Random(f"{seed} calls"), []
    for task in ledger.tasks:
        late = (now.date() - task["due_on"]).days
        if task["state"] != "open" or late <= 0 or random.random() > 0.35:
            continue
        outcome = random.choices(OUTCOMES, WEIGHTS)[0]
        later = outcome == "later" and random.random() < 0.6
        if later:
            task["remind_on"] = now.date() + timedelta(days=random.randint(2, 6))
        rows.append(
            {
                "uid": str(uuid.UUID(int=random.getrandbits(128), version=4)),
                "resident_id": task["resident_id"],
                "task_id": task["id"],
                "at": now - timedelta(days=min(late, random.randint(0, 6)), minutes=40),
                "account_id": accounts[task["staff_id"]],
                "outcome": outcome,
                "remind_on": task["remind_on"],
                "note": "",
            }
        )
    return rows
