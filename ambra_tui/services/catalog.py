"""The catalogue: products, the variants that are stocked, and the codes that mean them.

Example::

    product = create_product(session, name="Milk 1 l", sku="MILK-1L", barcode="5001000000019")
    match_code(session, scan)   # Match(variant=<MILK-1L>, quantity=Decimal('1'))
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from ambra_tui.errors import Duplicate, Invalid, NotFound
from ambra_tui.kit.ids import new_id
from ambra_tui.kit.quantity import MAX_QUANTITY, to_scaled
from ambra_tui.kit.text import clean_line
from ambra_tui.scan.model import Scan
from ambra_tui.services.codes import MAX_CODE, gtin_of, normalize_code
from ambra_tui.services.rows import add_unique
from ambra_tui.services.search import MAX_CANDIDATES, begins_with, find_subjects, fold, index_subject, subjects_with
from ambra_tui.store.facts import audit, next_number, publish
from ambra_tui.store.models import Barcode, Location, Organization, Product, Variant
from ambra_tui.store.prepared import ORGANIZATION, Prepared, given
from ambra_tui.store.scope import fetch, known_row, now_of, organization_of, scoped

MAX_SKU = 80
MAX_DESCRIPTION = 10_000
MAX_MINOR = 10**15
MAX_LISTED = 500
PRODUCT_STATES = ("draft", "active", "inactive", "archived")
ABC_CLASSES = ("", "A", "B", "C")


@dataclass(frozen=True, slots=True)
class NewBarcode:
    """A code to be made: `quantity` base units a scan. `kind`: each, inner, case, pallet, alias or own_label."""

    code: str
    kind: str = "each"
    quantity: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class NewVariant:
    """A variant to be made. An empty `name` is the product's; without a `sku` one is numbered."""

    sku: str | None = None
    name: str = ""
    barcode: str | None = None
    barcodes: Sequence[NewBarcode] = field(default_factory=tuple)
    unit_of_measure: str = ""
    is_lot_tracked: bool = False
    is_expiry_tracked: bool = False
    is_serial_tracked: bool = False
    is_made: bool = False
    minimum_shelf_life_days: int | None = None
    receipt_tolerance_percent: Decimal | None = None
    price_minor: int | None = None
    cost_minor: int | None = None
    currency: str | None = None
    abc_class: str = ""
    home_location_id: str | None = None
    status: str = "active"


@dataclass(frozen=True, slots=True)
class Match:
    """What a scanned code means: the variant, and the base units of one such code."""

    variant: Variant
    quantity: Decimal
    barcode: Barcode | None = None


def create_product(
    session: Session,
    *,
    name: str,
    sku: str | None = None,
    barcode: str | None = None,
    price_minor: int | None = None,
    currency: str | None = None,
    description: str = "",
    status: str = "active",
    unit_of_measure: str = "ea",
    variants: Sequence[NewVariant] = (),
) -> Product:
    """A product with its variants; without `variants` it gets one implicit variant that carries `sku`."""
    if variants and (sku is not None or barcode is not None):
        raise Invalid("sku and barcode belong to the variants when variants are given", field="sku")
    if status not in PRODUCT_STATES:
        raise Invalid(f"status is one of {', '.join(PRODUCT_STATES)}", field="status")
    now = now_of(session)
    product = Product(
        organization_id=organization_of(session),
        id=new_id("prod"),
        name=clean_line(name, field="name"),
        description=clean_text(description, field="description"),
        status=status,
        unit_of_measure=clean_line(unit_of_measure, field="unit_of_measure", max_length=20),
        created_at=now,
        updated_at=now,
    )
    session.add(product)
    session.flush()
    made = []
    for position, new in enumerate(variants or (NewVariant(sku=sku, barcode=barcode),)):
        priced = new if new.price_minor is not None else replace(new, price_minor=price_minor)
        stated = priced if status == "active" or priced.status != "active" else replace(priced, status=status)
        made.append(
            add_variant(session, product, stated if stated.currency else replace(stated, currency=currency), position)
        )
    publish(session, "product_created", product.id, {"name": product.name, "sku": made[0].sku})
    audit(session, "product_created", product.id, name=product.name)
    return product


