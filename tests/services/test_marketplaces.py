"""A marketplace's site holds what its reports tell, by file; nobody's own site is set that way."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlmodel import col

from ambra_tui.cli import main
from ambra_tui.errors import Invalid, NotFound, WrongState
from ambra_tui.services import marketplaces, places
from ambra_tui.services.imports._run import run_import
from ambra_tui.services.imports._sync import Changed, sync_kind
from ambra_tui.services.verify import verify_store
from ambra_tui.store.models import AuditEntry, SiteStock, StockMove
from ambra_tui.store.scope import scoped
from tests import factories


@pytest.fixture
def fba(store, organization_id, write):
    """A marketplace's site without a place, one of our own, and two goods."""
    write(lambda s: [factories.variant(s, sku=sku) for sku in ("MUG", "CUP")])
    write(lambda s: factories.site(s, code="WH1"))
    return write(lambda s: places.create_site(s, code="FBA-EU", name="FBA EU", kind="fba"))


@pytest.fixture
def sync(store, organization_id, tmp_path):
    """Syncs from a text; answers (changed, already there, refused) and what was refused and changed."""

    def run(text, site="FBA-EU", **options):
        path = tmp_path / "fba.csv"
        path.write_text(text)
        refused, changes = [], []
        kind = sync_kind(site, changes, marketplace=options.pop("marketplace", ""))
        report = run_import(
            store, organization_id=organization_id, kind=kind, path=path, on_refused=refused.append, **options
        )
        reasons = {row.subject: row.reason for row in refused}
        return (report.made, report.unchanged, report.refused), reasons, changes

    return run


def on_hand(store, organization_id, site):
    with store.read(organization_id) as session:
        rows = session.exec(scoped(session, SiteStock).where(SiteStock.site_id == site.id)).all()
        return sorted(int(row.on_hand) for row in rows)


def test_a_report_sets_what_a_marketplace_holds(store, organization_id, write, fba, sync):
    text = "seller-sku,quantity\nMUG,60\nCUP,12\nSPOON,3\nMUG,61\nPAN,-1\n,4\n"
    mapping = {"sku": "seller-sku"}
    told, reasons, changes = sync(text, mapping=mapping, is_rehearsal=True)
    assert told == (2, 0, 4) and on_hand(store, organization_id, fba) == []
    told, reasons, changes = sync(text, mapping=mapping, marketplace="amazon_eu")
    assert told == (2, 0, 4)
    assert reasons["SPOON"] == "this SKU is not in the catalogue"
    assert reasons["MUG"] == "line 2 names this SKU already"
    assert "below zero" in reasons["PAN"]
    assert sorted(changes) == [Changed("CUP", Decimal(0), Decimal(12)), Changed("MUG", Decimal(0), Decimal(60))]
    assert on_hand(store, organization_id, fba) == [12, 60]

    assert sync("sku,quantity\nMUG,55\nCUP,12\n")[0] == (1, 1, 0)
    assert on_hand(store, organization_id, fba) == [12, 55]
    assert sync("sku,quantity\nCUP,0\n")[2] == [Changed("CUP", Decimal(12), Decimal(0))]
    assert on_hand(store, organization_id, fba) == [0, 55]
    with store.read(organization_id) as session:
        moves = session.exec(scoped(session, StockMove).order_by(col(StockMove.sequence))).all()
        assert {move.reason for move in moves} == {"marketplace_sync"}
        assert {
            entry.actor_name for entry in session.exec(scoped(session, AuditEntry)) if entry.act == "inventory_adjusted"
        } == {"AmbraWMS"}
        assert marketplaces.marketplaces_of(session) == {fba.id: "amazon_eu"}
        assert len(places.locations_of(session, fba.id)) == 1
    with pytest.raises(Invalid, match="site of your own"):
        sync("sku,quantity\nMUG,5\n", site="WH1")
    with pytest.raises(NotFound):
        sync("sku,quantity\nMUG,5\n", site="NONE")
    write(lambda s: setattr(places.site_by_code(s, "FBA-EU"), "status", "archived"))
    with pytest.raises(WrongState):
        sync("sku,quantity\nMUG,5\n")
    assert verify_store(store).is_clean


def test_a_sync_on_the_command_line(store, organization_id, fba, tmp_path, capsys):
    path = tmp_path / "fba.csv"
    path.write_text("sku,quantity\nMUG,60\nSPOON,3\n")

    def run(*words):
        code = main(["--store", store.url, "import", "stock", str(path), *words])
        return code, *capsys.readouterr()

    code, out, err = run("--sync", "--site", "FBA-EU", "--dry-run")
    assert (code, out.splitlines()[0]) == (1, "MUG: 0 -> 60")
    assert "SPOON" in err and "not in the catalogue" in err
    assert out.splitlines()[-1].endswith("Nothing was written: this was a dry run.")
    assert run("--sync", "--site", "FBA-EU")[1].splitlines()[-1] == (
        "stock: 2 rows, 1 changed, 0 already there, 1 refused."
    )
    for words in (("--sync",), ("--site", "FBA-EU")):
        code, _, err = run(*words)
        assert code == 1 and "--sync and --site go together" in err
    assert on_hand(store, organization_id, fba) == [60]
