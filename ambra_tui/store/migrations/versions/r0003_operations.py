"""The operations edition whole: policies, recipes, production batches.

Revision 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table, parents first."""
    _create_policy_default()
    _create_marketplace_site()
    _create_inventory_policy()
    _create_last_count()
    _create_recipe()
    _create_lot_recall()
    _create_production_batch()
    _create_recipe_ingredient()
    _create_lot_recall_lot()
    _create_lot_recall_order()
    _create_production_input()
    _create_production_output()
    _create_production_taking()
    _create_indexes()


def downgrade() -> None:
    """Drop every table, children first."""
    op.drop_index(op.f("ix_stock_move_inbound"), "stock_move")
    op.drop_index(op.f("ix_stock_move_lot_documents"), "stock_move")
    op.drop_index(op.f("ix_stock_move_sold"), "stock_move")
    for table in reversed(_TABLES):
        op.drop_table(table)


_TABLES = (
    "policy_default",
    "marketplace_site",
    "inventory_policy",
    "last_count",
    "recipe",
    "lot_recall",
    "production_batch",
    "recipe_ingredient",
    "lot_recall_lot",
    "lot_recall_order",
    "production_input",
    "production_output",
    "production_taking",
)


def _create_policy_default() -> None:
    op.create_table(
        "policy_default",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("reorder_point", sa.BigInteger(), nullable=True),
        sa.Column("reorder_quantity", sa.BigInteger(), nullable=True),
        sa.Column("safety_stock", sa.BigInteger(), nullable=True),
        sa.Column("max_stock_level", sa.BigInteger(), nullable=True),
        sa.Column("minimum_order", sa.BigInteger(), nullable=True),
        sa.Column("pack_quantity", sa.BigInteger(), nullable=True),
        sa.Column("lead_time_days", sa.Integer(), nullable=True),
        sa.Column("review_period_days", sa.Integer(), nullable=True),
        sa.Column("service_level", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "variant_id", name=op.f("pk_policy_default")),
        sa.CheckConstraint("lead_time_days >= 0", name=op.f("ck_policy_default_lead_time_days_not_negative")),
        sa.CheckConstraint("max_stock_level >= 0", name=op.f("ck_policy_default_max_stock_level_not_negative")),
        sa.CheckConstraint("minimum_order >= 0", name=op.f("ck_policy_default_minimum_order_not_negative")),
        sa.CheckConstraint("pack_quantity > 0", name=op.f("ck_policy_default_pack_quantity_positive")),
        sa.CheckConstraint("reorder_point >= 0", name=op.f("ck_policy_default_reorder_point_not_negative")),
        sa.CheckConstraint("reorder_quantity >= 0", name=op.f("ck_policy_default_reorder_quantity_not_negative")),
        sa.CheckConstraint("review_period_days >= 0", name=op.f("ck_policy_default_review_period_days_not_negative")),
        sa.CheckConstraint("safety_stock >= 0", name=op.f("ck_policy_default_safety_stock_not_negative")),
        sa.CheckConstraint(
            "service_level BETWEEN 500000 AND 999000", name=op.f("ck_policy_default_service_level_known")
        ),
    )


def _create_marketplace_site() -> None:
    op.create_table(
        "marketplace_site",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("marketplace", sa.String(60), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "site_id", name=op.f("pk_marketplace_site")),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"],
            ["site.organization_id", "site.id"],
            name=op.f("fk_marketplace_site_site_site_id"),
        ),
    )


