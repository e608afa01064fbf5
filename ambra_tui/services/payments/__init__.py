"""Payments: begun, confirmed, taken, given back, questioned.

Nothing here asks a gateway inside a transaction. A function writes down what is wanted and leaves an errand; the
errand's outcome is applied later, once. The money's states follow what gateways answer, never what we hope.

Example::

    asked = begin_payment(session, NewPayment(amount=19999, currency="USD", method="card"), gateway=gateway)
    errands.run(store, organization_id, asked.errand_id)         # after the commit
"""

from ambra_tui.services.payments.captures import cancel_payment, capture_payment, confirm_payment
from ambra_tui.services.payments.choice import gateway_for, gateway_named
from ambra_tui.services.payments.disputes import (
    EVIDENCE,
    MAX_EVIDENCE,
    close_dispute,
    dispute_by_id,
    open_dispute,
    respond_to_dispute,
)
from ambra_tui.services.payments.intents import AskedPayment, NewPayment, begin_payment, take_sample_payment
from ambra_tui.services.payments.notices import take_notice
from ambra_tui.services.payments.refunds import (
    expected_day,
    refund_by_id,
    refund_order,
    refund_payment,
    refunds_of,
    returnable,
)
from ambra_tui.services.payments.terms import CRYPTO, CURRENCIES, MAX_AMOUNT, METHODS, payment_by_id, payments_of

__all__ = [
    "CRYPTO",
    "CURRENCIES",
    "EVIDENCE",
    "MAX_AMOUNT",
    "MAX_EVIDENCE",
    "METHODS",
    "AskedPayment",
    "NewPayment",
    "begin_payment",
    "cancel_payment",
    "capture_payment",
    "close_dispute",
    "confirm_payment",
    "dispute_by_id",
    "expected_day",
    "gateway_for",
    "gateway_named",
    "open_dispute",
    "payment_by_id",
    "payments_of",
    "refund_by_id",
    "refund_order",
    "refund_payment",
    "refunds_of",
    "respond_to_dispute",
    "returnable",
    "take_notice",
    "take_sample_payment",
]
