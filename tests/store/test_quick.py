"""Selects without a session: bound to one organization, converted as the session would."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import bindparam, select

from ambra_tui.store import Store
from ambra_tui.store.models import SiteStock, Variant, table_of
from ambra_tui.store.prepared import ORGANIZATION, given
from ambra_tui.store.quick import Quick
from ambra_tui.store.statements import Leak
from tests import factories

VARIANT = table_of(Variant)
STOCK = table_of(SiteStock)


@pytest.mark.parametrize(
    "statement",
    [
        select(VARIANT.c.sku),
        select(VARIANT.c.sku).where(VARIANT.c.sku == given("sku")),
        select(VARIANT.c.sku).where(VARIANT.c.organization_id == 7),
        select(VARIANT.c.sku, STOCK.c.on_hand)
        .join(STOCK, STOCK.c.variant_id == VARIANT.c.id)
        .where(VARIANT.c.organization_id == ORGANIZATION),
    ],
)
def test_a_select_that_could_reach_others_is_refused_when_it_is_made(statement: Any) -> None:
    with pytest.raises(Leak):
        Quick(statement)


def test_each_organization_reads_its_own_rows_as_values_of_the_model(store: Store) -> None:
    own, other = (factories.organization(store, name) for name in ("Acme", "Brand"))
    made = {
        owner: store.writer.run(partial(factories.variant, sku=sku), organization_id=owner)
        for owner, sku in ((own, "MILK"), (other, "BEER"))
    }
    skus = Quick(
        select(VARIANT.c.sku, VARIANT.c.created_at, VARIANT.c.receipt_tolerance_percent).where(
            VARIANT.c.organization_id == ORGANIZATION,
            VARIANT.c.created_at <= bindparam("until", type_=VARIANT.c.created_at.type),
        )
    )
    for owner, variant in made.items():
        for _ in range(2):
            ((sku, created_at, tolerance),) = skus.rows(store, owner, until=variant.created_at)
            assert (sku, created_at) == (variant.sku, variant.created_at)
            assert isinstance(created_at, datetime) and isinstance(tolerance, Decimal | None)
    assert skus.rows(store, own, until=made[own].created_at.replace(year=2000)) == []


def test_the_caller_cannot_name_another_organization(store: Store) -> None:
    own, other = (factories.organization(store, name) for name in ("Acme", "Brand"))
    store.writer.run(lambda s: factories.variant(s, sku="BEER"), organization_id=other)
    skus = Quick(select(VARIANT.c.sku).where(VARIANT.c.organization_id == ORGANIZATION))
    assert skus.rows(store, own, own_organization_id=other) == []
    assert skus.rows(store, other) == [("BEER",)]
