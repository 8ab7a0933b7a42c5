"""Keep the agreement as it was signed"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text  # noqa: F401
import familydoc.models.types


revision = 'c419bb0c151f'
down_revision = 'ba2623d894b8'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('contracts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('agreement', familydoc.models.types.Sealed(), nullable=True))
        batch_op.drop_index('ix_contracts_resident')
        batch_op.create_index('ix_contracts_resident', ['resident_id', 'state', 'end_on'], unique=False)
        batch_op.drop_index('ix_contracts_state_end')
        batch_op.create_index('ix_contracts_state_end', ['state', 'end_on', 'resident_id'], unique=False)
        batch_op.drop_index(batch_op.f('ix_contracts_doctor_id'))
        batch_op.create_index('ix_contracts_doctor', ['doctor_id', 'state', 'end_on'], unique=False)


def downgrade():
    with op.batch_alter_table('contracts', schema=None) as batch_op:
        batch_op.drop_index('ix_contracts_doctor')
        batch_op.create_index(batch_op.f('ix_contracts_doctor_id'), ['doctor_id'], unique=False)
        batch_op.drop_index('ix_contracts_state_end')
        batch_op.create_index('ix_contracts_state_end', ['state', 'end_on'], unique=False)
        batch_op.drop_index('ix_contracts_resident')
        batch_op.create_index('ix_contracts_resident', ['resident_id'], unique=False)
        batch_op.drop_column('agreement')
