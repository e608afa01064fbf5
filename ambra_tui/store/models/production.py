"""Production: recipes, the batches that are made by them, what they take and what comes out.

Example::

    session.exec(select(ProductionBatch).where(ProductionBatch.organization_id == 1, ProductionBatch.number == "PB-1"))
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from ambra_tui.store.models.base import Scoped, belongs_to, check, index, moment, one_of, unique
from ambra_tui.store.types import QuantityColumn

BATCH_STATES = ("planned", "in_progress", "completed", "cancelled")


class Recipe(Scoped, table=True):
    """What `output_quantity` of a variant is made of. `shelf_life_days`: how long a lot of it keeps; None: unknown."""

    __tablename__ = "recipe"
    __table_args__ = (
        belongs_to("variant", "output_variant_id"),
        unique("number"),
        index("recipe", "output_variant_id"),
        one_of("status", "active", "archived"),
        check("output_quantity_positive", "output_quantity > 0"),
        check("shelf_life_not_negative", "shelf_life_days IS NULL OR shelf_life_days >= 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    number: str = Field(max_length=60)
    name: str = Field(max_length=255)
    output_variant_id: str = Field(max_length=40)
    output_quantity: Decimal = Field(sa_type=QuantityColumn)
    shelf_life_days: int | None = None
    status: str = Field(default="active", max_length=20)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class RecipeIngredient(Scoped, table=True):
    """`quantity` base units of a variant for the recipe's `output_quantity`."""

    __tablename__ = "recipe_ingredient"
    __table_args__ = (
        belongs_to("recipe", "recipe_id"),
        belongs_to("variant", "variant_id"),
        unique("recipe_id", "variant_id"),
        index("recipe_ingredient", "variant_id"),
        check("quantity_positive", "quantity > 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    recipe_id: str = Field(max_length=40)
    position: int
    variant_id: str = Field(max_length=40)
    quantity: Decimal = Field(sa_type=QuantityColumn)


class ProductionBatch(Scoped, table=True):
    """So much of a recipe's output, made in a site. `made_lot_id`: the lot of its output, empty without one."""

    __tablename__ = "production_batch"
    __table_args__ = (
        belongs_to("recipe", "recipe_id"),
        belongs_to("site", "site_id"),
        belongs_to("variant", "output_variant_id"),
        unique("number"),
        index("production_batch", "status", "id"),
        index("production_batch", "recipe_id"),
        one_of("status", *BATCH_STATES),
        check("planned_quantity_positive", "planned_quantity > 0"),
        check("produced_not_negative", "actual_quantity_produced IS NULL OR actual_quantity_produced >= 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    number: str = Field(max_length=60)
    recipe_id: str = Field(max_length=40)
    site_id: str = Field(max_length=40)
    output_variant_id: str = Field(max_length=40)
    planned_quantity: Decimal = Field(sa_type=QuantityColumn)
    actual_quantity_produced: Decimal | None = Field(default=None, sa_type=QuantityColumn)
    made_lot_id: str = Field(default="", max_length=40)
    status: str = Field(default="planned", max_length=20)
    notes: str = Field(default="", max_length=1000)
    created_at: datetime = moment()
    updated_at: datetime = moment()
    started_at: datetime | None = moment(default=None, nullable=True)
    completed_at: datetime | None = moment(default=None, nullable=True)


class ProductionInput(Scoped, table=True):
    """An ingredient of a batch. `actual_quantity`: what went into the output so far; `waste_quantity`: what was lost
    beside it. Stock falls by both."""

    __tablename__ = "production_input"
    __table_args__ = (
        belongs_to("production_batch", "production_batch_id"),
        belongs_to("variant", "variant_id"),
        index("production_input", "production_batch_id", "position"),
        check("planned_quantity_positive", "planned_quantity > 0"),
        check("actual_not_negative", "actual_quantity >= 0 AND waste_quantity >= 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    production_batch_id: str = Field(max_length=40)
    position: int
    variant_id: str = Field(max_length=40)
    planned_quantity: Decimal = Field(sa_type=QuantityColumn)
    actual_quantity: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    waste_quantity: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)


class ProductionTaking(Scoped, table=True):
    """What one move took for an input: the lot that went into the output, or that was lost (`is_waste`, with its waste
    record). `reserved`: how much of it had been promised to the batch. A taking that is taken back is deleted."""

    __tablename__ = "production_taking"
    __table_args__ = (
        belongs_to("production_batch", "production_batch_id"),
        belongs_to("production_input", "input_id"),
        index("production_taking", "production_batch_id", "id"),
        index("production_taking", "lot_id"),
        unique("move_id"),
        check("quantity_positive", "quantity > 0"),
        check("reserved_within_quantity", "reserved >= 0 AND reserved <= quantity"),
    )

    id: str = Field(primary_key=True, max_length=40)
    production_batch_id: str = Field(max_length=40)
    input_id: str = Field(max_length=40)
    variant_id: str = Field(max_length=40)
    location_id: str = Field(max_length=40)
    lot_id: str = Field(default="", max_length=40)
    serial: str = Field(default="", max_length=60)
    quantity: Decimal = Field(sa_type=QuantityColumn)
    reserved: Decimal = Field(default=Decimal(0), sa_type=QuantityColumn)
    is_waste: bool = False
    waste_record_id: str = Field(default="", max_length=40)
    unit_cost: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    move_id: str = Field(max_length=40)
    created_at: datetime = moment()


class ProductionOutput(Scoped, table=True):
    """What a completed batch made, as one move put it somewhere. Deleted when the completion is taken back."""

    __tablename__ = "production_output"
    __table_args__ = (
        belongs_to("production_batch", "production_batch_id"),
        belongs_to("variant", "variant_id"),
        index("production_output", "production_batch_id"),
        index("production_output", "lot_id"),
        unique("move_id"),
        check("quantity_positive", "quantity > 0"),
    )

    id: str = Field(primary_key=True, max_length=40)
    production_batch_id: str = Field(max_length=40)
    variant_id: str = Field(max_length=40)
    location_id: str = Field(max_length=40)
    lot_id: str = Field(default="", max_length=40)
    quantity: Decimal = Field(sa_type=QuantityColumn)
    unit_cost: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    move_id: str = Field(max_length=40)
    created_at: datetime = moment()
