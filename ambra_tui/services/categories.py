"""Categories: one tree for every edition; a category is named by its id or by its slug, which never look alike.

Example::

    tools = create_category(session, name="Garden tools")        # slug 'garden-tools'
    set_categories(session, product.id, [tools.id])
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, update
from sqlalchemy import select as core_select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from ambra_tui.errors import Conflict, Duplicate, InUse, Invalid, NotFound
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.text import clean_line
from ambra_tui.services.catalog import clean_text
from ambra_tui.services.rows import add_unique
from ambra_tui.services.search import fold, index_subject, reindex_subject
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import Category, Product, ProductCategory, table_of
from ambra_tui.store.scope import fetch, now_of, organization_of, scoped

MAX_SLUG = 80
MAX_DEPTH = 12
MAX_BELOW = 2_000
CATEGORY_STATES = ("active", "inactive", "archived")
FIELDS = ("name", "slug", "description", "parent_id", "status")
_WORDS = re.compile(r"\w+")
_links = table_of(ProductCategory)


def slug_of(text: str) -> str:
    """`text` as a slug: small letters, digits and underscores with hyphens between."""
    return "-".join(_WORDS.findall(fold(text)))[:MAX_SLUG].strip("-")


def create_category(
    session: Session,
    *,
    name: str,
    slug: str = "",
    parent_id: str | None = None,
    description: str = "",
    status: str = "active",
) -> Category:
    """A category below `parent_id` (an id or a slug), or at the top. Without a slug it gets one made of its name.

    Raises Invalid, NotFound for the parent, Duplicate when the slug is taken.
    """
    now = now_of(session)
    parent = None if parent_id is None else category_named(session, parent_id, field="parent_id")
    category = Category(
        organization_id=organization_of(session),
        id=new_id("cat"),
        name=clean_line(name, field="name"),
        slug=_checked_slug(slug) if slug else _free_slug(session, slug_of(name) or "category"),
        parent_id=parent.id if parent else None,
        description=clean_text(description, field="description"),
        status=_checked_status(status),
        depth=_depth_below(parent),
        created_at=now,
        updated_at=now,
    )
    add_unique(session, category, Duplicate("category", "slug", category.slug))
    index_subject(session, "category", category.id, category.slug, category.name)
    publish(session, "category_created", category.id, {"name": category.name})
    audit(session, "category_created", category.id, name=category.name)
    return category


def find_category(session: Session, text: str) -> Category | None:
    """The category with this id or slug."""
    wanted = text.strip()
    found = scoped(session, Category).where((col(Category.id) == wanted) | (col(Category.slug) == wanted))
    return session.exec(found).first()


def category_named(session: Session, text: str, *, field: str = "category_id") -> Category:
    """As `find_category`. Raises NotFound."""
    found = find_category(session, text)
    if found is None:
        raise NotFound("category", text, field=field)
    return found


def change_category(session: Session, category: Category, values: Mapping[str, Any]) -> Category:
    """Changes the fields of `values` alone: name, slug, description, parent_id (None: to the top), status.

    Raises Invalid (also for a parent that stands below it), NotFound, Duplicate.
    """
    changed = {name: _checked(session, category, name, value) for name, value in values.items() if name in FIELDS}
    changed = {name: value for name, value in changed.items() if getattr(category, name) != value}
    if not changed:
        return category
    if "parent_id" in changed:
        _move(session, category, changed["parent_id"])
    for name, value in changed.items():
        setattr(category, name, value)
    category.updated_at = now_of(session)
    slug = category.slug
    try:
        with session.begin_nested():
            session.add(category)
            session.flush()
    except IntegrityError as error:
        raise Duplicate("category", "slug", slug) from error
    reindex_subject(session, "category", category.id, category.slug, category.name)
    publish(session, "category_changed", category.id, {"name": category.name})
    audit(session, "category_changed", category.id, name=category.name, fields=sorted(changed))
    return category


def remove_category(session: Session, category: Category) -> None:
    """Takes a category away. Raises InUse while products or categories stand in it; archived products leave it."""
    children = core_select(func.count()).where(
        col(Category.organization_id) == organization_of(session), col(Category.parent_id) == category.id
    )
    remains = {
        what: session.connection().execute(statement).scalar_one()
        for what, statement in (("products", _standing_in(session, category.id)), ("categories", children))
    }
    if any(remains.values()):
        raise InUse("category", category.slug, remains)
    session.connection().execute(
        delete(_links).where(_links.c.organization_id == organization_of(session), _links.c.category_id == category.id)
    )
    reindex_subject(session, "category", category.id)
    session.delete(category)
    session.flush()
    publish(session, "category_removed", category.id, {"name": category.name})
    audit(session, "category_removed", category.id, name=category.name)


def _standing_in(session: Session, category_id: str) -> Any:
    product, owner = table_of(Product), organization_of(session)
    return (
        core_select(func.count())
        .select_from(_links.join(product, (product.c.id == _links.c.product_id) & (product.c.organization_id == owner)))
        .where(
            _links.c.organization_id == owner, _links.c.category_id == category_id, product.c.status != "archived"
        )
    )  # fmt: skip


# --- what stands in them --------------------------------------------------------------------------------------------


def categories_of(session: Session, product_id: str) -> list[str]:
    """The ids of a product's categories, the main one first."""
    rows = core_select(_links.c.category_id).where(
        _links.c.organization_id == organization_of(session), _links.c.product_id == product_id
    )
    return list(session.connection().execute(rows.order_by(_links.c.position, _links.c.category_id)).scalars())


