"""What a sample bakes: its recipes, three days of its past on which flour became dough and dough became bread, and the
batches that wait today.

`recipes.csv` has a row for each ingredient: ``number``, ``name``, ``output``, ``output_quantity``, ``shelf_life_days``,
``ingredient``, ``quantity``.

Example::

    bake(session, date(2026, 1, 30), days_ago=31)      # nothing: 31 is no baking day
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from sqlmodel import Session

from ambra_tui.errors import NotFound
from ambra_tui.kit.money import COST_SCALE
from ambra_tui.services import catalog, orders, places, production, purchasing, suppliers
from ambra_tui.services.production import ActualInput, Completion, NewIngredient
from ambra_tui.store.models import Site

DAYS_AGO = (61, 33, 1)
DOUGH, BREAD = "RCP-1001", "RCP-1002"
BOUGHT = (("FLOUR-1", 25), ("SUGAR-1", 2), ("BUTTER-250", 3))
DOUGH_BIN, BREAD_BIN = "G01-2", "G02-1"
KEEPS_DAYS = 200


def add_recipe(session: Session, rows: Sequence[dict[str, str]]) -> None:
    """The recipe of rows with one number; one that is there is left alone."""
    head = rows[0]
    if production.find_recipe(session, head["number"]) is not None:
        return
    production.create_recipe(
        session,
        name=head["name"],
        output_variant_id=catalog.variant_by_sku(session, head["output"]).id,
        output_quantity=Decimal(head["output_quantity"]),
        ingredients=[
            NewIngredient(catalog.variant_by_sku(session, row["ingredient"]).id, Decimal(row["quantity"]))
            for row in rows
        ],
        number=head["number"],
        shelf_life_days=int(head["shelf_life_days"]),
    )


def bake(session: Session, day: date, *, days_ago: int) -> None:
    """A baking day: what is needed comes in, becomes dough and bread, and is sold but for what is left of the last."""
    if days_ago not in DAYS_AGO or production.find_recipe(session, BREAD) is None:
        return
    site = places.site_by_code(session, "WH1")
    _buy(session, site, day)
    _make(session, site, DOUGH, Decimal(40), number=f"PB-{day:%y%m%d}-1", location=DOUGH_BIN)
    is_last = days_ago == min(DAYS_AGO)
    made = Decimal(36) if is_last else Decimal(35)
    lost = Decimal(0) if is_last else Decimal(1)
    planned, number = Decimal(36), f"PB-{day:%y%m%d}-2"
    _make(session, site, BREAD, planned, number=number, location=BREAD_BIN, made=made, lost=lost)
    _sell(session, site, day, (("BREAD-750", 20),) if is_last else (("BREAD-750", 35), ("DOUGH-1", 9)))


def plan(session: Session) -> None:
    """The batches of today; those that are there are left alone."""
    if production.find_recipe(session, BREAD) is None or production.find_batch(session, "PB-1001") is not None:
        return
    site = places.site_by_code(session, "WH1")
    for number, recipe, quantity in (("PB-1001", BREAD, 12), ("PB-1002", DOUGH, 20)):
        found = production.find_recipe(session, recipe)
        assert found is not None
        production.plan_batch(
            session, recipe_id=found.id, site_id=site.id, planned_quantity=Decimal(quantity), number=number
        )


def _buy(session: Session, site: Site, day: date) -> None:
    supplier = suppliers.find_supplier(session, "SWEET")
    if supplier is None:
        raise NotFound("supplier", "SWEET")
    lines, receipt = [], []
    for sku, quantity in BOUGHT:
        variant = catalog.variant_by_sku(session, sku)
        cost = None if variant.cost_minor is None else variant.cost_minor * COST_SCALE
        lines.append(purchasing.NewPurchaseLine(variant.id, Decimal(quantity), unit_cost=cost))
        number, expiry = f"{sku[:2]}{day:%y%j}", day + timedelta(days=KEEPS_DAYS)
        receipt.append(purchasing.ReceiptItem(variant_id=variant.id, lot_number=number, expiry_date=expiry))
    order = purchasing.create_purchase_order(
        session, supplier_id=supplier.id, site_id=site.id, lines=lines, number=f"PO-{day:%y%m%d}-B", expected_on=day
    )
    purchasing.receive_order(session, order, receipt, idempotency_key=f"sample:{order.number}")


def _make(
    session: Session,
    site: Site,
    recipe: str,
    planned: Decimal,
    *,
    number: str,
    location: str,
    made: Decimal | None = None,
    lost: Decimal = Decimal(0),
) -> Completion:
    """A batch from its plan to its end; `lost`: of its first ingredient."""
    found = production.find_recipe(session, recipe)
    place = places.find_location(session, location, site_id=site.id)
    if found is None or place is None:
        raise NotFound("recipe", recipe) if found is None else NotFound("location", location)
    batch = production.plan_batch(session, recipe_id=found.id, site_id=site.id, planned_quantity=planned, number=number)
    production.start_batch(session, batch)
    first = production.inputs_of(session, batch.id)[0]
    return production.complete_batch(
        session,
        batch,
        quantity=made or planned,
        inputs=[ActualInput(first.id, waste_quantity=lost)] if lost else [],
        location_id=place.id,
        idempotency_key=f"sample:{number}",
    )


def _sell(session: Session, site: Site, day: date, sold: Sequence[tuple[str, int]]) -> None:
    lines = []
    for sku, quantity in sold:
        variant = catalog.variant_by_sku(session, sku)
        lines.append(orders.NewOrderLine(variant.id, Decimal(quantity), price_minor=variant.price_minor))
    order = orders.create_order(
        session, site_id=site.id, lines=lines, number=f"SO-{day:%y%m%d}-B", customer={"name": "Bakery Linde"}
    )
    orders.fulfill_order(session, order)
