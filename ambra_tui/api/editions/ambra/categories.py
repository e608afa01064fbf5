"""Categories: one tree, each named by its id or its slug.

Example::

    POST /v1/categories
    {"name": "Garden tools", "parent_id": "garden"}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field
from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.ambra._lists import Listed, Sort, SortedBy
from ambra_tui.api.editions.ambra._records import changes, listing
from ambra_tui.api.fields import Body, Change, Identifier, Line, LongText, OneOf
from ambra_tui.errors import NotFound
from ambra_tui.kit.clock import to_iso
from ambra_tui.services import categories
from ambra_tui.services.categories import CATEGORY_STATES
from ambra_tui.store.models import Category, Product, ProductCategory, table_of
from ambra_tui.store.scope import organization_of

catalogue = Catalogue("Categories", about="The tree that products stand in; each category has an id and a slug.")
Status = Annotated[Identifier, OneOf(CATEGORY_STATES)]
TOP = "none"
EXAMPLE = {"name": "Garden tools", "slug": "garden-tools"}
_SLUG = AliasChoices("slug", "code")


class CategoryView(TypedDict):
    """A category. `products_count`: products that stand in it, archived ones and what is below it left out."""

    id: str
    name: str
    slug: str
    description: str
    parent_id: str | None
    depth: int
    status: Literal["active", "inactive", "archived"]
    products_count: int
    created_at: str
    updated_at: str


class CategoryQuery(Listed):
    """Filters combine; archived categories are listed by `status` alone. `parent_id`: an id or a slug; `none` lists
    what stands at the top."""

    parent_id: Identifier | None = None
    status: Status | None = None
    search: Line | None = None
    sort: Annotated[Sort, SortedBy("name", "slug", "depth", "status", "created_at", "updated_at")] | None = None


class WholeCategory(Body):
    """A category whole: what is left out has its default; without a slug one is made of the name. `parent_id`: an id or
    a slug."""

    name: Line
    slug: Identifier | None = Field(default=None, validation_alias=_SLUG)
    description: LongText | None = None
    parent_id: Identifier | None = None
    status: Status = "active"


class CategoryChange(Change):
    """What is named changes; a null parent moves it to the top."""

    name: Line = Field(default="")
    slug: Identifier = Field(default="", validation_alias=_SLUG)
    description: LongText | None = None
    parent_id: Identifier | None = None
    status: Status = "active"


@catalogue.read(
    "/categories", CategoryQuery, scope="categories:read", operation_id="listCategories", is_list=True,
    summary="Categories, newest first unless sorted", shape=CategoryView,
)  # fmt: skip
def list_categories(session: Session, _call: Call, query: CategoryQuery) -> Answer:
    """A page, and how many match in all."""
    parent_id = table_of(Category).c.parent_id
    matching: list[ColumnElement[bool]] = []
    if query.parent_id == TOP:
        matching.append(parent_id.is_(None))
    elif query.parent_id is not None:
        parent = categories.find_category(session, query.parent_id)
        matching.append(parent_id == (parent.id if parent else ""))
    rows, total = listing(session, Category, "category", query, *matching)
    counts = _counts(session, [row.id for row in rows])
    return Answer([_view(row, counts) for row in rows], total)


def _view(row: Any, counts: Mapping[str, int]) -> CategoryView:
    return {
        "id": row.id,
        "name": row.name,
        "slug": row.slug,
        "description": row.description,
        "parent_id": row.parent_id,
        "depth": row.depth,
        "status": row.status,
        "products_count": counts.get(row.id, 0),
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def _counts(session: Session, ids: list[str]) -> dict[str, int]:
    links, product, owner = table_of(ProductCategory), table_of(Product), organization_of(session)
    statement = (
        select(links.c.category_id, func.count())
        .join(product, (product.c.organization_id == owner) & (product.c.id == links.c.product_id))
        .where(links.c.organization_id == owner, links.c.category_id.in_(ids), product.c.status != "archived")
        .group_by(links.c.category_id)
    )
    return {row[0]: row[1] for row in session.connection().execute(statement)}


def _named(session: Session, call: Call) -> Category:
    found = categories.find_category(session, call.path["id"])
    if found is None:
        raise NotFound("category", call.path["id"])
    return found


def _shown(session: Session, category: Category) -> Answer:
    session.flush()
    return Answer(_view(category, _counts(session, [category.id])))


@catalogue.read(
    "/categories/{id}", Nothing, scope="categories:read", operation_id="getCategory",
    summary="One category, by id or slug", shape=CategoryView,
)  # fmt: skip
def get_category(session: Session, call: Call, _query: Any) -> Answer:
    """The category."""
    return _shown(session, _named(session, call))


@catalogue.write(
    "POST", "/categories", WholeCategory, scope="categories:write", operation_id="createCategory", status=201,
    summary="Create a category", shape=CategoryView, example=EXAMPLE,
)  # fmt: skip
def create_category(session: Session, call: Call, body: WholeCategory) -> Answer:
    """Makes it."""
    category = categories.create_category(
        session, name=body.name, slug=body.slug or "", parent_id=body.parent_id, description=body.description or "",
        status=body.status,
    )  # fmt: skip
    return Answer(_shown(session, category).content, location=call.url(f"/categories/{category.id}"))


@catalogue.write(
    "PUT", "/categories/{id}", WholeCategory, scope="categories:write", operation_id="replaceCategory",
    current=get_category, summary="Replace a category: what is left out has its default", shape=CategoryView,
    example=EXAMPLE,
)  # fmt: skip
def replace_category(session: Session, call: Call, body: WholeCategory) -> Answer:
    """Every field from the body; without a slug it keeps the one that others link to."""
    values = body.model_dump(exclude={"slug"} if body.slug is None else set())
    category = categories.change_category(
        session, _named(session, call), {**values, "description": body.description or ""}
    )
    return _shown(session, category)


@catalogue.write(
    "PATCH", "/categories/{id}", CategoryChange, scope="categories:write", operation_id="changeCategory",
    current=get_category, summary="Change some fields of a category", shape=CategoryView,
    example={"status": "inactive"},
)  # fmt: skip
def change_category(session: Session, call: Call, body: CategoryChange) -> Answer:
    """The fields that the body names."""
    return _shown(session, categories.change_category(session, _named(session, call), changes(body, "description")))


@catalogue.write(
    "DELETE", "/categories/{id}", Nothing, scope="categories:delete", operation_id="deleteCategory", status=204,
    current=get_category, summary="Remove a category that holds no products and no categories", shape=None,
)  # fmt: skip
def delete_category(session: Session, call: Call, _body: Nothing) -> Answer:
    """Takes it away."""
    categories.remove_category(session, _named(session, call))
    return Answer(None)
