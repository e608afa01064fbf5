"""What scopes cover, and which of them a person's role may hand on.

Example::

    covers({"inventory:write"}, "inventory", "read")      # True: writing implies reading
    ceiling_of("operator")                                # what the floor shows, to be read
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from ambra_tui.errors import NotAllowed

VERBS = ("read", "write", "delete")
FLOOR = (
    "categories", "cycle_counts", "inventory", "locations", "lots", "orders", "organization", "production_batches",
    "products", "purchase_orders", "recipes", "return_authorizations", "shipping", "stock_transfers", "suppliers",
    "waste_records",
)  # fmt: skip
"""What an operator sees on the floor. What is changed there is changed step by step, under the flow's own rules, which
a program does not pass: so an operator lets programs read, and a supervisor lets them change."""
_CEILINGS: dict[str, frozenset[str] | None] = {
    "admin": None,
    "supervisor": frozenset(VERBS),
    "operator": frozenset(f"{resource}:read" for resource in FLOOR),
}


def covers(scopes: Set[str], resource: str, verb: str) -> bool:
    """True when `scopes` cover `verb` on `resource`; writing implies reading."""
    if "admin" in scopes:
        return True
    verbs = ("read", "write") if verb == "read" else (verb,)
    return any(v in scopes or f"{resource}:{v}" in scopes for v in verbs)


def covers_scope(scopes: Set[str], scope: str) -> bool:
    """True when `scope` gives nothing that `scopes` do not give."""
    if scope in scopes or "admin" in scopes:
        return True
    if scope == "admin":
        return False
    resource, _, verb = scope.rpartition(":")
    if resource:
        return covers(scopes, resource, verb)
    return verb == "read" and "write" in scopes


def ceiling_of(role: str | None) -> frozenset[str] | None:
    """The scopes that a person of this role may hand on; None: every one."""
    return _CEILINGS.get(role or "", frozenset())


def refuse_beyond(scopes: Iterable[str], role: str | None) -> None:
    """Raises NotAllowed, with what goes too far, for scopes that a person of this role may not hand on."""
    ceiling = ceiling_of(role)
    beyond = [scope for scope in scopes if ceiling is not None and not covers_scope(ceiling, scope)]
    if beyond:
        raise NotAllowed(f"Your role may not allow: {', '.join(beyond)}", details={"scopes": beyond})
