"""Changes of state, and what was in force before one that is taken back."""

from datetime import date

import pytest

from familydoc.rules.errors import RuleError
from familydoc.rules.states import NEXT, UNDONE, check_change, choices, state_before, undo_reason

TODAY = date(2026, 11, 21)


def test_nobody_comes_back_from_death_but_by_undoing():
    assert choices("deceased") == () and choices("nonsense") == ()
    assert "present" in choices("moved") and "present" not in choices("present")


@pytest.mark.parametrize("now", NEXT)
@pytest.mark.parametrize("state", NEXT)
def test_only_what_is_offered_is_taken(now, state):
    call = lambda: check_change(now, state, TODAY, TODAY, today=TODAY)  # noqa: E731
    if state in choices(now):
        call()
    else:
        with pytest.raises(RuleError):
            call()


@pytest.mark.parametrize(
    ("history", "index"),
    [
        ([], None),
        ([("deceased", "x")], None),
        ([("away", ""), ("deceased", "x")], 0),
        ([("away", ""), ("deceased", "x"), ("away", UNDONE + "y"), ("moved", "z")], 0),
        ([("deceased", "x"), ("present", UNDONE + "y"), ("moved", "z")], None),
        ([("lost", "x"), ("present", ""), ("deceased", "z")], 1),
        ([("present", UNDONE + "y")], None),
    ],
)
def test_state_before_passes_over_what_was_taken_back(history, index):
    assert state_before(history) == index


def test_undo_reason_fits_its_column():
    assert undo_reason(" 错了 ") == UNDONE + "错了" and len(undo_reason("长" * 300)) == 200
