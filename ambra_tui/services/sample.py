"""Sample stores: an organization with places, people, goods and stock, to try the product and to test it.

A sample is a folder of CSV files in `data/samples`; loading it goes through the services and the ledger, so a sample
holds nothing that could not have been made by hand. Its opening stock comes from the inventory-loss location. A day
written as ``+30`` is counted from the day of loading; stock may have lain there since such a day (``on``). Loading is
resumed where it stopped: what is there is left alone.

Example::

    organization = load_sample(store, "ds1")
    practice_badges(store)   # [PracticeBadge(badge='BDG-1001', name='Ana', role='operator', pin=''), ...]
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlmodel import Session

from ambra_tui.errors import Conflict, NotFound, Unauthenticated
from ambra_tui.kit.money import COST_SCALE
from ambra_tui.kit.resources import data_path
from ambra_tui.ledger import INVENTORY_LOSS, MoveKind, Posting, post
from ambra_tui.services import (
    access,
    access_system,
    catalog,
    categories,
    customers,
    lots,
    orders,
    places,
    policies,
    products,
    purchasing,
    suppliers,
)
from ambra_tui.services.sample_history import DAYS, leave_open, live_through
from ambra_tui.services.sample_production import add_recipe
from ambra_tui.store import SYSTEM, Store
from ambra_tui.store.models import Organization, StoreSetting, Variant
from ambra_tui.store.scope import now_of

Row = dict[str, str]
Progress = Callable[[int, int], None]
T = TypeVar("T")

SAMPLES = frozenset({"demo", "ds1"})
FILLINGS = SAMPLES | {"sandbox"}
"""The samples that may be poured into an organization beside others."""
CHUNK = 40
YES = "yes"
ADDRESS = ("line1", "city", "state", "zip", "country")


@dataclass(frozen=True, slots=True)
class PracticeBadge:
    """A person of a sample, for those who have no badge in hand."""

    badge: str
    name: str
    role: str
    pin: str = ""


def load_sample(store: Store, name: str, progress: Progress | None = None) -> Organization:
    """Fill an empty store with the sample `name`; afterwards it is a sample store, whose clock may be set.

    Raises NotFound for an unknown sample, Conflict when the store holds anything else.
    """
    if name not in SAMPLES:
        raise NotFound("sample", name)
    folder = data_path(f"samples/{name}")
    head = _rows(folder, "organization")[0]
    organization = _organization(store, name, head)
    _Loader(store, organization, folder, progress or (lambda done, total: None)).run()
    loaded = StoreSetting(name="sample_loaded", value=name)
    store.writer.run(lambda session: session.merge(loaded), organization_id=None, actor=SYSTEM)
    return organization


def fill(store: Store, organization: Organization, name: str) -> None:
    """What the sample `name` holds, into an organization that is there. Raises NotFound for an unknown sample."""
    if name not in FILLINGS:
        raise NotFound("sample", name)
    _Loader(store, organization, data_path(f"samples/{name}"), lambda done, total: None).run()


def practice_badges(store: Store) -> list[PracticeBadge]:
    """The badges of a sample store's people; of any other store, none."""
    name = store.sample
    if name not in SAMPLES:
        return []
    return [
        PracticeBadge(row["badge"], row["name"], row["role"], row.get("pin", ""))
        for row in _rows(data_path(f"samples/{name}"), "people")
    ]


def _organization(store: Store, sample: str, head: Row) -> Organization:
    if store.sample not in ("", sample):
        raise Conflict(f"This store holds the sample '{store.sample}', not '{sample}'. Use another store.")
    known = access_system.organizations(store)
    if known and not store.sample:
        raise Conflict("A sample goes into an empty store, and this one is in use.")
    if not store.sample:
        store.become_sample(sample)
    for organization in known:
        if organization.name == head["name"]:
            return organization
    return access.create_organization(store, head["name"], head["modules"].split(), currency=head["currency"])