def add_variant(session: Session, product: Product, new: NewVariant, position: int) -> Variant:
    """One more variant of a product. An empty name is the product's; without a SKU one is numbered."""
    values = variant_values(
        new,
        sku=_free_sku(session, new.sku),
        product_name=product.name,
        unit_of_measure=product.unit_of_measure,
        currency=_currency(session, new.currency),
    )
    now = now_of(session)
    variant = Variant(
        organization_id=organization_of(session),
        product_id=product.id,
        **{**values, "position": position, "created_at": now, "updated_at": now},
    )
    if variant.home_location_id is not None:
        fetch(session, Location, variant.home_location_id, resource="location")
    add_unique(session, variant, Duplicate("variant", "sku", variant.sku))
    index_subject(session, "variant", variant.id, variant.sku, variant.name, product.name)
    for barcode in ((NewBarcode(new.barcode),) if new.barcode else ()) + tuple(new.barcodes):
        _add_barcode(session, variant, barcode)
    return variant


def variant_values(
    new: NewVariant, *, sku: str, product_name: str, unit_of_measure: str, currency: str
) -> dict[str, Any]:
    """The checked columns of a new variant, all but its organization, product and moments.

    Raises Invalid naming the field that is wrong.
    """
    if new.abc_class not in ABC_CLASSES:
        raise Invalid("abc_class is A, B or C", field="abc_class")
    if new.status not in PRODUCT_STATES:
        raise Invalid(f"status is one of {', '.join(PRODUCT_STATES)}", field="status")
    if new.is_expiry_tracked and new.is_serial_tracked:
        raise Invalid("a serial-tracked variant cannot track expiry dates", field="is_expiry_tracked")
    unit = clean_line(new.unit_of_measure, field="unit_of_measure", max_length=20, required=False)
    return {
        "id": new_id("var"),
        "sku": sku,
        "name": clean_line(new.name, field="name", required=False) or product_name,
        "position": 0,
        "unit_of_measure": unit or unit_of_measure,
        "is_lot_tracked": new.is_lot_tracked or new.is_expiry_tracked,
        "is_expiry_tracked": new.is_expiry_tracked,
        "is_serial_tracked": new.is_serial_tracked,
        "is_made": new.is_made,
        "minimum_shelf_life_days": _count(new.minimum_shelf_life_days, "minimum_shelf_life_days", 36_500),
        "receipt_tolerance_percent": _percent(new.receipt_tolerance_percent),
        "price_minor": _count(new.price_minor, "price", MAX_MINOR),
        "cost_minor": _count(new.cost_minor, "cost", MAX_MINOR),
        "currency": currency,
        "abc_class": new.abc_class,
        "home_location_id": new.home_location_id,
        "status": new.status,
    }


def add_barcode(
    session: Session, *, variant_id: str, code: str, kind: str = "each", quantity: Decimal | int = 1
) -> Barcode:
    """A code that means `quantity` base units of the variant from now on; learned codes come in here."""
    variant = fetch(session, Variant, variant_id, resource="variant")
    barcode = _add_barcode(session, variant, NewBarcode(code, kind, Decimal(quantity)))
    audit(session, "barcode_added", variant.id, sku=variant.sku, code=barcode.code)
    return barcode


def _add_barcode(session: Session, variant: Variant, new: NewBarcode) -> Barcode:
    barcode = Barcode(
        organization_id=variant.organization_id,
        code=normalize_code(new.code, kind=new.kind),
        variant_id=variant.id,
        kind=clean_line(new.kind, field="kind", max_length=20),
        quantity=positive_quantity(new.quantity, field="quantity"),
        created_at=now_of(session),
    )
    taken = Duplicate("barcode", "code", barcode.code)
    if session.get(Barcode, (variant.organization_id, barcode.code)) is not None:
        raise taken
    add_unique(session, barcode, taken)
    return barcode


