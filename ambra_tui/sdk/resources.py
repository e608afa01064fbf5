"""The calls, by resource. They are written once for both clients, which differ in what a call gives back.

`One` is an object, `Many` a list, `Nothing` the answer of a removal: as they are for `AmbraWMS`, awaitable for
`AsyncAmbraWMS`. Fields and filters are given by name, or as one mapping, or both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from ambra_tui.sdk.request import Fields, Request, change, read

One = TypeVar("One", covariant=True)
Many = TypeVar("Many", covariant=True)
Nothing = TypeVar("Nothing", covariant=True)


class Door(Protocol[One, Many, Nothing]):
    """What sends requests."""

    def one(self, request: Request) -> One:
        """The object that the request asks for."""

    def many(self, request: Request) -> Many:
        """The list that the request asks for."""

    def nothing(self, request: Request) -> Nothing:
        """Does what the request asks for."""


def fields_of(given: Fields | None, named: Fields) -> dict[str, object]:
    """One mapping of both."""
    return {**(given or {}), **named}


class Resource(Generic[One, Many, Nothing]):
    """What all resources have: a name in the path."""

    name = ""

    def __init__(self, door: Door[One, Many, Nothing]) -> None:
        self._door = door


class Readable(Resource[One, Many, Nothing]):
    """A resource that is listed and read."""

    def list(self, filters: Fields | None = None, /, **named: object) -> Many:
        """The objects that fit the filters, such as ``status="active", sort="-created_at,name", limit=100``."""
        return self._door.many(read(self.name, query=fields_of(filters, named)))

    def get(self, key: str, /) -> One:
        """One object. Raises NotFound."""
        return self._door.one(read(self.name, key))


class Creatable(Resource[One, Many, Nothing]):
    """A resource of which more can be made."""

    def create(self, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object) -> One:
        """Makes one. Raises ValidationFailed."""
        body = fields_of(fields, named)
        return self._door.one(change("POST", self.name, body=body, idempotency_key=idempotency_key))


class Updatable(Resource[One, Many, Nothing]):
    """A resource whose fields change one by one."""

    def update(
        self, key: str, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object
    ) -> One:
        """Changes the given fields and leaves the others (PATCH)."""
        body = fields_of(fields, named)
        return self._door.one(change("PATCH", self.name, key, body=body, idempotency_key=idempotency_key))


class Removable(Resource[One, Many, Nothing]):
    """A resource that can be removed."""

    def delete(self, key: str, /, *, idempotency_key: str | None = None) -> Nothing:
        """Removes it."""
        return self._door.nothing(change("DELETE", self.name, key, idempotency_key=idempotency_key))


class Kept(
    Readable[One, Many, Nothing],
    Creatable[One, Many, Nothing],
    Updatable[One, Many, Nothing],
    Removable[One, Many, Nothing],
):
    """A resource with everything: list, get, create, update, replace, delete."""

    def replace(
        self, key: str, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object
    ) -> One:
        """Sets all fields (PUT): those that are not given go back to what they are without being given."""
        body = fields_of(fields, named)
        return self._door.one(change("PUT", self.name, key, body=body, idempotency_key=idempotency_key))


class Products(Kept[One, Many, Nothing]):
    """What is stocked."""

    name = "products"

    def create_batch(
        self, products: Iterable[Fields], /, *, atomic: bool | None = None, idempotency_key: str | None = None
    ) -> One:
        """Makes up to 500 at once. The answer has `data`, the products, and `errors` where ``atomic=False`` let some
        fail."""
        request = change(
            "POST", self.name, "batch", body={"products": list(products)}, query={"atomic": atomic},
            idempotency_key=idempotency_key, keeps_envelope=True,
        )  # fmt: skip
        return self._door.one(request)

    createBatch = create_batch  # noqa: N815  # as the other languages spell it

    def get_by_sku(self, sku: str, /) -> One:
        """The product with this SKU. Raises NotFound."""
        return self._door.one(read("skus", sku))

    def stock(self, key: str, /) -> One:
        """One product's stock, by location."""
        return self._door.one(read(self.name, key, "stock"))


