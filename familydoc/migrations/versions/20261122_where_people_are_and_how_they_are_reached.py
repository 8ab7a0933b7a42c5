"""where people are and how they are reached"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text  # noqa: F401
import familydoc.models.types


revision = "44fc130c4621"
down_revision = "9a6be1f04c73"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "care_pauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("stopped", sa.JSON(), nullable=False),
        sa.Column("asked_at", familydoc.models.types.UTCDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("back_on", sa.Date(), nullable=True),
        sa.Column("ended_at", familydoc.models.types.UTCDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("end_reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "kind IN ('hospital', 'refused', 'other')", name=op.f("ck_care_pauses_kind")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["accounts.id"], name=op.f("fk_care_pauses_asked_by_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["accounts.id"], name=op.f("fk_care_pauses_ended_by_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolments.id"], name=op.f("fk_care_pauses_enrolment_id_enrolments")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_care_pauses_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_pauses")),
    )
    with op.batch_alter_table("care_pauses", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_care_pauses_enrolment_id"), ["enrolment_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_care_pauses_resident_id"), ["resident_id"], unique=False
        )
        batch_op.create_index(
            "ix_care_pauses_until",
            ["until"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(
            "uq_care_pauses_in_force",
            ["enrolment_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "transfers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("from_team_id", sa.Integer(), nullable=True),
        sa.Column("from_centre_id", sa.Integer(), nullable=False),
        sa.Column("from_village_code", sa.String(length=12), nullable=False),
        sa.Column("from_household_id", sa.Integer(), nullable=True),
        sa.Column("from_address", sa.String(length=200), nullable=False),
        sa.Column("to_team_id", sa.Integer(), nullable=True),
        sa.Column("to_centre_id", sa.Integer(), nullable=False),
        sa.Column("to_village_code", sa.String(length=12), nullable=False),
        sa.Column("to_address", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", familydoc.models.types.UTCDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", familydoc.models.types.UTCDateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'refused', 'withdrawn', 'undone')",
            name=op.f("ck_transfers_state"),
        ),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["accounts.id"], name=op.f("fk_transfers_answered_by_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["accounts.id"], name=op.f("fk_transfers_asked_by_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name=op.f("fk_transfers_contract_id_contracts")
        ),
        sa.ForeignKeyConstraint(
            ["from_centre_id"],
            ["organisations.id"],
            name=op.f("fk_transfers_from_centre_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["from_household_id"],
            ["households.id"],
            name=op.f("fk_transfers_from_household_id_households"),
        ),
        sa.ForeignKeyConstraint(
            ["from_team_id"], ["teams.id"], name=op.f("fk_transfers_from_team_id_teams")
        ),
        sa.ForeignKeyConstraint(
            ["from_village_code"],
            ["divisions.code"],
            name=op.f("fk_transfers_from_village_code_divisions"),
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_transfers_resident_id_residents")
        ),
        sa.ForeignKeyConstraint(
            ["to_centre_id"],
            ["organisations.id"],
            name=op.f("fk_transfers_to_centre_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["to_team_id"], ["teams.id"], name=op.f("fk_transfers_to_team_id_teams")
        ),
        sa.ForeignKeyConstraint(
            ["to_village_code"],
            ["divisions.code"],
            name=op.f("fk_transfers_to_village_code_divisions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
        sa.UniqueConstraint("uid", name=op.f("uq_transfers_uid")),
    )
    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.create_index("ix_transfers_from", ["from_centre_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_transfers_resident_id"), ["resident_id"], unique=False)
        batch_op.create_index("ix_transfers_to", ["to_centre_id", "state"], unique=False)
        batch_op.create_index(
            "uq_transfers_open",
            ["resident_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    with op.batch_alter_table("contact_attempts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("way", sa.Integer(), server_default="3", nullable=False))
        batch_op.add_column(
            sa.Column("reason", sa.String(length=30), server_default="", nullable=False)
        )

    with op.batch_alter_table("resident_states", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("fact", sa.String(length=20), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column("fact_detail", familydoc.models.types.Sealed(), nullable=True)
        )
        batch_op.add_column(
            sa.Column("second_fact", sa.String(length=20), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column("second_detail", familydoc.models.types.Sealed(), nullable=True)
        )

    with op.batch_alter_table("residents", schema=None) as batch_op:
        batch_op.create_index(
            "ix_residents_away",
            ["away_until"],
            unique=False,
            sqlite_where=sa.text("state = 'away'"),
            postgresql_where=sa.text("state = 'away'"),
        )


def downgrade():
    with op.batch_alter_table("residents", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_residents_away",
            sqlite_where=sa.text("state = 'away'"),
            postgresql_where=sa.text("state = 'away'"),
        )

    with op.batch_alter_table("resident_states", schema=None) as batch_op:
        batch_op.drop_column("second_detail")
        batch_op.drop_column("second_fact")
        batch_op.drop_column("fact_detail")
        batch_op.drop_column("fact")

    with op.batch_alter_table("contact_attempts", schema=None) as batch_op:
        batch_op.drop_column("reason")
        batch_op.drop_column("way")

    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_transfers_open",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index("ix_transfers_to")
        batch_op.drop_index(batch_op.f("ix_transfers_resident_id"))
        batch_op.drop_index("ix_transfers_from")

    op.drop_table("transfers")
    with op.batch_alter_table("care_pauses", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_care_pauses_in_force",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_care_pauses_until",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_care_pauses_resident_id"))
        batch_op.drop_index(batch_op.f("ix_care_pauses_enrolment_id"))

    op.drop_table("care_pauses")