def remove_barcode(session: Session, *, code: str, variant_id: str) -> None:
    """A code of a variant means nothing any more. Raises NotFound when it is not a code of this variant."""
    barcode = session.get(Barcode, (organization_of(session), code))
    if barcode is None or barcode.variant_id != variant_id:
        raise NotFound("barcode", code)
    session.delete(barcode)
    session.flush()
    audit(session, "barcode_removed", variant_id, code=code)


def set_main_barcode(session: Session, variant: Variant, code: str | None) -> None:
    """The code that a single unit of the variant is printed with; its other codes stay. None: it has no such code."""
    known = [row for row in barcodes_of(session, variant.id) if row.kind == "each" and row.quantity == 1]
    known.sort(key=lambda row: (row.created_at, row.code))
    wanted = None if code is None else normalize_code(code)
    shown = [row.code for row in known]
    if wanted is not None and shown[:1] == [wanted]:
        return
    going = known if wanted is None else known[: shown.index(wanted) if wanted in shown else 1]
    for row in going:
        session.delete(row)
    session.flush()
    if wanted is not None and wanted not in shown:
        made = _add_barcode(session, variant, NewBarcode(wanted))
        made.created_at = min([made.created_at, *(row.created_at - timedelta(microseconds=1) for row in known)])
        session.add(made)
        session.flush()
    audit(session, "main_barcode_set", variant.id, sku=variant.sku, code=wanted or "")


def variant_by_sku(session: Session, sku: str) -> Variant:
    """The variant with exactly this SKU, or the only one whose SKU differs in case alone. Raises NotFound."""
    found = find_variant_by_sku(session, sku)
    if found is None:
        raise NotFound("variant", sku)
    return found


_WITH_SKU: Prepared[Variant] = Prepared(
    select(Variant).where(col(Variant.organization_id) == ORGANIZATION, col(Variant.sku) == given("sku"))
)

_WITH_SKUS: Prepared[Variant] = Prepared(
    select(Variant).where(
        col(Variant.organization_id) == ORGANIZATION, col(Variant.sku).in_(given("skus", is_list=True))
    )
)
_WITH_IDS: Prepared[Variant] = Prepared(
    select(Variant).where(col(Variant.organization_id) == ORGANIZATION, col(Variant.id).in_(given("ids", is_list=True)))
)


def find_variant_by_sku(session: Session, sku: str) -> Variant | None:
    """As `variant_by_sku`, with None where there is none, or several that differ in case alone."""
    text = sku.strip()
    exact = _WITH_SKU.first(session, sku=text)
    if exact is not None or not text:
        return exact
    ids = subjects_with(session, "variant", " ".join(fold(text).split())[:MAX_SKU])
    alike = session.exec(scoped(session, Variant).where(col(Variant.id).in_(ids))).all() if ids else []
    same = [variant for variant in alike if variant.sku.casefold() == text.casefold()]
    return same[0] if len(same) == 1 else None


def variants_by_sku(session: Session, skus: Iterable[str]) -> dict[str, Variant]:
    """SKU -> its variant, for those that are exactly so."""
    wanted = list(dict.fromkeys(skus))
    found: dict[str, Variant] = {}
    for first in range(0, len(wanted), MAX_LISTED):
        rows = _WITH_SKUS.all(session, skus=wanted[first : first + MAX_LISTED])
        found |= {variant.sku: variant for variant in rows}
    return found


