"""Trials of categories."""

from __future__ import annotations

from tests.api.two_organizations import Trial

TRIALS: dict[str, tuple[Trial, ...]] = {
    "listCategories": (
        Trial("/categories"),
        Trial("/categories", query={"parent": "$category_slug"}),
        Trial("/categories", query={"search": "$category_slug"}),
    ),
    "getCategory": (Trial("/categories/$category_slug"),),
}
