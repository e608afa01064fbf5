"""The first store: every table, its named constraints and indexes, and rows that are only ever added.

Revision 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_APPEND_ONLY = ("stock_move", "audit_entry")
_STATUS_RULE = (
    "CASE WHEN on_hand - reserved - held <= 0 THEN 'out_of_stock' "
    "WHEN on_hand - reserved - held <= safety_stock "
    "OR (safety_stock = 0 AND (on_hand - reserved - held) * 2 <= reorder_point) THEN 'critical' "
    "WHEN on_hand - reserved - held < reorder_point THEN 'low' ELSE 'normal' END"
)


def upgrade() -> None:
    """Make every table, parents first."""
    _create_allocation()
    _create_api_key()
    _create_audit_entry()
    _create_discrepancy()
    _create_document_counter()
    _create_idempotency_record()
    _create_lease()
    _create_license_plate()
    _create_organization()
    _create_outbox_event()
    _create_product()
    _create_reservation()
    _create_search_token()
    _create_site()
    _create_station_lock()
    _create_stock_move()
    _create_store_setting()
    _create_supplier()
    _create_task()
    _create_user_account()
    _create_location()
    _create_purchase_order()
    _create_sales_order()
    _create_variant()
    _create_work_session()
    _create_barcode()
    _create_lot()
    _create_purchase_order_line()
    _create_sales_order_line()
    _create_site_stock()
    _create_stock_level()
    for table in _APPEND_ONLY:
        _refuse_changes(table)


def downgrade() -> None:
    """Drop every table, children first."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_REFUSE_CHANGE)
        op.execute(
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} rows are only ever added'); END"
        )


_REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""

_TABLES = (
    "allocation",
    "api_key",
    "audit_entry",
    "discrepancy",
    "document_counter",
    "idempotency_record",
    "lease",
    "license_plate",
    "organization",
    "outbox_event",
    "product",
    "reservation",
    "search_token",
    "site",
    "station_lock",
    "stock_move",
    "store_setting",
    "supplier",
    "task",
    "user_account",
    "location",
    "purchase_order",
    "sales_order",
    "variant",
    "work_session",
    "barcode",
    "lot",
    "purchase_order_line",
    "sales_order_line",
    "site_stock",
    "stock_level",
)