class Categories(Kept[One, Many, Nothing]):
    """The tree that products are sorted into."""

    name = "categories"


class Suppliers(Kept[One, Many, Nothing]):
    """Whom goods come from."""

    name = "suppliers"


class Locations(Kept[One, Many, Nothing]):
    """Bins, docks and other places inside a warehouse."""

    name = "locations"


class Warehouses(Kept[One, Many, Nothing]):
    """Sites with stock."""

    name = "warehouses"


class StockMovements(Readable[One, Many, Nothing], Creatable[One, Many, Nothing]):
    """Stock that came, went, was counted or was moved."""

    name = "stock_movements"

    def complete(self, key: str, /, *, idempotency_key: str | None = None) -> One:
        """Posts a pending movement."""
        return self._door.one(change("POST", self.name, key, "complete", body={}, idempotency_key=idempotency_key))

    def cancel(self, key: str, /, *, reason: str | None = None, idempotency_key: str | None = None) -> One:
        """Gives a pending movement up."""
        body = {} if reason is None else {"reason": reason}
        return self._door.one(change("POST", self.name, key, "cancel", body=body, idempotency_key=idempotency_key))


class StockLevels(Resource[One, Many, Nothing]):
    """What lies where, as of now."""

    name = "stock_levels"

    def list(self, filters: Fields | None = None, /, **named: object) -> Many:
        """Levels, such as those of ``stock_status="low"``."""
        return self._door.many(read(self.name, query=fields_of(filters, named)))


class PurchaseOrders(Readable[One, Many, Nothing], Creatable[One, Many, Nothing]):
    """What is ordered from suppliers."""

    name = "purchase_orders"

    def receive(
        self, key: str, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object
    ) -> One:
        """Takes in what came: ``items=[{"product_id": ..., "quantity": ..., "location_id": ...}]``."""
        body = fields_of(fields, named)
        return self._door.one(change("POST", self.name, key, "receive", body=body, idempotency_key=idempotency_key))


class Reports(Resource[One, Many, Nothing]):
    """Figures over the stock."""

    name = "reports"

    def list(self) -> Many:
        """Which reports there are, each with its `href`."""
        return self._door.many(read(self.name))

    def stock_overview(self, filters: Fields | None = None, /, **named: object) -> One:
        """Totals, low, critical and missing items, by category; of one warehouse with ``warehouse_id=...``."""
        return self._door.one(read(self.name, "stock_overview", query=fields_of(filters, named)))


class ApiKeys(Resource[One, Many, Nothing]):
    """The organization's keys; needs an admin key."""

    name = "api_keys"

    def list(self, filters: Fields | None = None, /, **named: object) -> Many:
        """The keys, without their secrets."""
        return self._door.many(read(self.name, query=fields_of(filters, named)))

    def create(self, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object) -> One:
        """Makes one; its `key` is in this answer only."""
        body = fields_of(fields, named)
        return self._door.one(change("POST", self.name, body=body, idempotency_key=idempotency_key))

    def rotate(self, key: str, /, *, grace_seconds: int | None = None, idempotency_key: str | None = None) -> One:
        """A new secret; the old one works for `grace_seconds` more."""
        body = {} if grace_seconds is None else {"grace_seconds": grace_seconds}
        return self._door.one(change("POST", self.name, key, "rotate", body=body, idempotency_key=idempotency_key))

    def revoke(self, key: str, /, *, idempotency_key: str | None = None) -> Nothing:
        """Ends the key."""
        return self._door.nothing(change("DELETE", self.name, key, idempotency_key=idempotency_key))

    delete = revoke


class Sandbox(Resource[One, Many, Nothing]):
    """The sample data that a `test_` key works on."""

    name = "sandbox"

    def reset(self, *, idempotency_key: str | None = None) -> One:
        """Puts fresh sample data in place of everything there; the answer counts it."""
        return self._door.one(change("POST", self.name, "reset", body={}, idempotency_key=idempotency_key))