def variants_by_id(session: Session, ids: Iterable[str]) -> dict[str, Variant]:
    """Id -> its variant. Raises NotFound for the first that is absent."""
    wanted = list(dict.fromkeys(ids))
    known = {variant_id: known_row(session, Variant, variant_id) for variant_id in wanted}
    found = {variant_id: variant for variant_id, variant in known.items() if variant is not None}
    unknown = [variant_id for variant_id in wanted if variant_id not in found]
    for first in range(0, len(unknown), MAX_LISTED):
        rows = _WITH_IDS.all(session, ids=unknown[first : first + MAX_LISTED])
        found |= {variant.id: variant for variant in rows}
    absent = next((variant_id for variant_id in wanted if variant_id not in found), None)
    if absent is not None:
        raise NotFound("variant", absent)
    return found


def variants_of(session: Session, product_id: str) -> list[Variant]:
    """A product's variants in their order."""
    statement = scoped(session, Variant).where(Variant.product_id == product_id)
    return list(session.exec(statement.order_by(col(Variant.position), col(Variant.id))).all())


def barcodes_of(session: Session, variant_id: str) -> list[Barcode]:
    """A variant's codes, those of single units first."""
    statement = scoped(session, Barcode).where(Barcode.variant_id == variant_id)
    return list(session.exec(statement.order_by(col(Barcode.quantity), col(Barcode.code))).all())


MAX_SPELLINGS = 5  # as many as `spellings` gives
_MATCHED: Prepared[Barcode] = Prepared(
    select(Barcode, Variant)
    .join(
        Variant,
        (col(Variant.organization_id) == col(Barcode.organization_id)) & (col(Variant.id) == col(Barcode.variant_id)),
    )
    .where(
        col(Barcode.organization_id) == ORGANIZATION,
        col(Variant.organization_id) == ORGANIZATION,
        col(Barcode.code).in_([given(f"code_{place}") for place in range(MAX_SPELLINGS)]),
    )
)


def match_code(session: Session, scan: Scan) -> Match | None:
    """What a scan's code means here: an own label as printed, else its GTIN, else its item's number, else a SKU."""
    found = _by_codes(session, codes := spellings(scan))
    if found:
        return found[min(found, key=codes.index)]
    text = scan.text or scan.raw
    variant = find_variant_by_sku(session, text) if scan.kind in ("plain", "gtin", "invalid") and text else None
    return None if variant is None else Match(variant, Decimal(1))


def spellings(scan: Scan) -> list[str]:
    """The codes that a scan may be stored under, the organization's own labels first."""
    text = scan.text or scan.raw
    codes = [scan.raw, text, scan.gtin]
    if scan.kind == "restricted":
        codes.append(scan.item_reference)
    codes.append(gtin_of(text))
    return [code for code in dict.fromkeys(codes) if code and len(code) <= MAX_CODE]


def _by_codes(session: Session, codes: Sequence[str]) -> dict[str, Match]:
    """Code -> what it means, for those that are known; one statement, because every scan comes through here."""
    if not codes:
        return {}
    told = {f"code_{place}": code for place, code in enumerate(codes)}
    absent = {f"code_{place}": "" for place in range(len(codes), MAX_SPELLINGS)}
    found = _MATCHED.rows(session, **told, **absent)
    return {barcode.code: Match(variant, barcode.quantity, barcode) for barcode, variant in found}


def match_text(session: Session, code: str) -> Match | None:
    """What a code typed or sent as plain text means: an own label, a GTIN of any length, or a SKU."""
    text = code.strip()
    return match_code(session, Scan(raw=text, kind="plain", text=text))


def search(session: Session, text: str, *, limit: int = 20) -> list[Variant]:
    """Variants by name, SKU or the beginning of a barcode, best first."""
    by_code = _by_barcode_prefix(session, text.strip(), limit)
    ids = by_code + find_subjects(session, "variant", text, names=lambda found: _names(session, found), limit=limit)
    ids = list(dict.fromkeys(ids))[:limit]
    if not ids:
        return []
    rows = session.exec(scoped(session, Variant).where(col(Variant.id).in_(ids))).all()
    return sorted(rows, key=lambda variant: ids.index(variant.id))


