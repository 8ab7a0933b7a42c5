"""The sheet of an education prescription as it stands in the form."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from familydoc.rules.errors import RuleError
from familydoc.rules.prescriptions import GOALS, SECTIONS, Sheet, as_typed

#: The parts of the form in their order; what is agreed on comes first.
PARTS = {GOALS: "约定的目标", **SECTIONS}
#: More than any part may hold: what is longer is refused with its sentence, not stored.
LONGEST = 5000


@dataclass
class Typed:
    """What names the sheet, its texts by part, and what is wrong with them."""

    uid: str
    disease: str
    visit: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def loose(self) -> str:
        """Give the sentence that stands beside no part of the form."""
        return next((text for key, text in self.errors.items() if key not in PARTS), "")

    def refuse(self, refused: RuleError) -> None:
        """Put a refusal beside its part."""
        self.errors = {refused.field or "form": refused.message}


def fresh(sheet: Sheet, visit: str) -> Typed:
    """Give the form of a sheet as it was composed."""
    return Typed(str(uuid.uuid4()), sheet.disease, visit, as_typed(sheet))


def read_typed(form: Mapping[str, str]) -> Typed:
    """Read the form as it was sent."""
    texts = {key: form.get(key, "")[:LONGEST] for key in PARTS}
    return Typed(form.get("uid", ""), form.get("disease", ""), form.get("visit", ""), texts)
