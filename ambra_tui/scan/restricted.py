"""Restricted numbers: what their digits mean is agreed in one country or company, and written as masks.

Example::

    masks = load_masks("germany")
    read_restricted("02812340123458", masks)   # {'item_reference': '1234', 'net_weight_kg': Decimal('...')}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from ambra_tui.errors import Invalid
from ambra_tui.kit.resources import data_path
from ambra_tui.scan.check_digits import price_check_digit
from ambra_tui.scan.refusal import Refused

Value = Literal["weight_kg", "price", "count", "none"]

_DIGITS = 12
_VALUES = ("weight_kg", "price", "count", "none")


@dataclass(frozen=True, slots=True)
class Mask:
    """How one prefix divides the 13-digit form: prefix, item, inner check digit if any, value, check digit."""

    prefix: str
    item_digits: int
    value_digits: int
    value: Value = "none"
    decimals: int = 0
    inner_check: bool = False

    def __post_init__(self) -> None:
        total = len(self.prefix) + self.item_digits + self.inner_check + self.value_digits
        if not self.prefix.isdigit() or self.value not in _VALUES or self.decimals < 0:
            raise Invalid(f"the mask of prefix '{self.prefix}' is not understood", field="masks")
        if total != _DIGITS or self.item_digits < 0 or self.value_digits < 0:
            raise Invalid(f"the mask of prefix {self.prefix} describes {total} digits, not {_DIGITS}", field="masks")
        if self.inner_check and self.value_digits not in (4, 5):
            raise Invalid(
                f"the mask of prefix {self.prefix}: an inner check digit needs 4 or 5 value digits",
                field="masks",
            )


def read_restricted(gtin_14: str, masks: Sequence[Mask]) -> dict[str, Any]:
    """The fields of a Scan that the first fitting mask finds; none fits: no fields. Raises Refused."""
    digits = gtin_14[1:]
    mask = next((mask for mask in masks if digits.startswith(mask.prefix)), None)
    if mask is None:
        return {}
    item_end = len(mask.prefix) + mask.item_digits
    value = digits[_DIGITS - mask.value_digits : _DIGITS]
    if mask.inner_check and digits[item_end] != price_check_digit(value):
        raise Refused("bad_check_digit", f"the inner check digit of {digits} is wrong")
    fields: dict[str, Any] = {"item_reference": digits[len(mask.prefix) : item_end]}
    amount = Decimal(value or "0").scaleb(-mask.decimals)
    if mask.value == "weight_kg":
        fields["net_weight_kg"] = amount
    elif mask.value == "count":
        fields["count"] = amount
    elif mask.value == "price":
        fields["other"] = {"price": f"{amount:f}"}
    return fields


@lru_cache(maxsize=8)
def load_masks(name: str = "", path: Path | None = None) -> tuple[Mask, ...]:
    """The masks of the set `name` (the file's `active` one by default) in `path` or the product's own file.

    Raises Invalid with a sentence for a file or a set that is not understood.
    """
    import tomllib

    file = path or data_path("scan_masks.toml")
    try:
        tables = tomllib.loads(file.read_text("utf-8"))
        rows = tables["sets"][name or tables["active"]]
        return tuple(mask for row in rows for mask in _masks_of(row))
    except KeyError as error:
        raise Invalid(f"{file.name} has no mask set {error}", field="masks") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as error:
        raise Invalid(f"{file.name} cannot be read: {error}", field="masks") from None


def _masks_of(row: Mapping[str, Any]) -> list[Mask]:
    rest = {key: value for key, value in row.items() if key != "prefixes"}
    return [Mask(prefix=prefix, **rest) for prefix in row["prefixes"]]
