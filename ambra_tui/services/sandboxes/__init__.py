"""The sandbox of an organization: a twin with sample data of its own, where `test_` keys work, begun anew by a call.

A set of sample data is an organization of its own that nothing shows until it is whole. Putting it in use is one short
transaction, which takes the keys and the webhooks along: every request sees one set, whole.

Example::

    twin = sandbox_of(store, organization.id)          # made with its sample when it is first asked for
    reset_sandbox(store, organization.id, actor=actor) # Reset(organization_id=9, counts={'products': 16, ...}, ...)
"""

from ambra_tui.services.sandboxes.reset import Reset, reset_sandbox
from ambra_tui.services.sandboxes.sets import sandbox_of

__all__ = ["Reset", "reset_sandbox", "sandbox_of"]