def _create_inventory_policy() -> None:
    op.create_table(
        "inventory_policy",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("reorder_point", sa.BigInteger(), nullable=False),
        sa.Column("reorder_quantity", sa.BigInteger(), nullable=False),
        sa.Column("safety_stock", sa.BigInteger(), nullable=True),
        sa.Column("max_stock_level", sa.BigInteger(), nullable=True),
        sa.Column("minimum_order", sa.BigInteger(), nullable=True),
        sa.Column("pack_quantity", sa.BigInteger(), nullable=True),
        sa.Column("lead_time_days", sa.Integer(), nullable=True),
        sa.Column("review_period_days", sa.Integer(), nullable=True),
        sa.Column("service_level", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_inventory_policy")),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"],
            ["site.organization_id", "site.id"],
            name=op.f("fk_inventory_policy_site_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_inventory_policy_variant_variant_id"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "variant_id",
            "site_id",
            name=op.f("uq_inventory_policy_organization_id_variant_id_site_id"),
        ),
        sa.CheckConstraint("lead_time_days >= 0", name=op.f("ck_inventory_policy_lead_time_days_not_negative")),
        sa.CheckConstraint("max_stock_level >= 0", name=op.f("ck_inventory_policy_max_stock_level_not_negative")),
        sa.CheckConstraint("minimum_order >= 0", name=op.f("ck_inventory_policy_minimum_order_not_negative")),
        sa.CheckConstraint("pack_quantity > 0", name=op.f("ck_inventory_policy_pack_quantity_positive")),
        sa.CheckConstraint("reorder_point >= 0", name=op.f("ck_inventory_policy_reorder_point_not_negative")),
        sa.CheckConstraint("reorder_quantity >= 0", name=op.f("ck_inventory_policy_reorder_quantity_not_negative")),
        sa.CheckConstraint("review_period_days >= 0", name=op.f("ck_inventory_policy_review_period_days_not_negative")),
        sa.CheckConstraint("safety_stock >= 0", name=op.f("ck_inventory_policy_safety_stock_not_negative")),
        sa.CheckConstraint(
            "service_level BETWEEN 500000 AND 999000", name=op.f("ck_inventory_policy_service_level_known")
        ),
    )
    op.create_index(
        op.f("ix_inventory_policy_site_id_id"), "inventory_policy", ["organization_id", "site_id", "id"], unique=False
    )


def _create_last_count() -> None:
    op.create_table(
        "last_count",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "variant_id", "site_id", name=op.f("pk_last_count")),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"], ["site.organization_id", "site.id"], name=op.f("fk_last_count_site_site_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_last_count_variant_variant_id"),
        ),
    )


