"""Errands: calls to other people's machines, that neither hold a transaction nor get lost.

What is wanted is written down first, together with the rows that it is about. Then it is asked for, outside every
transaction and with the errand's id as idempotency key, so that asking twice acts once. Then a second transaction
applies what was answered. Whatever ends in between is taken up by a worker of a server.

Example::

    errand = send(session, "payment_capture", payment.id, amount=500)     # in the writer, beside the payment
    run(store, organization_id, errand.id)                                # after the commit
"""

from ambra_tui.services.errands.running import ERRAND_PATIENCE, run
from ambra_tui.services.errands.written import (
    GIVEN_UP_AFTER,
    Asked,
    Kind,
    due,
    find_kinds,
    forget_done,
    is_under_way,
    send,
)

__all__ = [
    "ERRAND_PATIENCE",
    "GIVEN_UP_AFTER",
    "Asked",
    "Kind",
    "due",
    "find_kinds",
    "forget_done",
    "is_under_way",
    "run",
    "send",
]
