"""Errands: claimed by one, taken up when their holder is gone, tried again in steps, given up when it is too late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ambra_tui.errors import Unavailable
from ambra_tui.gateways.sandbox import Sandbox
from ambra_tui.kit.clock import Clock
from ambra_tui.services import errands, payments
from ambra_tui.services.errands import written
from ambra_tui.services.errands.worker import Worker
from ambra_tui.services.payments import NewPayment
from ambra_tui.store import Store
from ambra_tui.store.leases import this_process
from ambra_tui.store.models import Errand, Payment
from ambra_tui.store.scope import scoped

Write = Callable[[Callable[[Any], Any]], Any]


@pytest.fixture
def dialect() -> str:
    """Who carries out what does not lie in the database; the races do."""
    return "sqlite"


def begin(write: Write, **more: Any) -> payments.AskedPayment:
    wanted = NewPayment(amount=1000, currency="eur", method="card", **more)
    asked: payments.AskedPayment = write(
        lambda session: payments.begin_payment(session, wanted, gateway=Sandbox())
    )  # fmt: skip
    return asked


def row(store: Store, organization_id: int, model: Any) -> Any:
    with store.read(organization_id) as session:
        return session.exec(scoped(session, model)).one()


def later(**time: int) -> Any:
    return Clock().now() + timedelta(**time)


def test_a_fresh_errand_is_left_to_its_writer_and_an_old_one_is_taken_up(
    store: Store, organization_id: int, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = begin(write)
    assert errands.due(store) == []
    assert errands.due(store, later(seconds=11)) == [(organization_id, asked.errand_id)]
    monkeypatch.setattr(written, "FIRST_LOOK", timedelta(0))
    second = begin(write)
    assert Worker(store).look() == 1
    with store.read(organization_id) as session:
        assert payments.payment_by_id(session, second.payment.id).status == "authorized"
        assert payments.payment_by_id(session, asked.payment.id).status == "processing"


def test_who_holds_an_errand_keeps_it_until_they_are_gone(store: Store, organization_id: int, write: Write) -> None:
    asked = begin(write)
    host = this_process().rpartition(":")[0]
    write(lambda session: written.claim(session, asked.errand_id, this_process()))
    assert errands.run(store, organization_id, asked.errand_id, patience=0.0) is False
    assert errands.due(store, later(seconds=30)) == []
    assert errands.due(store, later(seconds=61)) == [(organization_id, asked.errand_id)]

    def die(session: Any) -> None:
        errand = session.exec(scoped(session, Errand)).one()
        errand.claimed_by = f"{host}:4194399"  # above the highest number of a process
        session.add(errand)

    write(die)
    assert errands.due(store, later(seconds=30)) == [(organization_id, asked.errand_id)]
    assert errands.run(store, organization_id, asked.errand_id)
    assert row(store, organization_id, Payment).status == "authorized"
    assert errands.run(store, organization_id, asked.errand_id)  # it is over, and nothing happens

    def age(session: Any) -> int:
        errand = session.exec(scoped(session, Errand)).one()
        errand.created_at -= timedelta(days=29)
        session.add(errand)
        session.flush()
        kept = errands.forget_done(session)
        errand.created_at -= timedelta(days=2)
        session.add(errand)
        session.flush()
        return kept

    assert (write(age), write(errands.forget_done)) == (0, 1)


def test_silence_is_met_in_steps_and_given_up_after_hours(
    store: Store, organization_id: int, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_arguments: Any, **_more: Any) -> None:
        raise Unavailable("nobody is there")

    def broken(*_arguments: Any, **_more: Any) -> None:
        raise ValueError("a gateway that answers nonsense")

    monkeypatch.setattr(Sandbox, "create", silent)
    asked = begin(write)
    waits = []
    for answer in (silent, broken, silent):
        monkeypatch.setattr(Sandbox, "create", answer)
        assert errands.run(store, organization_id, asked.errand_id) is False
        errand = row(store, organization_id, Errand)
        waits.append(round((errand.next_attempt_at - errand.updated_at).total_seconds()))
    assert waits == [5, 15, 60]
    assert (errand.attempts, errand.last_error, errand.claimed_until) == (3, "nobody is there", None)
    monkeypatch.setattr(written, "GIVEN_UP_AFTER", timedelta(0))
    assert errands.run(store, organization_id, asked.errand_id) is True
    assert row(store, organization_id, Errand).status == "abandoned"
    payment = row(store, organization_id, Payment)
    assert (payment.status, payment.failure_code) == ("failed", "gateway_unreachable")


def test_what_was_under_way_when_its_order_was_cancelled_goes_back(
    store: Store, organization_id: int, write: Write
) -> None:
    from ambra_tui.services import orders
    from ambra_tui.services.orders import NewOrderLine
    from tests import factories

    def place(session: Any) -> Any:
        house = factories.warehouse(session)
        variant = factories.variant(session)
        lines = [NewOrderLine(variant.id, factories.Decimal(1), 5000)]
        return orders.create_order(session, site_id=house.site.id, lines=lines)

    order = write(place)
    held, taken, going = (
        begin(write, order_id=order.id, is_captured=is_captured) for is_captured in (False, True, True)
    )
    for asked in (held, taken):
        assert errands.run(store, organization_id, asked.errand_id)
    waiting = write(lambda session: payments.refund_order(session, orders.get_order(session, order.id)))
    assert len(waiting) == 2
    for errand_id in waiting:
        assert errands.run(store, organization_id, errand_id)
    assert errands.run(store, organization_id, going.errand_id)
    for place_of in errands.due(store, later(minutes=1)):
        assert errands.run(store, *place_of)
    with store.read(organization_id) as session:
        states = [
            (payment.status, payment.amount_captured, payment.amount_refunded)
            for payment in payments.payments_of(session, order.id)
        ]
        assert states == [("cancelled", 0, 0), ("succeeded", 1000, 1000), ("succeeded", 1000, 1000)]
        assert orders.get_order(session, order.id).payment_status == "refunded"
