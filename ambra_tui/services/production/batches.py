"""The batch itself: planned, found, locked, started.

Example::

    batch = lock_batch(session, batch.id, "in_progress", step="complete")
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from sqlmodel import Session, col

from ambra_tui import ledger
from ambra_tui.errors import Duplicate, InsufficientStock, Invalid, Shortage, WrongState
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import MAX_QUANTITY, SCALE, ZERO, to_decimal
from ambra_tui.kit.text import clean_line
from ambra_tui.services import claims
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.documents import document_number, lock_document
from ambra_tui.services.production.recipes import get_recipe, ingredients_of
from ambra_tui.services.production.terms import DOCUMENT, RECIPE
from ambra_tui.services.rows import add_unique
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    ProductionBatch,
    ProductionInput,
    ProductionOutput,
    ProductionTaking,
    Recipe,
    SiteStock,
    Variant,
)
from ambra_tui.store.scope import fetch, now_of, organization_of, scoped

# --- planned --------------------------------------------------------------------------------------------------------


def plan_batch(
    session: Session,
    *,
    recipe_id: str,
    site_id: str,
    planned_quantity: Decimal,
    number: str | None = None,
    notes: str = "",
) -> ProductionBatch:
    """A planned batch; nothing is promised to it yet, but there must be enough of every ingredient at this moment.

    Raises InsufficientStock listing every short ingredient, Invalid, NotFound, Duplicate, WrongState for an archived
    recipe, NotAllowed for marketplace sites.
    """
    planned = positive_quantity(planned_quantity, field="planned_quantity")
    recipe = get_recipe(session, recipe_id)
    if recipe.status != "active":
        raise WrongState(RECIPE, recipe.number, state=recipe.status, step="plan a batch of")
    ledger.refuse_read_only(session, site_id)
    now = now_of(session)
    batch = ProductionBatch(
        organization_id=organization_of(session),
        id=new_id("bat"),
        number=document_number(session, "PB", number, resource=DOCUMENT, find=_by_number),
        recipe_id=recipe.id,
        site_id=site_id,
        output_variant_id=recipe.output_variant_id,
        planned_quantity=planned,
        notes=clean_line(notes, field="notes", max_length=1000, required=False),
        created_at=now,
        updated_at=now,
    )
    rows = _inputs(session, batch, recipe)
    _refuse_short(session, batch, rows)
    add_unique(session, batch, Duplicate(DOCUMENT, "number", batch.number))
    session.add_all(rows)
    session.flush()
    _noted(session, batch, "production_batch_planned")
    return batch


def _inputs(session: Session, batch: ProductionBatch, recipe: Recipe) -> list[ProductionInput]:
    rows = []
    for ingredient in ingredients_of(session, recipe.id):
        needed = ingredient.quantity * batch.planned_quantity / recipe.output_quantity
        if needed > MAX_QUANTITY:
            raise Invalid("so much of an ingredient cannot be counted", field="planned_quantity")
        rows.append(
            ProductionInput(
                organization_id=batch.organization_id,
                id=new_id("pin"),
                production_batch_id=batch.id,
                position=ingredient.position,
                variant_id=ingredient.variant_id,
                planned_quantity=_countable(needed),
            )
        )
    return rows


def _countable(quantity: Decimal) -> Decimal:
    """The nearest quantity that can be counted; never nothing."""
    return to_decimal(max(int((quantity * SCALE).to_integral_value(ROUND_HALF_UP)), 1))


def _refuse_short(session: Session, batch: ProductionBatch, rows: Sequence[ProductionInput]) -> None:
    """Raises InsufficientStock listing every ingredient of which the site has less than the batch needs."""
    wanted = [row.variant_id for row in rows]
    statement = scoped(session, SiteStock).where(
        SiteStock.site_id == batch.site_id, col(SiteStock.variant_id).in_(wanted)
    )
    stocks = session.exec(statement.execution_options(populate_existing=True)).all()
    available = {stock.variant_id: max(stock.on_hand - stock.reserved - stock.held, ZERO) for stock in stocks}
    short = [row for row in rows if available.get(row.variant_id, ZERO) < row.planned_quantity]
    if short:
        raise InsufficientStock(
            [
                Shortage(
                    fetch(session, Variant, row.variant_id, resource="variant").sku,
                    row.planned_quantity,
                    available.get(row.variant_id, ZERO),
                    variant_id=row.variant_id,
                    site_id=batch.site_id,
                )
                for row in short
            ]
        )


# --- found ----------------------------------------------------------------------------------------------------------


def get_batch(session: Session, batch_id: str) -> ProductionBatch:
    """The batch with this id. Raises NotFound."""
    return fetch(session, ProductionBatch, batch_id, resource=DOCUMENT)


def find_batch(session: Session, text: str) -> ProductionBatch | None:
    """The batch with this number, typed small letters do too, or with this id."""
    found = _by_number(session, text)
    return found or session.get(ProductionBatch, (organization_of(session), text.strip()))


def _by_number(session: Session, number: str) -> ProductionBatch | None:
    wanted = number.strip()
    for spelling in dict.fromkeys((wanted, wanted.upper())):
        found = session.exec(scoped(session, ProductionBatch).where(ProductionBatch.number == spelling)).first()
        if found is not None:
            return found
    return None


def open_batches(session: Session, site_id: str, *, limit: int = 100) -> list[ProductionBatch]:
    """What a site makes and is to make: begun batches first, each kind oldest first."""
    statement = scoped(session, ProductionBatch).where(
        ProductionBatch.site_id == site_id, col(ProductionBatch.status).in_(("planned", "in_progress"))
    )
    ordered = statement.order_by(col(ProductionBatch.status), col(ProductionBatch.id)).limit(limit)
    return list(session.exec(ordered.execution_options(populate_existing=True)).all())


def inputs_of(session: Session, batch_id: str) -> list[ProductionInput]:
    """A batch's ingredients in their order, as they are now."""
    statement = scoped(session, ProductionInput).where(ProductionInput.production_batch_id == batch_id)
    ordered = statement.order_by(col(ProductionInput.position)).execution_options(populate_existing=True)
    return list(session.exec(ordered).all())