class _Loader:
    """One loading: knows the store, the organization and how far it is."""

    def __init__(self, store: Store, organization: Organization, folder: Path, progress: Progress) -> None:
        assert organization.id is not None
        self.store = store
        self.organization_id = organization.id
        self.folder = folder
        self.progress = progress
        self.done = 0
        self.total = 0

    def run(self) -> None:
        steps: list[tuple[str, Callable[[Session, Row], object]]] = [
            ("sites", _add_site),
            ("locations", _add_location),
            ("people", _add_person),
            ("suppliers", _add_supplier),
            ("categories", _add_category),
            ("products", _add_product),
            ("cases", _add_case),
            ("stock", _add_stock),
            ("policies", _add_policy),
            ("customers", _add_customer),
        ]
        work = [(step, _rows(self.folder, name)) for name, step in steps]
        purchase_orders = _documents(_rows(self.folder, "purchase_orders"))
        sales_orders = _documents(_rows(self.folder, "orders"))
        past = _rows(self.folder, "history")
        days = DAYS if past else 0
        self.total = sum(len(rows) for _, rows in work) + days + len(purchase_orders) + len(sales_orders)
        recipes = _documents(_rows(self.folder, "recipes"))
        self.total += len(recipes)
        for step, rows in work:
            if step is _add_stock:
                for recipe in recipes:
                    self._write(partial(add_recipe, rows=recipe), 1)
                live_through(self.store, self.organization_id, past, days=days, progress=self._tell)
            self._each(step, rows)
        for document in purchase_orders:
            self._write(partial(_add_purchase_order, rows=document), 1)
        for document in sales_orders:
            self._write(partial(_add_order, rows=document), 1)
        if past:
            leave_open(self.store, self.organization_id)

    def _each(self, step: Callable[[Session, Row], object], rows: list[Row]) -> None:
        size = 1 if step is _add_person else CHUNK  # a hash of a PIN takes its time
        for chunk in _chunks(rows, size):
            self._write(partial(_add_each, step=step, rows=chunk), len(chunk))

    def _write(self, work: Callable[[Session], object], count: int) -> None:
        self.store.writer.run(work, organization_id=self.organization_id, actor=SYSTEM)
        self._tell(count)

    def _tell(self, count: int) -> None:
        self.done += count
        self.progress(self.done, self.total)


def _rows(folder: Path, name: str) -> list[Row]:
    path = folder / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _documents(rows: Iterable[Row]) -> list[list[Row]]:
    """Rows of one number together."""
    documents: dict[str, list[Row]] = {}
    for row in rows:
        documents.setdefault(row["number"], []).append(row)
    return list(documents.values())


def _add_each(session: Session, *, step: Callable[[Session, Row], object], rows: Iterable[Row]) -> None:
    for row in rows:
        step(session, row)


