"""hand-overs, and the county's own days"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text  # noqa: F401

import familydoc.models.types

revision = "c41a9d07e582"
down_revision = "7b2d41c0a6ee"
branch_labels = None
depends_on = None

PEOPLE = ("leaver_id", "successor_id")
COUNTS = ("villages", "enrolments", "contracts", "tasks", "overdue")


def upgrade():
    op.create_table(
        "county_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(60), nullable=False),
        sa.Column("set_at", familydoc.models.types.UTCDateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["set_by"], ["accounts.id"], name="fk_county_days_set_by_accounts"),
        sa.PrimaryKeyConstraint("day", name="pk_county_days"),
    )
    op.create_table(
        "handovers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(36), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in PEOPLE),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("led", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("made_at", familydoc.models.types.UTCDateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("leaver_id <> successor_id", name="ck_handovers_two_people"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_handovers_team_id_teams"),
        *(
            sa.ForeignKeyConstraint([name], ["staff.id"], name=f"fk_handovers_{name}_staff")
            for name in PEOPLE
        ),
        sa.ForeignKeyConstraint(["made_by"], ["accounts.id"], name="fk_handovers_made_by_accounts"),
        sa.PrimaryKeyConstraint("id", name="pk_handovers"),
        sa.UniqueConstraint("uid", name="uq_handovers_uid"),
    )
    for name in ("team_id", *PEOPLE):
        op.create_index(f"ix_handovers_{name}", "handovers", [name])
    op.create_table(
        "handover_tasks",
        sa.Column("handover_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handovers.id"], name="fk_handover_tasks_handover_id_handovers"
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_handover_tasks_task_id_tasks"),
        sa.PrimaryKeyConstraint("handover_id", "task_id", name="pk_handover_tasks"),
    )


def downgrade():
    op.drop_table("handover_tasks")
    op.drop_table("handovers")
    op.drop_table("county_days")
