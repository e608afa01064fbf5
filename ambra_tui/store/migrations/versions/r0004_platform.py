"""The platform of the editions: categories, keys, rate limits, webhooks, pending movements.

Revision 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table, parents first, then the columns that earlier tables gain."""
    _create_category()
    _create_request_tally()
    _create_webhook()
    _create_webhook_cursor()
    _create_product_category()
    _create_webhook_delivery()
    _create_movement_document()
    _create_variant_supplier()
    _extend_earlier_tables()
    _let_retired_records_go()
    _leave_tallies_unlogged()


def downgrade() -> None:
    """Take it all away, children first."""
    _keep_records_for_ever()
    op.drop_index(op.f("ix_api_key_previous_prefix"), "api_key")
    op.drop_index(op.f("ix_variant_created_at_id"), "variant")
    op.drop_index(op.f("ix_variant_id_status"), "variant")
    op.drop_column("api_key", "allowed_networks")
    op.drop_column("api_key", "previous_prefix")
    op.drop_column("api_key", "previous_digest")
    op.drop_column("api_key", "previous_ends_at")
    op.drop_column("api_key", "rotated_at")
    op.drop_column("organization", "retired_at")
    op.drop_column("site_stock", "updated_at")
    for table in reversed(_TABLES):
        op.drop_table(table)


_TABLES = (
    "category",
    "request_tally",
    "webhook",
    "webhook_cursor",
    "product_category",
    "webhook_delivery",
    "movement_document",
    "variant_supplier",
)


