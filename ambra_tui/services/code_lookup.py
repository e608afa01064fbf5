"""What a code means, for doors that ask it all day and have no session: one statement, Core rows.

Example::

    found = variant_with_code(store, organization_id, parse("4006381333931"))
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import and_, select

from ambra_tui.scan.model import Scan
from ambra_tui.services.catalog import MAX_SPELLINGS, spellings
from ambra_tui.store import Store
from ambra_tui.store.models import Barcode, Variant, table_of
from ambra_tui.store.prepared import ORGANIZATION, given
from ambra_tui.store.quick import Quick

_variant, _barcode = table_of(Variant), table_of(Barcode)
_other = _barcode.alias("other_code")
_VariantRow = namedtuple("_VariantRow", _variant.c.keys())  # type: ignore[misc]  # the names are the table's
_OF_CODE = (_other.c.code, _other.c.kind, _other.c.quantity, _other.c.created_at)
_WITH_CODE = Quick(
    select(_barcode.c.code, _barcode.c.quantity, *_OF_CODE, *_variant.c)
    .join_from(
        _barcode,
        _variant,
        and_(_variant.c.organization_id == _barcode.c.organization_id, _variant.c.id == _barcode.c.variant_id),
    )
    .join(_other, and_(_other.c.organization_id == ORGANIZATION, _other.c.variant_id == _variant.c.id))
    .where(
        _barcode.c.organization_id == ORGANIZATION,
        _variant.c.organization_id == ORGANIZATION,
        _barcode.c.code.in_([given(f"code_{place}") for place in range(MAX_SPELLINGS)]),
    )
)


class Code(NamedTuple):
    """A code of a variant: what the row of it says."""

    code: str
    kind: str
    quantity: Decimal
    created_at: Any


class Found(NamedTuple):
    """The row of a variant, all its codes, and how many base units the code that was looked for stands for."""

    variant: Any
    codes: Sequence[Code]
    quantity: Decimal


def variant_with_code(store: Store, organization_id: int, scan: Scan) -> Found | None:
    """What `catalog.match_code` finds by a code; None when nothing has it, although a SKU may be spelled so."""
    spelled = spellings(scan)
    told = {f"code_{place}": spelled[place] if place < len(spelled) else "" for place in range(MAX_SPELLINGS)}
    rows = _WITH_CODE.rows(store, organization_id, **told) if spelled else []
    if not rows:
        return None
    best = min((row[0] for row in rows), key=spelled.index)
    of_best = [row for row in rows if row[0] == best]
    columns = 2 + len(_OF_CODE)
    return Found(_VariantRow(*of_best[0][columns:]), [Code(*row[2:columns]) for row in of_best], of_best[0][1])
