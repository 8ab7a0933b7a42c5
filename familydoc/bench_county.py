"""A synthetic county of any size, made by the database itself in seconds."""

from datetime import date, timedelta

from sqlalchemy import Connection, text

from familydoc.actions.setup import DIVISIONS, add_places, read_divisions
from familydoc.extensions import db
from familydoc.transaction import transaction

RESIDENTS_OF_A_TEAM = 2500
NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0})",
    "postgresql": "WITH n(i) AS (SELECT * FROM generate_series(1, {0}))",
}
BLOB = {
    "sqlite": "randomblob({0})",
    "postgresql": "decode(repeat(md5(i::text), {0} / 16), 'hex')",
}
DAYS_BEFORE = {"sqlite": "date('{0}', -({1}) || ' days')", "postgresql": "date '{0}' - ({1})"}

TEAMS = (
    "INSERT INTO staff (id, uid, name, organisation_id, title, telephone, photo_consent, active)"
    " {numbers} SELECT i, 's' || i, '医生' || i, {centre}, '', '', false, true FROM n",
    "INSERT INTO teams (id, uid, name, organisation_id, leader_id, hours, telephone, services,"
    " active) {numbers} SELECT i, 't' || i, '团队' || i, {centre}, i, '', '', '', true FROM n",
)
RESIDENTS = (
    "INSERT INTO residents (id, uid, name, sex, birth, identity_number, identity_hash, telephone,"
    " nation, registered, record_number, village_code, centre_id, team_id, address, relation,"
    " state, note, created_at) {numbers}"
    " SELECT i, 'r' || i, '居民' || (i % 1000), 'male',"
    " CASE WHEN i % 30 = 1 THEN {child} ELSE {old} END, {sealed}, {mark}, {sealed},"
    " '汉族', true, '', v.code, {centre}, 1 + (i - 1) * {teams} / {size}, '', '', 'present', '',"
    " '2026-01-01 00:00:00' FROM n JOIN (SELECT code, row_number() OVER (ORDER BY code) - 1 AS k,"
    " count(*) OVER () AS villages FROM divisions WHERE level = 'village') v"
    " ON v.k = n.i % v.villages"
)
ENROLMENTS = (
    "INSERT INTO enrolments (resident_id, programme, since, state, reason, team_id, staff_id,"
    " {column}) SELECT id, '{programme}', '2026-01-01', 'active', '', team_id,"
    " team_id, {due} FROM residents WHERE {which} ORDER BY id"
)
#: programme, column of the due date, who, last due date after the day, days the dates lie over.
#: Quarterly 8 % and 2.5 % of the residents; a yearly obligation for 0.1 % of them a day.
#: Children go by their schedule, the others by their interval.
OBLIGATIONS = (
    ("hypertension", "next_due_on", "id % 25 < 2", 30, 90),
    ("diabetes", "next_due_on", "id % 40 = 7", 30, 90),
    ("elderly", "exam_due_on", "id * 61 % 1000 < 432", 220, 432),
    ("tcm_elderly", "exam_due_on", "id * 61 % 1000 < 200", 220, 432),
    ("severe_mental_disorder", "next_due_on", "id % 250 = 3", 30, 90),
    ("copd", "next_due_on", "id % 100 = 9", 30, 90),
    ("other_chronic", "next_due_on", "id % 50 = 11", 220, 365),
    ("child", "next_due_on", "id % 30 = 1", 60, 120),
    ("tcm_child", "next_due_on", "id % 60 = 1", 90, 180),
)


def fill_county(size: int, on: date) -> None:
    """Store `size` residents in teams of 2,500 with their enrolments, due around the day `on`."""
    with transaction():
        centre = add_places(by=None, rows=read_divisions(DIVISIONS)).id
    with db.engine.begin() as connection:
        _teams(connection, size, centre, on)
        for programme, column, which, last, days in OBLIGATIONS:
            day = DAYS_BEFORE[connection.dialect.name]
            due = day.format(on + timedelta(days=last), f"id * 13 % {days}")
            statement = ENROLMENTS.format(programme=programme, column=column, due=due, which=which)
            connection.execute(text(statement))


def _teams(connection: Connection, size: int, centre: int, on: date) -> None:
    engine = connection.dialect.name
    teams = max(1, size // RESIDENTS_OF_A_TEAM)
    for statement in TEAMS:
        numbers = NUMBERS[engine].format(teams)
        connection.execute(text(statement.format(numbers=numbers, centre=centre)))
    residents = RESIDENTS.format(
        numbers=NUMBERS[engine].format(size),
        sealed=BLOB[engine].format(48),
        mark=BLOB[engine].format(16),
        centre=centre,
        teams=teams,
        size=size,
        child=DAYS_BEFORE[engine].format(on, "i * 7 % 2000"),
        old=DAYS_BEFORE[engine].format(date(1958, 3, 5), "0"),
    )
    connection.execute(text(residents))