def _create_category() -> None:
    op.create_table(
        "category",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("parent_id", sa.String(40), nullable=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_category")),
        sa.ForeignKeyConstraint(
            ["organization_id", "parent_id"],
            ["category.organization_id", "category.id"],
            name=op.f("fk_category_category_parent_id"),
        ),
        sa.UniqueConstraint("organization_id", "slug", name=op.f("uq_category_organization_id_slug")),
        sa.CheckConstraint("depth >= 0", name=op.f("ck_category_depth_not_negative")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_category_not_its_own_parent")),
        sa.CheckConstraint("status IN ('active', 'inactive', 'archived')", name=op.f("ck_category_status_known")),
    )
    op.create_index(op.f("ix_category_parent_id_id"), "category", ["organization_id", "parent_id", "id"], unique=False)


def _create_request_tally() -> None:
    op.create_table(
        "request_tally",
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("hour_used", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("day_used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_request_tally")),
    )


def _create_webhook() -> None:
    op.create_table(
        "webhook",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("edition", sa.String(20), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("secret", sa.String(255), nullable=False),
        sa.Column("previous_secret", sa.String(255), nullable=False),
        sa.Column("previous_until", sa.BigInteger(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("paused_at", sa.BigInteger(), nullable=True),
        sa.Column("paused_why", sa.String(200), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("after_event", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_webhook")),
    )
    op.create_index(op.f("ix_webhook_edition"), "webhook", ["organization_id", "edition"], unique=False)


def _create_webhook_cursor() -> None:
    op.create_table(
        "webhook_cursor",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_webhook_cursor")),
    )


def _create_product_category() -> None:
    op.create_table(
        "product_category",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.String(40), nullable=False),
        sa.Column("category_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "product_id", "category_id", name=op.f("pk_product_category")),
        sa.ForeignKeyConstraint(
            ["organization_id", "category_id"],
            ["category.organization_id", "category.id"],
            name=op.f("fk_product_category_category_category_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "product_id"],
            ["product.organization_id", "product.id"],
            name=op.f("fk_product_category_product_product_id"),
        ),
        sa.CheckConstraint("position >= 0", name=op.f("ck_product_category_position_not_negative")),
    )
    op.create_index(
        op.f("ix_product_category_category_id_product_id"),
        "product_category",
        ["organization_id", "category_id", "product_id"],
        unique=False,
    )


def _create_webhook_delivery() -> None:
    op.create_table(
        "webhook_delivery",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("webhook_id", sa.String(40), nullable=False),
        sa.Column("event_id", sa.String(40), nullable=False),
        sa.Column("event_type", sa.String(60), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("counts_from", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("claimed_by", sa.String(80), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.String(200), nullable=False),
        sa.Column("last_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Text(), nullable=False),
        sa.Column("replay_of", sa.String(40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_webhook_delivery")),
        sa.ForeignKeyConstraint(
            ["organization_id", "webhook_id"],
            ["webhook.organization_id", "webhook.id"],
            name=op.f("fk_webhook_delivery_webhook_webhook_id"),
        ),
        sa.CheckConstraint(
            "status <> 'pending' OR next_attempt_at IS NOT NULL", name=op.f("ck_webhook_delivery_pending_is_due")
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'delivered', 'failed')", name=op.f("ck_webhook_delivery_status_known")
        ),
    )
    op.create_index(
        op.f("ix_webhook_delivery_due"),
        "webhook_delivery",
        ["next_attempt_at"],
        unique=False,
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        op.f("ix_webhook_delivery_webhook_id_created_at"),
        "webhook_delivery",
        ["organization_id", "webhook_id", "created_at"],
        unique=False,
    )


def _create_movement_document() -> None:
    op.create_table(
        "movement_document",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("location_id", sa.String(40), nullable=False),
        sa.Column("to_site_id", sa.String(40), nullable=False),
        sa.Column("to_location_id", sa.String(40), nullable=False),
        sa.Column("lot_number", sa.String(60), nullable=False),
        sa.Column("expiry_date", sa.Date(), nullable=True),
        sa.Column("serial", sa.String(60), nullable=False),
        sa.Column("unit_cost", sa.BigInteger(), nullable=True),
        sa.Column("reference", sa.String(255), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("cancel_reason", sa.String(255), nullable=False),
        sa.Column("balance_before", sa.BigInteger(), nullable=True),
        sa.Column("balance_after", sa.BigInteger(), nullable=True),
        sa.Column("actor_id", sa.String(60), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_movement_document")),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"],
            ["site.organization_id", "site.id"],
            name=op.f("fk_movement_document_site_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_movement_document_variant_variant_id"),
        ),
        sa.CheckConstraint("quantity <> 0", name=op.f("ck_movement_document_quantity_not_zero")),
        sa.CheckConstraint(
            "status IN ('pending', 'completed', 'cancelled')", name=op.f("ck_movement_document_status_known")
        ),
        sa.CheckConstraint(
            "type IN ('in', 'out', 'adjustment', 'transfer')", name=op.f("ck_movement_document_type_known")
        ),
    )
    op.create_index(
        op.f("ix_movement_document_pending"),
        "movement_document",
        ["organization_id", "site_id"],
        unique=False,
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        op.f("ix_movement_document_position_id"),
        "movement_document",
        ["organization_id", "position", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_movement_document_variant_id_position"),
        "movement_document",
        ["organization_id", "variant_id", "position"],
        unique=False,
    )


def _create_variant_supplier() -> None:
    op.create_table(
        "variant_supplier",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("supplier_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "variant_id", "supplier_id", name=op.f("pk_variant_supplier")),
        sa.ForeignKeyConstraint(
            ["organization_id", "supplier_id"],
            ["supplier.organization_id", "supplier.id"],
            name=op.f("fk_variant_supplier_supplier_supplier_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_variant_supplier_variant_variant_id"),
        ),
        sa.CheckConstraint("position >= 0", name=op.f("ck_variant_supplier_position_not_negative")),
    )
    op.create_index(
        op.f("ix_variant_supplier_supplier_id_variant_id"),
        "variant_supplier",
        ["organization_id", "supplier_id", "variant_id"],
        unique=False,
    )


def _extend_earlier_tables() -> None:
    op.add_column("api_key", sa.Column("allowed_networks", sa.Text(), nullable=True))
    op.add_column("api_key", sa.Column("previous_prefix", sa.String(40), nullable=True))
    op.add_column("api_key", sa.Column("previous_digest", sa.String(64), nullable=True))
    op.add_column("api_key", sa.Column("previous_ends_at", sa.BigInteger(), nullable=True))
    op.add_column("api_key", sa.Column("rotated_at", sa.BigInteger(), nullable=True))
    op.add_column("organization", sa.Column("retired_at", sa.BigInteger(), nullable=True))
    op.add_column("site_stock", sa.Column("updated_at", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_api_key_previous_prefix"), "api_key", ["previous_prefix"], unique=True)
    op.create_index(op.f("ix_variant_created_at_id"), "variant", ["organization_id", "created_at", "id"], unique=False)
    op.create_index(op.f("ix_variant_id_status"), "variant", ["organization_id", "id", "status"], unique=False)


def _let_retired_records_go() -> None:
    """What a sandbox did before it began anew may be deleted; of an organization in use no row ever is."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute(_REFUSE_DELETE)
    for table in _RECORDS:
        if is_postgresql:
            op.execute(f"DROP TRIGGER {table}_is_append_only ON {table}")
            op.execute(
                f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
            op.execute(
                f"CREATE TRIGGER {table}_refuses_delete BEFORE DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_delete()"
            )
        else:
            op.execute(f"DROP TRIGGER {table}_refuses_delete")
            op.execute(
                f"CREATE TRIGGER {table}_refuses_delete BEFORE DELETE ON {table} WHEN {_IN_USE} "
                f"BEGIN SELECT RAISE(ABORT, '{table} rows are only ever added'); END"
            )


def _keep_records_for_ever() -> None:
    """As it was before."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in _RECORDS:
        if is_postgresql:
            op.execute(f"DROP TRIGGER {table}_refuses_delete ON {table}")
            op.execute(f"DROP TRIGGER {table}_is_append_only ON {table}")
            op.execute(
                f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        else:
            op.execute(f"DROP TRIGGER {table}_refuses_delete")
            op.execute(
                f"CREATE TRIGGER {table}_refuses_delete BEFORE DELETE ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} rows are only ever added'); END"
            )
    if is_postgresql:
        op.execute("DROP FUNCTION refuse_delete()")


_RECORDS = ("stock_move", "audit_entry")
_IN_USE = "NOT EXISTS (SELECT 1 FROM organization WHERE id = OLD.organization_id AND retired_at IS NOT NULL)"
_REFUSE_DELETE = """
CREATE OR REPLACE FUNCTION refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM organization WHERE id = OLD.organization_id AND retired_at IS NOT NULL) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% rows are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def _leave_tallies_unlogged() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE request_tally SET UNLOGGED")
        op.execute("ALTER TABLE request_tally SET (fillfactor = 50)")