def _by_barcode_prefix(session: Session, text: str, limit: int) -> list[str]:
    """Ids of the variants with a code that begins with `text`, leading zeros of the GTIN-14 aside."""
    if len(text) < 4 or not (text.isascii() and text.isdigit()):
        return []
    found: dict[str, None] = {}
    for prefix in (text, "0" + text, "00" + text, "000000" + text):
        statement = (
            select(Barcode.variant_id)
            .where(
                col(Barcode.organization_id) == organization_of(session),
                begins_with(session, col(Barcode.code), prefix),
            )
            .order_by(col(Barcode.code))
            .limit(min(limit, MAX_CANDIDATES))
        )
        found.update(dict.fromkeys(session.exec(statement).all()))
    return list(found)


def _names(session: Session, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    statement = select(Variant.id, Variant.sku, Variant.name).where(
        col(Variant.organization_id) == organization_of(session), col(Variant.id).in_(ids)
    )
    return {key: f"{sku} {name}" for key, sku, name in session.exec(statement).all()}


def clean_sku(sku: str) -> str:
    """A SKU as it is stored. Raises Invalid."""
    return clean_line(sku, field="sku", max_length=MAX_SKU)


def clean_text(value: str, *, field: str, max_length: int = MAX_DESCRIPTION) -> str:
    """Text of several lines: line breaks and tabs are kept, other control characters are refused."""
    lines = value.replace("\r\n", "\n").split("\n")
    cleaned = "\n".join(
        clean_line(line.replace("\t", " "), field=field, max_length=max_length, required=False) for line in lines
    )
    if len(cleaned) > max_length:
        raise Invalid(f"{field} is longer than {max_length} characters", field=field)
    return cleaned.strip()


def positive_quantity(quantity: Decimal, *, field: str) -> Decimal:
    """`quantity` when it is above zero, in range and not finer than a millionth. Raises Invalid."""
    if not quantity.is_finite() or quantity <= 0 or quantity > MAX_QUANTITY:
        raise Invalid(f"{field} is a number above 0 and at most {MAX_QUANTITY:,}", field=field)
    try:
        to_scaled(quantity)
    except ValueError as error:
        raise Invalid(f"{field}: {error}", field=field) from error
    return quantity


def _free_sku(session: Session, sku: str | None) -> str:
    if sku is None or not sku.strip():
        while True:
            numbered = next_number(session, "SKU")
            if not has_sku(session, numbered):
                return numbered
    text = clean_sku(sku)
    if has_sku(session, text):
        raise Duplicate("variant", "sku", text)
    return text


def has_sku(session: Session, sku: str) -> bool:
    """Whether a variant has exactly this SKU."""
    statement = select(Variant.id).where(
        col(Variant.organization_id) == organization_of(session), col(Variant.sku) == sku
    )
    return session.exec(statement).first() is not None


def _currency(session: Session, currency: str | None) -> str:
    if currency is None:
        organization = session.get(Organization, organization_of(session))
        return organization.currency if organization else "EUR"
    return clean_currency(currency)


def clean_currency(currency: str) -> str:
    """An ISO 4217 code in capitals. Raises Invalid."""
    text = currency.strip().upper()
    if len(text) != 3 or not (text.isascii() and text.isalpha()):
        raise Invalid("currency is a code of three letters such as EUR", field="currency")
    return text


def _count(value: int | None, field: str, most: int) -> int | None:
    if value is not None and not 0 <= value <= most:
        raise Invalid(f"{field} is between 0 and {most}", field=field)
    return value


def _percent(value: Decimal | None) -> Decimal | None:
    if value is not None and not (value.is_finite() and 0 <= value <= 1000):
        raise Invalid("receipt_tolerance_percent is between 0 and 1000", field="receipt_tolerance_percent")
    return value
