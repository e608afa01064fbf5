"""Automatic reordering under kill -9: nothing that fell is left out, and nothing is ordered twice."""

from __future__ import annotations

import random
import subprocess
import sys
from decimal import Decimal

import pytest
from sqlmodel import select

from ambra_tui.services import alerts
from ambra_tui.services.adjustments import Place, adjust
from ambra_tui.store import open_store
from ambra_tui.store.models import PurchaseOrder, PurchaseOrderLine, VariantSupplier
from ambra_tui.store.scope import organization_of, scoped
from tests import factories

VARIANTS, KILLS = 40, 12
FOLLOW = """
import sys
from ambra_tui.services.alerts import Reordering
from ambra_tui.store import open_store
with open_store(sys.argv[1]) as store:
    print("ready", flush=True)
    following = [Reordering(store), Reordering(store)]
    while True:
        for each in following:
            each.run_once()
"""


@pytest.mark.long
def test_every_fall_is_ordered_once_whoever_is_killed(store_url: str) -> None:
    """Two followers in each process; processes end between any two of their statements."""
    chance = random.Random(6)
    with open_store(store_url) as store:
        acme = factories.organization(store)

        def write(work):
            return store.writer.run(work, organization_id=acme, actor=factories.TESTER)

        def make(session):
            house, vendor = factories.warehouse(session), factories.supplier(session)
            made = []
            for number in range(VARIANTS):
                variant = factories.variant(session, sku=f"SKU-{number}")
                factories.stock(session, variant, house.bin, 10, idempotency_key=f"stock-{number}")
                session.add(
                    VariantSupplier(
                        organization_id=organization_of(session), variant_id=variant.id, supplier_id=vendor.id,
                        position=0,
                    )
                )  # fmt: skip
                alerts.set_alert(session, variant=variant, threshold=Decimal(5), is_reordering=True)
                made.append(variant.id)
            return house.site, made

        site, variants = write(make)
        waiting = list(variants)
        for kill in range(KILLS):
            child = subprocess.Popen([sys.executable, "-c", FOLLOW, store_url], stdout=subprocess.PIPE, text=True)
            assert child.stdout is not None and child.stdout.readline() == "ready\n"
            for variant_id in [waiting.pop() for _ in range(min(len(waiting), chance.randint(2, 5)))]:
                write(
                    lambda s, v=variant_id: adjust(
                        s, place=Place(site), variant_id=v, quantity=Decimal(-8), idempotency_key=f"sell-{v}"
                    )
                )
            if kill % 3:
                try:
                    child.wait(chance.uniform(0.0, 0.05))
                except subprocess.TimeoutExpired:
                    pass
            child.kill()
            child.wait()
            child.stdout.close()
        fallen = sorted(set(variants) - set(waiting))
        while alerts.Reordering(store).run_once():
            pass
        with store.read(acme) as session:
            assert len(session.exec(scoped(session, PurchaseOrder)).all()) == len(fallen)
            lines = session.exec(
                select(PurchaseOrderLine.variant_id).where(PurchaseOrderLine.organization_id == acme)
            ).all()
        assert sorted(lines) == fallen
