"""Imports recipes: a row an ingredient; rows of one output (and number) are one recipe, taken wholly or not at all.

A recipe that exists with the same ingredients changes nothing. A row whose day has passed is no longer part of it: it
is named, and the others make the recipe. A row without an output is named too; there is nothing to make.

Example::

    output,output_quantity,ingredient,quantity
    BREAD-750,20,FLOUR-1,12
    BREAD-750,20,SUGAR-1,0.5
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from ambra_tui.errors import AmbraError, Invalid
from ambra_tui.kit.text import clean_line
from ambra_tui.services import production
from ambra_tui.services.catalog import clean_sku, positive_quantity
from ambra_tui.services.codes import normalize_code
from ambra_tui.services.imports import _values
from ambra_tui.services.imports._bulk import existing
from ambra_tui.services.imports._terms import Circumstances, Field, ImportKind, Learned, Outcome, Record, Refused
from ambra_tui.services.production import NewIngredient
from ambra_tui.store.models import Barcode, Recipe, Variant
from ambra_tui.store.scope import now_of

ONE = Decimal(1)
FIELDS = (
    Field(
        "output", "SKU or code of what is made", ("output_sku", "assembly", "product_assembly_id"), is_required=True
    ),
    Field(
        "ingredient", "SKU or code of what goes into it", ("ingredient_sku", "component", "component_id"),
        is_required=True,
    ),
    Field(
        "quantity", "units of the ingredient for the output quantity", ("per_assembly_qty", "ingredient_quantity"),
        is_required=True,
    ),
    Field("output_quantity", "units that are made of it (1)", ("makes", "yield")),
    Field("number", "the recipe's number (the next one); tells two recipes of one output apart", ("recipe_number",)),
    Field("name", "the recipe's name (the output's)", ("recipe_name",)),
    Field("shelf_life_days", "days that what is made keeps", ("shelf_life",)),
    Field("unit", "the unit of the quantity, where it is to be checked against the ingredient's own"),
    Field("ended", "the last day of a row that is no longer used", ("end_date", "valid_until")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A checked row."""

    line: int
    number: str
    name: str
    output: str
    output_quantity: Decimal | None
    ingredient: str
    quantity: Decimal
    shelf_life_days: int | None
    unit: str
    ended: date | None

    @property
    def subject(self) -> str:
        return f"{self.output} {self.ingredient}"


class RecipeImport:
    """One run."""

    chunk = 20

    def __init__(self, circumstances: Circumstances) -> None:
        """Nothing of the run's circumstances matters."""

    def prepare(self, record: Record) -> Line:
        """Check a row by itself."""
        for field in ("output", "ingredient"):
            if not record[field]:
                raise Invalid(f"the row names no {field}", field=field)
        quantity = _values.number(record, "quantity")
        if quantity is None:
            raise Invalid("quantity is empty", field="quantity")
        makes = _values.number(record, "output_quantity")
        return Line(
            line=record.line,
            number=clean_line(record["number"], field="number", max_length=60, required=False),
            name=clean_line(record["name"], field="name", required=False),
            output=clean_sku(record["output"]),
            output_quantity=None if makes is None else positive_quantity(makes, field="output_quantity"),
            ingredient=clean_sku(record["ingredient"]),
            quantity=positive_quantity(quantity, field="quantity"),
            shelf_life_days=_values.whole(record, "shelf_life_days"),
            unit=clean_line(record["unit"], field="unit", max_length=20, required=False),
            ended=_values.day(record, "ended"),
        )

    def write(self, session: Session, items: Sequence[Sequence[Line]]) -> Outcome:
        """Make the recipes that are new."""
        outcome, today = Outcome(), now_of(session).date()
        found = _Items(session, [line for rows in items for line in rows])
        for rows in items:
            for line in rows:
                if line.ended is not None and line.ended < today:
                    reason = f"ended on {line.ended.isoformat()}: no longer part of the recipe"
                    outcome.refused.append(Refused(line.line, line.subject, reason))
            for recipe in _by_number([row for row in rows if row.ended is None or row.ended >= today]):
                _write(session, found, recipe, outcome)
        return outcome

    def remember(self, learned: Learned) -> None:
        """Nothing of a chunk matters to the next."""


