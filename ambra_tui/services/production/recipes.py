"""Recipes: what so much of a variant is made of. An ingredient may have a recipe of its own; nothing contains itself.

Example::

    create_recipe(session, name="Sourdough bread", output_variant_id=bread.id, output_quantity=Decimal(20),
                  ingredients=[NewIngredient(flour.id, Decimal(12)), NewIngredient(salt.id, Decimal("0.2"))])
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlmodel import Session, col, select

from ambra_tui.errors import Duplicate, Invalid
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services.catalog import positive_quantity
from ambra_tui.services.documents import document_number
from ambra_tui.services.production.terms import RECIPE, NewIngredient, RecipeCycle
from ambra_tui.services.rows import add_unique
from ambra_tui.store.facts import audit, next_number, publish
from ambra_tui.store.models import Recipe, RecipeIngredient, Variant
from ambra_tui.store.scope import fetch, is_alone, now_of, organization_of, scoped

MAX_INGREDIENTS = 500
MAX_SHELF_LIFE_DAYS = 36_500
RECIPE_STATES = ("active", "archived")
_ONE_AT_A_TIME = "RCP-CHANGE"


def create_recipe(
    session: Session,
    *,
    name: str,
    output_variant_id: str,
    output_quantity: Decimal,
    ingredients: Sequence[NewIngredient],
    number: str | None = None,
    shelf_life_days: int | None = None,
) -> Recipe:
    """A recipe that batches may be planned by. `number` is kept when given, else the next one is used.

    Raises Invalid naming the field, NotFound for a variant, Duplicate for a number that is taken, RecipeCycle when an
    ingredient would be made of the output.
    """
    if not ingredients:
        raise Invalid("a recipe needs at least one ingredient", field="ingredients")
    if len(ingredients) > MAX_INGREDIENTS:
        raise Invalid(f"a recipe has at most {MAX_INGREDIENTS} ingredients", field="ingredients")
    output = fetch(session, Variant, output_variant_id, resource="variant")
    now = now_of(session)
    recipe = Recipe(
        organization_id=organization_of(session),
        id=new_id("rcp"),
        number=document_number(session, "RCP", number, resource=RECIPE, find=find_recipe),
        name=clean_line(name, field="name"),
        output_variant_id=output.id,
        output_quantity=positive_quantity(output_quantity, field="output_quantity"),
        shelf_life_days=_shelf_life(shelf_life_days),
        created_at=now,
        updated_at=now,
    )
    rows = [_ingredient(session, recipe, position, given) for position, given in enumerate(ingredients, start=1)]
    _refuse_repeats(session, rows)
    _refuse_cycle(session, output, [row.variant_id for row in rows])
    add_unique(session, recipe, Duplicate(RECIPE, "number", recipe.number))
    session.add_all(rows)
    session.flush()
    publish(session, "recipe_created", recipe.id, {"number": recipe.number, "variant_id": output.id})
    audit(session, "recipe_created", recipe.id, number=recipe.number, sku=output.sku, ingredients=len(rows))
    return recipe


def change_recipe(
    session: Session,
    recipe: Recipe,
    *,
    name: str | None = None,
    status: str | None = None,
    shelf_life_days: int | None = None,
) -> Recipe:
    """Names a recipe anew, archives it or takes it back into use, changes how long its output keeps; None: as it is.

    What it is made of does not change: batches of the past were made by it. Raises Invalid naming the field,
    RecipeCycle when it would contain what it makes by now.
    """
    if name is not None:
        recipe.name = clean_line(name, field="name")
    if shelf_life_days is not None:
        recipe.shelf_life_days = _shelf_life(shelf_life_days)
    if status is not None and status not in RECIPE_STATES:
        raise Invalid(f"status is one of {', '.join(RECIPE_STATES)}", field="status")
    if status == "active" and recipe.status != "active":
        output = fetch(session, Variant, recipe.output_variant_id, resource="variant")
        _refuse_cycle(session, output, [row.variant_id for row in ingredients_of(session, recipe.id)])
    recipe.status = status or recipe.status
    recipe.updated_at = now_of(session)
    session.add(recipe)
    session.flush()
    publish(session, "recipe_changed", recipe.id, {"number": recipe.number, "status": recipe.status})
    audit(session, "recipe_changed", recipe.id, number=recipe.number, name=recipe.name, status=recipe.status)
    return recipe


def _shelf_life(days: int | None) -> int | None:
    if days is not None and not 0 <= days <= MAX_SHELF_LIFE_DAYS:
        raise Invalid(f"shelf_life_days lies between 0 and {MAX_SHELF_LIFE_DAYS}", field="shelf_life_days")
    return days


def _ingredient(session: Session, recipe: Recipe, position: int, given: NewIngredient) -> RecipeIngredient:
    return RecipeIngredient(
        organization_id=recipe.organization_id,
        id=new_id("rci"),
        recipe_id=recipe.id,
        position=position,
        variant_id=fetch(session, Variant, given.variant_id, resource="variant").id,
        quantity=positive_quantity(given.quantity, field=f"ingredients.{position - 1}.quantity"),
    )


def _refuse_repeats(session: Session, rows: Sequence[RecipeIngredient]) -> None:
    named: set[str] = set()
    for row in rows:
        if row.variant_id in named:
            sku = fetch(session, Variant, row.variant_id, resource="variant").sku
            message = f"{sku} is named twice: give one ingredient with the sum"
            raise Invalid(message, field=f"ingredients.{row.position - 1}.variant_id")
        named.add(row.variant_id)


def _refuse_cycle(session: Session, output: Variant, ingredients: Sequence[str]) -> None:
    """Raises RecipeCycle naming the ingredient. Two recipes that each close half a circle wait for each other here."""
    if not is_alone(session):
        next_number(session, _ONE_AT_A_TIME)
    if output.id not in ingredients and output.id not in _made_of(session, ingredients, until=output.id):
        return
    for variant_id in ingredients:
        if variant_id == output.id or output.id in _made_of(session, [variant_id], until=output.id):
            raise RecipeCycle(output.sku, fetch(session, Variant, variant_id, resource="variant").sku)


def _made_of(session: Session, variant_ids: Sequence[str], *, until: str) -> set[str]:
    """All that goes into variants by their recipes, through every level; stops when `until` is among it."""
    found: set[str] = set()
    level = set(variant_ids)
    while level and until not in found:
        statement = (
            select(col(RecipeIngredient.variant_id))
            .join(
                Recipe,
                (col(Recipe.organization_id) == col(RecipeIngredient.organization_id))
                & (col(Recipe.id) == col(RecipeIngredient.recipe_id)),
            )
            .where(
                RecipeIngredient.organization_id == organization_of(session),
                Recipe.organization_id == organization_of(session),
                col(Recipe.output_variant_id).in_(level),
                Recipe.status == "active",
            )
        )
        level = set(session.exec(statement).all()) - found
        found |= level
    return found


def get_recipe(session: Session, recipe_id: str) -> Recipe:
    """The recipe with this id. Raises NotFound."""
    return fetch(session, Recipe, recipe_id, resource=RECIPE)


def find_recipe(session: Session, number: str) -> Recipe | None:
    """The recipe with this number; typed small letters do too."""
    wanted = number.strip()
    for spelling in dict.fromkeys((wanted, wanted.upper())):
        found = session.exec(scoped(session, Recipe).where(Recipe.number == spelling)).first()
        if found is not None:
            return found
    return None


def recipes_for(session: Session, variant_id: str) -> list[Recipe]:
    """The active recipes that make a variant, oldest first."""
    statement = scoped(session, Recipe).where(Recipe.output_variant_id == variant_id, Recipe.status == "active")
    return list(session.exec(statement.order_by(col(Recipe.id))).all())


def ingredients_of(session: Session, recipe_id: str) -> list[RecipeIngredient]:
    """A recipe's ingredients in their order."""
    statement = scoped(session, RecipeIngredient).where(RecipeIngredient.recipe_id == recipe_id)
    return list(session.exec(statement.order_by(col(RecipeIngredient.position))).all())
