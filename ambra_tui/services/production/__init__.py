"""Production: recipes, and batches made by them.

A batch is planned, started (its ingredients are promised to it), completed (what went in leaves the shelves, the output
comes in as a new lot) or cancelled. The floor takes lot by lot while the batch runs, each at once; completing takes
what is still due, unless told not to. What a batch took and made is kept by lot, so that a lot can be followed through
several levels of production.

Example::

    batch = plan_batch(session, recipe_id=bread.id, site_id=site.id, planned_quantity=Decimal(40))
    start_batch(session, batch)
    complete_batch(session, batch, quantity=Decimal(39), idempotency_key="api-7")
"""

from ambra_tui.services.production.batches import (
    find_batch,
    get_batch,
    inputs_of,
    lock_batch,
    open_batches,
    outputs_of,
    plan_batch,
    rest_of,
    start_batch,
    takings_of,
)
from ambra_tui.services.production.completing import (
    complete_batch,
    makes_lot,
    proposed_expiry,
    proposed_lot_number,
)
from ambra_tui.services.production.corrections import cancel_batch, reopen_batch, take_back, unstart_batch
from ambra_tui.services.production.recipes import (
    RECIPE_STATES,
    change_recipe,
    create_recipe,
    find_recipe,
    get_recipe,
    ingredients_of,
    recipes_for,
)
from ambra_tui.services.production.taking import sources_of, take
from ambra_tui.services.production.terms import (
    DOCUMENT,
    RECIPE,
    ActualInput,
    Cancelled,
    ChosenLot,
    Completion,
    ExpiredLot,
    HeldLot,
    NewIngredient,
    RecipeCycle,
    Taken,
)

__all__ = [
    "DOCUMENT",
    "RECIPE",
    "RECIPE_STATES",
    "ActualInput",
    "Cancelled",
    "ChosenLot",
    "Completion",
    "ExpiredLot",
    "HeldLot",
    "NewIngredient",
    "RecipeCycle",
    "Taken",
    "cancel_batch",
    "change_recipe",
    "complete_batch",
    "create_recipe",
    "find_batch",
    "find_recipe",
    "get_batch",
    "get_recipe",
    "ingredients_of",
    "inputs_of",
    "lock_batch",
    "makes_lot",
    "open_batches",
    "outputs_of",
    "plan_batch",
    "proposed_expiry",
    "proposed_lot_number",
    "recipes_for",
    "reopen_batch",
    "rest_of",
    "sources_of",
    "start_batch",
    "take",
    "take_back",
    "takings_of",
    "unstart_batch",
]