class _Items:
    """The variants that rows name by SKU or by the code of one unit."""

    def __init__(self, session: Session, lines: Sequence[Line]) -> None:
        texts = {text for line in lines for text in (line.output, line.ingredient)}
        self.variants = existing(session, Variant, "sku", texts)
        codes = {text: code for text in texts - set(self.variants) if (code := _code(text))}
        barcodes = existing(session, Barcode, "code", codes.values())
        owners = existing(session, Variant, "id", (row.variant_id for row in barcodes.values()))
        for text, code in codes.items():
            if code in barcodes and barcodes[code].quantity == ONE:
                self.variants[text] = owners[barcodes[code].variant_id]

    def variant(self, text: str) -> Any:
        """The variant that a row names. Raises Invalid."""
        if text not in self.variants:
            raise Invalid(f"'{text}' is not in the catalogue: import the catalogue first")
        return self.variants[text]

    def ingredient(self, line: Line) -> NewIngredient:
        """The ingredient of a row. Raises Invalid."""
        variant = self.variant(line.ingredient)
        if line.unit and line.unit.casefold() != variant.unit_of_measure.casefold():
            raise Invalid(f"the row counts in {line.unit}, {variant.sku} is counted in {variant.unit_of_measure}")
        return NewIngredient(variant.id, line.quantity)


def _code(text: str) -> str:
    """The text as the catalogue keeps codes; empty for what can be none."""
    try:
        return normalize_code(text)
    except Invalid:
        return ""


def _by_number(rows: Iterable[Line]) -> list[list[Line]]:
    recipes: dict[str, list[Line]] = {}
    for row in rows:
        recipes.setdefault(row.number, []).append(row)
    return list(recipes.values())


def _write(session: Session, found: _Items, rows: Sequence[Line], outcome: Outcome) -> None:
    """One recipe: made, found unchanged, or refused row by row."""
    ingredients: list[NewIngredient] = []
    faults: dict[int, str] = {}
    for row in rows:
        try:
            ingredients.append(found.ingredient(row))
        except AmbraError as error:
            faults[row.line] = error.message
    try:
        if faults:
            raise Invalid(f"line {min(faults)} of the same recipe is refused")
        is_new = _make(session, found, rows, ingredients)
    except AmbraError as error:
        outcome.refused += [Refused(row.line, row.subject, faults.get(row.line, error.message)) for row in rows]
        return
    if is_new:
        outcome.made += len(rows)
    else:
        outcome.unchanged += len(rows)


def _make(session: Session, found: _Items, rows: Sequence[Line], ingredients: Sequence[NewIngredient]) -> bool:
    """Makes the recipe unless it is there. Raises Invalid when it is there with other ingredients."""
    first = rows[0]
    output = found.variant(first.output)
    makes = _agreed(rows, "output_quantity") or ONE
    name, shelf_life = _agreed(rows, "name") or output.name, _agreed(rows, "shelf_life_days")
    known = _known(session, first.number, output.id)
    wanted = (output.id, makes, {(one.variant_id, one.quantity) for one in ingredients})
    if any(_content(session, recipe) == wanted for recipe in known):
        return False
    if known:
        raise Invalid(
            f"{first.output} has recipe {known[0].number} with other ingredients: give these rows a number of their own"
            if not first.number
            else f"recipe {first.number} exists with other ingredients"
        )
    with session.begin_nested():
        production.create_recipe(
            session,
            name=name,
            output_variant_id=output.id,
            output_quantity=makes,
            ingredients=ingredients,
            number=first.number or None,
            shelf_life_days=shelf_life,
        )
    return True


def _known(session: Session, number: str, output_id: str) -> list[Recipe]:
    if not number:
        return production.recipes_for(session, output_id)
    found = production.find_recipe(session, number)
    return [found] if found else []


def _content(session: Session, recipe: Recipe) -> tuple[str, Decimal, set[tuple[str, Decimal]]]:
    rows = production.ingredients_of(session, recipe.id)
    return recipe.output_variant_id, recipe.output_quantity, {(row.variant_id, row.quantity) for row in rows}


def _agreed(rows: Sequence[Line], field: str) -> Any:
    """What the rows of a recipe say of `field`; Invalid when they differ, empty ones aside."""
    said = {getattr(row, field) for row in rows if getattr(row, field) not in ("", None)}
    if len(said) > 1:
        raise Invalid(f"the rows of {rows[0].output} differ in {field}: {', '.join(sorted(map(str, said)))}")
    return said.pop() if said else None


IMPORT = ImportKind(
    name="recipes",
    help="what is made of what",
    fields=FIELDS,
    make=RecipeImport,
    subject=("output", "ingredient"),
    group_by="output",
)
