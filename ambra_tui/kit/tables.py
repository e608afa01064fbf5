"""Rows as comma-separated values that a spreadsheet reads without taking any of them for a formula.

Example::

    csv_text(("sku", "units"), [("MILK-1L", Decimal("12"))])     # 'sku,units\\nMILK-1L,12\\n'
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from ambra_tui.kit.clock import to_iso
from ambra_tui.kit.quantity import show

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The text: a line of names, then a line a row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def cell(value: Any) -> str:
    """A value as a spreadsheet may read it: no exponent, no formula."""
    if isinstance(value, Decimal):
        return show(value)
    if isinstance(value, datetime):
        return to_iso(value)
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text
