"""Reads the texts of a row: quantities, money, days, yes and no. Every refusal names the field.

Example::

    quantity(record, "quantity")   # Decimal('3') of '3.00'
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from ambra_tui.errors import Invalid
from ambra_tui.kit.clock import parse_moment
from ambra_tui.kit.money import decimals_of, to_unit_cost
from ambra_tui.kit.quantity import parse_quantity
from ambra_tui.services.imports._terms import Record

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+")
_YES = frozenset({"yes", "y", "true", "t", "1", "x", "ja", "j"})
_NO = frozenset({"", "no", "n", "false", "f", "0", "nein"})


def number(record: Record, field: str) -> Decimal | None:
    """An exact number, or None where the field is empty. ``1,000`` is refused: it means one to some people."""
    text = record[field]
    if not text:
        return None
    if _THOUSANDS.fullmatch(text):
        raise Invalid(f"{field} '{text}' may mean a thousand or one: write it without separators", field=field)
    try:
        return parse_quantity(text)
    except ValueError as error:
        raise Invalid(f"{field}: {error}", field=field) from error


def quantity(record: Record, field: str) -> Decimal | None:
    """A quantity of zero or more, or None where the field is empty."""
    found = number(record, field)
    if found is not None and found < 0:
        raise Invalid(f"{field} {record[field]} is below zero", field=field)
    return found


def whole(record: Record, field: str) -> int | None:
    """A whole number, or None where the field is empty."""
    found = number(record, field)
    if found is None:
        return None
    if found != found.to_integral_value():
        raise Invalid(f"{field} {record[field]} is no whole number", field=field)
    return int(found)


def flag(record: Record, field: str) -> bool:
    """Yes or no; empty means no."""
    text = record[field].casefold()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise Invalid(f"{field} '{record[field][:20]}' is neither yes nor no", field=field)


def day(record: Record, field: str) -> date | None:
    """A day such as 2026-07-15 (a time behind it is left out), or None where the field is empty."""
    text = record[field]
    if not text:
        return None
    try:
        if len(text) > 10 and text[10] not in "T ":
            raise ValueError
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Invalid(f"{field} '{text[:20]}' is no day: write it as 2026-07-15", field=field) from None


def moment(record: Record, field: str) -> datetime | None:
    """A moment such as 2026-07-15T08:00:00Z or 2026-07-15 08:00 (UTC without a zone), or a day, which begins at
    midnight; None where the field is empty."""
    text = record[field]
    if not text:
        return None
    try:
        return parse_moment(text)
    except ValueError:
        raise Invalid(f"{field} '{text[:25]}' is no time: write it as 2026-07-15T08:00:00Z", field=field) from None


def minor(record: Record, field: str, currency: str) -> int | None:
    """An amount of money in minor units, rounded half to even where the file is finer; None where it is empty."""
    amount = _amount(record, field)
    if amount is None:
        return None
    return int(amount.scaleb(decimals_of(currency)).to_integral_value(ROUND_HALF_EVEN))


def unit_cost(record: Record, field: str, currency: str) -> int | None:
    """A cost of one unit in ten-thousandths of the minor unit; None where the field is empty."""
    amount = _amount(record, field)
    return None if amount is None else to_unit_cost(amount, currency)


def _amount(record: Record, field: str) -> Decimal | None:
    text = record[field]
    if not text:
        return None
    if _THOUSANDS.fullmatch(text):
        raise Invalid(f"{field} '{text}' may mean a thousand or one: write it without separators", field=field)
    try:
        amount = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise Invalid(f"{field} '{text[:20]}' is not a number", field=field) from None
    if not amount.is_finite() or not 0 <= amount <= 10**12:
        raise Invalid(f"{field} {text[:20]} is out of range", field=field)
    return amount
