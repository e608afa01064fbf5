"""The one error tree. Nothing here knows HTTP, Textual or SQL.

    AmbraError
    ├── NotFound            the thing named does not exist (or belongs to somebody else: both answer alike)
    ├── Invalid             a value that can never be right: wrong type, wrong shape, out of range
    ├── Conflict            right in itself, but not now
    │   ├── WrongState      the object's state does not allow the step
    │   ├── Duplicate       the identifying value is taken
    │   ├── InUse           something else still needs the object
    │   ├── Stale           the object changed since the caller read it
    │   └── KeyReused       the idempotency key was used for another request
    ├── InsufficientStock   one or more lines ask for more than there is
    ├── NotAllowed          the actor may not do this
    │   └── ReadOnlySite    the site belongs to a marketplace: only its sync changes it
    ├── Unauthenticated     nobody, or a wrong or ended credential
    └── Unavailable         the store cannot answer now: disk full, lost connection

Example::

    raise NotFound("product", product_id)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple


class AmbraError(Exception):
    """Any refusal of ours. `str(error)` is a sentence for a person: what happened and what to do."""

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})


class NotFound(AmbraError):
    """`resource` (a noun of the field, such as ``product``) with the identifier `key` does not exist. `field`: where
    the identifier stood, when it is not the resource's id."""

    def __init__(self, resource: str, key: str, *, field: str = "") -> None:
        label = resource.replace("_", " ").capitalize()
        super().__init__(f"{label} with ID '{key}' not found", details={f"{resource}_id": key})
        self.resource = resource
        self.key = key
        self.field = field or f"{resource}_id"


class Invalid(AmbraError):
    """`field` holds a value that can never be right."""

    def __init__(self, message: str, *, field: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, details={**({field: message} if field else {}), **(details or {})})
        self.field = field


class Conflict(AmbraError):
    """Right in itself, but not now."""


class WrongState(Conflict):
    """The object's present `state` does not allow the step; the message names the state."""

    def __init__(self, resource: str, key: str, *, state: str, step: str) -> None:
        label = resource.replace("_", " ").capitalize()
        super().__init__(f"{label} {key} is {state}: cannot {step} it", details={"status": state})
        self.resource, self.key, self.state, self.step = resource, key, state, step


class Duplicate(Conflict):
    """The identifying value `value` of `field` is taken."""

    def __init__(self, resource: str, field: str, value: str) -> None:
        label = resource.replace("_", " ").capitalize()
        message = f"{label} with {field} '{value}' already exists"
        super().__init__(message, details={field: message})
        self.resource, self.field, self.value = resource, field, value


class InUse(Conflict):
    """Something still needs the object: `remains` tells what, and how many of each."""

    def __init__(self, resource: str, key: str, remains: Mapping[str, int], *, step: str = "remove") -> None:
        label = resource.replace("_", " ").capitalize()
        found = {what: count for what, count in remains.items() if count}
        listed = ", ".join(f"{what}: {count}" for what, count in found.items())
        fields = [
            {"field": what.replace(" ", "_"), "message": f"{count} remaining", "count": count}
            for what, count in found.items()
        ]
        super().__init__(f"{label} {key} is still in use ({listed}): cannot {step} it", details={"fields": fields})
        self.resource, self.key, self.remains = resource, key, found


class Stale(Conflict):
    """The object changed since the caller read it: read it again, then decide."""


class KeyReused(Conflict):
    """The idempotency key belongs to a different request."""


class Shortage(NamedTuple):
    """One short line: `requested` and `available` in base units of the variant; `field`: where the request has it."""

    sku: str
    requested: Decimal
    available: Decimal
    variant_id: str = ""
    site_id: str = ""
    location_code: str = ""
    line_id: str = ""
    field: str = "quantity"


class InsufficientStock(AmbraError):
    """One or more lines ask for more than there is; every short line is listed, not only the first."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        text = "; ".join(
            f"{f'{s.location_code} holds' if s.location_code else 'there are'} {s.available.normalize():f} of {s.sku}, "
            f"{s.requested.normalize():f} asked"
            for s in shortages
        )
        super().__init__(f"Not enough stock: {text}")
        self.shortages = tuple(shortages)


class NotAllowed(AmbraError):
    """The actor may not do this; the message says who may."""


class ReadOnlySite(NotAllowed):
    """The site shows what a marketplace holds: no door but its import and sync changes it."""

    def __init__(self, name: str, *, field: str = "") -> None:
        message = f"{name} is read-only: only its marketplace sync changes it"
        super().__init__(message, details={field: message} if field else None)


class Unauthenticated(AmbraError):
    """Nobody, or a wrong, ended or locked credential."""


class Unavailable(AmbraError):
    """The store cannot answer now; nothing was saved."""
