"""The whole floor: claims, acts, counts, transfers, waste, returns, clusters, labels.

Revision 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table, parents first."""
    _create_act()
    _create_floor_step()
    _create_work_claim()


def downgrade() -> None:
    """Drop every table, children first."""
    for table in reversed(_TABLES):
        op.drop_table(table)


_TABLES = (
    "act",
    "floor_step",
    "work_claim",
)


def _create_act() -> None:
    op.create_table(
        "act",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("station", sa.String(60), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("flow", sa.String(30), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("document_kind", sa.String(30), nullable=False),
        sa.Column("document_id", sa.String(40), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("move_ids", sa.Text(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.String(40), nullable=False),
        sa.Column("undone_station", sa.String(60), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_act")),
        sa.UniqueConstraint("organization_id", "user_id", "step", name=op.f("uq_act_organization_id_user_id_step")),
    )
    op.create_index(op.f("ix_act_document_id"), "act", ["organization_id", "document_id"], unique=False)
    op.create_index(op.f("ix_act_done_at"), "act", ["organization_id", "done_at"], unique=False)


def _create_floor_step() -> None:
    op.create_table(
        "floor_step",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("station", sa.String(60), nullable=False),
        sa.Column("flow", sa.String(30), nullable=False),
        sa.Column("step", sa.String(30), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("how", sa.String(10), nullable=False),
        sa.Column("code", sa.String(4), nullable=False),
        sa.Column("acts", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_floor_step")),
    )
    op.create_index(op.f("ix_floor_step_at"), "floor_step", ["organization_id", "at"], unique=False)
    op.create_index(op.f("ix_floor_step_user_id_at"), "floor_step", ["organization_id", "user_id", "at"], unique=False)


def _create_work_claim() -> None:
    op.create_table(
        "work_claim",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("document_kind", sa.String(30), nullable=False),
        sa.Column("document_id", sa.String(40), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=False),
        sa.Column("station", sa.String(60), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "document_kind", "document_id", name=op.f("pk_work_claim")),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["user_account.organization_id", "user_account.id"],
            name=op.f("fk_work_claim_user_account_user_id"),
        ),
    )
    op.create_index(op.f("ix_work_claim_user_id"), "work_claim", ["organization_id", "user_id"], unique=False)
