"""The supervisor's desk: exceptions get their reason, held work is set free, and only supervisors come here."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlmodel import Session

from ambra_tui.floor.known import flows
from ambra_tui.kit.language import languages, say
from ambra_tui.services import alerts, catalog, claims, places, purchasing, receiving, returns, transfers
from ambra_tui.services.acts import _trail
from ambra_tui.services.counts import completing
from ambra_tui.store import Actor
from ambra_tui.store.models import Discrepancy, User
from ambra_tui.store.scope import scoped
from tests.floor.worker import Worker, open_ds1

KINDS = (
    purchasing.SHORT_RECEIPT, returns.SHORT_RETURN, receiving.BLIND_RECEIPT, receiving.UNEXPECTED_ITEM,
    transfers.TRANSFER_LOSS, completing.SHORT, completing.ELSEWHERE, alerts.NO_SUPPLIER,
)  # fmt: skip


@pytest.mark.parametrize("language", languages())
def test_every_exception_is_named(language: str) -> None:
    assert [kind for kind in KINDS if not 0 < len(say(language, f"desk.kind_{kind}")) <= 21] == []


@pytest.mark.parametrize("language", languages())
def test_whatever_a_worker_does_has_a_name(language: str) -> None:
    assert [name for name in flows() if not 0 < len(say(language, f"home.{name}")) <= 16] == []


@pytest.fixture
def cleo(store_url: str) -> Iterator[Worker]:
    store, organization_id = open_ds1(store_url)
    yield Worker(store, organization_id, "BDG-9001")
    store.close()


def blind(worker: Worker, sku: str, quantity: int) -> None:
    """Goods that nobody ordered lie on the dock."""

    def write(session: Session) -> None:
        site = places.site_by_code(session, "WH1")
        dock = receiving.docks_of(session, site.id)[0]
        receiving.receive_unordered(
            session, site=site, variant=catalog.variant_by_sku(session, sku), quantity=Decimal(quantity),
            location_id=dock.id, idempotency_key=f"blind-{sku}",
        )  # fmt: skip

    worker.write(write)


def reasons(worker: Worker) -> list[tuple[str, str]]:
    with worker.store.read(worker.organization_id) as session:
        return sorted((row.status, row.reason) for row in session.exec(scoped(session, Discrepancy)).all())


def undo_last(worker: Worker, name: str) -> None:
    def write(session: Session) -> None:
        user = session.exec(scoped(session, User).where(User.name == name)).one()
        _trail.undo(session, _trail.last_acts(session, user.id)[0], idempotency_key="undo-1")

    worker.write(write)


def test_an_exception_is_closed_with_a_reason_and_opened_again_by_undo(cleo: Worker) -> None:
    """The oldest first; F7 puts one off; a scan is no reason; what was closed can be taken back."""
    blind(cleo, "PAINT-5L", 2)
    blind(cleo, "GLOVE-L", 3)
    cleo.menu("desk").press("1")
    assert cleo.prompt.facts[1].value == "2 PAINT-5L"
    cleo.command("later")
    assert cleo.prompt.facts[1].value == "3 GLOVE-L"
    assert cleo.scan("5001000000040").verdict == "E40"
    assert cleo.type("free sample").verdict == "G50"
    assert reasons(cleo) == [("open", ""), ("resolved", "free sample")]
    undo_last(cleo, "Cleo")
    assert reasons(cleo) == [("open", ""), ("open", "")]


def test_what_did_not_arrive_is_settled_by_a_digit(cleo: Worker) -> None:
    """A transfer's loss leaves transit when the supervisor says what became of it."""

    def send(session: Session) -> None:
        sites = [places.site_by_code(session, code).id for code in ("ST1", "WH1")]
        glove = catalog.variant_by_sku(session, "GLOVE-L")
        transfer = transfers.create_transfer(
            session, source_site_id=sites[0], destination_site_id=sites[1],
            lines=[transfers.NewTransferLine(glove.id, Decimal(3))], number="TR-1",
        )  # fmt: skip
        transfers.ship(session, transfer, idempotency_key="ship")
        transfers.receive(session, transfer, [transfers.Arrival(glove.id, Decimal(2))], idempotency_key="receive")

    cleo.write(send)
    cleo.menu("desk").press("1")
    assert [choice.code for choice in cleo.prompt.choices] == ["lost", "damaged", "not_sent", "found"]
    assert cleo.type("because").verdict == "E40"
    assert cleo.press("1").verdict == "G40"
    assert reasons(cleo) == [("resolved", "lost")]
    assert cleo.moves()[-1][0] == "manual_adjustment"


def test_held_work_is_set_free_after_a_question(cleo: Worker) -> None:
    """Work that Ana holds is free for Ben once the supervisor says so."""
    order = cleo.order("SO-1", ("GLOVE-L", 1))
    ids = cleo.write(lambda session: {user.name: user.id for user in session.exec(scoped(session, User)).all()})

    def claim(name: str) -> None:
        cleo.store.writer.run(
            lambda session: claims.claim(session, "sales_order", order.id),
            organization_id=cleo.organization_id, actor=Actor(ids[name], name, station="st-2"),
        )  # fmt: skip

    claim("Ana")
    cleo.menu("desk").press("2").press("1")
    assert cleo.prompt.facts[0].label == "SO-1 Ana"
    with pytest.raises(claims.Taken):
        claim("Ben")
    assert cleo.press("1").verdict == "G51"
    claim("Ben")


def test_the_desk_opens_whatever_others_are_asked(cleo: Worker) -> None:
    ana = Worker(cleo.store, cleo.organization_id, "BDG-1001", station="st-2")
    ana.scan("BDG-1001")
    assert ana.verdict == "W72"
    assert [row.label for row in cleo.menu("desk").prompt.contents] == ["Ana Sign off", "Cleo menu"]


def test_an_operator_finds_no_desk(cleo: Worker) -> None:
    """F12: the menu does not offer the desk, and asking for it by name is refused."""
    ana = Worker(cleo.store, cleo.organization_id, "BDG-1001", station="st-2")
    assert "desk" not in [choice.code for choice in ana.prompt.choices]
    assert ana.menu("desk").verdict == "E35"
