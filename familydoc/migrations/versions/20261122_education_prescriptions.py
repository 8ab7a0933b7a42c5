"""education prescriptions, as they were given"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text  # noqa: F401

import familydoc.models.types

revision = "5d2c8a71be90"
down_revision = "44fc130c4621"
branch_labels = None
depends_on = None

TABLE = "education_prescriptions"


def upgrade():
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(36), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=True),
        sa.Column("visit_id", sa.Integer(), nullable=True),
        sa.Column("disease", sa.String(30), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("goals", sa.JSON(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", familydoc.models.types.UTCDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_{TABLE}_{column}_{table}")
            )
            for column, table in (
                ("resident_id", "residents"),
                ("enrolment_id", "enrolments"),
                ("visit_id", "visits"),
                ("staff_id", "staff"),
                ("recorded_by", "accounts"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{TABLE}_uid")),
    )
    op.create_index(op.f(f"ix_{TABLE}_resident_id"), TABLE, ["resident_id"])


def downgrade():
    op.drop_index(op.f(f"ix_{TABLE}_resident_id"), table_name=TABLE)
    op.drop_table(TABLE)
