"""The words of production: what a caller gives, what a step answers, what is refused.

Example::

    ActualInput(row.id, actual_quantity=Decimal("9.5"), waste_quantity=Decimal("0.5"))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ambra_tui.errors import Conflict
from ambra_tui.ledger import Posted
from ambra_tui.store.models import Lot, ProductionBatch, ProductionOutput, ProductionTaking

DOCUMENT = "production_batch"
RECIPE = "recipe"


@dataclass(frozen=True, slots=True)
class NewIngredient:
    """`quantity` base units of a variant for the output quantity of a recipe."""

    variant_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class ChosenLot:
    """`quantity` of an input that came from this lot."""

    lot_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class ActualInput:
    """What an input really was, over the whole batch. `actual_quantity` None: what was planned; `waste_quantity` None:
    what was recorded so far. `lots`: where it is known which lots it came from."""

    input_id: str
    actual_quantity: Decimal | None = None
    waste_quantity: Decimal | None = None
    lots: Sequence[ChosenLot] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """One move of an input out of its bin."""

    taking: ProductionTaking
    posted: Posted


@dataclass(frozen=True, slots=True)
class Completion:
    """A completed batch. `lot`: of the output, None without one. `takings`: what completing took beside what had been
    taken before. `released`: input -> what was promised to it and not needed."""

    batch: ProductionBatch
    lot: Lot | None
    outputs: Sequence[ProductionOutput]
    takings: Sequence[ProductionTaking]
    posted: Sequence[Posted]
    released: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancelled batch, and the moves that brought back what it had taken."""

    batch: ProductionBatch
    posted: Sequence[Posted]


class RecipeCycle(Conflict):
    """An ingredient would be made of what the recipe makes."""

    def __init__(self, output_sku: str, ingredient_sku: str) -> None:
        message = f"{output_sku} goes into {ingredient_sku} already: a recipe cannot contain what it makes"
        super().__init__(message, details={"ingredients": message})
        self.output_sku, self.ingredient_sku = output_sku, ingredient_sku


class HeldLot(Conflict):
    """The stock is on hold: it goes into nothing."""

    def __init__(self, *, sku: str, lot_number: str, location_code: str) -> None:
        what = f"Lot {lot_number} of {sku}" if lot_number else sku
        super().__init__(f"{what} in {location_code} is on hold. Take other stock.")
        self.sku, self.lot_number, self.location_code = sku, lot_number, location_code


class ExpiredLot(Conflict):
    """The lot's expiry date has passed: it goes into nothing."""

    def __init__(self, *, sku: str, lot_number: str, expiry: date) -> None:
        super().__init__(f"Lot {lot_number} of {sku} expired on {expiry.isoformat()}. Take other stock.")
        self.sku, self.lot_number, self.expiry = sku, lot_number, expiry
