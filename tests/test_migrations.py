"""Every revision goes up, down and up again; what is stored survives; models and schema agree."""

from datetime import date

import pytest
from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import MetaData, Table, func, inspect, select

from familydoc import create_app, transaction
from familydoc.extensions import db
from familydoc.models.referrals import Referral
from familydoc.models.visits import Assessment, Visit
from tests.cast import add, make_contract, make_enrolment, make_resident, make_task
from tests.databases import settings

TODAY = date(2026, 11, 21)


def revisions() -> list[str]:
    """Every revision from the newest down to the first."""
    config = current_app.extensions["migrate"].migrate.get_config()
    return [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]


def tables() -> set[str]:
    db.session.remove()
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def counts() -> dict[str, int]:
    """How many rows each table of the database holds, whatever the models say of it."""
    found = MetaData()
    with db.engine.connect() as connection:
        return {
            name: connection.execute(
                select(func.count()).select_from(Table(name, found, autoload_with=connection))
            ).scalar_one()
            for name in tables()
        }


@pytest.fixture
def empty_app(databases, tmp_path):
    with databases.empty() as url:
        app = create_app(settings(url, tmp_path))
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def filled(app):
    """The cast, and one resident with everything that can happen to one."""
    resident = make_resident(tags=("hypertension", "diabetes"))
    enrolment = make_enrolment(resident)
    task = make_task(enrolment, TODAY)
    make_contract(resident)
    with transaction.transaction():
        visit = add(_visit(resident.id))
        add(_assessment(visit.id, enrolment.id))
        add(_referral(resident.id, visit.id))
        task.source_visit_id = visit.id
    db.session.remove()
    return app


def _visit(resident_id):
    from familydoc import clock

    return Visit(
        uid="v-1",
        resident_id=resident_id,
        visit_date=TODAY,
        way=1,
        answers={"sbp": 182, "dbp": 90},
        recorded_at=clock.now(),
    )


def _assessment(visit_id, enrolment_id):
    return Assessment(
        visit_id=visit_id,
        enrolment_id=enrolment_id,
        programme="hypertension",
        class_code=2,
        referral="urgent",
        next=[],
        because=[],
    )


def _referral(resident_id, visit_id):
    return Referral(
        uid="r-1",
        resident_id=resident_id,
        programme="hypertension",
        visit_id=visit_id,
        urgency="urgent",
        opened_on=TODAY,
        check_due_on=TODAY,
    )


def test_schema_goes_up_and_down_when_the_database_is_empty(empty_app):
    upgrade()
    assert tables() == set(db.metadata.tables)
    downgrade(revision="base")
    assert tables() == set()
    upgrade()
    assert tables() == set(db.metadata.tables)


def test_each_revision_goes_down_and_up_again_when_the_database_is_empty(empty_app):
    upgrade()
    for _ in revisions():
        downgrade(revision="-1")
        upgrade(revision="+1")
        downgrade(revision="-1")
    assert tables() == set()


def test_rows_survive_each_revision_down_and_up(filled):
    before = counts()
    assert before["residents"] == before["contracts"] == before["referrals"] == 1
    for revision in revisions()[1:]:
        downgrade(revision=revision)
        now = counts()
        assert now == {name: before[name] for name in now}
        upgrade()
        after = counts()
        assert {name: after[name] for name in now} == now
        assert set(after) == set(before)


def test_references_hold_after_a_migration(filled):
    if len(revisions()) > 1:
        downgrade(revision="-1")
    upgrade()
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert db.session.scalars(select(Visit)).one().resident.name == "张建国"


def test_models_say_what_the_migrations_made(app):
    check()  # leaves with an error when a new revision would hold anything


def test_second_upgrade_does_nothing(app):
    before = counts()
    upgrade()
    assert counts() == before
