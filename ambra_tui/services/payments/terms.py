"""The words and limits of payments, and how one is found and held.

Example::

    payment = lock_payment(session, payment_id, "authorized", step="capture")
"""

from __future__ import annotations

from sqlmodel import Session, col

from ambra_tui.errors import Invalid, WrongState
from ambra_tui.gateways import METHODS, Standing
from ambra_tui.store.models import Payment, SalesOrder
from ambra_tui.store.scope import fetch, lock_row, scoped

CRYPTO = frozenset({"bitcoin", "ethereum"})
MAX_AMOUNT = 99_999_999_999
"""In minor units: nearly a billion in most currencies."""
_CODES = """
    aed afn all amd aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd btn bwp byn bzd cad cdf chf clp cny
    cop crc cup cve czk djf dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gnf gtq gyd hkd hnl htg huf idr ils
    inr iqd irr isk jmd jod jpy kes kgs khr kmf kpw krw kwd kyd kzt lak lbp lkr lrd lsl lyd mad mdl mga mkd mmk mnt mop
    mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr
    sdg sek sgd shp sle sos srd ssp stn svc syp szl thb tjs tmt tnd top try ttd twd tzs uah ugx usd uyu uzs ved ves vnd
    vuv wst xaf xcd xcg xof xpf yer zar zmw zwg
"""
CURRENCIES = frozenset(_CODES.split())
"""ISO 4217, as they are paid with; codes of funds, metals and tests are not among them."""


def clean_payment_currency(text: str) -> str:
    """The code in capitals, as it is stored. Raises Invalid for what is no currency."""
    if text not in CURRENCIES:
        raise Invalid("currency is a code of ISO 4217 in small letters, such as usd", field="currency")
    return text.upper()


def payment_by_id(session: Session, payment_id: str) -> Payment:
    """The payment with this id. Raises NotFound."""
    return fetch(session, Payment, payment_id, resource="payment")


def payments_of(session: Session, order_id: str) -> list[Payment]:
    """The payments of an order, the first one first."""
    own = scoped(session, Payment).where(Payment.order_id == order_id)
    return list(session.exec(own.order_by(col(Payment.created_at), col(Payment.id))))


def lock_payment(session: Session, payment_id: str, *states: str, step: str) -> Payment:
    """The payment as it is now, and its order before it, kept from other writers. Raises NotFound, and WrongState
    naming the `step` when it is in none of `states`."""
    order_id = payment_by_id(session, payment_id).order_id
    if order_id:
        lock_row(session, SalesOrder, order_id, resource="order")
    payment = lock_row(session, Payment, payment_id, resource="payment")
    if states and payment.status not in states:
        raise WrongState("payment", payment.id, state=payment.status, step=step)
    return payment


def standing_of(payment: Payment) -> Standing:
    """The payment as its gateway is told of it."""
    return Standing(
        payment_id=payment.id,
        reference=payment.gateway_reference,
        amount=payment.amount,
        currency=payment.currency.lower(),
        method=payment.method,
        is_captured=payment.capture_method == "automatic",
        amount_captured=payment.amount_captured,
    )


__all__ = [
    "CRYPTO",
    "CURRENCIES",
    "MAX_AMOUNT",
    "METHODS",
    "clean_payment_currency",
    "lock_payment",
    "payment_by_id",
    "payments_of",
    "standing_of",
]
