"""yearly obligations beside regular ones, what is known since intake, tasks due at an hour"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text  # noqa: F401

import familydoc.models.types

revision = "3f1c7a52d9e4"
down_revision = "e5b9b7428508"
branch_labels = None
depends_on = None

LIVE = sa.text("state = 'active'")


def upgrade():
    op.drop_index("ix_enrolments_next_due", "enrolments")
    op.add_column("enrolments", sa.Column("exam_due_on", sa.Date(), nullable=True))
    op.add_column(
        "enrolments", sa.Column("facts", sa.JSON(), server_default="{}", nullable=False)
    )
    op.execute(
        "UPDATE enrolments SET exam_due_on = next_due_on, next_due_on = NULL"
        " WHERE next_kind = 'exam'"
    )
    op.drop_column("enrolments", "next_kind")
    for name, column in (
        ("ix_enrolments_next_due", "next_due_on"),
        ("ix_enrolments_exam_due", "exam_due_on"),
    ):
        op.create_index(name, "enrolments", [column], sqlite_where=LIVE, postgresql_where=LIVE)
    op.add_column(
        "tasks", sa.Column("due_at", familydoc.models.types.UTCDateTime(), nullable=True)
    )
    op.add_column(
        "tasks", sa.Column("by_phone", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column(
        "assessments", sa.Column("closes", sa.String(100), server_default="", nullable=False)
    )


def downgrade():
    op.drop_column("assessments", "closes")
    op.drop_column("tasks", "by_phone")
    op.drop_column("tasks", "due_at")
    op.drop_index("ix_enrolments_exam_due", "enrolments")
    op.drop_index("ix_enrolments_next_due", "enrolments")
    op.add_column(
        "enrolments",
        sa.Column("next_kind", sa.String(16), server_default="regular", nullable=False),
    )
    op.execute(
        "UPDATE enrolments SET next_kind = 'exam', next_due_on = exam_due_on"
        " WHERE next_due_on IS NULL AND exam_due_on IS NOT NULL"
    )
    op.drop_column("enrolments", "facts")
    op.drop_column("enrolments", "exam_due_on")
    op.create_index(
        "ix_enrolments_next_due",
        "enrolments",
        ["next_kind", "next_due_on"],
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
