"""Commerce: customers, checkouts, payments, shipments, analytics, OAuth.

Revision 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table, parents first, then the columns that earlier tables gain."""
    _create_customer()
    _create_errand()
    _create_gateway_notice()
    _create_item_sale()
    _create_key_habit()
    _create_key_network()
    _create_key_notice()
    _create_oauth_client()
    _create_organization_setting()
    _create_parcel_counter()
    _create_payment()
    _create_product_view_mark()
    _create_product_views()
    _create_customer_address()
    _create_customer_tag()
    _create_dispute()
    _create_oauth_grant()
    _create_product_offer()
    _create_refund()
    _create_oauth_code()
    _create_oauth_token()
    _create_order_checkout()
    _create_order_history()
    _create_order_sale()
    _create_product_image()
    _create_shipment()
    _create_stock_alert()
    _create_variant_offer()
    _create_shipment_package()
    _create_tracking_event()
    _create_shipment_content()
    _extend_earlier_tables()
    _tell_what_has_left()
    _let_words_go()
    _record_what_was_sold()


def downgrade() -> None:
    """Take it all away, children first."""
    _keep_words_for_ever()
    op.drop_index(op.f("ix_sales_order_created_at_id"), "sales_order")
    op.drop_index(op.f("ix_sales_order_customer_id_created_at"), "sales_order")
    op.drop_column("organization", "allowed_networks")
    op.drop_column("sales_order", "customer_id")
    op.drop_column("sales_order", "channel")
    op.drop_column("sales_order", "ship_country")
    op.drop_column("sales_order", "ship_state")
    op.drop_column("sales_order", "payment_status")
    op.drop_column("sales_order", "fulfillment_status")
    for table in reversed(_TABLES):
        op.drop_table(table)


_TABLES = (
    "customer",
    "errand",
    "gateway_notice",
    "item_sale",
    "key_habit",
    "key_network",
    "key_notice",
    "oauth_client",
    "organization_setting",
    "parcel_counter",
    "payment",
    "product_view_mark",
    "product_views",
    "customer_address",
    "customer_tag",
    "dispute",
    "oauth_grant",
    "product_offer",
    "refund",
    "oauth_code",
    "oauth_token",
    "order_checkout",
    "order_history",
    "order_sale",
    "product_image",
    "shipment",
    "stock_alert",
    "variant_offer",
    "shipment_package",
    "tracking_event",
    "shipment_content",
)


