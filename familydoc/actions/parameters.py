"""County values over the programme files, each with its source and its first day."""

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.models.accounts import Account
from familydoc.models.programmes import CountyParameter
from familydoc.queries.parameters import get_line, latest_valid_from
from familydoc.rules.errors import RuleError
from familydoc.rules.parameters import read_source, read_valid_from, read_value
from familydoc.transaction import transaction


def set_value(
    *, by: Account, programme: str, name: str, value: str, source: str, valid_from: str
) -> CountyParameter:
    """Set a county value from a day on; the values before it stay for the days they held.

    RuleError `parameter_unknown`, or what rules/parameters.py says of value, source and day.
    """
    with transaction() as session:
        line = get_line(programme, name, clock.today())
        if line is None:
            raise RuleError("parameter_unknown", "没有这个参数。")
        row = CountyParameter(
            programme=programme,
            name=name,
            value=read_value(line.setting, value),
            source=read_source(source),
            valid_from=read_valid_from(
                valid_from, clock.today(), latest_valid_from(programme, name)
            ),
            set_by=by.id,
        )
        session.add(row)
        session.flush()
        record(
            by=by,
            verb="set_parameter",
            entity="parameter",
            entity_id=row.id,
            programme=programme,
            name=name,
            value=row.value,
            valid_from=row.valid_from.isoformat(),
        )
    return row
