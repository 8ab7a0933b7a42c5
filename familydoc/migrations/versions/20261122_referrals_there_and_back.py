"""referrals there and back: from whom, to whom, the hospital's answer, the discharge"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text  # noqa: F401

import familydoc.models.types

revision = "7b2d41c0a6ee"
down_revision = "3f1c7a52d9e4"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")
INSTANT = familydoc.models.types.UTCDateTime(timezone=True)
REFERENCES = {
    "staff_id": "staff",
    "from_organisation_id": "organisations",
    "to_organisation_id": "organisations",
    "received_by": "accounts",
    "answered_by": "accounts",
}
WORDS = {"to_name": 80, "department": 40, "diagnosis": 500, "treatment": 1000, "advice": 1000}
DAYS = ("discharged_on", "follow_due_on")
INSTANTS = ("received_at", "answered_at")


def _columns():
    yield sa.Column("direction", sa.String(4), server_default="up", nullable=False)
    for name in REFERENCES:
        yield sa.Column(name, sa.Integer(), nullable=True)
    for name, length in WORDS.items():
        yield sa.Column(name, sa.String(length), server_default="", nullable=False)
    for name in INSTANTS:
        yield sa.Column(name, INSTANT, nullable=True)
    for name in DAYS:
        yield sa.Column(name, sa.Date(), nullable=True)


def upgrade():
    with op.batch_alter_table("referrals") as table:
        for column in _columns():
            table.add_column(column)
        table.alter_column("visit_id", existing_type=sa.Integer(), nullable=True)
        table.create_check_constraint(
            op.f("ck_referrals_direction"), "direction IN ('up', 'down')"
        )
        for name, other in REFERENCES.items():
            table.create_foreign_key(op.f(f"fk_referrals_{name}_{other}"), other, [name], ["id"])
    op.create_index("ix_referrals_resident_programme", "referrals", ["resident_id", "programme"])
    op.create_index("ix_referrals_to_opened", "referrals", ["to_organisation_id", "opened_on"])
    op.create_index("ix_referrals_from_opened", "referrals", ["from_organisation_id", "opened_on"])
    op.create_index(
        "ix_referrals_check",
        "referrals",
        ["check_due_on"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade():
    op.execute("DELETE FROM referrals WHERE visit_id IS NULL")
    for name in ("check", "from_opened", "to_opened", "resident_programme"):
        op.drop_index(f"ix_referrals_{name}", "referrals")
    with op.batch_alter_table("referrals") as table:
        for name, other in REFERENCES.items():
            table.drop_constraint(op.f(f"fk_referrals_{name}_{other}"), type_="foreignkey")
        table.drop_constraint(op.f("ck_referrals_direction"), type_="check")
        table.alter_column("visit_id", existing_type=sa.Integer(), nullable=False)
        for column in _columns():
            table.drop_column(column.name)
