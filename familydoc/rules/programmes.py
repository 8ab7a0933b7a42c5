"""The programmes: loaded once from their files, with county values laid over them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .definitions import Parameter, Programme
from .errors import RuleError
from .ladder import Case, Decision, PastVisit, assess_case, read_case
from .programme_files import ProgrammeFileError, read_programme, with_own_fields
from .values import as_number, exact_number, plain_number

__all__ = [
    "Case",
    "Decision",
    "PastVisit",
    "Programme",
    "ProgrammeFileError",
    "assess",
    "assess_case",
    "effective_parameters",
    "get_programme",
    "load_programmes",
    "on_one_page",
    "read_case",
    "use_folders",
    "with_parameters",
]

FOLDER = Path(__file__).parent.parent / "programmes"
MONTHS_A_YEAR = 12
#: Where this process reads its programmes: the package's, and a county's own beside them.
_folders = [FOLDER]


def use_folders(*more: Path) -> Mapping[str, Programme]:
    """Read the programmes of these folders too from now on; give all of them.

    Set once, when an app starts. ProgrammeFileError when a folder is not there, a file is bad, or
    a code stands in two folders; then nothing has changed.
    """
    for folder in more:
        if not folder.is_dir():
            raise ProgrammeFileError(f"{folder} is not a folder of programme files")
    found = load_programmes(FOLDER, *more)
    _folders[:] = [FOLDER, *more]
    return found


def load_programmes(*folders: Path) -> Mapping[str, Programme]:
    """Give all programmes by code, read once: of these folders, or of those in use."""
    return _read_folders(folders or tuple(_folders))


@cache
def _read_folders(folders: tuple[Path, ...]) -> Mapping[str, Programme]:
    """Read every file; ProgrammeFileError when one is bad or two have one code."""
    found: dict[str, Programme] = {}
    for file in (file for folder in folders for file in sorted(folder.glob("*.toml"))):
        programme = read_programme(file)
        if programme.code in found:
            raise ProgrammeFileError(f"{file}: {programme.code} is there already")
        found[programme.code] = programme
    return MappingProxyType(with_own_fields(found))


def get_programme(code: str) -> Programme:
    """Give a programme by code; RuleError `programme_unknown` when there is none."""
    programme = load_programmes().get(code)
    if programme is None:
        known = "、".join(load_programmes())
        raise RuleError("programme_unknown", f"没有这个管理项目：{code}，可用的有 {known}", code)
    return programme


def with_parameters(programme: Programme, values: Mapping[str, object]) -> Programme:
    """Lay county values over a programme; the stricter of county and national value wins.

    Takes {name: number}, the name plain or with the programme's short code before it
    (`ht.line_sbp`). RuleError `parameter_unknown`, `parameter_invalid` or `parameter_range`.
    """
    changed = dict(programme.parameters)
    for given, value in values.items():
        name = given.removeprefix(f"{programme.short}.")
        parameter = changed.get(name)
        if parameter is None:
            text = f"{programme.name}没有参数 {given}"
            raise RuleError("parameter_unknown", text, given)
        changed[name] = replace(parameter, value=parameter.strictest(_allowed(parameter, value)))
    bounded = {name: _often_enough(one, changed) for name, one in changed.items()}
    return replace(programme, parameters=MappingProxyType(bounded))


def _often_enough(parameter: Parameter, among: Mapping[str, Parameter]) -> Parameter:
    """Bound months by the visits a year must have: six a year are every two months."""
    if not parameter.per_year:
        return parameter
    months = MONTHS_A_YEAR // among[parameter.per_year].value
    return replace(parameter, value=min(parameter.value, months))


def _allowed(parameter: Parameter, value: object) -> Decimal:
    """Give a county value as an exact number within the allowed range."""
    number = exact_number(value)
    if number is None or number != round(number, parameter.decimals):
        text = f"{parameter.label}应是数字（{parameter.decimals} 位小数）"
        raise RuleError("parameter_invalid", text, parameter.name)
    if not parameter.min <= number <= parameter.max:
        low, high = (plain_number(n, parameter.decimals) for n in (parameter.min, parameter.max))
        shown = plain_number(number, parameter.decimals)
        text = f"{parameter.label}应在 {low} 到 {high} 之间，填的是 {shown}"
        raise RuleError("parameter_range", text, parameter.name)
    return number


def on_one_page(programmes: Sequence[Programme]) -> list[Programme]:
    """Give programmes as one page shows them: a shared field that one of them always shows is
    behind no fold of another, where it would be looked for in vain."""
    fields = [field for programme in programmes for field in programme.fields.values()]
    core = {field.code for field in fields if field.core and not field.own}
    return [
        replace(p, fields={c: replace(f, core=f.core or c in core) for c, f in p.fields.items()})
        for p in programmes
    ]


def effective_parameters(programme: Programme) -> list[dict[str, Any]]:
    """Give the parameters in force: code, label, value, national value, unit, source."""
    return [
        {
            "code": p.name,
            "name": p.label,
            "value": as_number(p.value),
            "national": as_number(p.national if p.national is not None else p.value),
            "unit": p.unit,
            "stricter": p.stricter,
            "min": as_number(p.min),
            "max": as_number(p.max),
            "source": p.source,
        }
        for p in programme.parameters.values()
    ]


def assess(
    programme: Programme, case: object, parameters: Mapping[str, object] | None = None
) -> Decision:
    """Judge a case as DESIGN section 6 writes it, with county values laid over the programme.

    The values of `parameters` and those the case carries count together, the stricter wins.
    RuleError names the field that is missing, out of range or unreadable.
    """
    read = case if isinstance(case, Case) else read_case(case)
    for values in (parameters or {}, read.parameters):
        programme = with_parameters(programme, values)
    return assess_case(programme, read)
