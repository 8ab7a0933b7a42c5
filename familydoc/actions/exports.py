"""Tables that leave the house: each in the audit trail before its first row is read."""

from collections.abc import Iterator

from familydoc import clock
from familydoc.actions.audit import record
from familydoc.models.accounts import Account
from familydoc.queries.exports import count_visits, read_visits
from familydoc.rules.exports import Span, VisitRow, check_rows, read_span
from familydoc.rules.programmes import Programme
from familydoc.transaction import transaction


def export_visits(
    *, by: Account, programme: Programme, since: object, until: object
) -> tuple[Span, Iterator[VisitRow]]:
    """Give the visits of a programme in the viewer's scope, row by row, and their span.

    RuleError `date_invalid`, `span_reversed`, `rows_none` or `rows_many`, by field.
    """
    span = read_span(since, until, clock.today())
    with transaction():
        number = count_visits(by, programme.code, span)
        check_rows(number)
        record(
            by=by,
            verb="export_visits",
            entity="export",
            programme=programme.code,
            since=span.since.isoformat(),
            until=span.until.isoformat(),
            rows=number,
        )
    return span, read_visits(by, programme, span)
