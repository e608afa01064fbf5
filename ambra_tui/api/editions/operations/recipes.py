"""Recipes: what so much of a variant is made of.

Example::

    POST /api/v1/recipes
    {"recipe": {"output_sku": "BREAD-750", "output_quantity": 20, "ingredients": [{"sku": "FLOUR-1", "quantity": 12}]}}
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.operations.bodies import named_variant
from ambra_tui.api.editions.operations.views import Amount
from ambra_tui.api.fields import Body, Days, Identifier, Line, Number, OneOf, PositiveQuantity, Rows
from ambra_tui.api.paging import Paging
from ambra_tui.errors import Invalid, NotFound
from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import to_json
from ambra_tui.services import production
from ambra_tui.services.modules import MANUFACTURING
from ambra_tui.services.production import RECIPE_STATES, NewIngredient
from ambra_tui.services.stock_views import lines_with_skus, page_of_ids, rows_by_id, the_one
from ambra_tui.store.models import Recipe, RecipeIngredient, Variant

catalogue = Catalogue("Recipes", module=MANUFACTURING)
_INGREDIENTS = AliasChoices(
    "ingredients", "ingredients_attributes", "recipe_ingredients", "recipe_ingredients_attributes"
)
_OUTPUT = AliasChoices("output_variant_id", "variant_id")
_ONE = Decimal(1)


class RecipeIngredientView(TypedDict):
    """`quantity` of a variant for the recipe's output quantity."""

    id: str
    variant_id: str
    sku: str
    quantity: Amount


class RecipeView(TypedDict):
    """What `output_quantity` of a variant is made of."""

    id: str
    number: str
    name: str
    status: Literal["active", "archived"]
    output_variant_id: str
    output_sku: str
    output_quantity: Amount
    shelf_life_days: int | None
    ingredients: list[RecipeIngredientView]
    created_at: str
    updated_at: str


class RecipeQuery(Paging):
    """Filters of recipes. `output_variant_id`: those that make it."""

    output_variant_id: Identifier | None = Field(default=None, validation_alias=_OUTPUT)
    status: Annotated[Identifier, OneOf(RECIPE_STATES)] | None = None
    number: Number | None = None


class NewIngredientBody(Body):
    """An ingredient: a variant by id or SKU, and how much of it for the output quantity."""

    variant_id: Identifier | None = None
    sku: Identifier | None = None
    quantity: PositiveQuantity


class NewRecipe(Body):
    """A recipe; without a name it is called as what it makes, without an output quantity it makes one."""

    name: Line | None = None
    number: Number | None = None
    output_variant_id: Identifier | None = Field(default=None, validation_alias=_OUTPUT)
    output_sku: Identifier | None = Field(default=None, validation_alias=AliasChoices("output_sku", "sku"))
    output_quantity: PositiveQuantity | None = None
    shelf_life_days: Days | None = None
    ingredients: Annotated[list[NewIngredientBody], Rows] = Field(validation_alias=_INGREDIENTS, min_length=1)


class RecipeChange(Body):
    """What may change of a recipe; its ingredients do not."""

    name: Line | None = None
    status: Annotated[Identifier, OneOf(RECIPE_STATES)] | None = None
    shelf_life_days: Days | None = None


@catalogue.read(
    "/recipes", RecipeQuery, scope="recipes:read", operation_id="listRecipes", is_list=True,
    summary="Recipes, newest first", shape=RecipeView,
)  # fmt: skip
def list_recipes(session: Session, _call: Call, query: RecipeQuery) -> Answer:
    """A page of recipes with their ingredients."""
    filters = {"output_variant_id": query.output_variant_id, "status": query.status, "number": query.number}
    ids, total = page_of_ids(session, Recipe, filters, offset=query.offset, limit=query.per_page)
    return Answer(_recipes(session, ids), total)


