"""The sandbox of a `test_` key begins anew.

Example::

    POST /v1/sandbox/reset     with a test_ key that has the scope admin
"""

from __future__ import annotations

from typing_extensions import TypedDict

from ambra_tui.api.edition import Answer, Call, Catalogue, Nothing
from ambra_tui.api.failures import refused
from ambra_tui.kit.clock import to_iso
from ambra_tui.services.sandboxes import reset_sandbox

catalogue = Catalogue("Sandbox", about="The sample data that test_ keys work on, and how it begins anew.")


class SandboxView(TypedDict):
    """What the sandbox holds after its reset."""

    reset_at: str
    warehouses: int
    products: int
    lots: int
    suppliers: int
    purchase_orders: int
    orders: int
    recipes: int
    stock_movements: int


@catalogue.apart(
    "/sandbox/reset", Nothing, scope="admin", operation_id="resetSandbox",
    summary="Put fresh sample data in place of everything in the sandbox; its keys and webhooks stay",
    shape=SandboxView, example={},
)  # fmt: skip
def reset(call: Call, _body: Nothing) -> Answer:
    """The answer comes when the fresh data is in use."""
    live_id = call.principal.live_id
    if live_id is None:
        raise refused(422, "NOT_A_SANDBOX", "This call is for test_ keys: a live organization is never reset.")
    done = reset_sandbox(call.store, live_id, actor=call.principal.actor)
    return Answer({"reset_at": to_iso(done.reset_at), **done.counts})
