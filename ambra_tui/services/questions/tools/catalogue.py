"""Who and what: products and their codes, suppliers, recipes, production."""

from __future__ import annotations

from typing import ClassVar, Literal

from sqlalchemy import func
from sqlmodel import Session, col, select

from ambra_tui.kit.money import to_major
from ambra_tui.services.catalog import barcodes_of, match_text, search
from ambra_tui.services.insights import read_insights
from ambra_tui.services.questions.tool import Found, InPeriod, Limited, Parameters, Row, Tool, number
from ambra_tui.services.questions.tools._documents import document_named, in_state
from ambra_tui.services.questions.tools._shared import (
    asked_for,
    counted,
    day,
    joined,
    names_of,
    own,
    site_codes,
    site_id_named,
    total_of,
    variant_named,
    within,
)
from ambra_tui.store.models import (
    ProductionBatch,
    ProductionInput,
    PurchaseOrder,
    PurchaseOrderLine,
    Recipe,
    RecipeIngredient,
    Supplier,
    Variant,
)


class Lookup(Limited):
    """A product by SKU or barcode, or words of its name."""

    sku: str | None = None
    barcode: str | None = None
    text: str | None = None


class Suppliers(Limited):
    """`sku`: who supplied it so far."""

    supplier: str | None = None
    sku: str | None = None


class Batches(InPeriod):
    """Production batches."""

    statuses: ClassVar[tuple[str, ...]] = ("in_progress", "planned", "completed", "cancelled", "open")
    status: Literal["planned", "in_progress", "completed", "cancelled", "open"] | None = None
    sku: str | None = None
    location: str | None = None


class BatchDetail(Parameters):
    """`batch`: its number."""

    batch: str


class RecipeOf(Parameters):
    """What a product is made of."""

    sku: str


class Insights(Limited):
    """Of everything, or of a site."""

    location: str | None = None


def product_lookup(session: Session, asked: Lookup) -> Found:
    """Products with their codes."""
    variants: list[Variant] = []
    if asked.sku:
        variants = [found for found in [variant_named(session, asked.sku)] if found]
    elif asked.barcode:
        match = match_text(session, asked.barcode)
        variants = [match.variant] if match else []
    elif asked.text:
        variants = search(session, asked.text, limit=asked.rows)
    rows: list[Row] = [
        {
            "sku": variant.sku, "name": variant.name, "unit": variant.unit_of_measure, "status": variant.status,
            "barcodes": ", ".join(code.code for code in barcodes_of(session, variant.id)[:5]),
            "price": _money(variant.price_minor, variant.currency),
            "cost": _money(variant.cost_minor, variant.currency), "currency": variant.currency,
        }
        for variant in variants
    ]  # fmt: skip
    return Found(rows)


def _money(minor: int | None, currency: str) -> float | None:
    return None if minor is None else float(to_major(minor, currency))


def suppliers(session: Session, asked: Suppliers) -> Found:
    """Suppliers with their open orders; of one product: who it was bought of."""
    statement = select(Supplier).where(own(session, Supplier))
    if asked.supplier:
        statement = statement.where(col(Supplier.name) == asked.supplier)
    variant = variant_named(session, asked.sku)
    if variant is not None:
        bought = (
            select(PurchaseOrder.supplier_id)
            .join(PurchaseOrderLine, col(PurchaseOrderLine.purchase_order_id) == col(PurchaseOrder.id))
            .where(own(session, PurchaseOrder), own(session, PurchaseOrderLine))
            .where(col(PurchaseOrderLine.variant_id) == variant.id)
        )
        statement = statement.where(col(Supplier.id).in_(bought))
    page = list(session.exec(statement.order_by(col(Supplier.name), col(Supplier.id)).limit(asked.rows)))
    due = _open_orders(session, [row.id for row in page])
    rows: list[Row] = [
        {
            "supplier": row.name, "code": row.code, "email": row.email, "phone": row.phone,
            "lead_time_days": row.lead_time_days, "open_orders": due.get(row.id, 0),
        }
        for row in page
    ]  # fmt: skip
    return Found(rows, counted(session, statement))


def _open_orders(session: Session, ids: list[str]) -> dict[str, int]:
    if not ids:
        return {}
    statement = (
        select(PurchaseOrder.supplier_id, func.count())
        .where(own(session, PurchaseOrder), col(PurchaseOrder.supplier_id).in_(ids))
        .where(col(PurchaseOrder.status).in_(("ordered", "partially_received")))
        .group_by(col(PurchaseOrder.supplier_id))
    )
    return {row[0]: row[1] for row in session.connection().execute(statement)}