def _chunks(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _day(session: Session, text: str) -> date | None:
    if not text:
        return None
    if text.startswith(("+", "-")):
        return now_of(session).date() + timedelta(days=int(text))
    return date.fromisoformat(text)


def _moment(session: Session, text: str) -> datetime | None:
    """The present hour of a day; None: now."""
    day = _day(session, text)
    return None if day is None else datetime.combine(day, now_of(session).timetz())


def _add_site(session: Session, row: Row) -> None:
    try:
        places.site_by_code(session, row["code"])
    except NotFound:
        address = {name: row[name] for name in ADDRESS if row.get(name)}
        places.create_site(session, code=row["code"], name=row["name"], kind=row["kind"], address=address)


def _add_location(session: Session, row: Row) -> None:
    site = places.site_by_code(session, row["site"])
    if places.find_location(session, row["barcode"] or f"{site.code}-{row['code']}") is not None:
        return
    places.create_location(
        session,
        site_id=site.id,
        code=row["code"],
        kind=row["kind"],
        barcode=row["barcode"] or None,
        zone=row["zone"],
        sequence=int(row["sequence"]) if row["sequence"] else None,
        is_single_lot=row["single_lot"] == YES,
    )


def _add_person(session: Session, row: Row) -> None:
    try:
        access.user_by_badge(session, row["badge"])
    except Unauthenticated:
        access.create_user(
            session,
            name=row["name"],
            badge=row["badge"],
            role=row["role"],
            pin=row["pin"] or None,
            password=row.get("password") or None,
            language=row["language"],
        )


def _add_supplier(session: Session, row: Row) -> None:
    if suppliers.find_supplier(session, row["code"]) is None:
        suppliers.create_supplier(
            session,
            name=row["name"],
            code=row["code"],
            email=row["email"],
            lead_time_days=int(row["lead_time_days"]),
        )


def _add_category(session: Session, row: Row) -> None:
    if categories.find_category(session, row["slug"]) is None:
        categories.create_category(session, name=row["name"], slug=row["slug"], parent_id=row["parent"] or None)


def _add_product(session: Session, row: Row) -> None:
    if catalog.find_variant_by_sku(session, row["sku"]) is not None:
        return
    shelf_life = row["minimum_shelf_life_days"]
    tolerance = row.get("tolerance_percent")
    variant = catalog.NewVariant(
        sku=row["sku"],
        barcode=row["barcode"] or None,
        unit_of_measure=row.get("unit") or "",
        is_lot_tracked=row["lot"] == YES,
        is_expiry_tracked=row["expiry"] == YES,
        is_serial_tracked=row["serial"] == YES,
        is_made=row["made"] == YES,
        minimum_shelf_life_days=int(shelf_life) if shelf_life else None,
        receipt_tolerance_percent=Decimal(tolerance) if tolerance else None,
        price_minor=int(row["price_minor"]) if row.get("price_minor") else None,
        cost_minor=int(row["cost_minor"]) if row.get("cost_minor") else None,
        abc_class=row.get("abc") or "",
    )
    product = catalog.create_product(session, name=row["name"], variants=[variant])
    if row.get("category"):
        category = categories.category_named(session, row["category"])
        categories.set_main_category(session, product.id, category.id)
    supplier = suppliers.find_supplier(session, row["supplier"]) if row.get("supplier") else None
    if supplier is not None:
        made = catalog.variants_of(session, product.id)[0]
        products.set_default_supplier(session, made.id, supplier.id)


def _add_case(session: Session, row: Row) -> None:
    variant = catalog.variant_by_sku(session, row["sku"])
    if catalog.match_text(session, row["barcode"]) is None:
        catalog.add_barcode(
            session, variant_id=variant.id, code=row["barcode"], kind="case", quantity=Decimal(row["quantity"])
        )


def _add_policy(session: Session, row: Row) -> None:
    variant = catalog.variant_by_sku(session, row["sku"])
    site = places.site_by_code(session, row["site"])
    if policies.find_policy(session, variant.id, site.id) is None:
        values = {name: Decimal(row[name]) for name in policies.FIELDS if row.get(name)}
        policies.create_policy(session, variant_id=variant.id, site_id=site.id, values=values)


def _add_stock(session: Session, row: Row) -> None:
    variant = catalog.variant_by_sku(session, row["sku"])
    site = places.site_by_code(session, row["site"])
    location = places.find_location(session, row["location"], site_id=site.id)
    if location is None:
        raise NotFound("location", row["location"])
    cost = variant.cost_minor
    posting = Posting(
        variant_id=variant.id,
        source_id=INVENTORY_LOSS,
        destination_id=location.id,
        quantity=Decimal(row["quantity"]),
        kind=MoveKind.OPENING_BALANCE,
        idempotency_key=f"sample:{site.code}:{row['location']}:{row['sku']}:{row['lot']}:{row.get('serial') or ''}",
        lot_id=_lot_id(session, variant, row),
        serial=row.get("serial") or "",
        reason="opening balance",
        unit_cost=None if cost is None else cost * COST_SCALE,
        occurred_at=_moment(session, row.get("on") or ""),
    )
    post(session, [posting])


def _lot_id(session: Session, variant: Variant, row: Row) -> str:
    if not row["lot"]:
        return ""
    expiry = _day(session, row["expiry"])
    return lots.find_or_create_lot(session, variant=variant, lot_number=row["lot"], expiry_date=expiry).id


def _add_purchase_order(session: Session, rows: list[Row]) -> None:
    head = rows[0]
    if purchasing.find_purchase_order(session, head["number"]) is not None:
        return
    supplier = suppliers.find_supplier(session, head["supplier"])
    if supplier is None:
        raise NotFound("supplier", head["supplier"])
    lines = [
        purchasing.NewPurchaseLine(
            variant_id=catalog.variant_by_sku(session, row["sku"]).id,
            quantity=Decimal(row["quantity"]),
            unit_cost=int(row["unit_cost_minor"]) * COST_SCALE,
        )
        for row in rows
    ]
    purchasing.create_purchase_order(
        session,
        supplier_id=supplier.id,
        site_id=places.site_by_code(session, head["site"]).id,
        lines=lines,
        number=head["number"],
        expected_on=_day(session, head["expected"]),
    )


def _add_customer(session: Session, row: Row) -> None:
    if customers.find_customer(session, row["email"]) is not None:
        return
    address = {name: row[name] for name in ("first_name", "last_name", "company", *ADDRESS)}
    customers.create_customer(
        session,
        email=row["email"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        phone=row["phone"],
        addresses=[address, {**address, "type": "billing"}],
        tags=[tag for tag in row["tags"].split(",") if tag],
        created_at=_moment(session, row["since"]),
    )


def _add_order(session: Session, rows: list[Row]) -> None:
    head = rows[0]
    if orders.find_order(session, head["number"]) is not None:
        return
    lines = []
    for row in rows:
        variant = catalog.variant_by_sku(session, row["sku"])
        lines.append(orders.NewOrderLine(variant.id, Decimal(row["quantity"]), price_minor=variant.price_minor))
    due = _day(session, head["due"])
    order = orders.create_order(
        session,
        site_id=places.site_by_code(session, head["site"]).id,
        lines=lines,
        number=head["number"],
        customer={"name": head["customer"]},
        priority=int(head["priority"]),
        due_at=datetime.combine(due, time(17), UTC) if due else None,
    )
    if head["reserve"] == YES:
        orders.reserve_order(session, order)
