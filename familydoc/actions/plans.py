"""What is written when a village day goes onto paper."""

from datetime import date

from familydoc.actions.audit import record
from familydoc.models.accounts import Account
from familydoc.models.organisations import Division
from familydoc.transaction import transaction


def note_print(*, by: Account, village: Division, day: date, people: int) -> None:
    """Note that a list of people left the house on paper: who, where, how many."""
    with transaction():
        record(
            by=by,
            verb="print_plan",
            entity="division",
            village=village.code,
            day=day.isoformat(),
            people=people,
        )