def production_batches(session: Session, asked: Batches) -> Found:
    """Production batches, newest first."""
    moment = func.coalesce(ProductionBatch.completed_at, ProductionBatch.started_at, ProductionBatch.created_at)
    statement = select(ProductionBatch).where(own(session, ProductionBatch), *within(moment, asked, session))
    variant, site_id = variant_named(session, asked.sku), site_id_named(session, asked.location)
    statement = statement.where(
        *in_state(ProductionBatch.status, asked.status, ("planned", "in_progress")),
        *asked_for((ProductionBatch.output_variant_id, variant and variant.id), (ProductionBatch.site_id, site_id)),
    )
    codes = site_codes(session)
    page = list(session.exec(statement.order_by(col(ProductionBatch.id).desc()).limit(asked.rows)))
    names = names_of(session, {row.output_variant_id for row in page})
    rows: list[Row] = [
        {
            "batch": row.number, "status": row.status, "sku": names[row.output_variant_id][0],
            "name": names[row.output_variant_id][1], "location": codes[row.site_id],
            "planned": number(row.planned_quantity), "produced": number(row.actual_quantity_produced),
            "started": day(row.started_at), "completed": day(row.completed_at),
        }
        for row in page
    ]  # fmt: skip
    return Found(rows, counted(session, statement))


def production_batch_detail(session: Session, asked: BatchDetail) -> Found:
    """One production batch and what it takes."""
    batch = document_named(session, ProductionBatch, asked.batch, "production_batch")
    statement = (
        select(ProductionInput, Variant)
        .join(Variant, joined(session, Variant, col(ProductionInput.variant_id)))
        .where(own(session, ProductionInput), own(session, Variant))
        .where(col(ProductionInput.production_batch_id) == batch.id)
        .order_by(col(ProductionInput.position))
    )
    rows: list[Row] = [
        {
            "sku": item.sku, "name": item.name, "planned": number(line.planned_quantity),
            "used": number(line.actual_quantity), "waste": number(line.waste_quantity),
        }
        for line, item in session.exec(statement)
    ]  # fmt: skip
    made = names_of(session, {batch.output_variant_id})[batch.output_variant_id]
    facts = {
        "batch": batch.number, "status": batch.status, "sku": made[0], "name": made[1],
        "planned": number(batch.planned_quantity), "produced": number(batch.actual_quantity_produced) or 0,
    }  # fmt: skip
    return Found(rows, facts=facts)


def recipe(session: Session, asked: RecipeOf) -> Found:
    """Ingredients of a product, by recipe."""
    variant = variant_named(session, asked.sku)
    assert variant is not None
    statement = (
        select(Recipe, RecipeIngredient, Variant)
        .join(RecipeIngredient, col(RecipeIngredient.recipe_id) == col(Recipe.id))
        .join(Variant, joined(session, Variant, col(RecipeIngredient.variant_id)))
        .where(own(session, Recipe), own(session, RecipeIngredient), own(session, Variant))
        .where(col(Recipe.output_variant_id) == variant.id, col(Recipe.status) == "active")
        .order_by(col(Recipe.id), col(RecipeIngredient.position))
    )
    rows: list[Row] = [
        {
            "recipe": made.number, "makes": number(made.output_quantity), "sku": item.sku, "name": item.name,
            "quantity": number(line.quantity),
        }
        for made, line, item in session.exec(statement)
    ]  # fmt: skip
    return Found(rows, facts={"sku": variant.sku, "name": variant.name, "quantity": total_of(rows, "quantity")})


def insights(session: Session, asked: Insights) -> Found:
    """What needs attention, the most severe first."""
    found, total = read_insights(session, site_id=site_id_named(session, asked.location), limit=asked.rows)
    rows: list[Row] = [
        {
            "severity": one.severity,
            "type": one.type,
            "sku": one.sku,
            "location": one.site_code,
            "message": one.message(),
        }
        for one in found
    ]
    return Found(rows, total)


_API = "/api/v1"
TOOLS = (
    Tool(
        "product_lookup",
        "A product by SKU, barcode or words of its name",
        Lookup,
        product_lookup,
        f"{_API}/products",
        resource="products",
    ),
    Tool(
        "suppliers",
        "Suppliers; who supplied a product",
        Suppliers,
        suppliers,
        f"{_API}/suppliers",
        resource="suppliers",
    ),
    Tool(
        "production_batches",
        "Production batches",
        Batches,
        production_batches,
        f"{_API}/production_batches",
        module="manufacturing",
        resource="production_batches",
    ),
    Tool(
        "production_batch_detail",
        "One production batch and what it takes",
        BatchDetail,
        production_batch_detail,
        f"{_API}/production_batches/:id",
        module="manufacturing",
        resource="production_batches",
    ),
    Tool(
        "recipe",
        "What a product is made of",
        RecipeOf,
        recipe,
        f"{_API}/recipes",
        module="manufacturing",
        resource="recipes",
    ),
    Tool("insights", "What needs attention", Insights, insights, f"{_API}/ai/insights", resource="ai"),
)
