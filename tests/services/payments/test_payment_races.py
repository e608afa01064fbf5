"""Many at once: money is taken once and never given back above what was taken, on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ambra_tui.errors import AmbraError, Invalid, WrongState
from ambra_tui.gateways.sandbox import Sandbox
from ambra_tui.services import errands, payments
from ambra_tui.services.payments import NewPayment
from ambra_tui.store import Store
from ambra_tui.store.models import OutboxEvent
from ambra_tui.store.scope import scoped
from tests import factories

CLIENTS = 6


class Till:
    """Payments of one organization at the sandbox, and how often the gateway was asked."""

    def __init__(self, store: Store, organization_id: int) -> None:
        self.store, self.organization_id = store, organization_id
        self.asked: Counter[str] = Counter()

    def write(self, work: Callable[[Any], Any]) -> Any:
        return self.store.writer.run(work, organization_id=self.organization_id, actor=factories.TESTER)

    def run(self, errand_id: str) -> bool:
        return errands.run(self.store, self.organization_id, errand_id)

    def begin(self, amount: int, **more: Any) -> str:
        wanted = NewPayment(amount=amount, currency="eur", method="card", **more)
        asked = self.write(lambda session: payments.begin_payment(session, wanted, gateway=Sandbox()))
        assert self.run(asked.errand_id)
        return str(asked.payment.id)

    def read(self, payment_id: str) -> Any:
        with self.store.read(self.organization_id) as session:
            return payments.payment_by_id(session, payment_id)

    def facts(self, subject: str) -> Counter[str]:
        with self.store.read(self.organization_id) as session:
            rows = session.exec(scoped(session, OutboxEvent).where(OutboxEvent.subject == subject))
            return Counter(row.type for row in rows)

    def at_once(self, *works: Callable[[], Any]) -> list[Any]:
        """What each of them answered, or was refused with, all begun together."""
        gate = threading.Barrier(len(works))

        def begin(work: Callable[[], Any]) -> Any:
            gate.wait()
            try:
                return work()
            except AmbraError as error:
                return error

        with ThreadPoolExecutor(len(works)) as threads:
            return list(threads.map(begin, works))


@pytest.fixture
def till(store: Store, organization_id: int, monkeypatch: pytest.MonkeyPatch) -> Till:
    opened = Till(store, organization_id)
    for name in ("capture", "refund"):
        monkeypatch.setattr(Sandbox, name, counted(opened.asked, name, getattr(Sandbox, name)))
    return opened


def counted(asked: Counter[str], name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def ask(self: Sandbox, *arguments: Any, key: str, **more: Any) -> Any:
        asked[f"{name} {key}"] += 1
        return call(self, *arguments, key=key, **more)

    return ask


def race_captures(till: Till, trials: int) -> None:
    for _ in range(trials):
        payment_id = till.begin(1000)
        till.asked.clear()

        def capture(wanted: str = payment_id) -> bool:
            errand_id = till.write(lambda session: payments.capture_payment(session, wanted, amount=None))
            return till.run(errand_id)

        answers = till.at_once(*[capture] * CLIENTS)
        assert sum(answer is True for answer in answers) == 1, answers
        assert sum(isinstance(answer, WrongState) for answer in answers) == CLIENTS - 1
        assert till.asked.total() == 1
        payment = till.read(payment_id)
        assert (payment.status, payment.amount_captured) == ("succeeded", 1000)
        assert till.facts(payment_id) == {"payment_succeeded": 1}


def race_refunds(till: Till, trials: int) -> None:
    """Six ask for 300 of 1000: three get it, by whichever order; then exactly 100 are left."""
    for _ in range(trials):
        payment_id = till.begin(1000, is_captured=True)
        till.asked.clear()

        def refund(wanted: str = payment_id) -> bool:
            made = till.write(lambda session: payments.refund_payment(session, wanted, amount=300, reason="race"))
            return till.run(made[1])

        answers = till.at_once(*[refund] * CLIENTS)
        assert sum(answer is True for answer in answers) == 3, answers
        assert sum(isinstance(answer, Invalid) and answer.field == "amount" for answer in answers) == 3
        payment = till.read(payment_id)
        assert (payment.amount_refunded, till.asked.total()) == (900, 3)
        assert till.facts(payment_id)["payment_refunded"] == 3


def race_one_errand(till: Till, trials: int) -> None:
    """The same errand, carried out by many: applied once, and told once."""
    for _ in range(trials):
        payment_id = till.begin(1000)
        errand_id = till.write(lambda session, wanted=payment_id: payments.capture_payment(session, wanted, amount=400))
        assert all(till.at_once(*[lambda wanted=errand_id: till.run(wanted)] * CLIENTS))
        assert till.read(payment_id).amount_captured == 400
        assert till.facts(payment_id) == {"payment_succeeded": 1}


@pytest.mark.parametrize("race", [race_captures, race_refunds, race_one_errand])
def test_money_moves_once(till: Till, race: Callable[[Till, int], None]) -> None:
    race(till, 3)


@pytest.mark.long
@pytest.mark.parametrize("race", [race_captures, race_refunds, race_one_errand])
def test_money_moves_once_in_a_hundred_trials(till: Till, race: Callable[[Till, int], None]) -> None:
    race(till, 100)