def set_categories(session: Session, product_id: str, category_ids: Sequence[str]) -> None:
    """The categories of a product from now on, the main one first."""
    wanted = list(dict.fromkeys(category_ids))
    if wanted == categories_of(session, product_id):
        return
    owner = organization_of(session)
    connection = session.connection()
    connection.execute(delete(_links).where(_links.c.organization_id == owner, _links.c.product_id == product_id))
    rows = [
        {"organization_id": owner, "product_id": product_id, "category_id": category_id, "position": position}
        for position, category_id in enumerate(wanted)
    ]
    if rows:
        connection.execute(insert(_links), rows)


def set_main_category(session: Session, product_id: str, category_id: str | None) -> None:
    """The first category of a product; the others stay behind it. None: it stands in none any more."""
    if category_id is None:
        set_categories(session, product_id, [])
        return
    set_categories(session, product_id, [category_id, *categories_of(session, product_id)[1:]])


# --- values ---------------------------------------------------------------------------------------------------------


def _checked(session: Session, category: Category, name: str, value: Any) -> Any:
    if name == "name":
        return clean_line(value, field="name")
    if name == "description":
        return clean_text(value, field="description")
    if name == "status":
        return _checked_status(value)
    if name == "slug":
        return _checked_slug(value)
    return None if value is None else category_named(session, value, field="parent_id").id


def _checked_status(status: str) -> str:
    if status not in CATEGORY_STATES:
        raise Invalid(f"status is one of {', '.join(CATEGORY_STATES)}", field="status")
    return status


def _checked_slug(text: str) -> str:
    slug = slug_of(clean_line(text, field="slug", max_length=MAX_SLUG))
    if not slug:
        raise Invalid("slug holds no letter and no digit", field="slug")
    return slug


def _free_slug(session: Session, wanted: str) -> str:
    slug, number = wanted, 1
    while find_category(session, slug) is not None:
        number += 1
        slug = f"{wanted[: MAX_SLUG - 8]}-{number}"
    return slug


def _depth_below(parent: Category | None) -> int:
    depth = 0 if parent is None else parent.depth + 1
    if depth >= MAX_DEPTH:
        raise Invalid(f"categories stand at most {MAX_DEPTH} deep", field="parent_id")
    return depth


def _move(session: Session, category: Category, parent_id: str | None) -> None:
    """Sets the depth of a category and of all below it. Raises Invalid for a parent among those, or a tree too deep."""
    parent = None if parent_id is None else fetch(session, Category, parent_id, resource="category")
    layers = _layers_below(session, category.id)
    if parent_id is not None and any(parent_id in layer for layer in layers):
        raise Invalid("parent_id is the category itself or stands below it", field="parent_id")
    depth = _depth_below(parent)
    if depth + len(layers) > MAX_DEPTH:
        raise Invalid(f"categories stand at most {MAX_DEPTH} deep", field="parent_id")
    category.depth = depth
    for further, layer in enumerate(layers[1:], start=1):
        session.connection().execute(
            update(table_of(Category))
            .where(
                col(Category.organization_id) == organization_of(session), col(Category.id).in_(layer)
            )
            .values(depth=depth + further)
        )  # fmt: skip


def _layers_below(session: Session, category_id: str) -> list[list[str]]:
    """The ids of a category, of its children, of theirs and so on."""
    layers, count = [[category_id]], 1
    while layers[-1]:
        children = select(col(Category.id)).where(
            col(Category.organization_id) == organization_of(session), col(Category.parent_id).in_(layers[-1])
        )
        layers.append(list(session.exec(children).all()))
        count += len(layers[-1])
        if count > MAX_BELOW:
            raise Conflict(f"More than {MAX_BELOW} categories stand below this one: move parts of it")
    return layers[:-1]
