"""County values: kept by date with their ground, never laxer, used by the programmes."""

from datetime import date, timedelta

import pytest

from familydoc.actions.parameters import set_value
from familydoc.extensions import db
from familydoc.models.audit import AuditEvent
from familydoc.models.programmes import CountyParameter
from familydoc.queries.parameters import get_line, list_history, list_lines
from familydoc.queries.programmes import effective
from familydoc.rules.errors import RuleError
from familydoc.rules.programmes import load_programmes
from familydoc.transaction import transaction
from tests.cast import account, add

TODAY = date(2026, 11, 21)


def put(
    value: str, valid_from: str = "", name: str = "line_sbp", source: str = "清卫发〔2026〕12 号"
):
    return set_value(
        by=account("sun"),
        programme="hypertension",
        name=name,
        value=value,
        source=source,
        valid_from=valid_from,
    )


def in_force(on: date) -> int:
    return int(effective("hypertension", on).parameters["line_sbp"].value)


def test_value_counts_from_its_day_and_not_before(app):
    put("135", "2026-12-01")
    assert in_force(TODAY) == 140 and in_force(date(2026, 12, 1)) == 135
    line = get_line("hypertension", "line_sbp", TODAY)
    assert line.in_force == "140 mmHg" and [one.shown for one in line.ahead] == ["135 mmHg"]


def test_newer_value_wins_and_the_history_stays(app):
    put("135")
    put("130")
    line = get_line("hypertension", "line_sbp", TODAY)
    assert line.in_force == "130 mmHg" and line.differs
    assert [one.row.value for one in list_history(line)] == ["130", "135"]
    put("140")
    assert in_force(TODAY) == 140 and db.session.query(CountyParameter).count() == 3


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"value": "145"}, "value_laxer"),
        ({"value": "abc"}, "value_invalid"),
        ({"value": "135", "source": ""}, "source_missing"),
        ({"value": "135", "valid_from": "2026-11-20"}, "date_past"),
        ({"value": "135", "name": "no_such"}, "parameter_unknown"),
    ],
)
def test_value_is_refused_and_nothing_is_stored(app, given, code):
    with pytest.raises(RuleError) as error:
        put(**given)
    assert error.value.code == code and db.session.query(CountyParameter).count() == 0


def test_setting_a_value_is_audited(app):
    row = put("135")
    event = db.session.query(AuditEvent).filter_by(verb="set_parameter", entity_id=row.id).one()
    assert event.account_id == account("sun").id and event.details["value"] == "135"


def test_page_and_programme_agree_on_a_stored_value_that_became_too_lax(app):
    with transaction():
        add(
            CountyParameter(
                programme="hypertension",
                name="line_sbp",
                value="150",
                valid_from=TODAY - timedelta(days=9),
            )
        )
    line = get_line("hypertension", "line_sbp", TODAY)
    assert line.in_force == "140 mmHg" and not line.differs and in_force(TODAY) == 140


def test_page_and_programmes_agree_on_every_parameter(app):
    put("135")
    for code, lines in list_lines(TODAY):
        if code not in load_programmes():
            continue
        for line in lines:
            value = effective(code, TODAY).parameters[line.setting.name].value
            assert line.in_force == line.setting.shown(value)


def test_contract_policy_reads_what_the_page_sets(app):
    from familydoc.queries.contracts import get_policy

    set_value(
        by=account("sun"),
        programme="contracts",
        name="cap",
        value="1500",
        source="清卫发〔2026〕12 号",
        valid_from="",
    )
    assert get_policy(TODAY).cap == 1500