def _create_allocation() -> None:
    op.create_table(
        "allocation",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("location_id", sa.String(40), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("lot_id", sa.String(40), nullable=False),
        sa.Column("serial", sa.String(60), nullable=False),
        sa.Column("plate_id", sa.String(40), nullable=False),
        sa.Column("document_kind", sa.String(30), nullable=False),
        sa.Column("document_id", sa.String(40), nullable=False),
        sa.Column("line_id", sa.String(40), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("picked", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_allocation")),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_allocation_quantity_not_negative")),
    )
    op.create_index(
        op.f("ix_allocation_document_id_status"),
        "allocation",
        ["organization_id", "document_id", "status"],
        unique=False,
    )
    op.create_index(
        op.f("ix_allocation_location_id_status"),
        "allocation",
        ["organization_id", "location_id", "status"],
        unique=False,
    )


def _create_api_key() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("prefix", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("edition", sa.String(20), nullable=False),
        sa.Column("plan", sa.String(20), nullable=False),
        sa.Column("rate_limit", sa.Integer(), nullable=True),
        sa.Column("is_sandbox", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_prefix")),
    )
    op.create_index(op.f("ix_api_key_created_at"), "api_key", ["organization_id", "created_at"], unique=False)


def _create_audit_entry() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.String(60), nullable=False),
        sa.Column("actor_name", sa.String(120), nullable=False),
        sa.Column("station", sa.String(60), nullable=False),
        sa.Column("act", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("request_id", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["organization_id", "at"], unique=False)


def _create_discrepancy() -> None:
    op.create_table(
        "discrepancy",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=True),
        sa.Column("document_kind", sa.String(30), nullable=False),
        sa.Column("document_id", sa.String(40), nullable=False),
        sa.Column("line_id", sa.String(40), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("actor_id", sa.String(60), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_discrepancy")),
        sa.CheckConstraint("status IN ('open', 'resolved')", name=op.f("ck_discrepancy_status_known")),
    )
    op.create_index(
        op.f("ix_discrepancy_status_created_at"),
        "discrepancy",
        ["organization_id", "status", "created_at"],
        unique=False,
    )


def _create_document_counter() -> None:
    op.create_table(
        "document_counter",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("next_value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "kind", name=op.f("pk_document_counter")),
    )


def _create_idempotency_record() -> None:
    op.create_table(
        "idempotency_record",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(200), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "scope", "key", name=op.f("pk_idempotency_record")),
    )


def _create_lease() -> None:
    op.create_table(
        "lease",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("station", sa.String(60), nullable=False),
        sa.Column("address", sa.String(120), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lease")),
    )


def _create_license_plate() -> None:
    op.create_table(
        "license_plate",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_license_plate")),
        sa.UniqueConstraint("organization_id", "code", name=op.f("uq_license_plate_organization_id_code")),
        sa.CheckConstraint("kind IN ('pallet', 'carton', 'tote')", name=op.f("ck_license_plate_kind_known")),
    )


def _create_organization() -> None:
    op.create_table(
        "organization",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("modules", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("sandbox_of", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        sa.ForeignKeyConstraint(["sandbox_of"], ["organization.id"], name=op.f("fk_organization_organization_")),
        sa.UniqueConstraint("name", name=op.f("uq_organization_name")),
    )


def _create_outbox_event() -> None:
    op.create_table(
        "outbox_event",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("type", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_event")),
    )
    op.create_index(op.f("ix_outbox_event_position"), "outbox_event", ["position"], unique=False)


def _create_product() -> None:
    op.create_table(
        "product",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("unit_of_measure", sa.String(20), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_product")),
        sa.CheckConstraint(
            "status IN ('draft', 'active', 'inactive', 'archived')", name=op.f("ck_product_status_known")
        ),
    )
    op.create_index(op.f("ix_product_created_at_id"), "product", ["organization_id", "created_at", "id"], unique=False)


def _create_reservation() -> None:
    op.create_table(
        "reservation",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("document_kind", sa.String(30), nullable=False),
        sa.Column("document_id", sa.String(40), nullable=False),
        sa.Column("line_id", sa.String(40), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_reservation")),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_reservation_quantity_not_negative")),
    )
    op.create_index(op.f("ix_reservation_document_id"), "reservation", ["organization_id", "document_id"], unique=False)
    op.create_index(
        op.f("ix_reservation_variant_id_site_id"),
        "reservation",
        ["organization_id", "variant_id", "site_id"],
        unique=False,
    )


def _create_search_token() -> None:
    op.create_table(
        "search_token",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("token", sa.String(80), nullable=False),
        sa.Column("subject_id", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "kind", "token", "subject_id", name=op.f("pk_search_token")),
    )
    op.create_index(
        op.f("ix_search_token_kind_subject_id"), "search_token", ["organization_id", "kind", "subject_id"], unique=False
    )


def _create_site() -> None:
    op.create_table(
        "site",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("is_read_only", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.String(40), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_site")),
        sa.UniqueConstraint("organization_id", "code", name=op.f("uq_site_organization_id_code")),
        sa.CheckConstraint("kind IN ('warehouse', 'store', 'fba', 'fbs')", name=op.f("ck_site_kind_known")),
    )


def _create_station_lock() -> None:
    op.create_table(
        "station_lock",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("station", sa.String(60), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "station", name=op.f("pk_station_lock")),
    )


def _create_stock_move() -> None:
    op.create_table(
        "stock_move",
        sa.Column("sequence", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("idempotency_key", sa.String(300), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("lot_id", sa.String(40), nullable=False),
        sa.Column("serial", sa.String(60), nullable=False),
        sa.Column("plate_id", sa.String(40), nullable=False),
        sa.Column("destination_plate_id", sa.String(40), nullable=False),
        sa.Column("source_id", sa.String(40), nullable=False),
        sa.Column("destination_id", sa.String(40), nullable=False),
        sa.Column("source_site_id", sa.String(40), nullable=False),
        sa.Column("destination_site_id", sa.String(40), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("unit_cost", sa.BigInteger(), nullable=True),
        sa.Column("origin_kind", sa.String(30), nullable=False),
        sa.Column("origin_id", sa.String(40), nullable=False),
        sa.Column("origin_line_id", sa.String(40), nullable=False),
        sa.Column("actor_id", sa.String(60), nullable=False),
        sa.Column("station", sa.String(60), nullable=False),
        sa.Column("reverses_id", sa.String(40), nullable=False, server_default=""),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("source_balance", sa.BigInteger(), nullable=True),
        sa.Column("destination_balance", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_stock_move")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_stock_move_organization_id_id")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_stock_move_quantity_positive")),
        sa.CheckConstraint(
            "source_id <> destination_id OR plate_id <> destination_plate_id",
            name=op.f("ck_stock_move_source_is_not_destination"),
        ),
    )
    op.create_index(
        op.f("ix_stock_move_lot"),
        "stock_move",
        ["organization_id", "lot_id", "sequence"],
        unique=False,
        sqlite_where=sa.text("lot_id != ''"),
        postgresql_where=sa.text("lot_id != ''"),
    )
    op.create_index(
        op.f("ix_stock_move_origin"),
        "stock_move",
        ["organization_id", "origin_id", "sequence"],
        unique=False,
        sqlite_where=sa.text("origin_id != ''"),
        postgresql_where=sa.text("origin_id != ''"),
    )
    op.create_index(
        op.f("ix_stock_move_reverses"),
        "stock_move",
        ["organization_id", "reverses_id"],
        unique=True,
        sqlite_where=sa.text("reverses_id != ''"),
        postgresql_where=sa.text("reverses_id != ''"),
    )
    op.create_index(op.f("ix_stock_move_sequence"), "stock_move", ["organization_id", "sequence"], unique=False)
    op.create_index(
        op.f("ix_stock_move_variant_id_sequence"),
        "stock_move",
        ["organization_id", "variant_id", "sequence"],
        unique=False,
    )


def _create_store_setting() -> None:
    op.create_table(
        "store_setting",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_store_setting")),
    )


def _create_supplier() -> None:
    op.create_table(
        "supplier",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("phone", sa.String(60), nullable=False),
        sa.Column("lead_time_days", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_supplier")),
    )
    op.create_index(op.f("ix_supplier_name"), "supplier", ["organization_id", "name"], unique=False)


def _create_task() -> None:
    op.create_table(
        "task",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("location_id", sa.String(40), nullable=True),
        sa.Column("variant_id", sa.String(40), nullable=True),
        sa.Column("document_kind", sa.String(30), nullable=False),
        sa.Column("document_id", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("claimed_by", sa.String(60), nullable=False),
        sa.Column("created_by", sa.String(60), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_task")),
        sa.CheckConstraint("kind IN ('count', 'putaway', 'pick', 'replenish')", name=op.f("ck_task_kind_known")),
        sa.CheckConstraint("status IN ('open', 'claimed', 'done', 'cancelled')", name=op.f("ck_task_status_known")),
    )
    op.create_index(
        op.f("ix_task_location_id_status"), "task", ["organization_id", "location_id", "status"], unique=False
    )
    op.create_index(
        op.f("ix_task_site_id_status_priority"),
        "task",
        ["organization_id", "site_id", "status", "priority"],
        unique=False,
    )


def _create_user_account() -> None:
    op.create_table(
        "user_account",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("badge_digest", sa.String(64), nullable=False),
        sa.Column("pin_hash", sa.String(200), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_user_account")),
        sa.UniqueConstraint(
            "organization_id", "badge_digest", name=op.f("uq_user_account_organization_id_badge_digest")
        ),
        sa.CheckConstraint("role IN ('operator', 'supervisor', 'admin')", name=op.f("ck_user_account_role_known")),
    )


def _create_location() -> None:
    op.create_table(
        "location",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=True),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("barcode", sa.String(80), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("usage", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("zone", sa.String(40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("parent_id", sa.String(40), nullable=True),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("is_single_lot", sa.Boolean(), nullable=False),
        sa.Column("is_single_variant", sa.Boolean(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_location")),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"], ["site.organization_id", "site.id"], name=op.f("fk_location_site_site_id")
        ),
        sa.UniqueConstraint("organization_id", "barcode", name=op.f("uq_location_organization_id_barcode")),
        sa.UniqueConstraint(
            "organization_id", "site_id", "code", name=op.f("uq_location_organization_id_site_id_code")
        ),
        sa.CheckConstraint(
            "kind IN ('dock', 'pick', 'reserve', 'stage', 'tote', 'quarantine', 'damaged', 'virtual')",
            name=op.f("ck_location_kind_known"),
        ),
        sa.CheckConstraint(
            "usage IN ('internal', 'supplier', 'customer', 'inventory_loss', 'waste', 'production', 'transit', 'view')",
            name=op.f("ck_location_usage_known"),
        ),
    )
    op.create_index(
        op.f("ix_location_site_id_sequence"), "location", ["organization_id", "site_id", "sequence"], unique=False
    )


def _create_purchase_order() -> None:
    op.create_table(
        "purchase_order",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("supplier_id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("notes", sa.String(1000), nullable=False),
        sa.Column("close_reason", sa.String(255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_purchase_order")),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"],
            ["site.organization_id", "site.id"],
            name=op.f("fk_purchase_order_site_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "supplier_id"],
            ["supplier.organization_id", "supplier.id"],
            name=op.f("fk_purchase_order_supplier_supplier_id"),
        ),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_purchase_order_organization_id_number")),
        sa.CheckConstraint(
            "status IN ('draft', 'ordered', 'partially_received', 'received', 'cancelled')",
            name=op.f("ck_purchase_order_status_known"),
        ),
    )
    op.create_index(op.f("ix_purchase_order_status"), "purchase_order", ["organization_id", "status"], unique=False)


def _create_sales_order() -> None:
    op.create_table(
        "sales_order",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("notes", sa.String(1000), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_sales_order")),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"],
            ["site.organization_id", "site.id"],
            name=op.f("fk_sales_order_site_site_id"),
        ),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_sales_order_organization_id_number")),
        sa.CheckConstraint(
            "status IN ('draft', 'confirmed', 'allocated', 'picking', 'packed', 'shipped', 'delivered', 'cancelled')",
            name=op.f("ck_sales_order_status_known"),
        ),
    )
    op.create_index(op.f("ix_sales_order_status"), "sales_order", ["organization_id", "status"], unique=False)


def _create_variant() -> None:
    op.create_table(
        "variant",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("product_id", sa.String(40), nullable=False),
        sa.Column("sku", sa.String(80), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("unit_of_measure", sa.String(20), nullable=False),
        sa.Column("is_lot_tracked", sa.Boolean(), nullable=False),
        sa.Column("is_expiry_tracked", sa.Boolean(), nullable=False),
        sa.Column("is_serial_tracked", sa.Boolean(), nullable=False),
        sa.Column("is_made", sa.Boolean(), nullable=False),
        sa.Column("minimum_shelf_life_days", sa.Integer(), nullable=True),
        sa.Column("receipt_tolerance_percent", sa.BigInteger(), nullable=True),
        sa.Column("price_minor", sa.Integer(), nullable=True),
        sa.Column("cost_minor", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("abc_class", sa.String(1), nullable=False),
        sa.Column("home_location_id", sa.String(40), nullable=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_variant")),
        sa.ForeignKeyConstraint(
            ["organization_id", "product_id"],
            ["product.organization_id", "product.id"],
            name=op.f("fk_variant_product_product_id"),
        ),
        sa.UniqueConstraint("organization_id", "sku", name=op.f("uq_variant_organization_id_sku")),
        sa.CheckConstraint(
            "minimum_shelf_life_days IS NULL OR minimum_shelf_life_days >= 0",
            name=op.f("ck_variant_shelf_life_not_negative"),
        ),
    )
    op.create_index(
        op.f("ix_variant_product_id_position"), "variant", ["organization_id", "product_id", "position"], unique=False
    )


def _create_work_session() -> None:
    op.create_table(
        "work_session",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=False),
        sa.Column("station", sa.String(60), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Text(), nullable=False),
        sa.Column("verdicts", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_work_session")),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["user_account.organization_id", "user_account.id"],
            name=op.f("fk_work_session_user_account_user_id"),
        ),
        sa.UniqueConstraint("organization_id", "user_id", name=op.f("uq_work_session_organization_id_user_id")),
    )
    op.create_index(op.f("ix_work_session_station"), "work_session", ["organization_id", "station"], unique=False)


def _create_barcode() -> None:
    op.create_table(
        "barcode",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(120), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "code", name=op.f("pk_barcode")),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_barcode_variant_variant_id"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_barcode_quantity_positive")),
    )
    op.create_index(op.f("ix_barcode_variant_id"), "barcode", ["organization_id", "variant_id"], unique=False)


def _create_lot() -> None:
    op.create_table(
        "lot",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("lot_number", sa.String(60), nullable=False),
        sa.Column("expiry_date", sa.Date(), nullable=True),
        sa.Column("best_before_date", sa.Date(), nullable=True),
        sa.Column("production_date", sa.Date(), nullable=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("quantity_initial", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_lot")),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_lot_variant_variant_id"),
        ),
        sa.UniqueConstraint(
            "organization_id", "variant_id", "lot_number", name=op.f("uq_lot_organization_id_variant_id_lot_number")
        ),
        sa.CheckConstraint(
            "status IN ('active', 'quarantine', 'exhausted', 'recalled')", name=op.f("ck_lot_status_known")
        ),
    )
    op.create_index(op.f("ix_lot_expiry_date"), "lot", ["organization_id", "expiry_date"], unique=False)
    op.create_index(op.f("ix_lot_status_id"), "lot", ["organization_id", "status", "id"], unique=False)


def _create_purchase_order_line() -> None:
    op.create_table(
        "purchase_order_line",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("purchase_order_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost", sa.Integer(), nullable=True),
        sa.Column("tolerance_percent", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_purchase_order_line")),
        sa.ForeignKeyConstraint(
            ["organization_id", "purchase_order_id"],
            ["purchase_order.organization_id", "purchase_order.id"],
            name=op.f("fk_purchase_order_line_purchase_order_purchase_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_purchase_order_line_variant_variant_id"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_purchase_order_line_quantity_positive")),
        sa.CheckConstraint("received >= 0", name=op.f("ck_purchase_order_line_received_not_negative")),
    )
    op.create_index(
        op.f("ix_purchase_order_line_purchase_order_id_position"),
        "purchase_order_line",
        ["organization_id", "purchase_order_id", "position"],
        unique=False,
    )


def _create_sales_order_line() -> None:
    op.create_table(
        "sales_order_line",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("sales_order_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("picked", sa.BigInteger(), nullable=False),
        sa.Column("fulfilled", sa.BigInteger(), nullable=False),
        sa.Column("backordered", sa.BigInteger(), nullable=False),
        sa.Column("price_minor", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_sales_order_line")),
        sa.ForeignKeyConstraint(
            ["organization_id", "sales_order_id"],
            ["sales_order.organization_id", "sales_order.id"],
            name=op.f("fk_sales_order_line_sales_order_sales_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_sales_order_line_variant_variant_id"),
        ),
        sa.CheckConstraint("fulfilled >= 0", name=op.f("ck_sales_order_line_fulfilled_not_negative")),
        sa.CheckConstraint("picked >= 0", name=op.f("ck_sales_order_line_picked_not_negative")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_sales_order_line_quantity_positive")),
    )
    op.create_index(
        op.f("ix_sales_order_line_sales_order_id_position"),
        "sales_order_line",
        ["organization_id", "sales_order_id", "position"],
        unique=False,
    )


def _create_site_stock() -> None:
    op.create_table(
        "site_stock",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("average_cost", sa.BigInteger(), nullable=True),
        sa.Column("reorder_point", sa.BigInteger(), nullable=False),
        sa.Column("safety_stock", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(20), sa.Computed(_STATUS_RULE, persisted=True), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "variant_id", "site_id", name=op.f("pk_site_stock")),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"], ["site.organization_id", "site.id"], name=op.f("fk_site_stock_site_site_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_site_stock_variant_variant_id"),
        ),
        sa.CheckConstraint("held >= 0", name=op.f("ck_site_stock_held_not_negative")),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_site_stock_on_hand_not_negative")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_site_stock_reserved_not_negative")),
    )
    op.create_index(
        op.f("ix_site_stock_site_id_variant_id"),
        "site_stock",
        ["organization_id", "site_id", "variant_id"],
        unique=False,
    )
    op.create_index(op.f("ix_site_stock_status"), "site_stock", ["organization_id", "status"], unique=False)


def _create_stock_level() -> None:
    op.create_table(
        "stock_level",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("location_id", sa.String(40), nullable=False),
        sa.Column("lot_id", sa.String(40), nullable=False),
        sa.Column("serial", sa.String(60), nullable=False),
        sa.Column("plate_id", sa.String(40), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "organization_id", "variant_id", "location_id", "lot_id", "serial", "plate_id", name=op.f("pk_stock_level")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "location_id"],
            ["location.organization_id", "location.id"],
            name=op.f("fk_stock_level_location_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_stock_level_variant_variant_id"),
        ),
        sa.CheckConstraint("allocated >= 0", name=op.f("ck_stock_level_allocated_not_negative")),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_stock_level_on_hand_not_negative")),
    )
    op.create_index(
        op.f("ix_stock_level_location_id_variant_id"),
        "stock_level",
        ["organization_id", "location_id", "variant_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_stock_level_lot"),
        "stock_level",
        ["organization_id", "lot_id"],
        unique=False,
        sqlite_where=sa.text("lot_id != ''"),
        postgresql_where=sa.text("lot_id != ''"),
    )
    op.create_index(
        op.f("ix_stock_level_plate"),
        "stock_level",
        ["organization_id", "plate_id"],
        unique=False,
        sqlite_where=sa.text("plate_id != ''"),
        postgresql_where=sa.text("plate_id != ''"),
    )
    op.create_index(
        op.f("ix_stock_level_serial"),
        "stock_level",
        ["organization_id", "variant_id", "serial"],
        unique=False,
        sqlite_where=sa.text("serial != ''"),
        postgresql_where=sa.text("serial != ''"),
    )
