"""The calls of the commerce API, by resource; written once for both clients, as `resources` is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic

from ambra_tui.sdk.request import Fields, File, change, read
from ambra_tui.sdk.resources import (
    Creatable,
    Door,
    Many,
    Nothing,
    One,
    Readable,
    Removable,
    Resource,
    fields_of,
)
from ambra_tui.sdk.webhooks import Subscriptions


class Merged(Resource[One, Many, Nothing]):
    """A resource whose fields change one by one."""

    def update(
        self, key: str, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object
    ) -> One:
        """Changes the given fields and leaves the others (PUT, which merges here)."""
        body = fields_of(fields, named)
        return self._door.one(change("PUT", self.name, key, body=body, idempotency_key=idempotency_key))


class ShopProducts(
    Readable[One, Many, Nothing], Creatable[One, Many, Nothing], Merged[One, Many, Nothing],
    Removable[One, Many, Nothing],
):  # fmt: skip
    """What a shop sells. `get` takes an id or a SKU; `delete` archives."""

    name = "products"

    def images(self, key: str, /, **filters: object) -> Many:
        """The pictures of a product."""
        return self._door.many(read(self.name, key, "images", query=filters))

    def add_image(
        self,
        key: str,
        /,
        *,
        url: str | None = None,
        content: bytes | None = None,
        content_type: str = "application/octet-stream",
        alt: str | None = None,
        variant_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> One:
        """Adds a picture: the one at `url`, or `content`, the bytes of one."""
        body = {name: value for name, value in (("alt", alt), ("variant_id", variant_id), ("url", url)) if value}
        file = None if content is None else File("image", content, content_type)
        return self._door.one(
            change("POST", self.name, key, "images", body=body, file=file, idempotency_key=idempotency_key)
        )

    def delete_image(self, key: str, image: str, /, *, idempotency_key: str | None = None) -> Nothing:
        """Takes a picture away."""
        return self._door.nothing(change("DELETE", self.name, key, "images", image, idempotency_key=idempotency_key))


class ShopCategories(Readable[One, Many, Nothing]):
    """What products stand in; `get` takes a slug."""

    name = "categories"


class Customers(Readable[One, Many, Nothing], Creatable[One, Many, Nothing], Merged[One, Many, Nothing]):
    """Who orders."""

    name = "customers"

    def add_address(
        self, key: str, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object
    ) -> One:
        """One more address."""
        body = fields_of(fields, named)
        return self._door.one(change("POST", self.name, key, "addresses", body=body, idempotency_key=idempotency_key))

    def update_address(
        self, key: str, address: str, fields: Fields | None = None, /, *,
        idempotency_key: str | None = None, **named: object,
    ) -> One:  # fmt: skip
        """Changes the given fields of an address."""
        names = (self.name, key, "addresses", address)
        return self._door.one(change("PUT", *names, body=fields_of(fields, named), idempotency_key=idempotency_key))

    def delete_address(self, key: str, address: str, /, *, idempotency_key: str | None = None) -> Nothing:
        """Takes an address away."""
        names = (self.name, key, "addresses", address)
        return self._door.nothing(change("DELETE", *names, idempotency_key=idempotency_key))

    def set_default_address(self, key: str, address: str, /, *, idempotency_key: str | None = None) -> One:
        """The address that is taken where an order names none."""
        names = (self.name, key, "addresses", address, "set-default")
        return self._door.one(change("POST", *names, body={}, idempotency_key=idempotency_key))

    def export(self, key: str, /) -> One:
        """Everything that is known of a person."""
        return self._door.one(read(self.name, key, "export"))

    def erase(self, key: str, /, *, confirm: object = True, idempotency_key: str | None = None) -> One:
        """Takes every personal word of a customer away, for good; what was sold stays."""
        body = {"confirm": confirm}
        return self._door.one(change("POST", self.name, key, "erase", body=body, idempotency_key=idempotency_key))


class Orders(Readable[One, Many, Nothing], Creatable[One, Many, Nothing]):
    """What was ordered."""

    name = "orders"

    def update_status(
        self, key: str, status: str = "", /, *, note: str | None = None, idempotency_key: str | None = None
    ) -> One:
        """Moves an order on: ``"processing"``, ``"shipped"``, ``"delivered"``."""
        body = {"status": status} if note is None else {"status": status, "note": note}
        return self._door.one(change("PATCH", self.name, key, "status", body=body, idempotency_key=idempotency_key))

    def cancel(
        self, key: str, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object
    ) -> One:
        """Gives an order up: ``reason="customer_request", refund=True, note="..."``."""
        body = fields_of(fields, named)
        return self._door.one(change("POST", self.name, key, "cancel", body=body, idempotency_key=idempotency_key))


class Settings(Resource[One, Many, Nothing]):
    """What an organization chose. Changing it needs an admin key."""

    name = "settings"

    def orders(self) -> One:
        """How orders are promised their stock."""
        return self._door.one(read(self.name, "orders"))

    def update_orders(self, *, idempotency_key: str | None = None, **named: object) -> One:
        """Chooses it: ``reserve="paid", backorders=True``."""
        return self._door.one(change("PUT", self.name, "orders", body=named, idempotency_key=idempotency_key))

    def network(self) -> One:
        """From where keys and tokens may be used."""
        return self._door.one(read(self.name, "network"))

    def update_network(self, *, idempotency_key: str | None = None, **named: object) -> One:
        """Chooses it."""
        return self._door.one(change("PUT", self.name, "network", body=named, idempotency_key=idempotency_key))


class Inventory(Resource[One, Many, Nothing]):
    """What is in stock of a product, and who is told when it runs low."""

    name = "inventory"

    def get(self, product: str, /) -> One:
        """What each warehouse has of it."""
        return self._door.one(read(self.name, product))

    def adjust(
        self, product: str, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object
    ) -> One:
        """Adds or takes: ``quantity=-10, reason="sold", location="wh_001"``."""
        body = fields_of(fields, named)
        return self._door.one(change("POST", self.name, product, "adjust", body=body, idempotency_key=idempotency_key))

    def set_alert(
        self, product: str, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object
    ) -> One:
        """Who is told below which `threshold`, and whether it is ordered again."""
        body = fields_of(fields, named)
        return self._door.one(change("POST", self.name, product, "alerts", body=body, idempotency_key=idempotency_key))

    def alerts(self, product: str, /, **filters: object) -> Many:
        """The alerts of a product."""
        return self._door.many(read(self.name, product, "alerts", query=filters))


class Payments(Readable[One, Many, Nothing]):
    """Money that was asked for, taken, given back, questioned. Amounts are whole minor units."""

    name = "payments"

    def create_intent(
        self, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object
    ) -> One:
        """Begins a payment: ``amount=19999, currency="usd", payment_method="card", order_id=...``."""
        body = fields_of(fields, named)
        return self._door.one(change("POST", self.name, "intents", body=body, idempotency_key=idempotency_key))

    def confirm(self, intent: str, /, *, idempotency_key: str | None = None, **named: object) -> One:
        """Goes on after what the customer had to do."""
        names = (self.name, "intents", intent, "confirm")
        return self._door.one(change("POST", *names, body=named, idempotency_key=idempotency_key))

    def cancel(self, intent: str, /, *, idempotency_key: str | None = None) -> One:
        """Gives up a payment that is not taken yet."""
        names = (self.name, "intents", intent, "cancel")
        return self._door.one(change("POST", *names, body={}, idempotency_key=idempotency_key))

    def capture(self, intent: str, /, *, amount: int | None = None, idempotency_key: str | None = None) -> One:
        """Takes what was authorized, or `amount` of it."""
        body = {} if amount is None else {"amount": amount}
        return self._door.one(change("POST", self.name, intent, "capture", body=body, idempotency_key=idempotency_key))

    def refund(
        self, payment: str, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object
    ) -> One:
        """Gives back all that is left, or `amount` of it."""
        body = fields_of(fields, named)
        return self._door.one(change("POST", self.name, payment, "refund", body=body, idempotency_key=idempotency_key))

    def disputes(self, filters: Fields | None = None, /, **named: object) -> Many:
        """What customers questioned at their banks."""
        return self._door.many(read(self.name, "disputes", query=fields_of(filters, named)))

    def respond(self, dispute: str, evidence: Fields | None = None, /, *, idempotency_key: str | None = None) -> One:
        """Answers a dispute: ``{"transaction_details": ..., "shipping_proof": ..., "communication_logs": ...}``."""
        names = (self.name, "disputes", dispute, "respond")
        body = {"evidence": evidence or {}}
        return self._door.one(change("POST", *names, body=body, idempotency_key=idempotency_key))


class Shipping(Resource[One, Many, Nothing]):
    """What sending costs."""

    name = "shipping"

    def rates(self, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object) -> Many:
        """Every carrier's offers: ``origin={...}, destination={...}, packages=[{...}]``."""
        body = fields_of(fields, named)
        return self._door.many(change("POST", self.name, "rates", body=body, idempotency_key=idempotency_key))


