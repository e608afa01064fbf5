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
    _create_print_job()
    _create_station_printer()
    _create_cycle_count()
    _create_pick_cluster()
    _create_stock_transfer()
    _create_work_claim()
    _create_worker_limit()
    _create_cycle_count_bin()
    _create_cycle_count_line()
    _create_pick_cluster_order()
    _create_pick_face()
    _create_return_authorization()
    _create_stock_transfer_line()
    _create_substitution_rule()
    _create_waste_record()
    _create_line_substitution()
    _create_return_line()
    _create_stock_transfer_content()
    op.create_index(
        op.f("ix_stock_level_there"),
        "stock_level",
        ["organization_id", "location_id", "plate_id"],
        unique=False,
        sqlite_where=sa.text("on_hand > 0"),
        postgresql_where=sa.text("on_hand > 0"),
    )


def downgrade() -> None:
    """Drop every table, children first."""
    op.drop_index(op.f("ix_stock_level_there"), "stock_level")
    for table in reversed(_TABLES):
        op.drop_table(table)


_TABLES = (
    "act",
    "floor_step",
    "print_job",
    "station_printer",
    "cycle_count",
    "pick_cluster",
    "stock_transfer",
    "work_claim",
    "worker_limit",
    "cycle_count_bin",
    "cycle_count_line",
    "pick_cluster_order",
    "pick_face",
    "return_authorization",
    "stock_transfer_line",
    "substitution_rule",
    "waste_record",
    "line_substitution",
    "return_line",
    "stock_transfer_content",
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


def _create_print_job() -> None:
    op.create_table(
        "print_job",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("station", sa.String(60), nullable=False),
        sa.Column("printer", sa.String(255), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("error", sa.String(500), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(60), nullable=False),
        sa.Column("user_name", sa.String(255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("printed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_print_job")),
        sa.CheckConstraint("copies > 0", name=op.f("ck_print_job_copies_positive")),
        sa.CheckConstraint("state IN ('queued', 'printed', 'failed')", name=op.f("ck_print_job_state_known")),
    )
    op.create_index(op.f("ix_print_job_created_at"), "print_job", ["organization_id", "created_at"], unique=False)
    op.create_index(
        op.f("ix_print_job_station_state"), "print_job", ["organization_id", "station", "state"], unique=False
    )


def _create_station_printer() -> None:
    op.create_table(
        "station_printer",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("station", sa.String(60), nullable=False),
        sa.Column("address", sa.String(255), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "station", name=op.f("pk_station_printer")),
    )


def _create_cycle_count() -> None:
    op.create_table(
        "cycle_count",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("is_blind", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.String(1000), nullable=False),
        sa.Column("uncounted", sa.String(10), nullable=False),
        sa.Column("tolerance_percent", sa.BigInteger(), nullable=False),
        sa.Column("tolerance_units", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(60), nullable=False),
        sa.Column("completed_by", sa.String(60), nullable=False),
        sa.Column("completions", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_cycle_count")),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"],
            ["site.organization_id", "site.id"],
            name=op.f("fk_cycle_count_site_site_id"),
        ),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_cycle_count_organization_id_number")),
        sa.CheckConstraint(
            "method IN ('site', 'bins', 'aisle', 'abc', 'suspicion', 'opportunity')",
            name=op.f("ck_cycle_count_method_known"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'in_progress', 'completed', 'cancelled')", name=op.f("ck_cycle_count_status_known")
        ),
        sa.CheckConstraint(
            "tolerance_percent >= 0 AND tolerance_units >= 0", name=op.f("ck_cycle_count_tolerance_not_negative")
        ),
        sa.CheckConstraint("uncounted IN ('keep', 'zero')", name=op.f("ck_cycle_count_uncounted_known")),
    )
    op.create_index(
        op.f("ix_cycle_count_site_id_status"), "cycle_count", ["organization_id", "site_id", "status"], unique=False
    )


def _create_pick_cluster() -> None:
    op.create_table(
        "pick_cluster",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("zone", sa.String(40), nullable=False),
        sa.Column("created_by", sa.String(60), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_pick_cluster")),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"],
            ["site.organization_id", "site.id"],
            name=op.f("fk_pick_cluster_site_site_id"),
        ),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_pick_cluster_status_known")),
    )


def _create_stock_transfer() -> None:
    op.create_table(
        "stock_transfer",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("source_site_id", sa.String(40), nullable=False),
        sa.Column("destination_site_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("notes", sa.String(1000), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("shipped_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_stock_transfer")),
        sa.ForeignKeyConstraint(
            ["organization_id", "destination_site_id"],
            ["site.organization_id", "site.id"],
            name=op.f("fk_stock_transfer_site_destination_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "source_site_id"],
            ["site.organization_id", "site.id"],
            name=op.f("fk_stock_transfer_site_source_site_id"),
        ),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_stock_transfer_organization_id_number")),
        sa.CheckConstraint("source_site_id <> destination_site_id", name=op.f("ck_stock_transfer_sites_differ")),
        sa.CheckConstraint(
            "status IN ('draft', 'in_transit', 'received', 'cancelled')", name=op.f("ck_stock_transfer_status_known")
        ),
    )
    op.create_index(op.f("ix_stock_transfer_status"), "stock_transfer", ["organization_id", "status"], unique=False)


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


def _create_worker_limit() -> None:
    op.create_table(
        "worker_limit",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=False),
        sa.Column("percent", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("value_minor", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "user_id", name=op.f("pk_worker_limit")),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["user_account.organization_id", "user_account.id"],
            name=op.f("fk_worker_limit_user_account_user_id"),
        ),
        sa.CheckConstraint(
            "percent >= 0 AND quantity >= 0 AND value_minor >= 0", name=op.f("ck_worker_limit_limits_not_negative")
        ),
    )


def _create_cycle_count_bin() -> None:
    op.create_table(
        "cycle_count_bin",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("cycle_count_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("counted_by", sa.String(60), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=True),
        sa.Column("recounted_by", sa.String(60), nullable=False),
        sa.Column("recounted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_cycle_count_bin")),
        sa.ForeignKeyConstraint(
            ["organization_id", "cycle_count_id"],
            ["cycle_count.organization_id", "cycle_count.id"],
            name=op.f("fk_cycle_count_bin_cycle_count_cycle_count_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "location_id"],
            ["location.organization_id", "location.id"],
            name=op.f("fk_cycle_count_bin_location_location_id"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "cycle_count_id",
            "location_id",
            name=op.f("uq_cycle_count_bin_organization_id_cycle_count_id_location_id"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'recount', 'approval', 'done')", name=op.f("ck_cycle_count_bin_state_known")
        ),
    )
    op.create_index(
        op.f("ix_cycle_count_bin_location_id_counted_at"),
        "cycle_count_bin",
        ["organization_id", "location_id", "counted_at"],
        unique=False,
    )


def _create_cycle_count_line() -> None:
    op.create_table(
        "cycle_count_line",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("cycle_count_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.String(40), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("lot_id", sa.String(40), nullable=False),
        sa.Column("serial", sa.String(60), nullable=False),
        sa.Column("plate_id", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("is_added", sa.Boolean(), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=True),
        sa.Column("variance", sa.BigInteger(), nullable=True),
        sa.Column("counted_by", sa.String(60), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=True),
        sa.Column("first_counted", sa.BigInteger(), nullable=True),
        sa.Column("first_variance", sa.BigInteger(), nullable=True),
        sa.Column("first_by", sa.String(60), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=True),
        sa.Column("tally", sa.BigInteger(), nullable=True),
        sa.Column("tally_expected", sa.BigInteger(), nullable=True),
        sa.Column("tally_by", sa.String(60), nullable=False),
        sa.Column("tally_at", sa.BigInteger(), nullable=True),
        sa.Column("tally_after", sa.BigInteger(), nullable=True),
        sa.Column("tally_is_open", sa.Boolean(), nullable=False),
        sa.Column("approved_by", sa.String(60), nullable=False),
        sa.Column("posted", sa.BigInteger(), nullable=True),
        sa.Column("move_id", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_cycle_count_line")),
        sa.ForeignKeyConstraint(
            ["organization_id", "cycle_count_id"],
            ["cycle_count.organization_id", "cycle_count.id"],
            name=op.f("fk_cycle_count_line_cycle_count_cycle_count_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "location_id"],
            ["location.organization_id", "location.id"],
            name=op.f("fk_cycle_count_line_location_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_cycle_count_line_variant_variant_id"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "cycle_count_id",
            "location_id",
            "variant_id",
            "lot_id",
            "serial",
            "plate_id",
            name=op.f("uq_cycle_count_line_level"),
        ),
        sa.CheckConstraint("counted IS NULL OR counted >= 0", name=op.f("ck_cycle_count_line_counted_not_negative")),
        sa.CheckConstraint(
            "state IN ('open', 'recount', 'approval', 'accepted', 'kept')", name=op.f("ck_cycle_count_line_state_known")
        ),
        sa.CheckConstraint("tally IS NULL OR tally >= 0", name=op.f("ck_cycle_count_line_tally_not_negative")),
    )
    op.create_index(
        op.f("ix_cycle_count_line_cycle_count_id_position"),
        "cycle_count_line",
        ["organization_id", "cycle_count_id", "position"],
        unique=False,
    )


def _create_pick_cluster_order() -> None:
    op.create_table(
        "pick_cluster_order",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("cluster_id", sa.String(40), nullable=False),
        sa.Column("sales_order_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tote_id", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "cluster_id", "sales_order_id", name=op.f("pk_pick_cluster_order")),
        sa.ForeignKeyConstraint(
            ["organization_id", "cluster_id"],
            ["pick_cluster.organization_id", "pick_cluster.id"],
            name=op.f("fk_pick_cluster_order_pick_cluster_cluster_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "sales_order_id"],
            ["sales_order.organization_id", "sales_order.id"],
            name=op.f("fk_pick_cluster_order_sales_order_sales_order_id"),
        ),
        sa.UniqueConstraint(
            "organization_id", "sales_order_id", name=op.f("uq_pick_cluster_order_organization_id_sales_order_id")
        ),
    )
    op.create_index(
        op.f("ix_pick_cluster_order_tote_id"),
        "pick_cluster_order",
        ["organization_id", "tote_id"],
        unique=True,
        sqlite_where=sa.text("tote_id != ''"),
        postgresql_where=sa.text("tote_id != ''"),
    )


def _create_pick_face() -> None:
    op.create_table(
        "pick_face",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("location_id", sa.String(40), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("maximum", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "variant_id", "location_id", name=op.f("pk_pick_face")),
        sa.ForeignKeyConstraint(
            ["organization_id", "location_id"],
            ["location.organization_id", "location.id"],
            name=op.f("fk_pick_face_location_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_pick_face_variant_variant_id"),
        ),
        sa.CheckConstraint("maximum >= minimum AND maximum > 0", name=op.f("ck_pick_face_maximum_above_minimum")),
        sa.CheckConstraint("minimum >= 0", name=op.f("ck_pick_face_minimum_not_negative")),
    )


def _create_return_authorization() -> None:
    op.create_table(
        "return_authorization",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_return_authorization")),
        sa.ForeignKeyConstraint(
            ["organization_id", "order_id"],
            ["sales_order.organization_id", "sales_order.id"],
            name=op.f("fk_return_authorization_sales_order_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"],
            ["site.organization_id", "site.id"],
            name=op.f("fk_return_authorization_site_site_id"),
        ),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_return_authorization_organization_id_number")),
        sa.CheckConstraint(
            "status IN ('pending', 'received', 'cancelled')", name=op.f("ck_return_authorization_status_known")
        ),
    )
    op.create_index(
        op.f("ix_return_authorization_order_id"), "return_authorization", ["organization_id", "order_id"], unique=False
    )
    op.create_index(
        op.f("ix_return_authorization_status"), "return_authorization", ["organization_id", "status"], unique=False
    )


def _create_stock_transfer_line() -> None:
    op.create_table(
        "stock_transfer_line",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("stock_transfer_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("shipped", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_stock_transfer_line")),
        sa.ForeignKeyConstraint(
            ["organization_id", "stock_transfer_id"],
            ["stock_transfer.organization_id", "stock_transfer.id"],
            name=op.f("fk_stock_transfer_line_stock_transfer_stock_transfer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_stock_transfer_line_variant_variant_id"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_stock_transfer_line_quantity_positive")),
        sa.CheckConstraint(
            "received >= 0 AND received <= shipped", name=op.f("ck_stock_transfer_line_received_within_shipped")
        ),
        sa.CheckConstraint(
            "shipped >= 0 AND shipped <= quantity", name=op.f("ck_stock_transfer_line_shipped_within_quantity")
        ),
    )
    op.create_index(
        op.f("ix_stock_transfer_line_stock_transfer_id_position"),
        "stock_transfer_line",
        ["organization_id", "stock_transfer_id", "position"],
        unique=False,
    )


def _create_substitution_rule() -> None:
    op.create_table(
        "substitution_rule",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("substitute_id", sa.String(40), nullable=False),
        sa.Column("ratio", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "variant_id", "substitute_id", name=op.f("pk_substitution_rule")),
        sa.ForeignKeyConstraint(
            ["organization_id", "substitute_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_substitution_rule_variant_substitute_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_substitution_rule_variant_variant_id"),
        ),
        sa.CheckConstraint("ratio > 0", name=op.f("ck_substitution_rule_ratio_positive")),
        sa.CheckConstraint("variant_id <> substitute_id", name=op.f("ck_substitution_rule_substitute_differs")),
    )


def _create_waste_record() -> None:
    op.create_table(
        "waste_record",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("location_id", sa.String(40), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("lot_id", sa.String(40), nullable=False),
        sa.Column("serial", sa.String(60), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("notes", sa.String(1000), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("actor_id", sa.String(60), nullable=False),
        sa.Column("station", sa.String(60), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("reversed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_waste_record")),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"],
            ["site.organization_id", "site.id"],
            name=op.f("fk_waste_record_site_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_waste_record_variant_variant_id"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_waste_record_quantity_positive")),
        sa.CheckConstraint(
            "reason IN ('expired', 'damaged', 'production', 'spoilage', 'contamination', 'other')",
            name=op.f("ck_waste_record_reason_known"),
        ),
        sa.CheckConstraint("status IN ('recorded', 'reversed')", name=op.f("ck_waste_record_status_known")),
    )
    op.create_index(
        op.f("ix_waste_record_site_id_recorded_at"),
        "waste_record",
        ["organization_id", "site_id", "recorded_at"],
        unique=False,
    )
    op.create_index(op.f("ix_waste_record_variant_id"), "waste_record", ["organization_id", "variant_id"], unique=False)


def _create_line_substitution() -> None:
    op.create_table(
        "line_substitution",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.String(40), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("sales_order_id", sa.String(40), nullable=False),
        sa.Column("ratio", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "line_id", "variant_id", name=op.f("pk_line_substitution")),
        sa.ForeignKeyConstraint(
            ["organization_id", "line_id"],
            ["sales_order_line.organization_id", "sales_order_line.id"],
            name=op.f("fk_line_substitution_sales_order_line_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_line_substitution_variant_variant_id"),
        ),
        sa.CheckConstraint("ratio > 0", name=op.f("ck_line_substitution_ratio_positive")),
    )
    op.create_index(
        op.f("ix_line_substitution_sales_order_id"),
        "line_substitution",
        ["organization_id", "sales_order_id"],
        unique=False,
    )


def _create_return_line() -> None:
    op.create_table(
        "return_line",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("return_authorization_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("condition", sa.String(20), nullable=False),
        sa.Column("sellable", sa.BigInteger(), nullable=False),
        sa.Column("damaged", sa.BigInteger(), nullable=False),
        sa.Column("discarded", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_return_line")),
        sa.ForeignKeyConstraint(
            ["organization_id", "return_authorization_id"],
            ["return_authorization.organization_id", "return_authorization.id"],
            name=op.f("fk_return_line_return_authorization_return_authorization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_return_line_variant_variant_id"),
        ),
        sa.CheckConstraint(
            "condition IN ('sellable', 'damaged', 'discarded')", name=op.f("ck_return_line_condition_known")
        ),
        sa.CheckConstraint(
            "sellable >= 0 AND damaged >= 0 AND discarded >= 0", name=op.f("ck_return_line_parts_not_negative")
        ),
        sa.CheckConstraint(
            "sellable + damaged + discarded <= quantity", name=op.f("ck_return_line_parts_within_quantity")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_return_line_quantity_positive")),
    )
    op.create_index(
        op.f("ix_return_line_return_authorization_id_position"),
        "return_line",
        ["organization_id", "return_authorization_id", "position"],
        unique=False,
    )


def _create_stock_transfer_content() -> None:
    op.create_table(
        "stock_transfer_content",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("stock_transfer_id", sa.String(40), nullable=False),
        sa.Column("line_id", sa.String(40), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("lot_id", sa.String(40), nullable=False),
        sa.Column("serial", sa.String(60), nullable=False),
        sa.Column("unit_cost", sa.BigInteger(), nullable=True),
        sa.Column("shipped", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_stock_transfer_content")),
        sa.ForeignKeyConstraint(
            ["organization_id", "line_id"],
            ["stock_transfer_line.organization_id", "stock_transfer_line.id"],
            name=op.f("fk_stock_transfer_content_stock_transfer_line_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "stock_transfer_id"],
            ["stock_transfer.organization_id", "stock_transfer.id"],
            name=op.f("fk_stock_transfer_content_stock_transfer_stock_transfer_id"),
        ),
        sa.CheckConstraint(
            "shipped >= 0 AND received >= 0 AND settled >= 0", name=op.f("ck_stock_transfer_content_parts_not_negative")
        ),
        sa.CheckConstraint(
            "received + settled <= shipped", name=op.f("ck_stock_transfer_content_parts_within_shipped")
        ),
    )
    op.create_index(
        op.f("ix_stock_transfer_content_stock_transfer_id"),
        "stock_transfer_content",
        ["organization_id", "stock_transfer_id"],
        unique=False,
    )
