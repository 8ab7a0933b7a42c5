"""What a programme is made of: frozen records, no behaviour beyond look-up."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .values import as_json_value, as_number

# What a name stands for: several ticked choices give a list, which only `has` looks into.
Value = bool | int | Decimal | str | tuple[Any, ...] | None
Answer = bool | int | Decimal | str | tuple[int | str, ...]
# A condition as it stands in the file: a literal, a name, or a list [operator, operands...].
Condition = bool | int | Decimal | str | tuple[Any, ...]

NUMBER_KINDS = ("integer", "decimal")
FIELD_KINDS = (*NUMBER_KINDS, "choice", "multi", "flag", "text", "date", "instant", "bmi")
TASK_KINDS = (
    "regular",
    "recheck",
    "referral_fu",
    "specialist_fu",
    "home_visit",
    "exam",
    "report",
)
REFERRALS = ("none", "routine", "urgent")


@dataclass(frozen=True)
class Choice:
    """One answer of a choice: its standard code and its word."""

    code: int | str
    label: str
    more: bool = False


@dataclass(frozen=True)
class Follows:
    """A field that is asked only when another one holds one of these answers."""

    field: str
    values: tuple[int | str | bool, ...]


@dataclass(frozen=True)
class Only:
    """Who is asked: sex code of GB/T 2261.1, completed years and months; None for no limit."""

    sex: int | None = None
    age_from: int | None = None
    age_to: int | None = None
    months_from: int | None = None
    months_to: int | None = None

    def allows(self, sex: int | None, months: int) -> bool:
        """Tell whether someone of this sex and age in completed months is asked.

        An unknown sex is asked.
        """
        if self.sex is not None and sex in (1, 2) and sex != self.sex:
            return False
        years_to = 999 if self.age_to is None else self.age_to
        months_to = 9999 if self.months_to is None else self.months_to
        return (self.age_from or 0) <= months // 12 <= years_to and (
            (self.months_from or 0) <= months <= months_to
        )


@dataclass(frozen=True)
class Field:
    """One item of a follow-up form."""

    code: str
    label: str
    kind: str
    section: str
    unit: str = ""
    min: Decimal | None = None
    max: Decimal | None = None
    decimals: int = 0
    choices: tuple[Choice, ...] = ()
    row: str = ""
    slot: str = ""
    core: bool = False
    needed: bool = False
    expected: bool = False
    unchanged: bool = False
    own: bool = False
    exclusive: int | str | None = None
    max_length: int = 200
    of: tuple[str, ...] = ()
    follows: Follows | None = None
    only: Only | None = None
    help: str = ""
    beyond: str = ""
    standard: str = ""
    element: str = ""

    def word_for(self, code: object) -> str:
        """Give the label of a choice code, or the code itself when it is unknown."""
        return next((c.label for c in self.choices if c.code == code), str(code))


@dataclass(frozen=True)
class Parameter:
    """A number of the programme that a county may make stricter within a range.

    `stricter` is empty where no national rule is known: the county settles the number itself.
    """

    name: str
    label: str
    value: Decimal
    unit: str
    stricter: str
    min: Decimal
    max: Decimal
    source: str
    decimals: int = 0
    national: Decimal | None = None
    #: The parameter that says how many a year there must be: these months may not be more.
    per_year: str = ""

    def strictest(self, other: Decimal) -> Decimal:
        """Give the stricter of this value and another; the other where the county settles it."""
        if not self.stricter:
            return other
        return min(self.value, other) if self.stricter == "lower" else max(self.value, other)


@dataclass(frozen=True)
class Derived:
    """A named value worked out from the names above it."""

    name: str
    value: Condition
    decimals: int = 0


@dataclass(frozen=True)
class Text:
    """A sentence that is said when its condition holds."""

    when: Condition
    text: str
    name: str = ""
    field: str = ""


@dataclass(frozen=True)
class Mark:
    """How a reading looks while it is typed; the first true one of a field counts."""

    field: str
    when: Condition
    tone: str


@dataclass(frozen=True)
class ClassLine:
    """One class of the form; the first whose condition holds is the class."""

    value: int
    label: str
    when: Condition
    tone: str = ""


@dataclass(frozen=True)
class Obligation:
    """What comes next: a kind, and when: one of hours, days, months or a schedule.

    Periods are numbers or names of parameters; they count from the visit, or from the date or
    instant that the field `since` holds.
    """

    kind: str
    hours: int | str | None = None
    days: int | str | None = None
    months: int | str | None = None
    schedule: str | None = None
    since: str | None = None

    @property
    def periods(self) -> tuple[int | str, ...]:
        """Give the periods and schedules that are named: exactly one when well-formed."""
        named = (self.hours, self.days, self.months, self.schedule)
        return tuple(period for period in named if period is not None)


@dataclass(frozen=True)
class Step:
    """One date of a schedule: due so many days or months after the anchor."""

    name: str
    days: int | None = None
    months: int | None = None
    opens_days: int | None = None
    opens_months: int | None = None


@dataclass(frozen=True)
class Schedule:
    """Dates counted from an anchor: `birth`, or a date field of the programme."""

    name: str
    anchor: str
    end: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Intake:
    """Who may be taken in, what must be known of them, and what is owed first.

    `kind` is the first obligation: `regular` (within the interval or by the quarter's end),
    `exam` (by the year's end), or what `first` says. `automatic`: by age alone, by the night.
    `tags`: groups of a roster that enrol somebody. `facts` are fields asked when somebody is
    taken in, kept with the enrolment. `interval` is the parameter of the months between two
    regular visits.
    """

    kind: str = "regular"
    interval: str = "regular_months"
    first: Obligation | None = None
    automatic: bool = False
    tags: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    sex: int | None = None
    months_from: int | None = None
    months_to: int | None = None


@dataclass(frozen=True)
class Exam:
    """A yearly examination beside the regular visits, and the fields that make one."""

    months: int | str
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """One line of the ladder; the first true line decides referral and next obligations.

    A line that `closes` says why the management ends when nothing more is owed.
    """

    name: str
    when: Condition
    referral: str
    next: tuple[Obligation, ...]
    because: tuple[str, ...]
    closes: str = ""


@dataclass(frozen=True)
class DangerPanel:
    """What the hard stop says."""

    title: str
    found: str
    steps: tuple[str, ...]
    confirm: str


@dataclass(frozen=True)
class Indicator:
    """A figure with its code, name and definition sentence."""

    code: str
    name: str
    definition: str


@dataclass(frozen=True)
class Programme:
    """A public-health programme as its file declares it, with the parameters in force."""

    code: str
    name: str
    short: str
    visit_name: str
    form: str
    visits_per_year: int
    class_standard: str
    sections: tuple[tuple[str, str], ...]
    parameters: Mapping[str, Parameter]
    fields: Mapping[str, Field]
    checks: tuple[Text, ...]
    derived: Mapping[str, Derived]
    classes: tuple[ClassLine, ...]
    ladder: tuple[Line, ...]
    phrases: tuple[Text, ...]
    advice: tuple[Text, ...]
    hints: tuple[Text, ...]
    #: Sentences worked out while somebody types, such as a score; the browser shows them.
    outputs: tuple[Text, ...]
    marks: tuple[Mark, ...]
    class_may_be_empty: bool
    measured_by: tuple[str, ...]
    private: bool
    discreet: str
    intake: Intake
    exam: Exam | None
    schedules: Mapping[str, Schedule]
    kind_words: Mapping[str, str]
    danger_panel: DangerPanel | None
    indicators: tuple[Indicator, ...]
    source: Mapping[str, Any]

    @property
    def needed(self) -> tuple[Field, ...]:
        """Give the measurements without which the class cannot be found."""
        return tuple(f for f in self.fields.values() if f.needed)

    @property
    def measured(self) -> tuple[Field, ...]:
        """Give what a visit must answer to count for this programme."""
        return tuple(self.fields[code] for code in self.measured_by) or self.needed

    def kind_word(self, kind: str, otherwise: str) -> str:
        """Give what a kind of task is called in this programme."""
        return self.kind_words.get(kind, otherwise)

    def class_label(self, value: int | None) -> str:
        """Give the word for a class of this programme, empty where there is none."""
        return next((c.label for c in self.classes if c.value == value), "")

    def as_json(self) -> dict[str, Any]:
        """Give the programme as the browser reads it, with the parameters in force."""
        plain: dict[str, Any] = as_json_value(self.source)
        for name, parameter in self.parameters.items():
            plain["parameters"][name]["value"] = as_number(parameter.value)
        return plain

    def __hash__(self) -> int:
        return hash(self.code)