class Shipments(Readable[One, Many, Nothing], Creatable[One, Many, Nothing]):
    """What was sent."""

    name = "shipments"

    def track(self, key: str, /) -> Many:
        """Where it was seen, the newest last or first as the carrier tells it."""
        return self._door.many(read(self.name, key, "track"))

    def add_event(
        self, key: str, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object
    ) -> One:
        """Notes what a carrier without a connection tells."""
        body = fields_of(fields, named)
        return self._door.one(change("POST", self.name, key, "events", body=body, idempotency_key=idempotency_key))

    def cancel(self, key: str, /, *, idempotency_key: str | None = None) -> One:
        """Gives up a shipment that has not left."""
        return self._door.one(change("POST", self.name, key, "cancel", body={}, idempotency_key=idempotency_key))


class Analytics(Resource[One, Many, Nothing]):
    """Figures over what was sold."""

    name = "analytics"

    def sales(self, filters: Fields | None = None, /, **named: object) -> One:
        """Sales of a `period`, by groups and over time."""
        return self._door.one(read(self.name, "sales", query=fields_of(filters, named)))

    def products(self, filters: Fields | None = None, /, **named: object) -> Many:
        """How each product does."""
        return self._door.many(read(self.name, "products", query=fields_of(filters, named)))

    def customers(self, filters: Fields | None = None, /, **named: object) -> One:
        """Segments, cohorts, lifetime value."""
        return self._door.one(read(self.name, "customers", query=fields_of(filters, named)))

    def custom(self, fields: Fields | None = None, /, *, idempotency_key: str | None = None, **named: object) -> One:
        """A report of one's own: ``dimensions=[...], measures=[...], filters={...}, sort={...}``."""
        body = fields_of(fields, named)
        return self._door.one(change("POST", self.name, "custom", body=body, idempotency_key=idempotency_key))

    def report_views(self, views: Iterable[Fields] = (), /, *, idempotency_key: str | None = None) -> One:
        """Tells how often products were looked at, for the share of views that became sales."""
        body = {"views": list(views)}
        return self._door.one(change("POST", self.name, "views", body=body, idempotency_key=idempotency_key))


class ShopWebhooks(Subscriptions[One, Many, Nothing], Merged[One, Many, Nothing]):
    """Subscriptions and handlers of what arrives. ``update(key, rotate_secret=True)`` has another secret made."""


class ShopResources(Generic[One, Many, Nothing]):
    """The nouns of the commerce API."""

    def __init__(self, door: Door[One, Many, Nothing]) -> None:
        self.products = ShopProducts(door)
        self.categories = ShopCategories(door)
        self.customers = Customers(door)
        self.orders = Orders(door)
        self.inventory = Inventory(door)
        self.payments = Payments(door)
        self.shipping = Shipping(door)
        self.shipments = Shipments(door)
        self.analytics = Analytics(door)
        self.settings = Settings(door)
        self.webhooks = ShopWebhooks(door)
