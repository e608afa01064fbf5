"""What imports of documents share: their lines' variants, the test whether a known document is the same.

Example::

    documents = Documents(session, items)
    variant = documents.variant(item)   # raises Invalid for a SKU that is not in the catalogue
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from ambra_tui.errors import AmbraError, Invalid
from ambra_tui.kit.text import clean_line
from ambra_tui.services.catalog import clean_currency, clean_sku, positive_quantity
from ambra_tui.services.codes import normalize_code
from ambra_tui.services.imports import _values
from ambra_tui.services.imports._bulk import existing
from ambra_tui.services.imports._terms import Learned, Outcome, Record, Refused
from ambra_tui.store.models import Barcode, Site, Variant, table_of
from ambra_tui.store.scope import organization_of

MAX_NUMBER = 60
SKU_ALIASES = ("product_number", "item_number", "stock_code", "article", "product_id")
BARCODE_ALIASES = ("code", "ean", "gtin", "upc")


@dataclass(frozen=True, slots=True)
class Line:
    """A checked row of a document. `party`: the supplier or customer; `amount`: cost or price as the kind keeps it;
    `more`: what only its kind has."""

    line: int
    number: str
    site: str
    party: str
    sku: str
    code: str
    quantity: Decimal
    amount: int | None
    currency: str | None
    day: date | None
    notes: str
    priority: int = 0
    tolerance: Decimal | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def checked_line(record: Record, *, party: str, day: str, amount: int | None, **more: Any) -> Line:
    """The fields that all documents have. Raises Invalid."""
    if not record["sku"] and not record["barcode"]:
        raise Invalid("the row names neither a SKU nor a barcode", field="sku")
    quantity = _values.number(record, "quantity")
    if quantity is None:
        raise Invalid("quantity is empty", field="quantity")
    return Line(
        line=record.line,
        number=clean_line(record["number"], field="number", max_length=MAX_NUMBER),
        site=clean_line(record["site"], field="site", max_length=40, required=False),
        party=clean_line(record[party], field=party, required=False),
        sku=clean_sku(record["sku"]) if record["sku"] else "",
        code="" if record["sku"] else normalize_code(record["barcode"]),
        quantity=positive_quantity(quantity, field="quantity"),
        amount=amount,
        currency=clean_currency(record["currency"]) if record["currency"] else None,
        day=_values.day(record, day),
        notes=clean_line(record["notes"], field="notes", max_length=1000, required=False),
        **more,
    )


class Documents:
    """The variants and sites that a chunk's documents name."""

    def __init__(self, session: Session, documents: Sequence[Sequence[Line]]) -> None:
        lines = [line for document in documents for line in document]
        self.codes = existing(session, Barcode, "code", (line.code for line in lines if line.code))
        self.by_id = existing(session, Variant, "id", (row.variant_id for row in self.codes.values()))
        self.variants = existing(session, Variant, "sku", (line.sku for line in lines if line.sku))
        self.sites = existing(session, Site, "code", (line.site for line in lines if line.site))
        table = table_of(Site)
        statement = select(table).where(table.c.organization_id == organization_of(session)).limit(2)
        rows = session.connection().execute(statement).all()
        self.only_site = rows[0] if len(rows) == 1 else None

    def item(self, line: Line) -> tuple[str, Decimal]:
        """Variant id and base units of a line. Raises Invalid."""
        if line.code:
            if line.code not in self.codes:
                raise Invalid(f"barcode {line.code} is not in the catalogue: import the catalogue first")
            return self.codes[line.code].variant_id, line.quantity * self.codes[line.code].quantity
        if line.sku not in self.variants:
            raise Invalid(f"SKU '{line.sku}' is not in the catalogue: import the catalogue first")
        return self.variants[line.sku].id, line.quantity

    def site_id(self, line: Line) -> str:
        """The site of a document. Raises Invalid."""
        site = self.sites.get(line.site) if line.site else self.only_site
        if site is None and line.site:
            raise Invalid(f"there is no site '{line.site}': import locations first", field="site")
        if site is None:
            raise Invalid("the row names no site, and there is not exactly one", field="site")
        return str(site.id)


def agreed(document: Sequence[Line], name: str, *, word: str = "") -> Any:
    """What the rows of a document say of `name` (in the file: `word`); Invalid when they differ, empty ones aside."""
    return _agreed(document, {getattr(line, name) for line in document}, word or name)


def agreed_more(document: Sequence[Line], name: str) -> Any:
    """As `agreed`, of what only this kind of document has."""
    return _agreed(document, {line.more.get(name) for line in document}, name)


def _agreed(document: Sequence[Line], said: set[Any], word: str) -> Any:
    said -= {"", None}
    if len(said) > 1:
        raise Invalid(f"the rows of {document[0].number} differ in {word}: {', '.join(sorted(map(str, said)))}")
    return said.pop() if said else None


KnownLines = Callable[[Session, str], list[tuple[str, Decimal]] | None]
Create = Callable[[Session, Sequence[Line], Documents], None]


@dataclass(slots=True)
class DocumentImport:
    """One run. `check`: a row by itself, in its currency; `known_lines`: the lines of a number that exists; `create`:
    make a document that is new. `currency`: of rows that name none."""

    currency: str
    check: Callable[[Record, str], Line]
    known_lines: KnownLines
    create: Create
    chunk: int = 20

    def prepare(self, record: Record) -> Line:
        """Check a row by itself."""
        return self.check(record, record["currency"].upper() or self.currency)

    def write(self, session: Session, items: Sequence[Sequence[Line]]) -> Outcome:
        """Make each document that is new, wholly or not at all."""
        outcome = Outcome()
        found = Documents(session, items)
        for document in items:
            line = document[0]
            try:
                wanted, faults = _items(found, document)
                if faults:
                    outcome.refused += faults
                    continue
                known = self.known_lines(session, line.number)
                if known is None:
                    with session.begin_nested():
                        self.create(session, document, found)
                    outcome.made += len(document)
                elif Counter(known) == Counter(wanted):
                    outcome.unchanged += len(document)
                else:
                    raise Invalid(f"{line.number} exists with other lines: change it there")
            except AmbraError as error:
                outcome.refused += [
                    Refused(row.line, f"{row.number} {row.sku or row.code}", error.message) for row in document
                ]
        return outcome

    def remember(self, learned: Learned) -> None:
        """Nothing of a chunk matters to the next."""


def _items(found: Documents, document: Sequence[Line]) -> tuple[list[tuple[str, Decimal]], list[Refused]]:
    """The variants and units of a document; where a row has none, a refusal for every row of it."""
    wanted = []
    reasons: dict[int, str] = {}
    for row in document:
        try:
            wanted.append(found.item(row))
        except AmbraError as error:
            reasons[row.line] = error.message
    if not reasons:
        return wanted, []
    other = f"line {min(reasons)} of the same document is refused"
    return [], [
        Refused(row.line, f"{row.number} {row.sku or row.code}", reasons.get(row.line, other)) for row in document
    ]