def _create_recipe() -> None:
    op.create_table(
        "recipe",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("output_variant_id", sa.String(40), nullable=False),
        sa.Column("output_quantity", sa.BigInteger(), nullable=False),
        sa.Column("shelf_life_days", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_recipe")),
        sa.ForeignKeyConstraint(
            ["organization_id", "output_variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_recipe_variant_output_variant_id"),
        ),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_recipe_organization_id_number")),
        sa.CheckConstraint("output_quantity > 0", name=op.f("ck_recipe_output_quantity_positive")),
        sa.CheckConstraint(
            "shelf_life_days IS NULL OR shelf_life_days >= 0", name=op.f("ck_recipe_shelf_life_not_negative")
        ),
        sa.CheckConstraint("status IN ('active', 'archived')", name=op.f("ck_recipe_status_known")),
    )
    op.create_index(
        op.f("ix_recipe_output_variant_id"), "recipe", ["organization_id", "output_variant_id"], unique=False
    )


def _create_lot_recall() -> None:
    op.create_table(
        "lot_recall",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("lot_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("includes_descendants", sa.Boolean(), nullable=False),
        sa.Column("actor_id", sa.String(60), nullable=False),
        sa.Column("actor_name", sa.String(120), nullable=False),
        sa.Column("replanned", sa.Text(), nullable=False),
        sa.Column("short", sa.Text(), nullable=False),
        sa.Column("recalled_at", sa.BigInteger(), nullable=False),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.Column("lift_reason", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_lot_recall")),
        sa.ForeignKeyConstraint(
            ["organization_id", "lot_id"], ["lot.organization_id", "lot.id"], name=op.f("fk_lot_recall_lot_lot_id")
        ),
        sa.CheckConstraint("status IN ('open', 'lifted')", name=op.f("ck_lot_recall_status_known")),
    )
    op.create_index(op.f("ix_lot_recall_lot_id_id"), "lot_recall", ["organization_id", "lot_id", "id"], unique=False)


def _create_production_batch() -> None:
    op.create_table(
        "production_batch",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("recipe_id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("output_variant_id", sa.String(40), nullable=False),
        sa.Column("planned_quantity", sa.BigInteger(), nullable=False),
        sa.Column("actual_quantity_produced", sa.BigInteger(), nullable=True),
        sa.Column("made_lot_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("notes", sa.String(1000), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_production_batch")),
        sa.ForeignKeyConstraint(
            ["organization_id", "recipe_id"],
            ["recipe.organization_id", "recipe.id"],
            name=op.f("fk_production_batch_recipe_recipe_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"],
            ["site.organization_id", "site.id"],
            name=op.f("fk_production_batch_site_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "output_variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_production_batch_variant_output_variant_id"),
        ),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_production_batch_organization_id_number")),
        sa.CheckConstraint("planned_quantity > 0", name=op.f("ck_production_batch_planned_quantity_positive")),
        sa.CheckConstraint(
            "actual_quantity_produced IS NULL OR actual_quantity_produced >= 0",
            name=op.f("ck_production_batch_produced_not_negative"),
        ),
        sa.CheckConstraint(
            "status IN ('planned', 'in_progress', 'completed', 'cancelled')",
            name=op.f("ck_production_batch_status_known"),
        ),
    )
    op.create_index(
        op.f("ix_production_batch_recipe_id"), "production_batch", ["organization_id", "recipe_id"], unique=False
    )
    op.create_index(
        op.f("ix_production_batch_status_id"), "production_batch", ["organization_id", "status", "id"], unique=False
    )


def _create_recipe_ingredient() -> None:
    op.create_table(
        "recipe_ingredient",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("recipe_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_recipe_ingredient")),
        sa.ForeignKeyConstraint(
            ["organization_id", "recipe_id"],
            ["recipe.organization_id", "recipe.id"],
            name=op.f("fk_recipe_ingredient_recipe_recipe_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_recipe_ingredient_variant_variant_id"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "recipe_id",
            "variant_id",
            name=op.f("uq_recipe_ingredient_organization_id_recipe_id_variant_id"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_recipe_ingredient_quantity_positive")),
    )
    op.create_index(
        op.f("ix_recipe_ingredient_variant_id"), "recipe_ingredient", ["organization_id", "variant_id"], unique=False
    )


def _create_lot_recall_lot() -> None:
    op.create_table(
        "lot_recall_lot",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("recall_id", sa.String(40), nullable=False),
        sa.Column("lot_id", sa.String(40), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.String(40), nullable=False),
        sa.Column("status_before", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "recall_id", "lot_id", name=op.f("pk_lot_recall_lot")),
        sa.ForeignKeyConstraint(
            ["organization_id", "lot_id"], ["lot.organization_id", "lot.id"], name=op.f("fk_lot_recall_lot_lot_lot_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "recall_id"],
            ["lot_recall.organization_id", "lot_recall.id"],
            name=op.f("fk_lot_recall_lot_lot_recall_recall_id"),
        ),
        sa.CheckConstraint("level >= 0", name=op.f("ck_lot_recall_lot_level_not_negative")),
    )
    op.create_index(op.f("ix_lot_recall_lot_lot_id"), "lot_recall_lot", ["organization_id", "lot_id"], unique=False)


def _create_lot_recall_order() -> None:
    op.create_table(
        "lot_recall_order",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("recall_id", sa.String(40), nullable=False),
        sa.Column("sales_order_id", sa.String(40), nullable=False),
        sa.Column("lot_id", sa.String(40), nullable=False),
        sa.Column("shipped", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "organization_id", "recall_id", "sales_order_id", "lot_id", name=op.f("pk_lot_recall_order")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lot_id"],
            ["lot.organization_id", "lot.id"],
            name=op.f("fk_lot_recall_order_lot_lot_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "recall_id"],
            ["lot_recall.organization_id", "lot_recall.id"],
            name=op.f("fk_lot_recall_order_lot_recall_recall_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "sales_order_id"],
            ["sales_order.organization_id", "sales_order.id"],
            name=op.f("fk_lot_recall_order_sales_order_sales_order_id"),
        ),
    )


def _create_production_input() -> None:
    op.create_table(
        "production_input",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("production_batch_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("planned_quantity", sa.BigInteger(), nullable=False),
        sa.Column("actual_quantity", sa.BigInteger(), nullable=False),
        sa.Column("waste_quantity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_production_input")),
        sa.ForeignKeyConstraint(
            ["organization_id", "production_batch_id"],
            ["production_batch.organization_id", "production_batch.id"],
            name=op.f("fk_production_input_production_batch_production_batch_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_production_input_variant_variant_id"),
        ),
        sa.CheckConstraint(
            "actual_quantity >= 0 AND waste_quantity >= 0", name=op.f("ck_production_input_actual_not_negative")
        ),
        sa.CheckConstraint("planned_quantity > 0", name=op.f("ck_production_input_planned_quantity_positive")),
    )
    op.create_index(
        op.f("ix_production_input_production_batch_id_position"),
        "production_input",
        ["organization_id", "production_batch_id", "position"],
        unique=False,
    )


def _create_production_output() -> None:
    op.create_table(
        "production_output",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("production_batch_id", sa.String(40), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("location_id", sa.String(40), nullable=False),
        sa.Column("lot_id", sa.String(40), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost", sa.BigInteger(), nullable=True),
        sa.Column("move_id", sa.String(40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_production_output")),
        sa.ForeignKeyConstraint(
            ["organization_id", "production_batch_id"],
            ["production_batch.organization_id", "production_batch.id"],
            name=op.f("fk_production_output_production_batch_production_batch_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_production_output_variant_variant_id"),
        ),
        sa.UniqueConstraint("organization_id", "move_id", name=op.f("uq_production_output_organization_id_move_id")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_production_output_quantity_positive")),
    )
    op.create_index(
        op.f("ix_production_output_lot_id"), "production_output", ["organization_id", "lot_id"], unique=False
    )
    op.create_index(
        op.f("ix_production_output_production_batch_id"),
        "production_output",
        ["organization_id", "production_batch_id"],
        unique=False,
    )


def _create_production_taking() -> None:
    op.create_table(
        "production_taking",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("production_batch_id", sa.String(40), nullable=False),
        sa.Column("input_id", sa.String(40), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("location_id", sa.String(40), nullable=False),
        sa.Column("lot_id", sa.String(40), nullable=False),
        sa.Column("serial", sa.String(60), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("is_waste", sa.Boolean(), nullable=False),
        sa.Column("waste_record_id", sa.String(40), nullable=False),
        sa.Column("unit_cost", sa.BigInteger(), nullable=True),
        sa.Column("move_id", sa.String(40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_production_taking")),
        sa.ForeignKeyConstraint(
            ["organization_id", "production_batch_id"],
            ["production_batch.organization_id", "production_batch.id"],
            name=op.f("fk_production_taking_production_batch_production_batch_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "input_id"],
            ["production_input.organization_id", "production_input.id"],
            name=op.f("fk_production_taking_production_input_input_id"),
        ),
        sa.UniqueConstraint("organization_id", "move_id", name=op.f("uq_production_taking_organization_id_move_id")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_production_taking_quantity_positive")),
        sa.CheckConstraint(
            "reserved >= 0 AND reserved <= quantity", name=op.f("ck_production_taking_reserved_within_quantity")
        ),
    )
    op.create_index(
        op.f("ix_production_taking_lot_id"), "production_taking", ["organization_id", "lot_id"], unique=False
    )
    op.create_index(
        op.f("ix_production_taking_production_batch_id_id"),
        "production_taking",
        ["organization_id", "production_batch_id", "id"],
        unique=False,
    )


def _create_indexes() -> None:
    """On tables of earlier revisions."""
    op.create_index(
        op.f("ix_stock_move_inbound"),
        "stock_move",
        ["organization_id", "variant_id", "destination_site_id", "occurred_at"],
        unique=False,
        sqlite_where=sa.text("kind IN ('purchase_received', 'transfer_in', 'return_received')"),
        postgresql_where=sa.text("kind IN ('purchase_received', 'transfer_in', 'return_received')"),
    )
    op.create_index(
        op.f("ix_stock_move_lot_documents"),
        "stock_move",
        ["organization_id", "lot_id", "kind", "origin_id"],
        unique=False,
        sqlite_where=sa.text(
            "lot_id != '' AND kind "
            "IN ('order_fulfilled', 'production_consumed', 'production_output', 'purchase_received', 'transfer_out')"
        ),
        postgresql_where=sa.text(
            "lot_id != '' AND kind "
            "IN ('order_fulfilled', 'production_consumed', 'production_output', 'purchase_received', 'transfer_out')"
        ),
    )
    op.create_index(
        op.f("ix_stock_move_sold"),
        "stock_move",
        ["organization_id", "occurred_at"],
        unique=False,
        sqlite_where=sa.text("kind = 'order_fulfilled'"),
        postgresql_where=sa.text("kind = 'order_fulfilled'"),
    )