@catalogue.read(
    "/recipes/{id}", Nothing, scope="recipes:read", operation_id="getRecipe",
    summary="One recipe with its ingredients", shape=RecipeView,
)  # fmt: skip
def get(session: Session, call: Call, _query: object) -> Answer:
    """A recipe with its ingredients."""
    return Answer(_recipe(session, call.path["id"]))


@catalogue.write(
    "POST", "/recipes", NewRecipe, scope="recipes:write", operation_id="createRecipe", status=201, wrapper="recipe",
    summary="Create a recipe (a bill of materials of one level)", shape=RecipeView,
    example={
        "recipe": {
            "name": "Sourdough bread", "output_sku": "BREAD-750", "output_quantity": 20, "shelf_life_days": 3,
            "ingredients": [{"sku": "FLOUR-1", "quantity": 12}, {"sku": "SUGAR-1", "quantity": 0.5}],
        }
    },
)  # fmt: skip
def create(session: Session, call: Call, body: NewRecipe) -> Answer:
    """Makes the recipe."""
    output = _output(session, body)
    made = production.create_recipe(
        session,
        name=body.name or output.name,
        output_variant_id=output.id,
        output_quantity=body.output_quantity if body.output_quantity is not None else _ONE,
        ingredients=[
            NewIngredient(
                named_variant(session, given.variant_id, given.sku, field=f"ingredients.{position}.sku").id,
                given.quantity,
            )
            for position, given in enumerate(body.ingredients)
        ],
        number=body.number,
        shelf_life_days=body.shelf_life_days,
    )
    return Answer(_recipe(session, made.id), location=call.url(f"/recipes/{made.id}"))


@catalogue.write(
    "PATCH", "/recipes/{id}", RecipeChange, scope="recipes:write", operation_id="updateRecipe", wrapper="recipe",
    current=get, summary="Rename a recipe, archive it or take it back into use", shape=RecipeView,
    example={"recipe": {"status": "archived"}},
)  # fmt: skip
def update(session: Session, call: Call, body: RecipeChange) -> Answer:
    """Changes what may change."""
    recipe = production.get_recipe(session, call.path["id"])
    production.change_recipe(session, recipe, name=body.name, status=body.status, shelf_life_days=body.shelf_life_days)
    return Answer(_recipe(session, recipe.id))


def _output(session: Session, body: NewRecipe) -> Variant:
    if body.output_variant_id is None and body.output_sku is None:
        raise Invalid("name the output by output_variant_id or output_sku", field="output_variant_id")
    try:
        return named_variant(session, body.output_variant_id, body.output_sku, field="output_sku")
    except NotFound as error:
        field = "output_sku" if body.output_variant_id is None else "output_variant_id"
        raise NotFound(error.resource, error.key, field=field) from error


def _recipe(session: Session, recipe_id: str) -> RecipeView:
    return the_one(_recipes(session, [recipe_id]), "recipe", recipe_id)


def _recipes(session: Session, ids: Sequence[str]) -> list[RecipeView]:
    rows = rows_by_id(session, Recipe, ids)
    lines = lines_with_skus(session, RecipeIngredient, ids, key="recipe_id")
    outputs = sorted({row.output_variant_id for row in rows})
    skus = {row.id: row.sku for row in rows_by_id(session, Variant, outputs)}
    return [_view(row, skus[row.output_variant_id], lines[row.id]) for row in rows]


def _view(row: Any, sku: str, lines: Sequence[Any]) -> RecipeView:
    return {
        "id": row.id,
        "number": row.number,
        "name": row.name,
        "status": row.status,
        "output_variant_id": row.output_variant_id,
        "output_sku": sku,
        "output_quantity": to_json(row.output_quantity),
        "shelf_life_days": row.shelf_life_days,
        "ingredients": [
            {"id": line.id, "variant_id": line.variant_id, "sku": line.sku, "quantity": to_json(line.quantity)}
            for line in lines
        ],
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }
