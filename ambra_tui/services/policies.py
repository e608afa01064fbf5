"""Inventory policies: when a variant is low in a site, how much of it to order, and where each value comes from.

A site's policy comes first, then the variant's defaults, then the organization's, then what is built in. The reorder
point and safety stock that hold are mirrored to the site's totals with every change (`ambra_tui.ledger.mirror`).

Example::

    create_policy(session, variant_id=milk.id, site_id=wh1.id, values={"reorder_point": 24, "reorder_quantity": 48})
    policy = policy_for(session, milk.id, wh1.id)
    policy.lead_time_days, policy.source_of("lead_time_days")     # (7, 'built_in')
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any, TypeVar, overload

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as core_select
from sqlalchemy.sql.elements import SQLCoreOperations
from sqlmodel import Session, col, select

from ambra_tui import ledger
from ambra_tui.errors import Duplicate, Invalid, NotFound
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import MAX_QUANTITY, ZERO, to_scaled
from ambra_tui.services.rows import add_unique
from ambra_tui.store.facts import audit, publish
from ambra_tui.store.models import (
    InventoryPolicy,
    PolicyDefault,
    PurchaseOrder,
    PurchaseOrderLine,
    Site,
    SiteStock,
    Variant,
    table_of,
)
from ambra_tui.store.models.policies import EVERY_VARIANT
from ambra_tui.store.scope import fetch, now_of, organization_of
from ambra_tui.store.types import QuantityColumn

Values = Mapping[str, Decimal | int | None]
QUANTITIES = ("reorder_point", "reorder_quantity", "safety_stock", "max_stock_level", "minimum_order", "pack_quantity")
DAYS = ("lead_time_days", "review_period_days")
FIELDS = (*QUANTITIES, *DAYS, "service_level")
REQUIRED = ("reorder_point", "reorder_quantity")
MAX_DAYS = 36_500
MIN_SERVICE_LEVEL, MAX_SERVICE_LEVEL = Decimal("0.5"), Decimal("0.999")
OPEN_PURCHASES = ("ordered", "partially_received")
BUILT_IN: Mapping[str, Any] = {
    "reorder_point": ZERO,
    "reorder_quantity": ZERO,
    "safety_stock": ZERO,
    "max_stock_level": None,
    "minimum_order": ZERO,
    "pack_quantity": Decimal(1),
    "lead_time_days": 7,
    "review_period_days": 7,
    "service_level": Decimal("0.95"),
}
Row = TypeVar("Row", InventoryPolicy, PolicyDefault)


class PolicyExists(Duplicate):
    """The variant has a policy in this site already."""

    def __init__(self, sku: str, site_code: str) -> None:
        super().__init__("inventory_policy", "variant_id", sku)
        self.message = f"{sku} has an inventory policy at {site_code} already: change that one"
        self.args = (self.message,)
        self.details = {"variant_id": self.message, "location_id": self.message}


# --- what low means -------------------------------------------------------------------------------------------------


@overload
def is_low(available: Decimal, reorder_point: Decimal) -> bool: ...


@overload
def is_low(available: SQLCoreOperations[Any], reorder_point: SQLCoreOperations[Any]) -> ColumnElement[bool]: ...


def is_low(available: Any, reorder_point: Any) -> Any:
    """Strictly below: what stands at its reorder point is not low yet. Of quantities or of columns."""
    return available < reorder_point


def low_stock_condition() -> ColumnElement[bool]:
    """`is_low` of the totals of a site."""
    available = col(SiteStock.on_hand) - col(SiteStock.reserved) - col(SiteStock.held)
    return is_low(available, col(SiteStock.reorder_point))


# --- what holds -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for a variant in a site. `policy_id`: its own policy, empty without one; `sources`: field ->
    ``policy``, ``variant``, ``organization`` or ``built_in``."""

    variant_id: str
    site_id: str
    policy_id: str
    reorder_point: Decimal
    reorder_quantity: Decimal
    safety_stock: Decimal
    max_stock_level: Decimal | None
    minimum_order: Decimal
    pack_quantity: Decimal
    lead_time_days: int
    review_period_days: int
    service_level: Decimal
    sources: Mapping[str, str]

    def source_of(self, field: str) -> str:
        """Where the value of `field` comes from."""
        return self.sources[field]


_Layer = tuple[Mapping[str, Any], Mapping[str, str]]


class Policies:
    """The policies of an organization, read once, for any number of questions."""

    def __init__(self, own: Iterable[Any], defaults: Iterable[Any]) -> None:
        self._own = {(row.variant_id, row.site_id): row for row in own}
        rows = {row.variant_id: row for row in defaults}
        everywhere = _over((BUILT_IN, dict.fromkeys(FIELDS, "built_in")), rows.pop(EVERY_VARIANT, None), "organization")
        self._everywhere = everywhere
        self._of_variant = {variant_id: _over(everywhere, row, "variant") for variant_id, row in rows.items()}

    def of(self, variant_id: str, site_id: str) -> Policy:
        """What holds for the variant in the site."""
        own = self._own.get((variant_id, site_id))
        values, sources = _over(self._of_variant.get(variant_id, self._everywhere), own, "policy")
        return Policy(variant_id, site_id, own.id if own else "", **values, sources=sources)


def _over(below: _Layer, row: Any, source: str) -> _Layer:
    """The values of `row` over those below it."""
    if row is None:
        return below
    told = {name: value for name in FIELDS if (value := getattr(row, name)) is not None}
    return {**below[0], **told}, {**below[1], **dict.fromkeys(told, source)}


def read_policies(session: Session, variant_ids: Sequence[str] | None = None) -> Policies:
    """The policies and defaults of these variants, of all when None."""
    organization_id = organization_of(session)
    policy, default = table_of(InventoryPolicy), table_of(PolicyDefault)
    own = core_select(policy).where(policy.c.organization_id == organization_id)
    defaults = core_select(default).where(default.c.organization_id == organization_id)
    if variant_ids is not None:
        own = own.where(policy.c.variant_id.in_(variant_ids))
        defaults = defaults.where(default.c.variant_id.in_((*variant_ids, EVERY_VARIANT)))
    session.flush()
    connection = session.connection()
    return Policies(connection.execute(own).all(), connection.execute(defaults).all())


def policy_for(session: Session, variant_id: str, site_id: str) -> Policy:
    """What holds for one variant in one site."""
    return read_policies(session, [variant_id]).of(variant_id, site_id)


def suggested_quantity(policy: Policy, *, available: Decimal, on_order: Decimal = ZERO) -> Decimal:
    """How much to order now, in whole packs: nothing unless what is available and on order together is low.

    At least the reorder quantity, the minimum order and what lacks to the reorder point; not above the maximum level
    unless the reorder point or a whole pack asks for it. Without a reorder quantity: up to the maximum level.
    """
    position = available + on_order
    if not is_low(position, policy.reorder_point):
        return ZERO
    gap = policy.reorder_point - position
    room = None if policy.max_stock_level is None else max(policy.max_stock_level - position, gap)
    wanted = policy.reorder_quantity or room or gap
    wanted = max(wanted, gap)
    if room is not None:
        wanted = min(wanted, room)
    packs = (max(wanted, policy.minimum_order) / policy.pack_quantity).to_integral_value(ROUND_CEILING)
    return packs * policy.pack_quantity


def on_order(
    session: Session, variant_ids: Sequence[str], *, states: Sequence[str] = OPEN_PURCHASES
) -> dict[tuple[str, str], Decimal]:
    """What open purchase orders are still to bring: (variant id, site id) -> quantity. `states`: of which orders."""
    organization_id = organization_of(session)
    rest = col(PurchaseOrderLine.quantity) - col(PurchaseOrderLine.received)
    statement = (
        core_select(
            col(PurchaseOrderLine.variant_id), col(PurchaseOrder.site_id), func.sum(rest, type_=QuantityColumn())
        )
        .join(
            PurchaseOrderLine,
            (col(PurchaseOrderLine.organization_id) == organization_id)
            & (col(PurchaseOrderLine.purchase_order_id) == col(PurchaseOrder.id)),
        )
        .where(
            col(PurchaseOrder.organization_id) == organization_id,
            col(PurchaseOrder.status).in_(states),
            col(PurchaseOrderLine.quantity) > col(PurchaseOrderLine.received),
            col(PurchaseOrderLine.variant_id).in_(variant_ids),
        )
        .group_by(col(PurchaseOrderLine.variant_id), col(PurchaseOrder.site_id))
    )
    return {(row[0], row[1]): row[2] for row in session.connection().execute(statement)}


# --- policies of a site ---------------------------------------------------------------------------------------------


def get_policy(session: Session, policy_id: str) -> InventoryPolicy:
    """The policy with this id. Raises NotFound."""
    return fetch(session, InventoryPolicy, policy_id, resource="inventory_policy")


def find_policy(session: Session, variant_id: str, site_id: str) -> InventoryPolicy | None:
    """The policy of a variant in a site."""
    statement = select(InventoryPolicy).where(
        InventoryPolicy.organization_id == organization_of(session),
        InventoryPolicy.variant_id == variant_id,
        InventoryPolicy.site_id == site_id,
    )
    return session.exec(statement).first()


def create_policy(session: Session, *, variant_id: str, site_id: str, values: Values) -> InventoryPolicy:
    """A policy of a variant in a site; it has a total there from now on, at zero when nothing ever was.

    Raises NotFound for the variant or site, Invalid naming the field, PolicyExists.
    """
    variant = fetch(session, Variant, variant_id, resource="variant")
    site = fetch(session, Site, site_id, resource="location")
    now = now_of(session)
    policy = InventoryPolicy(
        organization_id=organization_of(session),
        id=new_id("ipol"),
        variant_id=variant.id,
        site_id=site.id,
        reorder_point=ZERO,
        reorder_quantity=ZERO,
        created_at=now,
        updated_at=now,
    )
    _take(policy, {**dict.fromkeys(REQUIRED), **values}, required=REQUIRED)
    add_unique(session, policy, PolicyExists(variant.sku, site.code))
    _changed(session, policy, "inventory_policy_created")
    return policy


def change_policy(session: Session, policy: InventoryPolicy, values: Values) -> InventoryPolicy:
    """Changes the fields of `values` alone; None gives a field back to the defaults. Raises Invalid."""
    _take(policy, values, required=REQUIRED)
    policy.updated_at = now_of(session)
    session.add(policy)
    _changed(session, policy, "inventory_policy_changed")
    return policy


def remove_policy(session: Session, policy: InventoryPolicy) -> None:
    """The defaults hold again."""
    session.delete(policy)
    _changed(session, policy, "inventory_policy_removed")


def _changed(session: Session, policy: InventoryPolicy, act: str) -> None:
    ledger.mirror_policies(session, [(policy.variant_id, policy.site_id)])
    sku = fetch(session, Variant, policy.variant_id, resource="variant").sku
    code = fetch(session, Site, policy.site_id, resource="location").code
    publish(session, act, policy.variant_id, {"site_id": policy.site_id, "policy_id": policy.id})
    audit(session, act, policy.id, sku=sku, site=code, reorder_point=str(policy.reorder_point))


def take_suggestion(
    session: Session,
    *,
    variant_id: str,
    site_id: str,
    reorder_point: Decimal,
    safety_stock: Decimal,
    reorder_quantity: Decimal | None = None,
) -> InventoryPolicy:
    """Makes a forecast's suggestion the policy of a variant in a site; what it does not name stays as it is.

    A maximum level below the new reorder point is raised to it.
    """
    policy = find_policy(session, variant_id, site_id)
    known = policy_for(session, variant_id, site_id)
    values: dict[str, Decimal | int | None] = {"reorder_point": reorder_point, "safety_stock": safety_stock}
    if known.max_stock_level is not None and known.max_stock_level < reorder_point:
        values["max_stock_level"] = reorder_point
    if reorder_quantity is not None or policy is None:
        values["reorder_quantity"] = known.reorder_quantity if reorder_quantity is None else reorder_quantity
    if policy is None:
        return create_policy(session, variant_id=variant_id, site_id=site_id, values=values)
    return change_policy(session, policy, values)


# --- defaults -------------------------------------------------------------------------------------------------------


def find_default(session: Session, variant_id: str) -> PolicyDefault | None:
    """The defaults of a variant, or of the whole organization (EVERY_VARIANT)."""
    return session.get(PolicyDefault, (organization_of(session), variant_id))


def set_default(session: Session, variant_id: str, values: Values) -> PolicyDefault:
    """Replaces the defaults of a variant in every site, or of the whole organization (EVERY_VARIANT).

    They hold where a site has a total of the variant and no policy that says otherwise. Raises NotFound, Invalid.
    """
    if variant_id != EVERY_VARIANT:
        fetch(session, Variant, variant_id, resource="variant")
    default = find_default(session, variant_id)
    if default is None:
        default = PolicyDefault(
            organization_id=organization_of(session), variant_id=variant_id, updated_at=now_of(session)
        )
    _take(default, {**dict.fromkeys(FIELDS), **values})
    default.updated_at = now_of(session)
    session.add(default)
    _default_changed(session, variant_id, "policy_default_set")
    return default


def change_default(session: Session, variant_id: str, values: Values, *, is_new: bool = False) -> None:
    """Changes the fields of `values` alone; None gives one back to what is beneath. `is_new`: no site can have a total
    of the variant yet. Raises Invalid."""
    default = find_default(session, variant_id)
    present = {name: getattr(default, name) if default else None for name in values}
    if present == dict(values):
        return
    if default is None:
        default = PolicyDefault(
            organization_id=organization_of(session), variant_id=variant_id, updated_at=now_of(session)
        )
    _take(default, values)
    default.updated_at = now_of(session)
    session.add(default)
    if not is_new:
        _default_changed(session, variant_id, "policy_default_set")


def default_row(values: Values) -> dict[str, Any]:
    """The columns of new defaults with these values, checked. Raises Invalid."""
    return {**dict.fromkeys(FIELDS), **{name: _checked(name, value) for name, value in values.items()}}


def remove_default(session: Session, variant_id: str) -> None:
    """What is beneath holds again. Raises NotFound when there are no such defaults."""
    default = find_default(session, variant_id)
    if default is None:
        raise NotFound("inventory_policy_default", variant_id or "organization")
    session.delete(default)
    _default_changed(session, variant_id, "policy_default_removed")


def _default_changed(session: Session, variant_id: str, act: str) -> None:
    ledger.mirror_defaults(session, None if variant_id == EVERY_VARIANT else [variant_id])
    sku = fetch(session, Variant, variant_id, resource="variant").sku if variant_id else ""
    publish(session, act, variant_id, {})
    audit(session, act, variant_id, sku=sku)


# --- values ---------------------------------------------------------------------------------------------------------


def _take(row: Row, values: Values, *, required: Sequence[str] = ()) -> None:
    """Writes `values` into `row` when all of them can be. Raises Invalid."""
    checked = {name: _checked(name, value) for name, value in values.items()}
    for name in required:
        if name in checked and checked[name] is None:
            raise Invalid(f"{name} is required", field=name)
    after = {name: checked.get(name, getattr(row, name)) for name in ("reorder_point", "max_stock_level")}
    if None not in after.values() and after["max_stock_level"] < after["reorder_point"]:
        raise Invalid("the maximum level must not be below the reorder point", field="max_stock_level")
    for name, value in checked.items():
        setattr(row, name, value)


def _checked(name: str, value: Decimal | int | None) -> Any:
    if name not in FIELDS:
        raise Invalid(f"a policy has no {name}", field=name)
    if value is None:
        return None
    if name in DAYS:
        if value != int(value) or not 0 <= value <= MAX_DAYS:
            raise Invalid(f"{name} is a whole number of days from 0 to {MAX_DAYS}", field=name)
        return int(value)
    number = Decimal(value)
    if name == "service_level":
        if not (number.is_finite() and MIN_SERVICE_LEVEL <= number <= MAX_SERVICE_LEVEL):
            raise Invalid(f"service_level lies between {MIN_SERVICE_LEVEL} and {MAX_SERVICE_LEVEL}", field=name)
    elif not (number.is_finite() and 0 <= number <= MAX_QUANTITY) or (name == "pack_quantity" and number == 0):
        least = "above 0" if name == "pack_quantity" else "0 or more"
        raise Invalid(f"{name} is {least} and at most {MAX_QUANTITY}", field=name)
    try:
        to_scaled(number)
    except ValueError as error:
        raise Invalid(f"{name}: {error}", field=name) from error
    return number
