"""The sandbox twin: its sample, its reset, what stays and what nobody ever sees half of."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlmodel import col, select

from ambra_tui.errors import Duplicate, NotFound
from ambra_tui.services import access, access_system, catalog
from ambra_tui.services.sandboxes import reset, reset_sandbox, sandbox_of, sets
from ambra_tui.services.verify import verify_store
from ambra_tui.services.webhooks.fan_out import FanOut
from ambra_tui.store.models import (
    ApiKey,
    Organization,
    OutboxEvent,
    Product,
    Site,
    StockMove,
    Webhook,
    WebhookDelivery,
)
from ambra_tui.store.models.base import metadata
from ambra_tui.store.scope import now_of, scoped


@pytest.fixture
def acme(store):
    access.forget_keys()
    return access.create_organization(store, "Acme", ["manufacturing"])


def _products(store, organization_id):
    with store.read(organization_id) as session:
        return frozenset(session.exec(scoped(session, Product).with_only_columns(Product.id)).all())


def _rows_of(store, organization_id):
    """Table -> how many rows of the organization it holds."""
    with store.read_system() as session:
        return {
            table.name: found
            for table in metadata.sorted_tables
            if "organization_id" in table.c
            and (found := len(session.exec(select(table).where(table.c.organization_id == organization_id)).all()))
        }


def _add_webhook(session):
    now = now_of(session)
    hook = {"edition": "ambra", "url": "https://hooks.example/a", "events": ["product.created"], "secret": "whsec_x"}
    session.add(
        Webhook(organization_id=session.info["organization_id"], id="whk_1", created_at=now, updated_at=now, **hook)
    )
    session.flush()
    for number, status in enumerate(("pending", "delivered")):
        session.add(
            WebhookDelivery(
                organization_id=session.info["organization_id"], id=f"dlv_{number}", webhook_id="whk_1",
                event_id="evt_1", event_type="product.created", body="{}", status=status, counts_from=now,
                next_attempt_at=now, created_at=now,
            )
        )  # fmt: skip


def test_a_sandbox_has_goods_and_a_past_of_its_own_and_the_live_books_stay_empty(store, acme):
    before = _rows_of(store, acme.id)
    twin = sandbox_of(store, acme.id)
    assert (twin.name, twin.sandbox_of, twin.retired_at) == ("Acme (sandbox)", acme.id, None)
    assert sandbox_of(store, acme.id).id == sandbox_of(store, twin.id).id == twin.id
    assert _rows_of(store, acme.id) == before
    held = _rows_of(store, twin.id)
    for table in ("product", "site", "lot", "sales_order", "purchase_order", "recipe", "return_authorization"):
        assert held[table] >= 1, table
    with store.read(twin.id) as session:
        assert session.exec(scoped(session, Site).where(Site.kind == "fba")).one().is_read_only
        kinds = set(session.exec(scoped(session, StockMove).with_only_columns(StockMove.kind)).all())
        ages = session.exec(scoped(session, StockMove).with_only_columns(StockMove.occurred_at)).all()
    assert {"order_fulfilled", "purchase_received", "transfer_in", "production_output", "waste_recorded"} <= kinds
    assert now_of(session) - min(ages) > timedelta(days=20)
    assert "outbox_event" not in held
    assert verify_store(store).is_clean


def test_a_reset_keeps_keys_and_webhooks_and_nothing_else(store, acme, monkeypatch):
    beta = access.create_organization(store, "Beta")
    others = _rows_of(store, beta.id)
    key, secret = access.create_key(store, organization_id=acme.id, label="t", scopes=["admin"], sandbox=True)
    old = access.key_for(store, secret).organization_id
    store.writer.run(_add_webhook, organization_id=old)
    first = _products(store, old)
    answer = reset_sandbox(store, acme.id)

    access.forget_keys()
    fresh = access.key_for(store, secret).organization_id
    assert fresh == answer.organization_id != old
    assert answer.counts["products"] == len(_products(store, fresh)) == len(first)
    assert not first & _products(store, fresh)
    with store.read(fresh) as session:
        hook = session.exec(scoped(session, Webhook)).one()
        assert (hook.id, hook.secret, hook.is_listening) == ("whk_1", "whsec_x", True)
        assert not session.exec(scoped(session, WebhookDelivery)).all()
        assert session.exec(scoped(session, ApiKey)).one().id == key.id
    with store.read(old) as session:
        assert not session.exec(scoped(session, Webhook)).one().is_listening
        assert [row.status for row in session.exec(scoped(session, WebhookDelivery))] == ["delivered"]
    assert access_system.sandbox_twin(store, acme.id).id == fresh
    assert [o.name for o in access_system.organizations(store, with_sandboxes=True)] == [
        "Acme", "Acme (sandbox)", "Beta",
    ]  # fmt: skip

    teller = FanOut(store, lambda session, edition, event: {"id": event.subject})
    assert teller.run_once() == 0  # what making the fresh set told is no news
    store.writer.run(lambda s: catalog.create_product(s, name="News"), organization_id=fresh)
    store.writer.run(lambda s: catalog.create_product(s, name="Late"), organization_id=old)
    assert teller.run_once() == 1

    reset.throw_away(store, before=store.clock.now() - reset.KEPT)
    assert _products(store, old) > first  # a request that began before may still read it
    monkeypatch.setattr(reset, "CHUNK", 50)
    before = len(_rows_of(store, old))
    reset.throw_away(store, before=store.clock.now() + timedelta(seconds=1), seconds=0)
    assert 0 < len(_rows_of(store, old)) <= before
    assert verify_store(store).is_clean
    reset.throw_away(store, before=store.clock.now() + timedelta(seconds=1), seconds=60)
    assert _rows_of(store, old) == {}
    with store.read_system() as session:
        assert session.get(Organization, old) is None
    assert _rows_of(store, beta.id) == others
    assert verify_store(store).is_clean
    with pytest.raises(NotFound):
        reset_sandbox(store, fresh)


def test_a_set_that_was_never_finished_is_never_seen_and_goes(store, acme, monkeypatch):
    monkeypatch.setattr(sets, "tell", lambda store, organization_id: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sandbox_of(store, acme.id)
    assert access_system.sandbox_twin(store, acme.id) is None
    assert [o.name for o in access_system.organizations(store, with_sandboxes=True)] == ["Acme"]
    assert verify_store(store).is_clean
    monkeypatch.undo()
    store.writer.run(lambda s: s.add(_taken(s)), organization_id=None)
    with pytest.raises(Duplicate):
        sandbox_of(store, acme.id)
    half = access_system.retired_sets(store)
    assert len(half) == 1
    reset.throw_away(store, before=store.clock.now() + timedelta(seconds=1))
    assert _rows_of(store, half[0]) == {}


def _taken(session):
    return Organization(name="Acme (sandbox)", created_at=now_of(session))


@pytest.mark.long
def test_who_reads_meanwhile_sees_one_set_whole(store, acme):
    _, secret = access.create_key(store, organization_id=acme.id, label="t", scopes=["admin"], sandbox=True)
    seen: list[frozenset[str]] = []
    is_over = threading.Event()

    def look() -> None:
        while not is_over.is_set():
            access.forget_keys()
            seen.append(_products(store, access.key_for(store, secret).organization_id))

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for _ in range(3):
            reset_sandbox(store, acme.id)
    finally:
        is_over.set()
        reader.join()
    sizes = {len(products) for products in seen}
    assert len(sizes) == 1
    assert 1 < len(dict.fromkeys(seen)) <= 4
    with store.read_system() as session:
        in_use = select(Organization).where(
            col(Organization.sandbox_of) == acme.id, col(Organization.retired_at).is_(None)
        )
        assert len(session.exec(in_use).all()) == 1


@pytest.mark.long
def test_two_who_ask_at_once_get_one_twin(store, acme):
    found: list[int] = []
    askers = [threading.Thread(target=lambda: found.append(sandbox_of(store, acme.id).id)) for _ in range(3)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(found) == 3
    assert len(set(found)) == 1
    answers = []
    resetters = [threading.Thread(target=lambda: answers.append(reset_sandbox(store, acme.id))) for _ in range(2)]
    for resetter in resetters:
        resetter.start()
    for resetter in resetters:
        resetter.join()
    assert access_system.sandbox_twin(store, acme.id).id in {answer.organization_id for answer in answers}
    assert len(answers) == 2
    with store.read_system() as session:
        events = session.exec(select(OutboxEvent).where(OutboxEvent.organization_id == found[0])).all()
    assert not events