def takings_of(session: Session, batch_id: str, *, input_id: str | None = None) -> list[ProductionTaking]:
    """What a batch (one input of it) took, in the order it was taken."""
    statement = scoped(session, ProductionTaking).where(ProductionTaking.production_batch_id == batch_id)
    if input_id is not None:
        statement = statement.where(ProductionTaking.input_id == input_id)
    ordered = statement.order_by(col(ProductionTaking.id)).execution_options(populate_existing=True)
    return list(session.exec(ordered).all())


def outputs_of(session: Session, batch_id: str) -> list[ProductionOutput]:
    """What a batch made."""
    statement = scoped(session, ProductionOutput).where(ProductionOutput.production_batch_id == batch_id)
    ordered = statement.order_by(col(ProductionOutput.id)).execution_options(populate_existing=True)
    return list(session.exec(ordered).all())


def rest_of(row: ProductionInput) -> Decimal:
    """What of an input's plan has not gone in yet."""
    return max(row.planned_quantity - row.actual_quantity, ZERO)


def lock_batch(session: Session, batch_id: str, *states: str, step: str) -> ProductionBatch:
    """The batch, locked and as it is now. Raises WrongState when it is in none of `states`."""
    return lock_document(session, ProductionBatch, batch_id, *states, resource=DOCUMENT, step=step)


# --- changed --------------------------------------------------------------------------------------------------------


def start_batch(session: Session, batch: ProductionBatch) -> ProductionBatch:
    """Promises every ingredient to the batch, or none: InsufficientStock lists every short one. Raises WrongState."""
    batch = lock_batch(session, batch.id, "planned", step="start")
    ledger.refuse_read_only(session, batch.site_id)
    lines = [ledger.ReserveLine(row.id, row.variant_id, row.planned_quantity) for row in inputs_of(session, batch.id)]
    ledger.reserve(session, site_id=batch.site_id, document_kind=DOCUMENT, document_id=batch.id, lines=lines)
    batch.started_at = now_of(session)
    change_status(session, batch, "in_progress", "production_batch_started")
    return batch


def change_status(session: Session, batch: ProductionBatch, status: str, fact: str) -> None:
    """The batch in another state, from this moment; nobody works on one that is over."""
    batch.status = status
    if status not in ("planned", "in_progress"):
        claims.release(session, DOCUMENT, batch.id)
    batch.updated_at = now_of(session)
    session.add(batch)
    session.flush()
    _noted(session, batch, fact)


def _noted(session: Session, batch: ProductionBatch, fact: str) -> None:
    publish(session, fact, batch.id, {"number": batch.number, "status": batch.status, "site_id": batch.site_id})
    audit(session, fact, batch.id, number=batch.number, planned=str(batch.planned_quantity))
