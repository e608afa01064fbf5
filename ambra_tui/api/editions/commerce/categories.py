"""Categories: what products stand in, by slug.

Example::

    GET /v2/categories?parent=electronics
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlmodel import Session
from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.editions.commerce._lists import Listed, page_of
from ambra_tui.api.editions.commerce.products import READ
from ambra_tui.api.fields import Identifier, Line
from ambra_tui.kit.clock import to_iso
from ambra_tui.services.categories import category_named, find_category
from ambra_tui.services.search import is_like
from ambra_tui.store.models import Category, table_of
from ambra_tui.store.scope import organization_of

catalogue = Catalogue("Categories", about="What products stand in: a tree, each category with its slug.")


class CategoryView(TypedDict):
    """A category. `parent`: the slug of the one that it stands in."""

    id: str
    slug: str
    name: str
    description: str
    parent: str | None
    created_at: str
    updated_at: str


class CategoryQuery(Listed):
    """Filters combine. `parent`: a slug; what stands right in it."""

    parent: Identifier | None = None
    search: Line | None = None


@catalogue.read(
    "/categories", CategoryQuery, scope=READ, operation_id="listCategories", is_list=True,
    summary="Categories, by name", shape=CategoryView,
)  # fmt: skip
def list_categories(session: Session, call: Call, query: CategoryQuery) -> Answer:
    """Those that are in use."""
    table = table_of(Category)
    conditions = [table.c.status == "active"]
    if query.parent is not None:
        parent = find_category(session, query.parent)
        conditions.append(table.c.parent_id == (parent.id if parent is not None else ""))
    if query.search is not None:
        conditions.append(is_like(session, "category", query.search, table.c.id))
    page = page_of(session, call, query, Category, *conditions, order=(("name", False),))
    return page.answer(_views(session, page.rows))


@catalogue.read(
    "/categories/{slug}", Nothing, scope=READ, operation_id="getCategory", summary="One category, by its slug or id",
    shape=CategoryView,
)  # fmt: skip
def get_category(session: Session, call: Call, _query: object) -> Answer:
    """The category."""
    return Answer(_views(session, [category_named(session, call.path["slug"], field="slug")])[0])


def _views(session: Session, rows: Any) -> list[CategoryView]:
    table = table_of(Category)
    parents = {row.parent_id for row in rows if row.parent_id is not None}
    named = select(table.c.id, table.c.slug).where(
        table.c.organization_id == organization_of(session), table.c.id.in_(parents)
    )
    slugs = {row.id: row.slug for row in session.connection().execute(named)}
    return [
        {
            "id": row.id,
            "slug": row.slug,
            "name": row.name,
            "description": row.description,
            "parent": slugs.get(row.parent_id),
            "created_at": to_iso(row.created_at),
            "updated_at": to_iso(row.updated_at),
        }
        for row in rows
    ]