def _create_customer() -> None:
    op.create_table(
        "customer",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("first_name", sa.String(120), nullable=False),
        sa.Column("last_name", sa.String(120), nullable=False),
        sa.Column("phone", sa.String(60), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_customer")),
        sa.UniqueConstraint("organization_id", "email", name=op.f("uq_customer_organization_id_email")),
        sa.CheckConstraint("status IN ('active', 'erased')", name=op.f("ck_customer_status_known")),
    )
    op.create_index(
        op.f("ix_customer_created_at_id"), "customer", ["organization_id", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_customer_last_name_id"), "customer", ["organization_id", "last_name", "id"], unique=False)


def _create_errand() -> None:
    op.create_table(
        "errand",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.String(40), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_by", sa.String(80), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.String(200), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_errand")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_errand_attempts_not_negative")),
        sa.CheckConstraint("status IN ('waiting', 'done', 'abandoned')", name=op.f("ck_errand_status_known")),
    )
    op.create_index(
        op.f("ix_errand_due"),
        "errand",
        ["next_attempt_at"],
        unique=False,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(op.f("ix_errand_subject_id"), "errand", ["organization_id", "subject_id"], unique=False)


def _create_gateway_notice() -> None:
    op.create_table(
        "gateway_notice",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(20), nullable=False),
        sa.Column("notice_id", sa.String(120), nullable=False),
        sa.Column("type", sa.String(80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "gateway", "notice_id", name=op.f("pk_gateway_notice")),
    )


def _create_item_sale() -> None:
    op.create_table(
        "item_sale",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("order_key", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("revenue", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("shipped", sa.BigInteger(), nullable=False),
        sa.Column("shipped_revenue", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "order_key", "variant_id", name=op.f("pk_item_sale")),
        sqlite_with_rowid=False,
    )


def _create_key_habit() -> None:
    op.create_table(
        "key_habit",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("hour_used", sa.Integer(), nullable=False),
        sa.Column("busiest", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "key_id", name=op.f("pk_key_habit")),
    )


def _create_key_network() -> None:
    op.create_table(
        "key_network",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("network", sa.String(50), nullable=False),
        sa.Column("first_used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "key_id", "network", name=op.f("pk_key_network")),
    )


def _create_key_notice() -> None:
    op.create_table(
        "key_notice",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_key_notice")),
        sa.CheckConstraint(
            "kind IN ('new_network', 'high_rate', 'long_silence')", name=op.f("ck_key_notice_kind_known")
        ),
    )
    op.create_index(op.f("ix_key_notice_at"), "key_notice", ["organization_id", "at"], unique=False)


def _create_oauth_client() -> None:
    op.create_table(
        "oauth_client",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("secret_digest", sa.String(64), nullable=False),
        sa.Column("redirect_uris", sa.Text(), nullable=False),
        sa.Column("grant_types", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("requires_pkce", sa.Boolean(), nullable=False),
        sa.Column("plan", sa.String(20), nullable=False),
        sa.Column("rate_limit", sa.Integer(), nullable=True),
        sa.Column("allowed_networks", sa.Text(), nullable=True),
        sa.Column("is_sandbox", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_client")),
    )
    op.create_index(op.f("ix_oauth_client_created_at"), "oauth_client", ["organization_id", "created_at"], unique=False)


def _create_organization_setting() -> None:
    op.create_table(
        "organization_setting",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "name", name=op.f("pk_organization_setting")),
    )


def _create_parcel_counter() -> None:
    op.create_table(
        "parcel_counter",
        sa.Column("account", sa.String(120), nullable=False),
        sa.Column("next_value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_parcel_counter")),
    )


def _create_payment() -> None:
    op.create_table(
        "payment",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("customer_id", sa.String(40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("amount_captured", sa.BigInteger(), nullable=False),
        sa.Column("amount_refunded", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("method", sa.String(40), nullable=False),
        sa.Column("capture_method", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("gateway", sa.String(20), nullable=False),
        sa.Column("gateway_reference", sa.String(120), nullable=False),
        sa.Column("failure_code", sa.String(60), nullable=False),
        sa.Column("failure_message", sa.String(255), nullable=False),
        sa.Column("card_brand", sa.String(20), nullable=False),
        sa.Column("card_last4", sa.String(4), nullable=False),
        sa.Column("next_action", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("captured_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_payment")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_amount_positive")),
        sa.CheckConstraint("capture_method IN ('manual', 'automatic')", name=op.f("ck_payment_capture_method_known")),
        sa.CheckConstraint(
            "amount_captured >= 0 AND amount_captured <= amount", name=op.f("ck_payment_captured_within_amount")
        ),
        sa.CheckConstraint(
            "amount_refunded >= 0 AND amount_refunded <= amount_captured",
            name=op.f("ck_payment_refunded_within_captured"),
        ),
        sa.CheckConstraint(
            "status IN ('requires_action', 'processing', 'authorized', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_payment_status_known"),
        ),
    )
    op.create_index(op.f("ix_payment_created_at_id"), "payment", ["organization_id", "created_at", "id"], unique=False)
    op.create_index(op.f("ix_payment_customer_id"), "payment", ["organization_id", "customer_id"], unique=False)
    op.create_index(op.f("ix_payment_gateway_reference"), "payment", ["gateway", "gateway_reference"], unique=False)
    op.create_index(op.f("ix_payment_order_id"), "payment", ["organization_id", "order_id"], unique=False)


def _create_product_view_mark() -> None:
    op.create_table(
        "product_view_mark",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.String(40), nullable=False),
        sa.Column("visitor", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "day", "product_id", "visitor", name=op.f("pk_product_view_mark")),
    )


def _create_product_views() -> None:
    op.create_table(
        "product_views",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.String(40), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "product_id", "day", name=op.f("pk_product_views")),
        sa.CheckConstraint("views > 0", name=op.f("ck_product_views_views_positive")),
    )


def _create_customer_address() -> None:
    op.create_table(
        "customer_address",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("customer_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("first_name", sa.String(120), nullable=False),
        sa.Column("last_name", sa.String(120), nullable=False),
        sa.Column("company", sa.String(255), nullable=False),
        sa.Column("line1", sa.String(255), nullable=False),
        sa.Column("line2", sa.String(255), nullable=False),
        sa.Column("city", sa.String(120), nullable=False),
        sa.Column("state", sa.String(120), nullable=False),
        sa.Column("zip", sa.String(20), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("phone", sa.String(60), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_customer_address")),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customer.organization_id", "customer.id"],
            name=op.f("fk_customer_address_customer_customer_id"),
        ),
        sa.CheckConstraint("position >= 0", name=op.f("ck_customer_address_position_not_negative")),
        sa.CheckConstraint("type IN ('shipping', 'billing')", name=op.f("ck_customer_address_type_known")),
    )
    op.create_index(
        op.f("ix_customer_address_customer_id_position"),
        "customer_address",
        ["organization_id", "customer_id", "position"],
        unique=False,
    )


def _create_customer_tag() -> None:
    op.create_table(
        "customer_tag",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.String(40), nullable=False),
        sa.Column("tag", sa.String(60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "customer_id", "tag", name=op.f("pk_customer_tag")),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customer.organization_id", "customer.id"],
            name=op.f("fk_customer_tag_customer_customer_id"),
        ),
    )
    op.create_index(
        op.f("ix_customer_tag_tag_customer_id"), "customer_tag", ["organization_id", "tag", "customer_id"], unique=False
    )


def _create_dispute() -> None:
    op.create_table(
        "dispute",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("payment_id", sa.String(40), nullable=False),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reason", sa.String(60), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("gateway_reference", sa.String(120), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_dispute")),
        sa.ForeignKeyConstraint(
            ["organization_id", "payment_id"],
            ["payment.organization_id", "payment.id"],
            name=op.f("fk_dispute_payment_payment_id"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_dispute_amount_positive")),
        sa.CheckConstraint(
            "status IN ('needs_response', 'under_review', 'won', 'lost')", name=op.f("ck_dispute_status_known")
        ),
    )
    op.create_index(op.f("ix_dispute_created_at_id"), "dispute", ["organization_id", "created_at", "id"], unique=False)
    op.create_index(op.f("ix_dispute_payment_id"), "dispute", ["organization_id", "payment_id"], unique=False)


def _create_oauth_grant() -> None:
    op.create_table(
        "oauth_grant",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_why", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_grant")),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_client.id"], name=op.f("fk_oauth_grant_oauth_client_")),
    )
    op.create_index(
        op.f("ix_oauth_grant_client_id_created_at"),
        "oauth_grant",
        ["organization_id", "client_id", "created_at"],
        unique=False,
    )
    op.create_index(op.f("ix_oauth_grant_user_id"), "oauth_grant", ["organization_id", "user_id"], unique=False)


def _create_product_offer() -> None:
    op.create_table(
        "product_offer",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.String(40), nullable=False),
        sa.Column("sku", sa.String(80), nullable=True),
        sa.Column("price_minor", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "product_id", name=op.f("pk_product_offer")),
        sa.ForeignKeyConstraint(
            ["organization_id", "product_id"],
            ["product.organization_id", "product.id"],
            name=op.f("fk_product_offer_product_product_id"),
        ),
        sa.UniqueConstraint("organization_id", "sku", name=op.f("uq_product_offer_organization_id_sku")),
        sa.CheckConstraint("price_minor IS NULL OR price_minor >= 0", name=op.f("ck_product_offer_price_not_negative")),
    )


def _create_refund() -> None:
    op.create_table(
        "refund",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("payment_id", sa.String(40), nullable=False),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("is_application_fee_refunded", sa.Boolean(), nullable=False),
        sa.Column("gateway_reference", sa.String(120), nullable=False),
        sa.Column("failure_code", sa.String(60), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_refund")),
        sa.ForeignKeyConstraint(
            ["organization_id", "payment_id"],
            ["payment.organization_id", "payment.id"],
            name=op.f("fk_refund_payment_payment_id"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refund_amount_positive")),
        sa.CheckConstraint("status IN ('pending', 'succeeded', 'failed')", name=op.f("ck_refund_status_known")),
    )
    op.create_index(op.f("ix_refund_order_id"), "refund", ["organization_id", "order_id"], unique=False)
    op.create_index(op.f("ix_refund_payment_id_id"), "refund", ["organization_id", "payment_id", "id"], unique=False)


def _create_oauth_code() -> None:
    op.create_table(
        "oauth_code",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.Column("grant_id", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("challenge", sa.String(128), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_code")),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_client.id"], name=op.f("fk_oauth_code_oauth_client_")),
        sa.ForeignKeyConstraint(["grant_id"], ["oauth_grant.id"], name=op.f("fk_oauth_code_oauth_grant_")),
        sa.UniqueConstraint("digest", name=op.f("uq_oauth_code_digest")),
    )
    op.create_index(op.f("ix_oauth_code_expires_at"), "oauth_code", ["organization_id", "expires_at"], unique=False)


def _create_oauth_token() -> None:
    op.create_table(
        "oauth_token",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(40), nullable=False),
        sa.Column("grant_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("prefix", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_token")),
        sa.ForeignKeyConstraint(["client_id"], ["oauth_client.id"], name=op.f("fk_oauth_token_oauth_client_")),
        sa.ForeignKeyConstraint(["grant_id"], ["oauth_grant.id"], name=op.f("fk_oauth_token_oauth_grant_")),
        sa.UniqueConstraint("prefix", name=op.f("uq_oauth_token_prefix")),
        sa.CheckConstraint("kind IN ('access', 'refresh')", name=op.f("ck_oauth_token_kind_known")),
    )
    op.create_index(op.f("ix_oauth_token_expires_at"), "oauth_token", ["organization_id", "expires_at"], unique=False)
    op.create_index(op.f("ix_oauth_token_grant_id"), "oauth_token", ["grant_id"], unique=False)


def _create_order_checkout() -> None:
    op.create_table(
        "order_checkout",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("shipping_address", sa.Text(), nullable=False),
        sa.Column("billing_address", sa.Text(), nullable=False),
        sa.Column("payment_method", sa.String(40), nullable=False),
        sa.Column("shipping_method", sa.String(40), nullable=False),
        sa.Column("shipping_minor", sa.Integer(), nullable=False),
        sa.Column("tax_minor", sa.Integer(), nullable=False),
        sa.Column("discount_minor", sa.Integer(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "order_id", name=op.f("pk_order_checkout")),
        sa.ForeignKeyConstraint(
            ["organization_id", "order_id"],
            ["sales_order.organization_id", "sales_order.id"],
            name=op.f("fk_order_checkout_sales_order_order_id"),
        ),
        sa.CheckConstraint(
            "shipping_minor >= 0 AND tax_minor >= 0 AND discount_minor >= 0",
            name=op.f("ck_order_checkout_amounts_not_negative"),
        ),
    )


def _create_order_history() -> None:
    op.create_table(
        "order_history",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("actor_id", sa.String(60), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_order_history")),
        sa.ForeignKeyConstraint(
            ["organization_id", "order_id"],
            ["sales_order.organization_id", "sales_order.id"],
            name=op.f("fk_order_history_sales_order_order_id"),
        ),
    )
    op.create_index(
        op.f("ix_order_history_order_id_id"), "order_history", ["organization_id", "order_id", "id"], unique=False
    )


def _create_order_sale() -> None:
    op.create_table(
        "order_sale",
        sa.Column("key", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("customer_id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("state", sa.String(120), nullable=False),
        sa.Column("region", sa.String(20), nullable=False),
        sa.Column("payment_method", sa.String(40), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("revenue", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("shipping", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("shipped", sa.BigInteger(), nullable=False),
        sa.Column("shipped_revenue", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_order_sale")),
        sa.ForeignKeyConstraint(
            ["organization_id", "order_id"],
            ["sales_order.organization_id", "sales_order.id"],
            name=op.f("fk_order_sale_sales_order_order_id"),
        ),
        sa.UniqueConstraint("organization_id", "order_id", name=op.f("uq_order_sale_organization_id_order_id")),
    )
    op.create_index(
        op.f("ix_order_sale_currency_day"), "order_sale", ["organization_id", "currency", "day"], unique=False
    )
    op.create_index(op.f("ix_order_sale_customer_id"), "order_sale", ["organization_id", "customer_id"], unique=False)


def _create_product_image() -> None:
    op.create_table(
        "product_image",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("product_id", sa.String(40), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("alt", sa.String(255), nullable=False),
        sa.Column("source_url", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_product_image")),
        sa.ForeignKeyConstraint(
            ["organization_id", "product_id"],
            ["product.organization_id", "product.id"],
            name=op.f("fk_product_image_product_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_product_image_variant_variant_id"),
        ),
        sa.CheckConstraint("width > 0 AND height > 0", name=op.f("ck_product_image_has_pixels")),
        sa.CheckConstraint("position >= 0", name=op.f("ck_product_image_position_not_negative")),
    )
    op.create_index(
        op.f("ix_product_image_product_id_position"),
        "product_image",
        ["organization_id", "product_id", "position"],
        unique=False,
    )
    op.create_index(
        op.f("ix_product_image_variant_id"), "product_image", ["organization_id", "variant_id"], unique=False
    )


def _create_shipment() -> None:
    op.create_table(
        "shipment",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("carrier", sa.String(20), nullable=False),
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("ship_from", sa.Text(), nullable=False),
        sa.Column("ship_to", sa.Text(), nullable=False),
        sa.Column("insurance_minor", sa.Integer(), nullable=True),
        sa.Column("is_signature_required", sa.Boolean(), nullable=False),
        sa.Column("cost_minor", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("estimated_on", sa.Date(), nullable=True),
        sa.Column("connector_reference", sa.String(120), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_shipment")),
        sa.ForeignKeyConstraint(
            ["organization_id", "order_id"],
            ["sales_order.organization_id", "sales_order.id"],
            name=op.f("fk_shipment_sales_order_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "site_id"], ["site.organization_id", "site.id"], name=op.f("fk_shipment_site_site_id")
        ),
        sa.CheckConstraint(
            "status IN ('packing', 'created', 'in_transit', 'out_for_delivery', 'delivered', 'exception', 'cancelled')",
            name=op.f("ck_shipment_status_known"),
        ),
    )
    op.create_index(
        op.f("ix_shipment_created_at_id"), "shipment", ["organization_id", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_shipment_order_id"), "shipment", ["organization_id", "order_id"], unique=False)
    op.create_index(op.f("ix_shipment_status_id"), "shipment", ["organization_id", "status", "id"], unique=False)


def _create_stock_alert() -> None:
    op.create_table(
        "stock_alert",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("site_id", sa.String(40), nullable=False),
        sa.Column("is_reordering", sa.Boolean(), nullable=False),
        sa.Column("notify", sa.Text(), nullable=False),
        sa.Column("after_event", sa.BigInteger(), nullable=False),
        sa.Column("last_order_id", sa.String(40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_stock_alert")),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_stock_alert_variant_variant_id"),
        ),
        sa.UniqueConstraint(
            "organization_id", "variant_id", "site_id", name=op.f("uq_stock_alert_organization_id_variant_id_site_id")
        ),
    )


def _create_variant_offer() -> None:
    op.create_table(
        "variant_offer",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("has_own_price", sa.Boolean(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("status_before", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "variant_id", name=op.f("pk_variant_offer")),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_variant_offer_variant_variant_id"),
        ),
    )


def _create_shipment_package() -> None:
    op.create_table(
        "shipment_package",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("shipment_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tracking_number", sa.String(60), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=True),
        sa.Column("weight_unit", sa.String(2), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=True),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("size_unit", sa.String(2), nullable=False),
        sa.Column("plate_id", sa.String(40), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_shipment_package")),
        sa.ForeignKeyConstraint(
            ["organization_id", "shipment_id"],
            ["shipment.organization_id", "shipment.id"],
            name=op.f("fk_shipment_package_shipment_shipment_id"),
        ),
        sa.CheckConstraint(
            "weight > 0 AND length > 0 AND width > 0 AND height > 0", name=op.f("ck_shipment_package_measures_positive")
        ),
        sa.CheckConstraint("size_unit IN ('cm', 'in')", name=op.f("ck_shipment_package_size_unit_known")),
        sa.CheckConstraint(
            "weight_unit IN ('g', 'kg', 'oz', 'lb')", name=op.f("ck_shipment_package_weight_unit_known")
        ),
    )
    op.create_index(
        op.f("ix_shipment_package_shipment_id_position"),
        "shipment_package",
        ["organization_id", "shipment_id", "position"],
        unique=False,
    )
    op.create_index(
        op.f("ix_shipment_package_tracking_number"),
        "shipment_package",
        ["organization_id", "tracking_number"],
        unique=False,
    )


def _create_tracking_event() -> None:
    op.create_table(
        "tracking_event",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("shipment_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("location", sa.String(120), nullable=False),
        sa.Column("description", sa.String(255), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_tracking_event")),
        sa.ForeignKeyConstraint(
            ["organization_id", "shipment_id"],
            ["shipment.organization_id", "shipment.id"],
            name=op.f("fk_tracking_event_shipment_shipment_id"),
        ),
    )
    op.create_index(
        op.f("ix_tracking_event_shipment_id_happened_at_id"),
        "tracking_event",
        ["organization_id", "shipment_id", "happened_at", "id"],
        unique=False,
    )


def _create_shipment_content() -> None:
    op.create_table(
        "shipment_content",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("package_id", sa.String(40), nullable=False),
        sa.Column("order_line_id", sa.String(40), nullable=False),
        sa.Column("variant_id", sa.String(40), nullable=False),
        sa.Column("lot_id", sa.String(40), nullable=False),
        sa.Column("serial", sa.String(60), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_shipment_content")),
        sa.ForeignKeyConstraint(
            ["organization_id", "order_line_id"],
            ["sales_order_line.organization_id", "sales_order_line.id"],
            name=op.f("fk_shipment_content_sales_order_line_order_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "package_id"],
            ["shipment_package.organization_id", "shipment_package.id"],
            name=op.f("fk_shipment_content_shipment_package_package_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "variant_id"],
            ["variant.organization_id", "variant.id"],
            name=op.f("fk_shipment_content_variant_variant_id"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_shipment_content_quantity_positive")),
    )
    op.create_index(
        op.f("ix_shipment_content_order_line_id"),
        "shipment_content",
        ["organization_id", "order_line_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_shipment_content_package_id"), "shipment_content", ["organization_id", "package_id"], unique=False
    )


def _extend_earlier_tables() -> None:
    op.add_column("organization", sa.Column("allowed_networks", sa.Text(), nullable=True))
    op.add_column("sales_order", sa.Column("customer_id", sa.String(40), nullable=False, server_default=""))
    op.add_column("sales_order", sa.Column("channel", sa.String(40), nullable=False, server_default=""))
    op.add_column("sales_order", sa.Column("ship_country", sa.String(2), nullable=False, server_default=""))
    op.add_column("sales_order", sa.Column("ship_state", sa.String(120), nullable=False, server_default=""))
    op.add_column("sales_order", sa.Column("payment_status", sa.String(20), nullable=False, server_default="pending"))
    op.add_column(
        "sales_order", sa.Column("fulfillment_status", sa.String(20), nullable=False, server_default="unfulfilled")
    )
    op.create_index(
        op.f("ix_sales_order_created_at_id"), "sales_order", ["organization_id", "created_at", "id"], unique=False
    )
    op.create_index(
        op.f("ix_sales_order_customer_id_created_at"),
        "sales_order",
        ["organization_id", "customer_id", "created_at"],
        unique=False,
    )


def _tell_what_has_left() -> None:
    """Orders that were made before say what of them has left the site."""
    op.execute(_FULFILLED)
    op.execute(_PARTIAL)


_FULFILLED = "UPDATE sales_order SET fulfillment_status = 'fulfilled' WHERE status IN ('shipped', 'delivered')"
_PARTIAL = """
    UPDATE sales_order SET fulfillment_status = 'partial'
    WHERE status NOT IN ('shipped', 'delivered') AND EXISTS (
        SELECT 1 FROM sales_order_line
        WHERE sales_order_line.organization_id = sales_order.organization_id
        AND sales_order_line.sales_order_id = sales_order.id AND sales_order_line.fulfilled > 0
    )
"""


def _record_what_was_sold() -> None:
    """Orders that were made before are counted."""
    day = "(sales_order.created_at / 86400000000) * 86400"
    on_sqlite = f"CAST(strftime('%Y%m', {day}, 'unixepoch') AS INTEGER)"
    on_postgresql = f"CAST(to_char(to_timestamp({day}.0) AT TIME ZONE 'UTC', 'YYYYMM') AS INTEGER)"
    month = on_postgresql if op.get_bind().dialect.name == "postgresql" else on_sqlite
    op.execute(sa.text(_SOLD_ORDERS.replace("MONTH_OF_ORDER", month)))
    op.execute(sa.text(_SOLD_ITEMS))
    op.execute(sa.text(_SOLD_SUMS))


_SOLD_ORDERS = """
    INSERT INTO order_sale (organization_id, order_id, day, month, currency, customer_id, site_id, channel,
    country, state, region, payment_method, discount, shipping, tax, refunded, units, revenue, shipped,
    shipped_revenue, cost, returned) SELECT sales_order.organization_id, sales_order.id AS order_id,
    sales_order.created_at / 86400000000 AS day, MONTH_OF_ORDER AS month, sales_order.currency,
    sales_order.customer_id, sales_order.site_id, sales_order.channel, sales_order.ship_country AS country,
    sales_order.ship_state AS state, CASE WHEN (sales_order.ship_country IN ('BM', 'CA', 'GL', 'MX', 'PM', 'US'))
    THEN 'north_america' WHEN (sales_order.ship_country IN ('AG', 'AI', 'AR', 'AW', 'BB', 'BL', 'BO', 'BQ', 'BR',
    'BS', 'BV', 'BZ', 'CL', 'CO', 'CR', 'CU', 'CW', 'DM', 'DO', 'EC', 'FK', 'GD', 'GF', 'GP', 'GS', 'GT', 'GY',
    'HN', 'HT', 'JM', 'KN', 'KY', 'LC', 'MF', 'MQ', 'MS', 'NI', 'PA', 'PE', 'PR', 'PY', 'SR', 'SV', 'SX', 'TC',
    'TT', 'UY', 'VC', 'VE', 'VG', 'VI')) THEN 'latin_america' WHEN (sales_order.ship_country IN ('AD', 'AL', 'AT',
    'AX', 'BA', 'BE', 'BG', 'BY', 'CH', 'CY', 'CZ', 'DE', 'DK', 'EE', 'ES', 'FI', 'FO', 'FR', 'GB', 'GG', 'GI',
    'GR', 'HR', 'HU', 'IE', 'IM', 'IS', 'IT', 'JE', 'LI', 'LT', 'LU', 'LV', 'MC', 'MD', 'ME', 'MK', 'MT', 'NL',
    'NO', 'PL', 'PT', 'RO', 'RS', 'RU', 'SE', 'SI', 'SJ', 'SK', 'SM', 'UA', 'VA', 'XK')) THEN 'europe' WHEN
    (sales_order.ship_country IN ('AE', 'BH', 'IL', 'IQ', 'IR', 'JO', 'KW', 'LB', 'OM', 'PS', 'QA', 'SA', 'SY',
    'TR', 'YE')) THEN 'middle_east' WHEN (sales_order.ship_country IN ('AO', 'BF', 'BI', 'BJ', 'BW', 'CD', 'CF',
    'CG', 'CI', 'CM', 'CV', 'DJ', 'DZ', 'EG', 'EH', 'ER', 'ET', 'GA', 'GH', 'GM', 'GN', 'GQ', 'GW', 'KE', 'KM',
    'LR', 'LS', 'LY', 'MA', 'MG', 'ML', 'MR', 'MU', 'MW', 'MZ', 'NA', 'NE', 'NG', 'RE', 'RW', 'SC', 'SD', 'SH',
    'SL', 'SN', 'SO', 'SS', 'ST', 'SZ', 'TD', 'TF', 'TG', 'TN', 'TZ', 'UG', 'YT', 'ZA', 'ZM', 'ZW')) THEN 'africa'
    WHEN (sales_order.ship_country IN ('AF', 'AM', 'AZ', 'BD', 'BN', 'BT', 'CC', 'CN', 'CX', 'GE', 'HK', 'ID',
    'IN', 'IO', 'JP', 'KG', 'KH', 'KP', 'KR', 'KZ', 'LA', 'LK', 'MM', 'MN', 'MO', 'MV', 'MY', 'NP', 'PH', 'PK',
    'SG', 'TH', 'TJ', 'TL', 'TM', 'TW', 'UZ', 'VN')) THEN 'asia' WHEN (sales_order.ship_country IN ('AS', 'AU',
    'CK', 'FJ', 'FM', 'GU', 'HM', 'KI', 'MH', 'MP', 'NC', 'NF', 'NR', 'NU', 'NZ', 'PF', 'PG', 'PN', 'PW', 'SB',
    'TK', 'TO', 'TV', 'UM', 'VU', 'WF', 'WS')) THEN 'oceania' ELSE 'unknown' END AS region,
    coalesce(order_checkout.payment_method, '') AS payment_method, coalesce(order_checkout.discount_minor, 0) AS
    discount, coalesce(order_checkout.shipping_minor, 0) AS shipping, coalesce(order_checkout.tax_minor, 0) AS
    tax, coalesce(refunds.refunded, 0) AS refunded, 0 AS units, 0 AS revenue, 0 AS shipped, 0 AS shipped_revenue,
    0 AS cost, 0 AS returned FROM sales_order LEFT OUTER JOIN order_checkout ON order_checkout.organization_id =
    sales_order.organization_id AND order_checkout.order_id = sales_order.id LEFT OUTER JOIN (SELECT
    refund.organization_id AS organization_id, refund.order_id AS order_id, refund.currency AS currency,
    CAST(coalesce(sum(refund.amount), 0) AS BIGINT) AS refunded FROM refund WHERE refund.organization_id IS NOT
    NULL AND refund.status != 'failed' GROUP BY refund.organization_id, refund.order_id, refund.currency) AS
    refunds ON refunds.organization_id = sales_order.organization_id AND refunds.order_id = sales_order.id AND
    refunds.currency = sales_order.currency WHERE sales_order.organization_id IS NOT NULL AND (sales_order.status
    NOT IN ('draft', 'cancelled'))
"""

_SOLD_ITEMS = """
    INSERT INTO item_sale (organization_id, order_key, variant_id, units, revenue, discount, refunded, shipped,
    shipped_revenue, cost, returned) SELECT shared.organization_id, shared.key AS order_key, shared.variant_id,
    shared.units, shared.revenue, shared.discount_upto - shared.discount_before AS discount, shared.refunded_upto
    - shared.refunded_before AS refunded, shared.shipped, CASE WHEN (shared.costed = 0) THEN 0 WHEN (shared.costed
    >= shared.units) THEN shared.revenue - (shared.discount_upto - shared.discount_before) ELSE ((shared.revenue -
    (shared.discount_upto - shared.discount_before)) * CASE WHEN (shared.costed >= shared.units) THEN 1000000 WHEN
    (shared.units >= 1000000000000) THEN shared.costed / (shared.units / 1000000) ELSE (shared.costed * 1000000) /
    shared.units END) / 1000000 END AS shipped_revenue, shared.cost, shared.returned FROM (SELECT
    placed.organization_id AS organization_id, placed.order_id AS order_id, placed.variant_id AS variant_id,
    placed.units AS units, placed.revenue AS revenue, placed.shipped AS shipped, placed.costed AS costed,
    placed.cost AS cost, placed.returned AS returned, placed.key AS key, placed.discount AS discount,
    placed.refunded AS refunded, placed.position AS position, placed.items AS items, placed.running AS running,
    placed.whole AS whole, CASE WHEN (placed.position = placed.items) THEN placed.discount ELSE CASE WHEN
    (placed.whole = 0) THEN 0 WHEN (placed.discount <= 3000000000 AND placed.whole <= 3000000000) THEN
    (placed.discount * placed.running) / placed.whole WHEN (placed.whole <= 9000000000000) THEN (placed.discount *
    ((placed.running * 1000000) / placed.whole)) / 1000000 ELSE (placed.discount * (placed.running / (placed.whole
    / 1000000))) / 1000000 END END AS discount_upto, CASE WHEN (placed.whole = 0) THEN 0 WHEN (placed.discount <=
    3000000000 AND placed.whole <= 3000000000) THEN (placed.discount * (placed.running - placed.revenue)) /
    placed.whole WHEN (placed.whole <= 9000000000000) THEN (placed.discount * (((placed.running - placed.revenue)
    * 1000000) / placed.whole)) / 1000000 ELSE (placed.discount * ((placed.running - placed.revenue) /
    (placed.whole / 1000000))) / 1000000 END AS discount_before, CASE WHEN (placed.position = placed.items) THEN
    placed.refunded ELSE CASE WHEN (placed.whole = 0) THEN 0 WHEN (placed.refunded <= 3000000000 AND placed.whole
    <= 3000000000) THEN (placed.refunded * placed.running) / placed.whole WHEN (placed.whole <= 9000000000000)
    THEN (placed.refunded * ((placed.running * 1000000) / placed.whole)) / 1000000 ELSE (placed.refunded *
    (placed.running / (placed.whole / 1000000))) / 1000000 END END AS refunded_upto, CASE WHEN (placed.whole = 0)
    THEN 0 WHEN (placed.refunded <= 3000000000 AND placed.whole <= 3000000000) THEN (placed.refunded *
    (placed.running - placed.revenue)) / placed.whole WHEN (placed.whole <= 9000000000000) THEN (placed.refunded *
    (((placed.running - placed.revenue) * 1000000) / placed.whole)) / 1000000 ELSE (placed.refunded *
    ((placed.running - placed.revenue) / (placed.whole / 1000000))) / 1000000 END AS refunded_before FROM (SELECT
    bought.organization_id AS organization_id, bought.order_id AS order_id, bought.variant_id AS variant_id,
    bought.units AS units, bought.revenue AS revenue, bought.shipped AS shipped, bought.costed AS costed,
    bought.cost AS cost, bought.returned AS returned, order_sale.key AS key, order_sale.discount AS discount,
    order_sale.refunded AS refunded, row_number() OVER (PARTITION BY bought.organization_id, bought.order_id ORDER
    BY bought.variant_id) AS position, count(*) OVER (PARTITION BY bought.organization_id, bought.order_id) AS
    items, CAST(sum(bought.revenue) OVER (PARTITION BY bought.organization_id, bought.order_id ORDER BY
    bought.variant_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS running,
    CAST(sum(bought.revenue) OVER (PARTITION BY bought.organization_id, bought.order_id) AS BIGINT) AS whole FROM
    (SELECT happened.organization_id AS organization_id, happened.order_id AS order_id, happened.variant_id AS
    variant_id, CAST(sum(happened.units) AS BIGINT) AS units, CAST(sum(happened.revenue) AS BIGINT) AS revenue,
    CAST(sum(happened.shipped) AS BIGINT) AS shipped, CAST(sum(happened.costed) AS BIGINT) AS costed,
    CAST(sum(happened.cost) AS BIGINT) AS cost, CAST(sum(happened.returned) AS BIGINT) AS returned FROM (SELECT
    sales_order_line.organization_id AS organization_id, sales_order_line.sales_order_id AS order_id,
    sales_order_line.variant_id AS variant_id, sales_order_line.quantity AS units, CASE WHEN
    (sales_order_line.price_minor IS NULL) THEN 0 WHEN (sales_order_line.price_minor > 0 AND
    sales_order_line.quantity > FLOOR(9000000000000000000 / nullif(sales_order_line.price_minor, 0))) THEN
    9000000000000 ELSE (sales_order_line.price_minor * sales_order_line.quantity + 500000) / 1000000 END AS
    revenue, sales_order_line.fulfilled AS shipped, CASE WHEN (costs.moves = costs.costed_moves AND
    sales_order_line.fulfilled > 0) THEN sales_order_line.fulfilled ELSE 0 END AS costed, CASE WHEN (costs.moves =
    costs.costed_moves AND sales_order_line.fulfilled > 0) THEN costs.cost ELSE 0 END AS cost, 0 AS returned FROM
    sales_order_line LEFT OUTER JOIN (SELECT stock_move.organization_id AS organization_id,
    stock_move.origin_line_id AS line_id, CAST(coalesce(sum(CASE WHEN (stock_move.destination_site_id = '') THEN
    CASE WHEN (stock_move.unit_cost > 9000000000000000000 / (stock_move.quantity / 1000000 + 1)) THEN
    9000000000000000000 WHEN (stock_move.unit_cost > 9000000000000) THEN (stock_move.quantity / 1000000) *
    stock_move.unit_cost ELSE (stock_move.quantity / 1000000) * stock_move.unit_cost + ((stock_move.quantity %
    1000000) * stock_move.unit_cost + 500000) / 1000000 END ELSE -CASE WHEN (stock_move.unit_cost >
    9000000000000000000 / (stock_move.quantity / 1000000 + 1)) THEN 9000000000000000000 WHEN (stock_move.unit_cost
    > 9000000000000) THEN (stock_move.quantity / 1000000) * stock_move.unit_cost ELSE (stock_move.quantity /
    1000000) * stock_move.unit_cost + ((stock_move.quantity % 1000000) * stock_move.unit_cost + 500000) / 1000000
    END END), 0) AS BIGINT) AS cost, count(*) AS moves, count(stock_move.unit_cost) AS costed_moves FROM
    stock_move WHERE stock_move.organization_id IS NOT NULL AND stock_move.origin_id != '' AND
    stock_move.origin_kind = 'sales_order' AND stock_move.kind IN ('order_fulfilled', 'reversal') AND
    (stock_move.source_site_id = '') != (stock_move.destination_site_id = '') GROUP BY stock_move.organization_id,
    stock_move.origin_line_id) AS costs ON costs.organization_id = sales_order_line.organization_id AND
    costs.line_id = sales_order_line.id WHERE sales_order_line.organization_id IS NOT NULL UNION ALL SELECT
    return_authorization.organization_id AS organization_id, return_authorization.order_id AS order_id,
    return_line.variant_id AS variant_id, 0 AS units, 0 AS revenue, 0 AS shipped, 0 AS costed, 0 AS cost,
    return_line.sellable + return_line.damaged + return_line.discarded AS returned FROM return_authorization JOIN
    return_line ON return_line.organization_id = return_authorization.organization_id AND
    return_line.return_authorization_id = return_authorization.id WHERE return_authorization.organization_id IS
    NOT NULL AND return_line.sellable + return_line.damaged + return_line.discarded > 0) AS happened GROUP BY
    happened.organization_id, happened.order_id, happened.variant_id) AS bought JOIN order_sale ON
    order_sale.organization_id = bought.organization_id AND order_sale.order_id = bought.order_id WHERE
    order_sale.organization_id IS NOT NULL) AS placed) AS shared
"""

_SOLD_SUMS = """
    UPDATE order_sale SET units=added.units, revenue=added.revenue, shipped=added.shipped,
    shipped_revenue=added.shipped_revenue, cost=added.cost, returned=added.returned FROM (SELECT
    item_sale.organization_id AS organization_id, item_sale.order_key AS order_key, CAST(sum(item_sale.units) AS
    BIGINT) AS units, CAST(sum(item_sale.revenue) AS BIGINT) AS revenue, CAST(sum(item_sale.shipped) AS BIGINT) AS
    shipped, CAST(sum(item_sale.shipped_revenue) AS BIGINT) AS shipped_revenue, CAST(sum(item_sale.cost) AS
    BIGINT) AS cost, CAST(sum(item_sale.returned) AS BIGINT) AS returned FROM item_sale WHERE
    item_sale.organization_id IS NOT NULL GROUP BY item_sale.organization_id, item_sale.order_key) AS added WHERE
    order_sale.organization_id IS NOT NULL AND order_sale.organization_id = added.organization_id AND
    order_sale.key = added.order_key
"""


def _let_words_go() -> None:
    """What was said of an act may be erased for a person's sake; that it was done, by whom and when, never."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_entry_is_append_only ON audit_entry")
        op.execute(
            "CREATE TRIGGER audit_entry_is_append_only BEFORE TRUNCATE ON audit_entry "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER audit_entry_refuses_update BEFORE UPDATE ON audit_entry FOR EACH ROW WHEN ({_IS_CHANGED}) "
            "EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute("DROP TRIGGER audit_entry_refuses_update")
        op.execute(
            f"CREATE TRIGGER audit_entry_refuses_update BEFORE UPDATE ON audit_entry WHEN {_IS_CHANGED} "
            "BEGIN SELECT RAISE(ABORT, 'audit_entry rows are only ever added'); END"
        )


def _keep_words_for_ever() -> None:
    """As it was before."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_entry_refuses_update ON audit_entry")
        op.execute("DROP TRIGGER audit_entry_is_append_only ON audit_entry")
        op.execute(
            "CREATE TRIGGER audit_entry_is_append_only BEFORE UPDATE OR TRUNCATE ON audit_entry "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute("DROP TRIGGER audit_entry_refuses_update")
        op.execute(
            "CREATE TRIGGER audit_entry_refuses_update BEFORE UPDATE ON audit_entry "
            "BEGIN SELECT RAISE(ABORT, 'audit_entry rows are only ever added'); END"
        )


_IS_CHANGED = (
    "NEW.details <> '{}' OR NEW.id <> OLD.id OR NEW.organization_id <> OLD.organization_id OR NEW.at <> OLD.at "
    "OR NEW.actor_id <> OLD.actor_id OR NEW.actor_name <> OLD.actor_name OR NEW.station <> OLD.station "
    "OR NEW.act <> OLD.act OR NEW.subject <> OLD.subject OR NEW.request_id <> OLD.request_id"
)
