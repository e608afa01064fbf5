"""Trials of categories."""

from __future__ import annotations

from typing import Any

from ambra_tui.services.categories import create_category
from tests.api.conftest import Api
from tests.api.two_organizations import Names, Trial

NEUTRAL = "slug"


def furnish(api: Api, mark: str, names: Names) -> None:
    def make(session: Any) -> None:
        root = create_category(session, name=f"{mark} root", slug=f"{mark}-root")
        names["$root"], names["$root_slug"] = root.id, root.slug
        names["$leaf"] = create_category(session, name=f"{mark} leaf", parent_id=root.id).id

    api.write(make)


TRIALS: dict[str, tuple[Trial, ...]] = {
    "listCategories": (
        Trial("/categories"),
        Trial("/categories", query={"parent_id": "$root"}),
        Trial("/categories", query={"parent_id": "$root_slug"}),
        Trial("/categories", query={"search": "$root_slug"}),
    ),
    "getCategory": (Trial("/categories/$root"), Trial("/categories/$root_slug")),
    "createCategory": (Trial("/categories", {"name": "+made_sku", "slug": "+made_sku", "parent_id": "$root"}),),
    "replaceCategory": (
        Trial("/categories/$leaf", {"name": "+made_sku", "slug": "+purchase_number", "parent_id": "$root_slug"}),
    ),
    "changeCategory": (Trial("/categories/$leaf", {"parent_id": "$root", "slug": "+recipe_number"}),),
    "deleteCategory": (
        Trial("/categories/$leaf"),
        Trial("/categories/$root", is_done=False),
    ),
}
